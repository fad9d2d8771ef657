"""Linear problems: the closed form against the dense normal equations, and every other solver against both."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, Problem
from backends.assimilation.closed_form import (
    innovation_covariance,
    observation_space,
    posterior_variance,
    state_space,
)
from backends.assimilation.control_space import Stopping, conjugate_gradients, lbfgs
from backends.assimilation.gauss_newton import gauss_newton
from backends.background_error.base import BackgroundError
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.background_error.scattered import ScatteredBackgroundError
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.errors import InputError
from backends.observing.errors import ObservationError
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator, PointwiseOperator
from tests.backends.domains import globe, line, normal, observing, places, plane, problem, region, stations

#: All with a floor, so that the normal equations with B⁻¹ can be solved to many digits.
BACKGROUND_ERRORS = {
    "line": lambda: (line(), CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 1.3, 1e-3)),
    "plane": lambda: (
        plane(),
        KroneckerBackgroundError(plane(), Correlation("gaussian", 25.0), Correlation("gaussian", 0.8), 1.3, 1e-3),
    ),
    "plane, added": lambda: (
        plane(),
        KroneckerBackgroundError(plane(), Correlation("soar", 25.0), Correlation("soar", 0.8), 1.3, 1e-3, "added"),
    ),
    "globe": lambda: (globe(), on_sphere(globe(), 2000.0)),
    "region": lambda: (region(), on_sphere(region(), 400.0)),
    "stations": lambda: (stations(), ScatteredBackgroundError(stations(), Correlation("exponential", 200.0), 1.3)),
}
TIGHT = Stopping(iterations=400, tolerance=1e-10)
SOLVERS = {
    "observation space": observation_space,
    "state space": state_space,
    "conjugate gradients": lambda p: conjugate_gradients(p, TIGHT),
    "L-BFGS": lambda p: lbfgs(p, TIGHT),
    "Gauss-Newton": lambda p: gauss_newton(p, TIGHT),
}


def on_sphere(grid, length: float) -> BackgroundError:
    sigma = 1 + 0.5 * torch.linspace(0, 1, grid.size, dtype=torch.float64)
    return ScaledBackgroundError(SphereCorrelation(SphereGeometry(grid), Correlation("gaussian", length), 1e-3), sigma)


@pytest.fixture(params=BACKGROUND_ERRORS)
def case(request) -> Problem:
    domain, B = BACKGROUND_ERRORS[request.param]()
    return problem(B, observing(domain, 9, seed=2), correlated=True, unused=(1, 6))


def normal_equations(case: Problem) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return x_a, J_b, J_o and A of the used observations, all from dense inverses."""
    keep = case.used.nonzero()[:, 0]
    H, R = case.operator.dense()[keep], case.observation_error.matrix()[keep][:, keep]
    inverse_b, inverse_r = torch.linalg.inv(case.background_error.dense()), torch.linalg.inv(R)
    d = case.observations.values[keep] - H @ case.background
    A = torch.linalg.inv(inverse_b + H.T @ inverse_r @ H)
    increment = A @ H.T @ inverse_r @ d
    residual = d - H @ increment
    return case.background + increment, 0.5 * increment @ inverse_b @ increment, 0.5 * residual @ inverse_r @ residual, A


@pytest.mark.parametrize("solver", SOLVERS)
def test_reaches_the_solution_of_the_normal_equations(case, solver):
    mean, jb, jo, _ = normal_equations(case)
    result: Analysis = SOLVERS[solver](case)
    exact = solver.endswith("space")
    assert float((result.mean - mean).norm() / (mean - case.background).norm()) < (1e-9 if exact else 1e-6)
    assert float(result.jb) == pytest.approx(float(jb), rel=1e-9 if exact else 1e-6)
    assert float(result.jo) == pytest.approx(float(jo), rel=1e-9 if exact else 1e-6)
    torch.testing.assert_close(result.increment, result.mean - case.background)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_else_an_analysis_tells(case, solver):
    result: Analysis = SOLVERS[solver](case)
    dense = case.operator.dense()
    torch.testing.assert_close(result.innovation, case.observations.values - dense @ case.background)
    torch.testing.assert_close(result.residual, case.observations.values - dense @ result.mean)  # rejected ones too
    assert bool((result.dual[~case.used] == 0).all())
    carried = case.background_error.apply(case.operator.adjoint(result.dual))
    torch.testing.assert_close(carried, result.increment, rtol=1e-5, atol=1e-6)
    assert result.seconds > 0
    assert result.iterations == (0 if solver.endswith("space") else len(result.history.j) - 1)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_observation_that_is_not_used_does_not_matter(case, solver):
    wild = case.observations.values.clone()
    wild[~case.used] += 1e3
    other = SOLVERS[solver](replace(case, observations=Observations(wild, case.observations.places)))
    torch.testing.assert_close(other.mean, SOLVERS[solver](case).mean, rtol=1e-9, atol=1e-9)


def test_posterior_variance(case):
    A = normal_equations(case)[3]
    points = torch.arange(0, case.background_error.size, 2)
    result = posterior_variance(case, innovation_covariance(case), points)
    torch.testing.assert_close(result, A.diagonal()[points], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("solver", ["conjugate gradients", "L-BFGS", "Gauss-Newton"])
def test_histories_fall_from_the_background_to_the_analysis(case, solver):
    result: Analysis = SOLVERS[solver](case)
    history = result.history
    active = case.of_used()
    at_background = active.observation_cost(active.innovation())
    assert float(history.jb[0]) == 0
    assert float(history.j[0]) == pytest.approx(float(at_background), rel=1e-12)
    assert float(history.j[-1]) == pytest.approx(float(result.j), rel=1e-9)
    assert float(history.j.diff().max()) <= 1e-12 * float(history.j[0])
    assert float(history.gradient[-1]) < 1e-7 * float(history.gradient[0])
    assert len(history.jb) == len(history.jo) == len(history.gradient) == history.iterations + 1


def test_gradients_of_the_history_are_those_in_control_space(case):
    first = [float(SOLVERS[name](case).history.gradient[0]) for name in ("conjugate gradients", "L-BFGS", "Gauss-Newton")]
    H, B = case.of_used().operator.dense(), case.background_error.dense()
    g = H.T @ case.of_used().observation_error.solve(case.of_used().innovation())
    assert first == pytest.approx([float((g @ B @ g).sqrt())] * 3, rel=1e-9)


def test_iterations_are_limited():
    case = problem(BACKGROUND_ERRORS["line"]()[1], observing(line(), 9), sigma_o=0.01)
    for solve in (conjugate_gradients, lbfgs):
        assert solve(case, Stopping(3, 1e-12)).iterations == 3
        loose = solve(case, Stopping(200, 1e-2))
        assert float(loose.history.gradient[-1]) <= 1e-2 * float(loose.history.gradient[0])
        assert loose.iterations < solve(case, Stopping(200, 1e-8)).iterations


@pytest.mark.parametrize("name", BACKGROUND_ERRORS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_no_observations_leave_the_background(name, solver):
    B = BACKGROUND_ERRORS[name]()[1]
    domain = BACKGROUND_ERRORS[name]()[0]
    none = problem(B, observing(domain, 3).of(torch.zeros(0, dtype=torch.long)))
    all_rejected = problem(B, observing(domain, 3), unused=(0, 1, 2))
    for case in (none, all_rejected):
        result = SOLVERS[solver](case)
        torch.testing.assert_close(result.mean, case.background)
        assert float(result.j) == 0
    torch.testing.assert_close(posterior_variance(none, innovation_covariance(none), torch.arange(3)), B.variance()[:3])


def test_a_batch_gives_what_its_members_give_alone():
    B = BACKGROUND_ERRORS["plane"]()[1]
    one = problem(B, observing(plane(), 9), correlated=True)
    backgrounds, values = normal(4, B.size), normal(4, 9, seed=1)
    used = normal(4, 9, seed=2) > -1
    batch = replace(one, background=backgrounds, observations=Observations(values, one.observations.places), used=used)
    S = innovation_covariance(batch)
    assert S.factor.shape == (4, 9, 9)
    together = observation_space(batch)
    for k in range(4):
        alone = observation_space(
            replace(one, background=backgrounds[k], observations=Observations(values[k], one.observations.places), used=used[k])
        )
        torch.testing.assert_close(together.mean[k], alone.mean)
        torch.testing.assert_close(together.jb[k], alone.jb)
        torch.testing.assert_close(together.jo[k], alone.jo)


def test_area_means_and_channels_are_assimilated_too():
    B = BACKGROUND_ERRORS["plane"]()[1]
    where = places(plane(), 6, 3)
    for rows in (plane().area_means(where, 30.0), plane().channels(where, 0.5)):
        case = problem(B, LinearOperator(rows))
        torch.testing.assert_close(observation_space(case).mean, normal_equations(case)[0], rtol=1e-8, atol=1e-8)


def test_a_single_observation_spreads_a_column_of_b():
    # x_a − x_b = B e_k d / (B_kk + σ_o²), here with d = 2 at grid point 7.
    B = BACKGROUND_ERRORS["line"]()[1]
    H = LinearOperator(line().interpolation(line().coordinates()[[7]]))
    y = Observations(torch.tensor([2.0], dtype=torch.float64), line().coordinates()[[7]])
    R = ObservationError(torch.tensor([0.6], dtype=torch.float64))
    background = torch.zeros(24, dtype=torch.float64)
    result = observation_space(Problem(background, y, H, B, R, torch.ones(1, dtype=torch.bool)))
    column = B.dense()[:, 7]
    torch.testing.assert_close(result.increment, 2 * column / (column[7] + 0.36))


def test_mean_of_twice_the_cost_is_the_number_of_observations():
    B, draws, p = BACKGROUND_ERRORS["plane"]()[1], 400, 9
    H = observing(plane(), p)
    R = problem(B, H, correlated=True).observation_error
    truth = normal(B.size)
    background = truth + B.sample(draws, torch.Generator().manual_seed(1))
    y = Observations(H(truth) + R.draw(normal(draws, p, seed=2)), torch.zeros(p, 1))
    twice = 2 * observation_space(Problem(background, y, H, B, R, torch.ones(p, dtype=torch.bool))).j
    # χ² with p degrees of freedom: mean p, variance 2p; the sample variance has a relative error of about √((2 + 12/p) / N).
    assert float(twice.mean()) == pytest.approx(p, abs=3 * (2 * p / draws) ** 0.5)
    assert float(twice.var()) == pytest.approx(2 * p, rel=3 * ((2 + 12 / p) / draws) ** 0.5)


# -------------------------------------------------------------------------------------------------------- refusals


def test_a_nonlinear_operator_needs_another_solver():
    B = BACKGROUND_ERRORS["line"]()[1]
    case = problem(B, PointwiseOperator(observing(line(), 3), "saturating", 0.0, 1.0))
    for solver in (observation_space, state_space, conjugate_gradients):
        with pytest.raises(InputError, match="linear observation operator; choose Gauss–Newton or L-BFGS"):
            solver(case)


def test_a_background_without_value_at_an_observation_is_refused(case):
    missing = case.background.clone()
    missing[case.operator.index[0, 0]] = torch.nan
    with pytest.raises(InputError, match="background is missing"):
        observation_space(replace(case, background=missing))


def test_a_singular_system_is_explained():
    B = CirculantBackgroundError(line(), Correlation("gaussian", 0.3), 1.0, 0.0)
    H = LinearOperator(line().interpolation(line().coordinates()[[3, 3]]))
    with pytest.raises(InputError, match="numerically singular or not positive definite: raise σ_o or the floor"):
        observation_space(problem(B, H, sigma_o=1e-12))


def test_a_state_too_large_for_its_matrix_is_named():
    B = CirculantBackgroundError(line(6001), Correlation("gaussian", 0.1), 1.0)
    with pytest.raises(InputError, match="up to 6000 grid points; came 6001"):
        state_space(problem(B, observing(line(6001), 3)))


@pytest.mark.parametrize(("iterations", "tolerance"), [(0, 0.1), (5, 0.0), (5, 1.0)])
def test_a_bad_stopping_rule_is_named(iterations, tolerance):
    with pytest.raises(InputError, match=r"came (0|1)"):
        Stopping(iterations, tolerance)
