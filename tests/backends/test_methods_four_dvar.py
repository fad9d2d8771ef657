"""4D-Var, strong and weak, against the Kalman filter, dense algebra, Taylor expansions and its own gradient."""

from itertools import pairwise

import pytest
import torch

from backends.assimilation.methods import four_dvar
from backends.assimilation.methods.batched_solver import conjugate_gradients
from backends.assimilation.methods.four_dvar import FourDVar, WeakFourDVar
from backends.assimilation.methods.kalman import KalmanFilter
from backends.assimilation.methods.tangent import MATRIX_LIMIT
from backends.assimilation.taylor import STEPS, TaylorTest
from backends.dynamics.base import Dynamics
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from tests.backends.domains import normal
from tests.backends.variational import (
    POINTS,
    Linear,
    close,
    covariance,
    dense,
    information_form,
    observing,
    started,
)


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
    jumps = [method._path[0] - problem.background]
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
        close(model.advance(method._path[0], lengths[-1]), method.state, 1e-12)
    assert lengths == [1, 2, 3, 3, 1, 1, 2, 2]


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
