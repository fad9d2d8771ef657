"""The gradient in control space, and minimisation with nonlinear operators."""

import math
from dataclasses import replace

import pytest
import torch

from backends.assimilation.analysis import Problem
from backends.assimilation.closed_form import innovation_covariance, posterior_variance
from backends.assimilation.control_space import ControlSpace, Stopping, lbfgs
from backends.assimilation.gauss_newton import gauss_newton
from backends.assimilation.taylor import TaylorTest, taylor_test
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.background_error.sphere import SphereCorrelation, SphereGeometry
from backends.observing.operators import FUNCTIONS, LinearOperator, PointwiseOperator
from tests.backends.domains import line, normal, observing, plane, problem, region

STOPPING = Stopping(iterations=300, tolerance=1e-9)


def background_errors():
    return {
        "line": (line(), CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 1.0, 1e-3)),
        "plane": (plane(), KroneckerBackgroundError(plane(), Correlation("soar", 25.0), Correlation("soar", 0.8), 1.0, 1e-3)),
        "region": (region(), SphereCorrelation(SphereGeometry(region()), Correlation("gaussian", 300.0), 1e-3)),
    }


DOMAINS = tuple(background_errors())
KINDS = ("linear", *FUNCTIONS)


def case(domain: str, kind: str, **options) -> Problem:
    """Return a problem whose background, near 2, lies a scale above the reference of the operator."""
    where, B = background_errors()[domain]
    inner = observing(where, 9, seed=2)
    H = inner if kind == "linear" else PointwiseOperator(inner, kind, 1.0, 2.0)
    return problem(B, H, sigma_o=0.5, correlated=True, unused=(4,), **options)


def gradient_at(of: Problem, increment: torch.Tensor) -> float:
    """Return the norm of the gradient in state space times B, B ∇J = δx − B Hᵀ R⁻¹ (y − H(x)), which needs no inverse."""
    active, state = of.of_used(), of.background + increment
    H = torch.autograd.functional.jacobian(active.operator, state)
    R = active.observation_error.matrix()
    pull = H.T @ torch.linalg.solve(R, active.observations.values - active.operator(state))
    return float((increment - of.background_error.dense() @ pull).norm())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_gradient_is_that_of_automatic_differentiation(domain, kind):
    space = ControlSpace(case(domain, kind))
    v = normal(space.size).requires_grad_()
    (expected,) = torch.autograd.grad(torch.stack(space.costs(v)).sum(), v)
    torch.testing.assert_close(space.gradient(v.detach()), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_taylor_remainder_falls_by_a_hundred_per_decade_and_then_rounds(domain, kind):
    result = taylor_test(case(domain, kind), torch.Generator().manual_seed(0))
    assert result.slope == pytest.approx(2, abs=0.1)
    per_decade = result.remainder[4:13:4] / result.remainder[8:17:4]  # steps 1e-1 to 1e-4
    assert per_decade.tolist() == pytest.approx([100] * 3, rel=0.2)
    assert float(result.remainder[-1]) > 1e-4 * float(result.remainder.min())  # no fall to the end: a V
    assert float(result.remainder[20:].min()) < 1e-9 * float(result.remainder[0])


@pytest.mark.parametrize("wrong", [0.5, 0.99, 1 + 1e-3, 1 + 1e-5])
def test_a_wrong_gradient_falls_by_ten(monkeypatch, wrong):
    right = ControlSpace.gradient
    monkeypatch.setattr(ControlSpace, "gradient", lambda self, v: wrong * right(self, v))
    assert taylor_test(case("line", "linear"), torch.Generator().manual_seed(0)).slope < 1.6


def test_slope_of_a_curve_by_hand():
    steps = torch.logspace(0, -9, 37, dtype=torch.float64)
    assert TaylorTest(steps, 5 * steps**2).slope == pytest.approx(2)
    assert TaylorTest(steps, 5 * steps).slope == pytest.approx(1)
    # 5 h² + 0.01 h: of the first order below a step of 2e-3, where it is still far from rounding.
    assert TaylorTest(steps, 5 * steps**2 + 0.01 * steps).slope == pytest.approx(1, abs=0.02)
    assert TaylorTest(steps, (5 * steps**2).clamp(min=1e-11)).slope == pytest.approx(2)
    assert math.isnan(TaylorTest(steps, (5 * steps**2).clamp(min=1.0)).slope)


@pytest.mark.parametrize("solve", [gauss_newton, lbfgs])
@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_solvers_end_where_the_gradient_vanishes_below_the_background(domain, kind, solve):
    of = case(domain, kind)
    result = solve(of, STOPPING)
    assert gradient_at(of, result.increment) < 1e-5 * gradient_at(of, torch.zeros_like(result.increment))
    assert float(result.j) < float(result.history.j[0])
    assert float(result.history.j.diff().max()) <= 1e-12 * float(result.history.j[0])
    assert float(result.history.j[-1]) == pytest.approx(float(result.j), rel=1e-9)
    # J at the end, from its definition: B⁻¹ exists because of the floor.
    R = of.of_used().observation_error.matrix()
    residual = (of.observations.values - of.operator(result.mean))[of.used]
    jb = 0.5 * result.increment @ torch.linalg.solve(of.background_error.dense(), result.increment)
    assert float(result.jb) == pytest.approx(float(jb), rel=1e-6)
    assert float(result.jo) == pytest.approx(float(0.5 * residual @ torch.linalg.solve(R, residual)), rel=1e-9)


@pytest.mark.parametrize("kind", ["logarithm", "saturating"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_both_solvers_agree(domain, kind):
    of = case(domain, kind)
    first, second = gauss_newton(of, STOPPING), lbfgs(of, STOPPING)
    torch.testing.assert_close(first.mean, second.mean, rtol=1e-5, atol=1e-5)
    assert float(first.j) == pytest.approx(float(second.j), rel=1e-9)


def test_gauss_newton_needs_one_step_for_a_linear_operator():
    assert gauss_newton(case("plane", "linear"), Stopping(20, 1e-8)).iterations == 1


def test_gauss_newton_halves_steps_that_would_raise_the_cost():
    """From u_b = 3, tanh u_b = 0.99505 has the slope 0.00987 there: observed 0.9, the full step is 0.095 / 0.00987 = 9.6.

    With σ_b = 10 hardly anything holds it back, and it ends at u = −6, tanh u = −1: J_o rises from 0.0045 / σ_o² to 1.8 / σ_o².
    """
    where, B = line(), CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 10.0, 1e-6)
    H = PointwiseOperator(LinearOperator(where.interpolation(where.coordinates()[[5]])), "saturating", 0.0, 1.0)
    of = problem(B, H, sigma_o=1e-3)
    of = replace(
        of,
        background=torch.full((24,), 3.0, dtype=torch.float64),
        observations=replace(of.observations, values=torch.tensor([0.9], dtype=torch.float64)),
    )
    result = gauss_newton(of, STOPPING)
    assert float(result.history.j[0]) == pytest.approx(0.5 * (math.tanh(3) - 0.9) ** 2 / 1e-6, rel=1e-9)
    assert float(result.history.j.diff().max()) < 0
    # J_b = ½ (Δu / 10)² hardly counts: tanh u = 0.9 at u = 1.4722.
    assert float(result.mean[5]) == pytest.approx(math.atanh(0.9), abs=1e-3)


def test_the_square_finds_the_sign_of_its_background():
    # One observation of s u² = 2 with s = 2, x₀ = 0: u = ±1, x = ±2. From x_b = ±1.5 each goes to its own side.
    where, B = line(), CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 1.0, 1e-6)
    H = PointwiseOperator(LinearOperator(where.interpolation(where.coordinates()[[5]])), "square", 0.0, 2.0)
    for side in (1.5, -1.5):
        of = problem(B, H, sigma_o=1e-3)
        of = replace(
            of,
            background=torch.full((24,), side, dtype=torch.float64),
            observations=replace(of.observations, values=torch.tensor([2.0], dtype=torch.float64)),
        )
        for solve in (gauss_newton, lbfgs):
            assert float(solve(of, STOPPING).mean[5]) == pytest.approx(math.copysign(2, side), abs=1e-4)


def test_posterior_variance_of_a_nonlinear_problem_is_that_of_its_linearisation():
    of = case("line", "saturating")
    mean = gauss_newton(of, STOPPING).mean
    tangent = replace(of, operator=of.operator.linearise(mean))
    H = torch.autograd.functional.jacobian(of.operator, mean)[of.used]
    R = of.observation_error.matrix()[of.used][:, of.used]
    A = torch.linalg.inv(torch.linalg.inv(of.background_error.dense()) + H.T @ torch.linalg.solve(R, H))
    result = posterior_variance(tangent, innovation_covariance(tangent), torch.arange(24))
    torch.testing.assert_close(result, A.diagonal(), rtol=1e-8, atol=1e-10)
