"""Quality control: the background check by hand, the robust cost against its direct minimisation by scipy."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import torch

from backends.assimilation import quality
from backends.assimilation.closed_form import observation_space, state_space
from backends.assimilation.control_space import Stopping, conjugate_gradients
from backends.assimilation.gauss_newton import gauss_newton
from backends.assimilation.quality import background_check, of_one_case, robust
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.errors import InputError
from backends.observing.observations import Observations
from backends.observing.operators import PointwiseOperator
from tests.backends.domains import line, observing, problem, vector

B = CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 1.3, 1e-3)


def case(gross: float = 20.0, nonlinear: bool = False):
    """Return a problem with 10 observations, of which the fourth is wrong and the eighth is not used."""
    H = observing(line(), 10, seed=2)
    of = problem(B, PointwiseOperator(H, "logarithm", 1.0, 2.0) if nonlinear else H, unused=(7,))
    values = of.observations.values.clone()
    values[3] += gross
    return replace(of, observations=Observations(values, of.observations.places))


def huber_minimum(of, c: float) -> tuple[torch.Tensor, float]:
    """Return the increment and J of the Huber cost, minimised directly over v with x = x_b + U v."""
    U = B.sqrt(torch.eye(24, dtype=torch.float64)).T
    keep = of.used
    sigma = of.observation_error.sigma[keep]

    def cost(v: torch.Tensor) -> torch.Tensor:
        r = ((of.observations.values - of.operator(of.background + U @ v))[keep] / sigma).abs()
        return 0.5 * v @ v + torch.where(r <= c, 0.5 * r**2, c * r - 0.5 * c**2).sum()

    def with_gradient(v: np.ndarray) -> tuple[float, np.ndarray]:
        v = torch.from_numpy(v).requires_grad_()
        value = cost(v)
        return float(value.detach()), torch.autograd.grad(value, v)[0].numpy()

    options = {"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 40}
    found = scipy.optimize.minimize(with_gradient, np.zeros(24), jac=True, method="L-BFGS-B", options=options)
    return U @ torch.from_numpy(found.x), float(found.fun)


def test_background_check_by_hand():
    d, spread = vector(2.9, -3.1, 0, 5.9), vector(1, 1, 1, 2)
    assert background_check(d, spread, 3.0).tolist() == [True, False, True, True]
    assert background_check(d, spread, 0.0).tolist() == [True] * 4
    assert background_check(torch.stack([d, 0 * d]), spread, 1.0).tolist() == [[False, False, True, False], [True] * 4]


@pytest.mark.parametrize("c", [0.5, 1.5, 4.0])
def test_robust_cost_reaches_the_minimum_of_the_huber_function(monkeypatch, c):
    of = case()
    increment, cost = huber_minimum(of, c)
    assert float(robust(of, observation_space, c)[0].j) == pytest.approx(cost, rel=1e-6)
    # The weights settle slowly along directions in which the cost hardly changes: to the end, for the state.
    monkeypatch.setattr(quality, "ROUNDS", 500)
    analysis, weight = robust(of, observation_space, c)
    torch.testing.assert_close(analysis.increment, increment, rtol=1e-4, atol=1e-4)
    assert float(analysis.j) == pytest.approx(cost, rel=1e-9)
    r = analysis.residual.abs() / of.observation_error.sigma
    torch.testing.assert_close(weight, (c / r).clamp(max=1), rtol=1e-5, atol=1e-6)
    assert 0 < float(weight[3]) < 0.2


def test_robust_cost_with_a_nonlinear_operator():
    of = case(nonlinear=True)
    increment, cost = huber_minimum(of, 1.5)
    analysis, _ = robust(of, lambda p: gauss_newton(p, Stopping(30, 1e-7)), 1.5)
    torch.testing.assert_close(analysis.increment, increment, rtol=1e-4, atol=1e-4)
    assert float(analysis.j) == pytest.approx(cost, rel=1e-7)


def test_every_solver_gives_the_same():
    of = case()
    expected, weights = robust(of, observation_space, 1.5)
    for solver in (state_space, gauss_newton, lambda p: conjugate_gradients(p, Stopping(200, 1e-10))):
        analysis, weight = robust(of, solver, 1.5)
        torch.testing.assert_close(analysis.mean, expected.mean, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(weight, weights, rtol=1e-5, atol=1e-6)
        assert float(analysis.j) == pytest.approx(float(expected.j), rel=1e-6)


def test_a_gross_error_pulls_with_a_bounded_force():
    # The force of an observation on the analysis is R⁻¹ (y − Hx), which the Huber cost bounds by c / σ_o.
    pulls = [float(robust(case(gross), observation_space, 1.5)[0].dual[3]) for gross in (20.0, 2000.0)]
    bound = 1.5 / float(case().observation_error.sigma[3])
    assert pulls == pytest.approx([bound, bound], rel=1e-5)
    means = [robust(case(gross), observation_space, 1.5)[0].mean for gross in (20.0, 2000.0)]
    torch.testing.assert_close(means[0], means[1], rtol=1e-4, atol=1e-4)


def test_a_huge_threshold_is_the_quadratic_cost():
    of = case()
    analysis, weight = robust(of, observation_space, 1e6)
    quadratic = observation_space(of)
    torch.testing.assert_close(analysis.mean, quadratic.mean)
    assert float(analysis.j) == pytest.approx(float(quadratic.j), rel=1e-12)
    assert bool((weight == 1).all())


def test_without_a_threshold_the_cost_is_quadratic():
    of = case()
    analysis, weight = of_one_case(observation_space, of, 0.0)
    torch.testing.assert_close(analysis.mean, observation_space(of).mean)
    assert bool((weight == 1).all())
    assert float(of_one_case(observation_space, of, 1.5)[1].min()) < 1


def test_no_observations_have_no_cost():
    none = problem(B, observing(line(), 3), unused=(0, 1, 2))
    analysis, _ = robust(none, observation_space, 1.5)
    torch.testing.assert_close(analysis.mean, none.background)
    assert float(analysis.j) == 0


def test_correlated_errors_have_no_huber_cost():
    with pytest.raises(InputError, match="Huber cost needs independent observation errors; set L_o"):
        robust(problem(B, observing(line(), 4), correlated=True), observation_space, 1.5)
