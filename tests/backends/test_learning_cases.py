"""Batches of variational cases: the same numbers as dense matrices and as the solvers of single cases give."""

import pytest
import torch

from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.geometry.line import PeriodicLine
from backends.learning.variational.line import LineDraws
from backends.learning.variational.networks import ControlNetwork, DescentNetwork, IncrementNetwork
from backends.learning.variational.task import Judged

RANGES = LineDraws(60, (0.3, 3.0), (0.03, 0.2), (0.05, 1.0), (1, 12), background="both", placement="anywhere")
DOUBLE = torch.empty(0, dtype=torch.float64)


def drawn(count=5, seed=1, draws=RANGES):
    return draws.draw(count, torch.Generator().manual_seed(seed)).to(DOUBLE)


def dense(cases, k):
    """Return B, H of the observations that there are, and R of one case as matrices, and d."""
    n, used = cases.background.shape[1], cases.used[k]
    B = cases.of(torch.tensor([k])).errors.between(torch.arange(n)[None])[0]
    H = torch.zeros(int(used.sum()), n, dtype=torch.float64)
    for row, (nodes, weights) in enumerate(zip(cases.nodes[k][used], cases.weights[k][used], strict=True)):
        for node, weight in zip(nodes, weights, strict=True):
            H[row, node] += weight
    return B, H, cases.sigma[k].square() * torch.eye(len(H), dtype=torch.float64), cases.innovation()[k][used]


def test_b_is_that_of_the_analysis_page():
    cases = drawn()
    sigma, length = cases.conditions[:, 0].exp(), 0.08 * cases.conditions[:, 1].exp()
    x = torch.randn(len(cases), 60, dtype=torch.float64)
    line = PeriodicLine(60, torch.device("cpu"), torch.float64)
    for k in range(len(cases)):
        B = CirculantBackgroundError(line, Correlation("gaussian", float(length[k])), float(sigma[k]), RANGES.floor)
        one = cases.errors.of(torch.tensor([k]))
        for mine, theirs in ((one.sqrt, B.sqrt), (one.inverse, B.inverse)):
            expected = theirs(x[k])
            torch.testing.assert_close(mine(x[k : k + 1])[0], expected, rtol=0, atol=2e-4 * float(expected.abs().max()))


def test_costs_and_minimum_are_those_of_dense_matrices():
    cases = drawn()
    exact = cases.errors.sqrt(cases.minimum())
    jb, jo = cases.costs(exact)
    for k in range(len(cases)):
        B, H, R, d = dense(cases, k)
        S = H @ B @ H.T + R
        expected = B @ H.T @ torch.linalg.solve(S, d)
        torch.testing.assert_close(exact[k], expected, rtol=1e-8, atol=1e-9)
        torch.testing.assert_close(jb[k] + jo[k], 0.5 * d @ torch.linalg.solve(S, d), rtol=1e-8, atol=0)
        x = torch.randn(60, dtype=torch.float64)
        J = 0.5 * x @ torch.linalg.solve(B, x) + 0.5 * (d - H @ x).square().sum() / R[0, 0]
        torch.testing.assert_close(sum(cases.of(torch.tensor([k])).costs(x[None]))[0], J, rtol=1e-5, atol=0)


def test_h_and_its_adjoint_belong_together():
    cases = drawn()
    x, y = torch.randn(5, 60, dtype=torch.float64), torch.randn(5, 12, dtype=torch.float64) * cases.used
    left, right = (cases.observed(x) * y).sum(), (x * cases.observed_adjoint(y)).sum()
    torch.testing.assert_close(left, right, rtol=1e-12, atol=0)
    torch.testing.assert_close(cases.observed(torch.stack([x, 2 * x], 1))[:, 1], 2 * cases.observed(x))


def test_the_gap_is_zero_at_the_minimum_and_one_at_the_background():
    judged = Judged(drawn())
    assert float(judged.gaps(judged.exact).abs().max()) < 1e-9
    torch.testing.assert_close(judged.gaps(torch.zeros_like(judged.exact)), torch.ones(5, dtype=torch.float64))
    scores = judged.scores(judged.exact)
    assert scores["rmse_network"] == scores["rmse_3dvar"]
    assert scores["cost_ratio"] == pytest.approx(1, abs=1e-9)


def test_more_cases_do_not_change_what_one_seed_means():
    torch.testing.assert_close(drawn(seed=3).values, drawn(seed=3).values)
    assert not torch.equal(drawn(seed=3).truth, drawn(seed=4).truth)


@pytest.mark.parametrize("placement", ["points", "anywhere"])
def test_as_many_observations_as_asked_for_and_each_point_once(placement):
    cases = drawn(200, draws=LineDraws(40, count=(3, 40), placement=placement))
    counts = cases.used.sum(1)
    assert (int(counts.min()), int(counts.max())) == (3, 40)
    if placement == "points":
        assert all(
            len(set(row[used].tolist())) == int(used.sum()) for row, used in zip(cases.nodes[..., 0], cases.used, strict=True)
        )


@pytest.mark.parametrize("stages", [1, 3])
def test_an_untrained_descent_never_raises_j_and_follows_a_shift_of_the_line(stages):
    torch.manual_seed(0)
    network = DescentNetwork((60,), stages=stages, conditions=4).double()
    cases = drawn(20)
    with torch.no_grad():
        jb, jo = network.costs(cases)
        assert bool((jb + jo <= cases.observation_cost(cases.innovation()) * (1 + 1e-9)).all())
        moved = cases.of(torch.arange(20))
        for name in ("truth", "background"):
            object.__setattr__(moved, name, getattr(cases, name).roll(7, -1))
        object.__setattr__(moved, "nodes", (cases.nodes + 7) % 60)
        torch.testing.assert_close(network.increment(moved), network.increment(cases).roll(7, -1), rtol=1e-6, atol=1e-8)


def test_a_descent_without_innovations_stays_at_the_background():
    cases = drawn(4)
    object.__setattr__(cases, "values", cases.observed(cases.background))
    network = DescentNetwork((60,), conditions=4).double()
    assert float(network.increment(cases).detach().abs().max()) < 1e-8


def test_one_proposal_with_the_gradient_is_a_step_of_steepest_descent_at_least():
    cases = drawn(10)
    network = DescentNetwork((60,), stages=1, conditions=4).double()
    with torch.no_grad():
        jb, jo = network.costs(cases)
    g = cases.errors.sqrt_adjoint(cases.observed_adjoint(cases.innovation() / cases.sigma.square()[:, None]))
    Ag = g + cases.errors.sqrt_adjoint(
        cases.observed_adjoint(cases.observed(cases.errors.sqrt(g)) / cases.sigma.square()[:, None])
    )
    steepest = sum(cases.control_costs(g * ((g * g).sum(1) / (g * Ag).sum(1))[:, None]))
    assert bool((jb + jo <= steepest * (1 + 1e-4)).all())


@pytest.mark.parametrize("kind", [IncrementNetwork, ControlNetwork])
def test_costs_of_the_lectures_networks_are_those_of_their_increments(kind):
    cases = drawn(6, draws=LineDraws(60))
    network = kind(60, 16).double()
    torch.testing.assert_close(sum(network.costs(cases)), sum(cases.costs(network.increment(cases))), rtol=1e-4, atol=0)
