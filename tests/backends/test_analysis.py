"""The analysis against a dense solution, a closed form, and its own statistics."""

import pytest
import torch

from backends.assimilation import observation_space
from backends.assimilation.observation_space import ObservationSpaceAnalyser
from backends.background_error import GaussianBackgroundError
from backends.errors import InputError
from backends.geometry.sphere import great_circle_distance
from backends.observations import BilinearInterpolation, ObservationError, Observations
from tests.backends.test_geometry import grid, points
from tests.backends.test_observations import some_points

B = GaussianBackgroundError(sigma=1.7, length=250.0)
R = ObservationError(sigma=0.6)


def matrix(H: BilinearInterpolation) -> torch.Tensor:
    """Return H as a dense matrix (p, n), from its action on unit vectors."""
    return H(torch.eye(H.grid.size, dtype=torch.float64)).T


def case(count=40, draws=1, seed=0):
    """Return an analyser, a background and observations whose errors are drawn from B and R."""
    generator = torch.Generator().manual_seed(seed)
    g = grid(40, 55, 16, -5, 15, 21)
    nodes = g.nodes()
    H = BilinearInterpolation(g, points(*[(40 + 1.5 * a, b - 5) for a, b in _pairs(some_points(count, seed))]))
    truth = 280 + 0.3 * nodes.latitude + torch.zeros(draws, 1, dtype=torch.float64)
    background = truth + B.sample(nodes, draws, generator)
    noise = R.sigma * torch.randn(draws, count, generator=generator, dtype=torch.float64)
    return ObservationSpaceAnalyser(H), background, Observations(H(truth) + noise, H.points)


def _pairs(p):
    return list(zip(p.latitude.tolist(), p.longitude.tolist(), strict=True))


def dense_b(nodes):
    d = great_circle_distance(nodes, nodes)
    return B.sigma**2 * torch.exp(-(d**2) / (2 * B.length**2))


def test_analysis_equals_the_dense_normal_equations():
    # In state space: (B⁻¹ + HᵀR⁻¹H) δx = HᵀR⁻¹d, written as (I + B HᵀR⁻¹H) δx = B HᵀR⁻¹d so that B need not be inverted.
    analyser, background, observations = case()
    H = matrix(analyser.operator)
    dense = dense_b(analyser.operator.grid.nodes())
    d = observations.values[0] - H @ background[0]
    left = torch.eye(len(dense), dtype=torch.float64) + dense @ H.T @ H / R.variance
    expected = torch.linalg.solve(left, dense @ H.T @ d / R.variance)

    increment = analyser.analyse(background, observations, B, R).increment[0]

    assert float((increment - expected).norm() / expected.norm()) < 1e-9


def test_cost_terms_are_those_of_the_definition():
    analyser, background, observations = case()
    a = analyser.analyse(background, observations, B, R)
    H = matrix(analyser.operator)
    # ½ δxᵀB⁻¹δx with δx = BHᵀw needs no inverse of the badly conditioned B: it is ½ wᵀ HBHᵀ w, w from the dense S.
    S = H @ dense_b(analyser.operator.grid.nodes()) @ H.T + R.variance * torch.eye(40, dtype=torch.float64)
    d = observations.values[0] - H @ background[0]
    w = torch.linalg.solve(S, d)
    assert float(a.jb[0]) == pytest.approx(float(0.5 * w @ (H @ a.increment[0])), rel=1e-9)
    misfit = observations.values[0] - H @ a.mean[0]
    assert float(a.jo[0]) == pytest.approx(float(0.5 * misfit @ misfit / R.variance), rel=1e-9)
    assert float(a.j[0]) == pytest.approx(float(0.5 * d @ w), rel=1e-9)
    torch.testing.assert_close(a.residual[0], misfit, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(a.innovation[0], d)


def test_mean_of_twice_the_cost_is_the_number_of_observations():
    draws, p = 200, 40
    analyser, background, observations = case(p, draws, seed=3)
    twice = 2 * analyser.analyse(background, observations, B, R).j
    standard_error = float(twice.std()) / draws**0.5
    assert abs(float(twice.mean()) - p) < 3 * standard_error
    # 2J is chi-squared with p degrees of freedom, variance 2p.
    assert float(twice.var()) == pytest.approx(2 * p, rel=0.4)


def test_a_single_observation_spreads_a_column_of_b():
    g = grid(40, 55, 16, -5, 15, 21)
    place = points((47, 3))  # a grid point
    analyser = ObservationSpaceAnalyser(BilinearInterpolation(g, place))
    background = torch.zeros(g.size, dtype=torch.float64)
    increment = analyser.analyse(background, Observations(torch.tensor([2.0], dtype=torch.float64), place), B, R).increment
    gain = 2.0 / (B.sigma**2 + R.variance)
    torch.testing.assert_close(increment, gain * B.covariance_between(g.nodes(), place)[:, 0], rtol=1e-12, atol=1e-12)


def test_a_batch_gives_what_its_members_give_alone():
    analyser, background, observations = case(draws=3)
    together = analyser.analyse(background, observations, B, R)
    for k in range(3):
        alone = analyser.analyse(background[k], Observations(observations.values[k], observations.points), B, R)
        torch.testing.assert_close(together.mean[k], alone.mean)
        torch.testing.assert_close(together.jb[k], alone.jb)


def test_blocks_give_what_the_whole_gives(monkeypatch):
    whole = case()[0]
    monkeypatch.setattr(observation_space, "KEPT_DISTANCES", 0)
    monkeypatch.setattr(observation_space, "BLOCK", 500)
    blocks, background, observations = case()
    torch.testing.assert_close(
        blocks.analyse(background, observations, B, R).mean, whole.analyse(background, observations, B, R).mean
    )


def test_no_observations_leave_the_background():
    g = grid()
    analyser = ObservationSpaceAnalyser(BilinearInterpolation(g, points()))
    background = torch.randn(g.size, dtype=torch.float64)
    a = analyser.analyse(background, Observations(torch.empty(0, dtype=torch.float64), points()), B, R)
    torch.testing.assert_close(a.mean, background)
    assert float(a.j) == 0


def test_a_singular_system_is_explained():
    g = grid()
    twice = points((5, 5), (5, 5))
    analyser = ObservationSpaceAnalyser(BilinearInterpolation(g, twice))
    observations = Observations(torch.tensor([1.0, 2.0], dtype=torch.float64), twice)
    with pytest.raises(InputError, match="numerically singular for σ_b = 1"):
        analyser.analyse(
            torch.zeros(g.size, dtype=torch.float64), observations, GaussianBackgroundError(1.0, 300.0), ObservationError(1e-12)
        )


def test_a_background_without_value_at_an_observation_is_refused():
    analyser, background, observations = case()
    with pytest.raises(InputError, match="background is missing"):
        analyser.analyse(background * torch.nan, observations, B, R)


@pytest.mark.parametrize(
    ("sigma", "length", "says"), [(0, 100, "σ_b"), (-1, 100, "σ_b"), (1, 0, "length L"), (1, 4000, "length L")]
)
def test_a_bad_background_error_is_named(sigma, length, says):
    with pytest.raises(InputError, match=says):
        GaussianBackgroundError(sigma, length)


def test_samples_have_the_covariance_they_are_drawn_from():
    nodes = grid(40, 50, 6, 0, 10, 6).nodes()
    draws = B.sample(nodes, 4000, torch.Generator().manual_seed(0))
    assert float((draws.T @ draws / 4000 - dense_b(nodes)).abs().max()) < 0.25  # 5 standard errors of σ²·√(2/4000)
    torch.testing.assert_close(B.variance(nodes), dense_b(nodes).diagonal())


def test_the_gaussian_is_a_covariance_up_to_the_longest_length_allowed():
    longest = GaussianBackgroundError(1.0, GaussianBackgroundError.MAX_LENGTH_KM)
    globe = grid(-88, 88, 23, -180, 172, 45).nodes()
    assert float(torch.linalg.eigvalsh(longest.covariance_between(globe, globe)).min()) > -1e-6
