"""Ensemble filters against the Kalman formulas of their sample covariance, with localisation and without."""

import math

import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.enkf import DEnKF, StochasticEnKF
from backends.assimilation.methods.enkf_n import FiniteSizeEnKF
from backends.assimilation.methods.ensrf import EnSRF
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import ETKF
from backends.assimilation.methods.inflation import inflated, relaxed
from backends.assimilation.methods.letkf import LETKF
from backends.assimilation.methods.localisation import taper
from backends.assimilation.methods.matrix_functions import FEWEST
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.ensembles import (
    ALL,
    POINTS,
    SIZES,
    SQUARE_ROOT,
    Linear,
    close,
    ensemble,
    gain,
    kalman,
    moments,
    observing,
    updated,
)


@pytest.mark.parametrize(("p", "N"), SIZES)
@pytest.mark.parametrize("name", SQUARE_ROOT)
def test_square_root_filters_have_the_mean_and_covariance_of_kalman(name, p, N):
    background, observed = ensemble(3, N), observing(p, 3)
    mean, covariance = kalman(*moments(background), observed)
    analysis = moments(updated(SQUARE_ROOT[name](N), background, observed))
    close(analysis[0], mean)
    close(analysis[1], covariance)


@pytest.mark.parametrize(("p", "N"), SIZES)
def test_denkf_has_the_mean_of_kalman_and_its_covariance_to_first_order(p, N):
    background, observed = ensemble(3, N), observing(p, 3)
    mean, P = moments(background)
    K, H = gain(P, observed)
    kalman_mean, covariance = kalman(mean, P, observed)
    analysis = moments(updated(DEnKF(members=N), background, observed))
    close(analysis[0], kalman_mean)
    close(analysis[1], covariance + 0.25 * K @ H @ P @ H.T @ K.mT)


@pytest.mark.parametrize(("p", "N"), SIZES)
def test_enkf_n_is_kalman_with_the_covariance_that_it_inflated(p, N):
    background, observed = ensemble(3, N), observing(p, 3)
    mean, P = moments(background)
    method = FiniteSizeEnKF(members=N)
    analysis = moments(updated(method, background, observed))
    inflated_mean, covariance = kalman(mean, method.extras["inflation"].square()[:, None, None] * P, observed)
    close(analysis[0], inflated_mean)
    close(analysis[1], covariance)


@pytest.mark.parametrize(("p", "N"), SIZES)
def test_the_mean_of_the_stochastic_filter_is_free_of_sampling_error(p, N):
    background, observed = ensemble(3, N), observing(p, 3)
    close(updated(StochasticEnKF(members=N), background, observed).mean(1), kalman(*moments(background), observed)[0])


def test_the_covariance_of_the_stochastic_filter_is_that_of_its_perturbations():
    N, E = 5, 40_000
    background, observed = ensemble(1, N, 3), observing(2, E, 3)
    P = moments(background)[1][0]
    K, H = gain(P, observed)
    KH = torch.eye(3, dtype=torch.float64) - K @ H
    # Members keep perturbations of variance R each; divided by N − 1 that is N/(N − 1) R.
    expected = KH @ P @ KH.T + N / (N - 1) * K @ observed.error.matrix() @ K.T
    covariances = moments(updated(StochasticEnKF(members=N), background.expand(E, -1, -1), observed, Lorenz63()))[1]
    error = covariances.std(0) / E**0.5
    assert ((covariances.mean(0) - expected).abs() < 5 * error).all()
    assert (5 * error < 0.05 * (K @ observed.error.matrix() @ K.T).abs().max()).all()  # else this could not fail


def test_the_stochastic_filter_converges_to_kalman():
    errors = []
    for N in (100, 10_000):
        background, observed = ensemble(8, N, 3), observing(2, 8, 3)
        covariance = kalman(*moments(background), observed)[1]
        analysis = moments(updated(StochasticEnKF(members=N), background, observed, Lorenz63()))[1]
        errors.append(float((analysis - covariance).norm() / covariance.norm()))
    assert errors[1] < 0.02
    assert 4 < errors[0] / errors[1] < 25  # ten, give or take, as 1/√N says


def test_the_order_of_observations_does_not_matter_without_localisation():
    background, observed = ensemble(3, 6), observing(7, 3)
    order = torch.tensor([3, 6, 0, 5, 1, 4, 2])
    turned = Observed(observed.values[:, order], observed.operator.of(order), observed.error[order])
    one, other = (moments(updated(EnSRF(members=6), background, some)) for some in (observed, turned))
    close(one[0], other[0])
    close(one[1], other[1])


@pytest.mark.parametrize("method", [LETKF(members=5, radius=2.0), EnSRF(members=5, radius=2.0)], ids=lambda m: m.name)
def test_localisation_says_what_it_needs(method):
    background, observed = ensemble(2, 5, 3), observing(2, 2, 3)
    with pytest.raises(InputError, match="lorenz63 has no distances"):
        updated(method, background, observed, Lorenz63())
    method.radius = -1.0
    with pytest.raises(InputError, match="must be positive; came -1"):
        updated(method, background, observed, Lorenz96(points=4))


@pytest.mark.parametrize("experiments", [2, 12])
@pytest.mark.parametrize(("p", "N"), SIZES)
def test_letkf_without_localisation_is_etkf(p, N, experiments):
    assert (experiments * POINTS < FEWEST) == (experiments == 2)  # by eigendecompositions, and by Chebyshev expansions
    background, observed = ensemble(experiments, N), observing(p, experiments)
    expected = updated(ETKF(members=N), background, observed)
    close(updated(LETKF(members=N, radius=math.inf), background, observed), expected)


@pytest.mark.parametrize("experiments", [2, 12])
def test_letkf_is_an_etkf_at_every_point(experiments):
    background, observed = ensemble(experiments, 6), observing(7, experiments)
    model, expected = Linear(), []
    for i in range(POINTS):
        rho = taper(model.distance(torch.tensor(i), observed.components).double(), 1.5)
        some = (rho > 0).nonzero()[:, 0]
        error = ObservationError(observed.error.sigma[some] / rho[some].sqrt())
        local = Observed(observed.values[:, some], observed.operator.of(some), error)
        expected.append(updated(ETKF(members=6), background, local)[..., i])
    close(updated(LETKF(members=6, radius=1.5), background, observed), torch.stack(expected, -1))


def test_localised_ensrf_is_the_loop_of_its_paper():
    N, E = 6, 2
    background, observed = ensemble(E, N), observing(7, E)
    H, model, expected = observed.operator.dense(), Linear(), []
    for e in range(E):
        x = background[e].mean(0)
        X = background[e] - x
        for j in range(7):
            rho = taper(model.distance(torch.arange(POINTS), observed.components[j]).double(), 1.5)
            r = observed.error.sigma[j] ** 2
            P = X.T @ X / (N - 1)
            s = H[j] @ P @ H[j] + r
            K = rho * (P @ H[j]) / s
            x, X = x + K * (observed.values[e, j] - H[j] @ x), X - torch.outer(X @ H[j], K) / (1 + (r / s).sqrt())
        expected.append(x + X)
    method = EnSRF(members=N, radius=1.5)
    close(updated(method, background, observed), torch.stack(expected))
    close(method.update(background, observed), torch.stack(expected))  # with what it kept of the network
    method.radius = 2.5
    close(method.update(background, observed), updated(EnSRF(members=N, radius=2.5), background, observed))
    method.radius = math.inf
    close(method.update(background, observed).mean(1), kalman(*moments(background), observed)[0])


#: The ETKF and the LETKF end all experiments with an error instead.
ISOLATING = [name for name in ALL if name not in ("etkf", "letkf", "letkf, local")]


@pytest.mark.parametrize("name", ISOLATING)
def test_an_experiment_that_is_not_finite_leaves_the_others_alone(name):
    background, observed = ensemble(3, 5), observing(5, 3)
    whole = updated(ALL[name](5), background, observed)
    for bad in (math.nan, math.inf, 1e200):
        broken = background.clone()
        broken[1, 2] = bad
        analysis = updated(ALL[name](5), broken, observed)
        close(analysis[::2], whole[::2])


@pytest.mark.parametrize("name", ALL)
def test_inflation_and_rotation_act_on_the_analysis(name):
    background, observed = ensemble(2, 5), observing(4, 2)

    def state(**settings: float) -> Tensor:
        method = ALL[name](5)
        for key, value in settings.items():
            setattr(method, key, value)
        updated(method, background, observed)
        return method.state

    plain = state()
    close(state(inflation=1.5), inflated(plain, 1.5))
    one, other = moments(plain), moments(state(rotation=True))
    close(one[0], other[0])
    close(one[1], other[1])
    assert (state(rotation=True) - plain).abs().max() > 0.1
    close(state(relaxation=0.3), relaxed(plain, background, 0.3))


@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith("letkf")])
def test_gradients_pass_through_the_analysis(name):
    observed = observing(3, 1, 4)

    def analysis(members: Tensor) -> Tensor:
        return updated(ALL[name](6), members, observed, Lorenz96(points=4))

    assert torch.autograd.gradcheck(analysis, ensemble(1, 6, 4).requires_grad_(), atol=1e-6, rtol=1e-4)


def test_single_precision_stays_single():
    model = Lorenz96(points=POINTS, dtype=torch.float32)
    for method in [make for name, make in ALL.items() if not name.startswith("letkf")]:
        state = updated(method(6), ensemble(2, 6).float(), single(observing(5, 2)), model)
        assert state.dtype == torch.float32
        assert torch.isfinite(state).all()


def single(observed: Observed) -> Observed:
    rows = Rows(POINTS, observed.operator.index, observed.operator.weight.float())
    return Observed(observed.values.float(), LinearOperator(rows), ObservationError(observed.error.sigma.float()))
