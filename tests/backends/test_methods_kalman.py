"""Methods with a whole covariance: tangent-linear models, Kalman filters, OI and 3D-Var against dense formulas."""

from dataclasses import replace

import pytest
import torch

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.baselines import OptimalInterpolation, ThreeDVar
from backends.assimilation.methods.kalman import ExtendedKalman, KalmanFilter
from backends.assimilation.methods.tangent import MATRIX_LIMIT, TangentLinear
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from tests.backends.domains import normal
from tests.backends.variational import (
    POINTS,
    Linear,
    close,
    covariance,
    information_form,
    jacobian,
    observing,
    on_attractor,
    started,
)

# ---------------------------------------------------------------------------------------------------- tangent-linear


@pytest.mark.parametrize("model", [Lorenz63(), Lorenz96(points=12), Linear()])
def test_the_matrix_of_the_tangent_linear_model_is_that_of_finite_differences(model):
    x = on_attractor(model, 3)
    tangent = TangentLinear(model, x, 6, 0.0)
    close(tangent.end, model.advance(x, 6), 1e-13)
    for k in range(3):
        close(tangent.matrix[k], jacobian(model, x[k], 6), 1e-7)


@pytest.mark.parametrize("points", [12, MATRIX_LIMIT + 2])
def test_tangent_linear_and_adjoint_are_products_with_the_matrix(points):
    model = Lorenz96(points=points)
    tangent = TangentLinear(model, on_attractor(model, 2), 3, 0.0)
    dx, w = normal(2, points, seed=1), normal(2, points, seed=2)
    with torch.no_grad():
        close(tangent(dx), (tangent.matrix @ dx[..., None])[..., 0], 1e-12)
        close(tangent.adjoint(w), (tangent.matrix.mT @ w[..., None])[..., 0], 1e-12)
        close((tangent(dx) * w).sum(1), (dx * tangent.adjoint(w)).sum(1), 1e-12)


@pytest.mark.parametrize("points", [12, MATRIX_LIMIT + 2])
def test_a_forecast_without_steps_changes_nothing(points):
    tangent = TangentLinear(Lorenz96(points=points), normal(2, points), 0, 0.0)
    dx = normal(2, points, seed=1)
    close(tangent(dx), dx, 0)
    close(tangent.adjoint(dx), dx, 0)


# ----------------------------------------------------------------------------------------------------- Kalman filters


def test_covariance_of_the_extended_kalman_filter():
    # P = ρ^T (M P Mᵀ) + T q I over T = 6 · 0.01, M by finite differences, then (P⁻¹ + Hᵀ R⁻¹ H)⁻¹.
    model = Lorenz63()
    method = started(ExtendedKalman(inflation=20.0, model_error=0.7), model)
    background = method.forecast(model, 6, 0.0)
    P0 = method.setting.start_variance.diag()
    observed = observing(3, 2, method.state)
    expected = []
    for k, x in enumerate(method.setting.start):
        M = jacobian(model, x, 6)
        expected.append(20.0**0.06 * M @ P0 @ M.T + 0.06 * 0.7 * torch.eye(3, dtype=torch.float64))
        close(method.covariance[k], expected[k], 1e-7)
        close(background.variance[k], expected[k].diagonal(), 1e-7)
    analysis = method.analyse(observed)
    for k in range(3):
        mean, A = information_form(background.mean[k], expected[k], replace(observed, values=observed.values[k]))
        close(analysis.mean[k], mean, 1e-6)
        close(method.covariance[k], A, 1e-6)
        close(analysis.variance[k], A.diagonal(), 1e-6)


def test_the_kalman_filter_is_3d_var_with_the_evolved_covariance():
    model = Linear()
    method = started(KalmanFilter(), model)
    P, mean = method.setting.start_variance.diag(), method.setting.start
    M = torch.linalg.matrix_power(model.A, 2)
    for cycle in range(5):
        method.forecast(model, 2, cycle)
        mean, P = model.advance(mean, 2), M @ P @ M.T
        observed = observing(POINTS, 4, mean, seed=cycle)
        var = started(ThreeDVar(scale=1.0), model, climate=P)
        var.state = mean
        analysis, same = method.analyse(observed), var.analyse(observed)
        close(analysis.mean, same.mean, 1e-8)
        close(analysis.variance, same.variance, 1e-8)
        mean, P = information_form(mean, P, observed)
        close(analysis.mean, mean, 1e-8)
        close(method.covariance, P.expand(3, -1, -1), 1e-8)


def test_covariances_stay_covariances():
    # What rounding leaves antisymmetric would grow with the chaos: after 30 cycles P had negative eigenvalues.
    model = Lorenz63()
    method = started(ExtendedKalman(inflation=180.0), model, 8)
    truth = on_attractor(model, 8)
    method.state = truth
    for cycle in range(60):
        truth = model.advance(truth, 25)
        method.forecast(model, 25, 0.0)
        method.analyse(observing(3, 3, truth, seed=cycle, noise=1.0))
    close(method.covariance, method.covariance.mT, 0)
    assert float(torch.linalg.eigvalsh(method.covariance).min()) > -1e-12
    assert float(method.covariance.max()) < 100


def test_the_kalman_filter_refuses_what_is_not_linear():
    with pytest.raises(InputError, match=r"needs a linear model; .* lorenz63 .* choose ekf"):
        started(KalmanFilter(), Lorenz63())
    method = started(KalmanFilter(), Linear())
    method.forecast(Linear(), 1, 0.0)
    with pytest.raises(InputError, match="needs a linear model"):
        method.forecast(Lorenz96(points=POINTS), 1, 0.0)


def test_dense_methods_refuse_large_states():
    model = Lorenz96(points=1001)
    setting = Setting(model, model.start(), DenseBackgroundError(torch.eye(2)), model.start()[None], model.start())
    with pytest.raises(InputError, match="at most 1000 components; the state of lorenz96 has 1001"):
        ExtendedKalman().start(setting, torch.Generator())


# ------------------------------------------------------------------------------------------------- OI and 3D-Var


def test_optimal_interpolation_and_3d_var_against_dense_formulas():
    model = Linear()
    B = covariance(POINTS)
    for method, P in ((OptimalInterpolation(), B), (ThreeDVar(scale=0.3), 0.3 * B)):
        started(method, model)
        background = method.forecast(model, 2, 0.0)
        close(background.variance, P.diagonal().expand(3, -1))
        start = method.setting.climatological_mean.expand(3, -1)
        close(background.mean, start if method.name == "oi" else model.advance(method.setting.start, 2))
        for seed in (1, 2):  # another network: the gain that is kept must not be the old one
            method.forecast(model, 0, 0.0)
            before = method.state
            observed = observing(POINTS, 4, before, seed)
            analysis = method.analyse(observed)
            mean, A = information_form(before, P, observed)
            close(analysis.mean, mean)
            close(analysis.variance, A.diagonal().expand(3, -1))
