"""Kalman filters, 4D-Var, EnVar and 3D-Var against dense formulas, finite differences and each other."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.assimilation.control_space import Stopping
from backends.assimilation.control_space import conjugate_gradients as minimised
from backends.assimilation.methods import four_dvar
from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.baselines import OptimalInterpolation, ThreeDVar
from backends.assimilation.methods.batched_solver import conjugate_gradients
from backends.assimilation.methods.envar import OBSERVATIONS_LIMIT, EnVar, Hybrid
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.four_dvar import FourDVar, WeakFourDVar
from backends.assimilation.methods.kalman import ExtendedKalman, KalmanFilter
from backends.assimilation.methods.tangent import MATRIX_LIMIT, TangentLinear
from backends.assimilation.taylor import STEPS, TaylorTest
from backends.background_error.dense import DenseBackgroundError
from backends.background_error.ensemble import EnsembleBackgroundError
from backends.dynamics.base import Dynamics
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal
from tests.backends.references import gaspari_cohn

POINTS = 7


@dataclass(eq=False)
class Linear(Dynamics):
    """x → A x + f, with a stable A that is not symmetric."""

    size: int = POINTS
    dt: float = 0.5
    start_sigma: float = 1.0
    transient: int = 0
    spacing: int = 1
    name: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        self.A = 0.9 * torch.linalg.qr(normal(self.size, self.size, seed=1))[0] + 0.05 * normal(self.size, self.size, seed=2)
        self.f = normal(self.size, seed=3)

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        del time
        return state @ self.A.T + self.f

    def start(self) -> Tensor:
        return torch.zeros(self.size, dtype=torch.float64)


def covariance(n: int, seed: int = 4) -> Tensor:
    root = normal(n, n, seed=seed)
    return root @ root.T / n + 0.1 * torch.eye(n, dtype=torch.float64)


def started(method, model: Dynamics, experiments: int = 3, climate: Tensor | None = None):
    """Return the method after its start, from states that differ between the experiments."""
    n = model.size
    start = model.start() + 0.3 * normal(experiments, n, seed=5)
    climatology = DenseBackgroundError(covariance(n) if climate is None else climate)
    setting = Setting(model, model.start() + 0.1, climatology, start, 0.5 + torch.arange(n, dtype=torch.float64) / n)
    method.start(setting, torch.Generator().manual_seed(6))
    return method


def observing(n: int, p: int, state: Tensor, seed: int = 7, noise: float = 0.5) -> Observed:
    """Return observations near a state (E, n), some of them between two components, each with a σ_o of its own."""
    draw = torch.Generator().manual_seed(seed)
    first = torch.randperm(n, generator=draw)[:p]
    share = torch.rand(p, generator=draw, dtype=torch.float64).clamp(max=0.5) * (torch.arange(p) % 2)
    H = LinearOperator(Rows(n, torch.stack([first, (first + 1) % n], 1), torch.stack([1 - share, share], 1)))
    sigma = noise * (1 + torch.rand(p, generator=draw, dtype=torch.float64))
    return Observed(H(state) + normal(len(state), p, seed=seed) * sigma, H, ObservationError(sigma))


def dense(observed: Observed) -> tuple[Tensor, Tensor]:
    return observed.operator.dense(), observed.error.sigma.square().diag()


def information_form(background: Tensor, P: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
    """Return x_a and A from inverses of P and R, which no method here uses."""
    H, R = dense(observed)
    A = torch.linalg.inv(torch.linalg.inv(P) + H.T @ torch.linalg.inv(R) @ H)
    d = observed.values - background @ H.T
    return background + d @ torch.linalg.inv(R) @ H @ A.mT, A


def jacobian(model: Dynamics, state: Tensor, steps: int) -> Tensor:
    """Return M′ at one state by central differences."""
    small = 1e-5 * torch.eye(model.size, dtype=torch.float64)
    return ((model.advance(state + small, steps) - model.advance(state - small, steps)) / 2e-5).T


def on_attractor(model: Dynamics, experiments: int) -> Tensor:
    return model.advance(model.draw_start(experiments, torch.Generator().manual_seed(8)), model.transient)


def close(actual: Tensor, expected: Tensor, accuracy: float = 1e-9) -> None:
    torch.testing.assert_close(actual, expected, rtol=accuracy, atol=accuracy)


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


# -------------------------------------------------------------------------------------------------------------- 4D-Var


def strict(cls=FourDVar, **fields):
    """Return a 4D-Var that iterates to rounding."""
    return cls(**({"outer": 20, "inner": 200, "tolerance": 1e-12} | fields))


@pytest.mark.parametrize("points", [POINTS, MATRIX_LIMIT + 2])
def test_4d_var_of_one_cycle_is_the_kalman_filter_that_begins_with_b(points):
    model = Linear(points)
    B = covariance(points)
    var, filter_ = started(strict(scale=0.4), model, climate=B), started(KalmanFilter(), model)
    filter_.covariance = (0.4 * B).repeat(3, 1, 1)
    backgrounds = [method.forecast(model, 2, 0.0) for method in (var, filter_)]
    observed = observing(points, 4, filter_.state)
    analyses = [method.analyse(observed) for method in (var, filter_)]
    close(backgrounds[0].mean, backgrounds[1].mean, 1e-8)
    close(analyses[0].mean, analyses[1].mean, 1e-8)
    if points <= MATRIX_LIMIT:
        close(backgrounds[0].variance, backgrounds[1].variance, 1e-8)
        close(analyses[0].variance, analyses[1].variance, 1e-8)
    else:
        close(backgrounds[0].variance, (0.4 * B).diagonal().expand(3, -1))
        assert analyses[0].variance is None


@pytest.mark.parametrize("share", [None, 0.2])
def test_a_moving_window_against_dense_algebra(share):
    # The state and the model errors of the window as one vector z with a block-diagonal covariance; G maps it to the window's
    # end: x = G z + …, and the best z is that of a Kalman update. Then the window moves on: M takes the first state further.
    model, B, scale, window = Linear(), covariance(POINTS), 0.4, 3
    weak = share is not None
    cls, more = (WeakFourDVar, {"model_error_scale": share}) if weak else (FourDVar, {})
    method = started(strict(cls, scale=scale, window=window, **more), model)
    first, errors = method.setting.start, []
    for cycle in range(6):
        background = method.forecast(model, 1, cycle)
        errors.append(torch.zeros_like(first))
        if len(errors) > window:
            first = model.step(first) + errors.pop(0)
        powers = [torch.linalg.matrix_power(model.A, k) for k in range(len(errors) + 1)][::-1]
        G = torch.cat(powers if weak else powers[:1], dim=1)
        C = torch.block_diag(scale * B, *([share * B] * len(errors) if weak else []))
        end = first
        for eta in errors:
            end = model.step(end) + eta
        close(background.mean, end, 1e-8)
        close(background.variance, (G @ C @ G.T).diagonal().expand(3, -1), 1e-8)
        observed = observing(POINTS, 4, end, seed=cycle)
        H, R = dense(observed)
        GC = H @ G @ C
        z = (observed.values - end @ H.T) @ torch.linalg.solve(GC @ G.T @ H.T + R, GC)
        analysis = method.analyse(observed)
        close(analysis.mean, end + z @ G.T, 1e-8)
        _, A = information_form(end, G @ C @ G.T, observed)
        close(analysis.variance, A.diagonal().expand(3, -1), 1e-8)
        first = first + z[:, :POINTS]
        if weak:
            errors = [eta + change for eta, change in zip(errors, z[:, POINTS:].split(POINTS, 1), strict=True)]


def test_weak_without_model_error_is_strong():
    model = Lorenz96(points=10)
    for q, accuracy in ((0.0, 1e-12), (1e-10, 1e-6)):
        weak = started(WeakFourDVar(model_error_scale=q, window=2, tolerance=1e-8, inner=100), model)
        strong = started(FourDVar(window=2, tolerance=1e-8, inner=100), model)
        for cycle in range(4):
            for method in (weak, strong):
                method.forecast(model, 2, cycle)
            observed = observing(10, 6, strong.state, seed=cycle)
            close(weak.analyse(observed).mean, strong.analyse(observed).mean, accuracy)


def window_of(method, model: Dynamics, steps: int, cycles: int):
    """Return the cost function of a method after some cycles, and observations of its end."""
    for cycle in range(cycles):
        method.forecast(model, steps, 0.0)
        method.analyse(observing(model.size, model.size - 1, method.state, seed=cycle))
    method.forecast(model, steps, 0.0)
    return method._problem, observing(model.size, model.size - 1, method.state, seed=cycles)


@pytest.mark.parametrize("model", [Lorenz63(), Lorenz96(points=9)])
@pytest.mark.parametrize("cls", [FourDVar, WeakFourDVar])
def test_taylor_test_of_the_gradient(cls, model):
    problem, observed = window_of(started(cls(window=3, scale=0.1), model), model, 5, 2)
    v, direction = problem.zeros(), problem.zeros()
    v, direction = v + normal(*v.shape, seed=1), direction + normal(*v.shape, seed=2)
    assert v.shape[1] == (1 if cls is FourDVar else 4)

    def cost(w):
        return problem.cost(w, problem.run(w), observed).sum()

    states = problem.run(v)
    slope = (problem.gradient(v, states, problem.linearise(states), observed) * direction).sum()
    remainder = torch.stack([cost(v + h * direction) - cost(v) - h * slope for h in STEPS.tolist()]).abs()
    assert TaylorTest(STEPS, remainder).slope > 1.9
    wrong = torch.stack([cost(v + h * direction) - cost(v) - 0.99 * h * slope for h in STEPS.tolist()]).abs()
    assert TaylorTest(STEPS, wrong).slope < 1.5


@pytest.mark.parametrize("cls", [FourDVar, WeakFourDVar])
def test_the_gradient_is_zero_at_the_minimum(cls):
    model = Lorenz96(points=9)
    method = started(cls(window=2, scale=0.05, outer=30, inner=100, tolerance=1e-9), model)
    problem, observed = window_of(method, model, 3, 2)
    analysis = method.analyse(observed)
    # J of the analysed trajectory, differentiated without any of the methods' own linear operators
    U = method.setting.climatology.sqrt(torch.eye(9, dtype=torch.float64)).T
    scales = problem.scales[:, 0]
    jumps = [method._states[0] - problem.background]
    if cls is WeakFourDVar:
        jumps += [new - old for new, old in zip(method._forcing, problem.forcing, strict=True)]
    controls = [torch.linalg.solve(s * U, jump.T).T.requires_grad_() for s, jump in zip(scales, jumps, strict=True)]

    def cost(controls):
        x = problem.background + scales[0] * controls[0] @ U.T
        for i in range(2):
            x = model.advance(x, 3)
            if len(controls) > 1:
                x = x + problem.forcing[i] + scales[i + 1] * controls[i + 1] @ U.T
        residual = (observed.values - observed.operator(x)) / observed.error.sigma
        return 0.5 * (residual.square().sum() + sum(v.square().sum() for v in controls)), x

    value, end = cost(controls)
    close(end, analysis.mean, 1e-10)
    close(value, method.extras["cost"].sum(), 1e-10)
    at_minimum = torch.cat([g.flatten() for g in torch.autograd.grad(value, controls)]).norm()
    zeros = [torch.zeros_like(v).requires_grad_() for v in controls]
    at_background = torch.cat([g.flatten() for g in torch.autograd.grad(cost(zeros)[0], zeros)]).norm()
    assert float(at_minimum / at_background) < 1e-8
    close(cost(zeros)[0], method.extras["cost_background"].sum(), 1e-10)


def test_history_and_numbers_of_4d_var():
    model = Lorenz96(points=9)
    method = started(FourDVar(scale=0.2, outer=4, tolerance=1e-6), model, 1)
    for cycle in range(3):
        method.forecast(model, 4, 0.0)
        method.analyse(observing(9, 6, method.state, seed=cycle))
    history, extras = method.history, method.extras
    assert float(history[0][0]) == float(extras["cost_background"][0])
    assert float(history[-1]) == float(extras["cost"][0])
    inner = [len(loop) - 1 for loop in history[:-1]]
    assert len(inner) >= 2
    assert min(inner) >= 1
    assert extras["iterations"].tolist() == [sum(inner)]
    for loop in history[:-1]:
        assert bool((loop.diff() <= 0).all())
    # The linearised cost at the end of a loop is close to J where the next begins, ever closer as the steps get smaller.
    gaps = [abs(float(loop[-1] - following[0])) for loop, following in pairwise(history)]
    assert gaps[-1] < 0.1 * gaps[0]


def test_a_step_that_raises_the_cost_is_shortened(monkeypatch):
    # In windows of one unit of time errors of the size of B saturate, and whole Gauss–Newton steps lead astray.
    model, n = Lorenz63(), 40
    climate = 60 * torch.eye(3, dtype=torch.float64)
    rises = {}
    for halvings in (0, four_dvar.HALVINGS):
        monkeypatch.setattr(four_dvar, "HALVINGS", halvings)
        method = started(FourDVar(scale=0.1), model, n, climate)
        truth = model.advance(method.setting.start + 6**0.5 * normal(n, 3, seed=9), 100)
        method.forecast(model, 100, 0.0)
        method.analyse(observing(3, 3, truth))
        rises[halvings] = int((method.extras["cost"] > method.extras["cost_background"] * (1 + 1e-9)).sum())
    assert rises[four_dvar.HALVINGS] == 0 < rises[0]


def test_a_window_may_change_while_it_moves():
    model = Linear()
    method = started(FourDVar(window=3), model)
    lengths = []
    for cycle, window in enumerate((3, 3, 3, 3, 1, 1, 2, 2)):
        method.window = window
        method.forecast(model, 1, cycle)
        method.analyse(observing(POINTS, 3, method.state, seed=cycle))
        lengths.append(len(method._segments))
        close(model.advance(method._states[0], lengths[-1]), method.state, 1e-12)
    assert lengths == [1, 2, 3, 3, 1, 1, 2, 2]


# --------------------------------------------------------------------------------------------------- EnVar and hybrid

#: A taper that ends before it reaches round the ring: wider ones are no covariances.
RING, MEMBERS, RADIUS = 10, 5, 1.3


def ring_taper() -> Tensor:
    apart = (torch.arange(RING)[:, None] - torch.arange(RING)).abs()
    return torch.from_numpy(gaspari_cohn(torch.minimum(apart, RING - apart).numpy() / (1.82 * RADIUS)))


def ensemble_case(cls, **fields):
    method = started(cls(members=MEMBERS, radius=RADIUS, **fields), Lorenz96(points=RING))
    method.state = normal(3, MEMBERS, RING, seed=10)
    return method, observing(RING, 4, normal(3, RING, seed=11))


def localised(members: Tensor) -> Tensor:
    return ring_taper() * torch.cov(members.T)


def test_envar_is_the_dense_formula_with_a_schur_product():
    method, observed = ensemble_case(EnVar)
    before, (H, R) = method.state, dense(observed)
    analysis = method.analyse(observed)
    for k, members in enumerate(before):
        B = localised(members)
        K = B @ H.T @ torch.linalg.inv(H @ B @ H.T + R)
        mean = members.mean(0)
        d = observed.values[k] - H @ mean
        close(analysis.mean[k], mean + K @ d)
        X = members - mean
        close(analysis.members[k], mean + K @ d + X - 0.5 * X @ H.T @ K.T)
        close(method.extras["cost_background"][k], 0.5 * d @ torch.linalg.solve(R, d))
        close(method.extras["cost"][k], 0.5 * d @ torch.linalg.solve(H @ B @ H.T + R, d))


def test_envar_is_the_minimum_with_a_control_vector_per_member():
    method, observed = ensemble_case(EnVar)
    before = method.state
    analysis = method.analyse(observed)
    for k, members in enumerate(before):
        B = EnsembleBackgroundError(members, DenseBackgroundError(ring_taper()))
        values = Observations(observed.values[k], torch.zeros(len(observed), 1))
        used = torch.ones(len(observed), dtype=torch.bool)
        problem = Problem(members.mean(0), values, observed.operator, B, observed.error, used)
        found = minimised(problem, Stopping(400, 1e-12))
        close(analysis.mean[k], found.mean, 1e-8)
        close(method.extras["cost"][k], found.j, 1e-8)


@pytest.mark.parametrize(("static", "ensemble"), [(0.4, 0.8), (1.0, 0.0), (0.0, 1.0)])
def test_the_hybrid_is_the_dense_formula(static, ensemble):
    method, observed = ensemble_case(Hybrid, scale=0.3, static_weight=static, ensemble_weight=ensemble)
    before, C = method.state, covariance(RING)
    analysis = method.analyse(observed)
    plain, _ = ensemble_case(EnVar)
    own = plain.analyse(observed)
    var = started(ThreeDVar(scale=0.3), Lorenz96(points=RING))
    var.state = before.mean(1)
    of_var = var.analyse(observed)
    for k, members in enumerate(before):
        B = static * 0.3 * C + ensemble * localised(members)
        H, R = dense(observed)
        K = B @ H.T @ torch.linalg.inv(H @ B @ H.T + R)
        close(analysis.mean[k], members.mean(0) + K @ (observed.values[k] - H @ members.mean(0)))
    if ensemble == 0:
        close(analysis.mean, of_var.mean)
    if static == 0:
        close(analysis.mean, own.mean)
        close(analysis.members, own.members)
    close(analysis.members - analysis.mean[:, None], own.members - own.mean[:, None])


def test_without_localisation_the_covariance_is_that_of_the_members():
    model = Linear()
    method = started(EnVar(members=4, radius=float("inf")), model)
    before = method.state
    observed = observing(POINTS, 5, normal(3, POINTS))
    H, R = dense(observed)
    for k, members in enumerate(before):
        P = torch.cov(members.T)
        d = observed.values[k] - H @ members.mean(0)
        expected = members.mean(0) + P @ H.T @ torch.linalg.solve(H @ P @ H.T + R, d)
        close(method.update(before, observed).mean(1)[k], expected)


def test_a_radius_may_change_between_two_cycles():
    method, observed = ensemble_case(EnVar)
    before = method.state
    narrow = method.update(before, observed)
    method.radius = 4.0
    wide = method.update(before, observed)
    method.radius = RADIUS
    close(method.update(before, observed), narrow, 0)
    assert float((wide - narrow).abs().max()) > 1e-3


# ------------------------------------------------------------------------------------------------------ all of them

METHODS = {
    "ekf": lambda: ExtendedKalman(inflation=2.0, model_error=0.1),
    "4dvar": lambda: FourDVar(window=2, scale=0.1, inner=50),
    "weak-4dvar": lambda: WeakFourDVar(window=2, scale=0.1, inner=50),
    "envar": lambda: EnVar(members=MEMBERS, radius=RADIUS),
    "hybrid": lambda: Hybrid(members=MEMBERS, radius=RADIUS),
}
MODEL = Lorenz96(points=RING)


def part(method, which: slice):
    """Return a fresh method of the same kind, started with some of the experiments of another."""
    other, setting = METHODS[method.name](), method.setting
    other.start(replace(setting, start=setting.start[which]), torch.Generator().manual_seed(0))
    if method.ensemble:
        other.state = method.state[which]
    return other


@pytest.mark.parametrize("name", METHODS)
def test_experiments_do_not_know_of_each_other(name):
    method = started(METHODS[name](), MODEL)
    alone = [part(method, slice(k, k + 1)) for k in range(3)]
    for cycle in range(4):
        background = method.forecast(MODEL, 3, 0.0)
        observed = observing(RING, 6, background.mean, seed=cycle)
        analysis = method.analyse(observed)
        for k, other in enumerate(alone):
            assert_same(other.forecast(MODEL, 3, 0.0), background, k)
            assert_same(other.analyse(replace(observed, values=observed.values[k : k + 1])), analysis, k)
            for extra, values in method.extras.items():
                close(other.extras[extra][0], values[k], 1e-8)


def assert_same(one, batch, k: int) -> None:
    close(one.mean[0], batch.mean[k], 1e-8)
    close(one.variance[0], batch.variance[k], 1e-8)


@dataclass(eq=False)
class Breaking(Lorenz96):
    """A model that may lose the state of the first experiment."""

    points: int = RING
    broken: bool = False

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        bad = self.broken & (torch.arange(len(state)) == 0)
        return torch.where(bad.reshape(-1, *[1] * (state.ndim - 1)), torch.nan, super().step(state, time))


@pytest.mark.parametrize("name", METHODS)
def test_an_experiment_that_ends_leaves_the_others_alone(name):
    method = started(METHODS[name](), MODEL)
    others, model = part(method, slice(1, 3)), Breaking()
    for cycle in range(4):
        model.broken = cycle == 1
        method.forecast(model, 3, 0.0)
        observed = observing(RING, 6, others.forecast(MODEL, 3, 0.0).mean, seed=cycle)
        both = replace(observed, values=torch.cat([observed.values[:1], observed.values]))
        analysis, same = method.analyse(both), others.analyse(observed)
        close(analysis.mean[1:], same.mean, 1e-8)
        close(analysis.variance[1:], same.variance, 1e-8)
        bad = ~torch.isfinite(analysis.mean).all(1)
        assert bad.tolist() == [cycle == 1, False, False]
        model.broken = False  # what is still in the window was broken by the state alone
        if cycle == 1:
            method.replace(bad)


@pytest.mark.parametrize("name", METHODS)
def test_no_observations_leave_the_background(name):
    method = started(METHODS[name](), MODEL)
    background = method.forecast(MODEL, 3, 0.0)
    analysis = method.analyse(observing(RING, 0, background.mean))
    close(analysis.mean, background.mean, 1e-12)
    close(analysis.variance, background.variance, 1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_single_precision(name):
    model = Lorenz96(points=RING, dtype=torch.float32)
    n = torch.ones(RING)
    setting = Setting(model, model.start(), DenseBackgroundError(torch.eye(RING)), model.start().expand(2, -1), n)
    method = METHODS[name]()
    method.start(setting, torch.Generator().manual_seed(0))
    for cycle in range(2):
        background = method.forecast(model, 3, 0.0)
        double = observing(RING, 6, background.mean.double(), seed=cycle)
        H = LinearOperator(Rows(RING, double.operator.index, double.operator.weight.float()))
        analysis = method.analyse(Observed(double.values.float(), H, ObservationError(double.error.sigma.float())))
    assert analysis.mean.dtype == analysis.variance.dtype == torch.float32
    assert bool(torch.isfinite(analysis.mean).all())


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: FourDVar(window=0), "window, outer and inner of 4dvar must be at least 1; came 0, 3 and 30"),
        (lambda: FourDVar(outer=0), "came 1, 0 and 30"),
        (lambda: FourDVar(tolerance=1.0), "tolerance of 4dvar must lie between 0 and 1; came 1"),
        (lambda: WeakFourDVar(model_error_scale=-1e-3), "model_error_scale of weak-4dvar must not be negative; came -0.001"),
        (lambda: Hybrid(static_weight=-0.1), "weights of the hybrid B must not be negative; came -0.1 and 0.9"),
    ],
)
def test_bad_fields_are_named(make, reason):
    with pytest.raises(InputError, match=reason):
        make()


def test_what_envar_cannot_do_is_explained():
    observed = observing(RING, 6, normal(3, RING))
    with pytest.raises(InputError, match="linear has no distances"):
        started(EnVar(radius=2.0), Linear(RING)).analyse(observed)
    with pytest.raises(InputError, match="radius must be positive; came 0"):
        started(EnVar(radius=0.0), MODEL).analyse(observed)
    p = OBSERVATIONS_LIMIT + 1
    index = torch.zeros(p, 1, dtype=torch.long)
    many = Observed(torch.zeros(3, p), LinearOperator(Rows(RING, index, index + 1.0)), ObservationError(torch.ones(p)))
    with pytest.raises(InputError, match="at most 4000; came 4001: choose letkf"):
        started(EnVar(), MODEL).analyse(many)


# --------------------------------------------------------------------------------------------- conjugate gradients


def test_conjugate_gradients_solve_each_system_in_its_own_time():
    # Identity plus a matrix of rank k needs k + 1 iterations.
    n, ranks = 12, (0, 2, 5)
    roots = torch.stack([normal(n, n, seed=k) * (torch.arange(n) < rank) for k, rank in enumerate(ranks)])
    A = torch.eye(n, dtype=torch.float64) + roots @ roots.mT
    b = normal(3, n, seed=9)
    solved = conjugate_gradients(lambda p: (A @ p[..., None])[..., 0], b, 1e-10 * b.norm(dim=1), 50)
    close(solved.x, torch.linalg.solve(A, b), 1e-8)
    assert solved.iterations.tolist() == [rank + 1 for rank in ranks]
    value = 0.5 * (solved.x * (A @ solved.x[..., None])[..., 0]).sum(1) - (b * solved.x).sum(1)
    close(solved.decrease.sum(0), -value, 1e-8)
    assert bool((solved.decrease[1:, 0] == 0).all())
    few = conjugate_gradients(lambda p: (A @ p[..., None])[..., 0], b, 1e-10 * b.norm(dim=1), 2)
    assert few.iterations.tolist() == [1, 2, 2]
    assert len(few.decrease) == 2
