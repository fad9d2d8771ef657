"""Verification of cycles against sums written out, integrals and hand calculations."""

import math

import pytest
import torch

from backends.assimilation.methods.estimate import Estimate, Observed
from backends.cycling.verification import NUMBERS, crps, ranks, time_mean, verify
from backends.dynamics.base import Norm
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def tensor(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def picking(size: int, *components: int) -> LinearOperator:
    """Return the operator that observes these components."""
    return LinearOperator(Rows(size, torch.tensor(components)[:, None], torch.ones(len(components), 1, dtype=torch.float64)))


def observed(values: object, operator: LinearOperator, sigma: object) -> Observed:
    return Observed(tensor(values), operator, ObservationError(tensor(sigma)))


# --- CRPS ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_the_crps_of_members_is_the_double_sum(weighted):
    # Without weights over pairs of distinct members, which is fair: N (N − 1) instead of N² pairs.
    E, N, n = 3, 7, 4
    members, truth = random(E, N, n), random(E, n, seed=2)
    weights = random(E, N, seed=3).softmax(-1) if weighted else torch.full((E, N), 1 / N, dtype=torch.float64)
    estimate = Estimate.of_members(members, weights if weighted else None)
    expected = torch.zeros(E, n, dtype=torch.float64)
    for i in range(N):
        expected += weights[:, i, None] * (members[:, i] - truth).abs()
        for j in range(N):
            pairs = weights[:, i, None] * weights[:, j, None] if weighted else 1 / (N * (N - 1))
            expected -= 0.5 * pairs * (members[:, i] - members[:, j]).abs()
    torch.testing.assert_close(crps(estimate, estimate.mean - truth), expected.mean(-1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("N", [2, 5])
def test_small_ensembles_have_the_score_of_the_distribution_that_they_are_drawn_from(N):
    draws = 200_000
    truth = random(1, draws, seed=2)
    ensemble = Estimate.of_members(random(1, N, draws))
    normal = Estimate(torch.zeros_like(truth), torch.ones_like(truth))
    found, expected = crps(ensemble, ensemble.mean - truth), crps(normal, -truth)
    assert float(expected) == pytest.approx(1 / math.sqrt(math.pi), rel=0.01)  # E|x − t| / 2 of two standard normal numbers
    assert float(found) == pytest.approx(float(expected), rel=0.01)


def test_the_crps_is_the_integral_of_the_squared_difference_of_distributions():
    x = torch.linspace(-30, 30, 600_001, dtype=torch.float64)
    mean, sigma, truth = 1.3, 0.8, 0.2
    normal = 0.5 * (1 + torch.erf((x - mean) / (sigma * math.sqrt(2))))
    step = (x >= truth).to(torch.float64)
    estimate = Estimate(tensor([[mean]]), tensor([[sigma**2]]))
    assert float(crps(estimate, tensor([[mean - truth]]))) == pytest.approx(
        float(torch.trapezoid((normal - step) ** 2, x)), abs=1e-4
    )
    members = tensor([-1.0, 0.5, 2.0])
    empirical = (x[:, None] >= members).to(torch.float64).mean(-1)
    ensemble = Estimate.of_members(members[None, :, None], torch.full((1, 3), 1 / 3, dtype=torch.float64))
    assert float(crps(ensemble, ensemble.mean - truth)) == pytest.approx(
        float(torch.trapezoid((empirical - step) ** 2, x)), abs=2e-4
    )


def test_the_crps_of_one_value_is_its_error_and_of_a_certain_normal_too():
    error = tensor([[1.0, -3.0]])
    assert float(crps(Estimate(error), error)) == 2.0
    assert float(crps(Estimate(error, torch.zeros_like(error)), error)) == pytest.approx(2.0)


# --- the numbers of a cycle --------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_cycle_by_hand():
    # Truth (0, 0, 0), background (2, 1, −2), analysis (1, 1, 0); components 0 and 2 are observed as 0.5 and −1.
    background = Estimate(tensor([[2.0, 1.0, -2.0]]), tensor([[3.0, 5.0, 1.0]]))
    analysis = Estimate(tensor([[1.0, 1.0, 0.0]]), tensor([[0.5, 2.0, 0.5]]))
    numbers = verify(
        background, analysis, torch.zeros(1, 3, dtype=torch.float64), observed([[0.5, -1.0]], picking(3, 0, 2), [1.0, 2.0])
    )
    found = dict(zip(NUMBERS, numbers[0].tolist(), strict=True))
    # d = (−1.5, 1), residual = (−0.5, −1), increment = (−1, 2); H P Hᵀ + R = (3 + 1, 1 + 4)
    expected = {
        "rmse_background": math.sqrt(9 / 3),
        "rmse_analysis": math.sqrt(2 / 3),
        "spread_background": math.sqrt(9 / 3),
        "spread_analysis": 1.0,
        "bias_background": 1 / 3,
        "bias_analysis": 2 / 3,
        "chi2_per_obs": (2.25 / 4 + 1 / 5) / 2,
        "sigma_o2_desroziers": (0.75 - 1.0) / 2,
        "sigma_b2_desroziers": (1.5 + 2.0) / 2,
        "omb": math.sqrt(3.25 / 2),
        "oma": math.sqrt(1.25 / 2),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_the_variance_of_what_is_observed_counts_the_correlations_of_members():
    # Two members at ±(1, −1): the mean of both components is certain, however wide each is.
    H = LinearOperator(Rows(2, torch.tensor([[0, 1]]), tensor([[0.5, 0.5]])))
    background = Estimate.of_members(tensor([[[1.0, -1.0], [-1.0, 1.0]]]))
    numbers = verify(background, background, torch.zeros(1, 2, dtype=torch.float64), observed([[3.0]], H, [2.0]))
    assert float(numbers[0, NUMBERS.index("chi2_per_obs")]) == pytest.approx(9 / 4)


def test_a_norm_weighs_components_and_scales_their_errors():
    norm = Norm(tensor([0.5, 0.25, 0.25]), tensor([1.0, 2.0, 0.0]))
    background = Estimate(tensor([[1.0, -3.0, 9.0]]), tensor([[4.0, 1.0, 9.0]]))
    truth, seen = torch.zeros(1, 3, dtype=torch.float64), observed([[0.0]], picking(3, 0), [1.0])
    found = dict(zip(NUMBERS, verify(background, background, truth, seen, norm)[0].tolist(), strict=True))
    assert found["rmse_analysis"] == pytest.approx(math.sqrt(0.5 * 1 + 0.25 * 36))
    assert found["spread_background"] == pytest.approx(math.sqrt(0.5 * 4 + 0.25 * 4))
    assert found["bias_background"] == pytest.approx(0.5 * 1 - 0.25 * 6)


def test_where_a_method_says_nothing_of_its_errors_numbers_are_missing():
    estimate = Estimate(random(2, 3))
    numbers = verify(estimate, estimate, random(2, 3, seed=2), observed(random(2, 1).tolist(), picking(3, 1), [1.0]))
    missing = {name for k, name in enumerate(NUMBERS) if bool(numbers[:, k].isnan().all())}
    assert {"spread_background", "spread_analysis", "chi2_per_obs"} <= missing
    assert missing <= {"spread_background", "spread_analysis", "chi2_per_obs", "omb_expected"}


def test_a_method_that_assimilates_nothing_has_no_desroziers_estimates():
    estimate, seen = Estimate(random(2, 3), torch.ones(2, 3).double()), observed(random(2, 1).tolist(), picking(3, 1), [1.0])
    numbers = verify(estimate, estimate, random(2, 3, seed=2), seen, assimilates=False)
    missing = {name for k, name in enumerate(NUMBERS) if bool(numbers[:, k].isnan().any())}
    assert missing == {"sigma_o2_desroziers", "sigma_b2_desroziers"}


@pytest.mark.parametrize(("sigma_b", "sigma_o"), [(0.6, 1.5), (2.0, 0.3)])
def test_right_statistics_have_chi2_of_one_and_are_found_by_desroziers(sigma_b, sigma_o):
    n, E = 400, 50
    truth = random(E, n)
    background = truth + sigma_b * random(E, n, seed=2)
    y = truth + sigma_o * random(E, n, seed=3)
    gain = sigma_b**2 / (sigma_b**2 + sigma_o**2)
    variance = torch.full_like(truth, sigma_b**2)
    seen = Observed(y, picking(n, *range(n)), ObservationError(torch.full((n,), sigma_o, dtype=torch.float64)))
    analysis = Estimate(background + gain * (y - background), (1 - gain) * variance)
    numbers = dict(zip(NUMBERS, verify(Estimate(background, variance), analysis, truth, seen).mean(0).tolist(), strict=True))
    assert numbers["chi2_per_obs"] == pytest.approx(1, abs=0.03)  # three times √(2 / 20,000)
    assert numbers["sigma_o2_desroziers"] == pytest.approx(sigma_o**2, rel=0.05)
    assert numbers["sigma_b2_desroziers"] == pytest.approx(sigma_b**2, rel=0.05)
    assert numbers["rmse_analysis"] == pytest.approx(numbers["spread_analysis"], rel=0.03)


# --- rank histograms ---------------------------------------------------------------------------------------------------------


def flatness(counts: torch.Tensor) -> float:
    """Return the statistic of the chi-square test that all counts have the same expectation."""
    expected = counts.sum() / counts.numel()
    return float(((counts - expected) ** 2 / expected).sum())


def test_the_rank_histogram_of_exchangeable_draws_is_flat_and_of_too_few_spread_is_not():
    N, n = 9, 20_000
    draws = random(1, N + 1, n)
    members, truth = draws[:, 1:], draws[:, 0]
    counts = ranks(Estimate.of_members(members), truth)
    assert counts is not None
    assert counts.shape == (1, N + 1)
    assert int(counts.sum()) == n
    assert flatness(counts[0]) < 27.9  # the 99.9 % quantile with 9 degrees of freedom
    narrow = ranks(Estimate.of_members(0.8 * members), truth)
    assert narrow is not None
    assert flatness(narrow[0]) > 100
    assert int(narrow[0, 0]) > n / (N + 1) < int(narrow[0, -1])


def test_ranks_count_the_members_below_the_truth():
    members = tensor([[[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]]])
    counts = ranks(Estimate.of_members(members), tensor([[1.5, 4.0]]))
    assert counts is not None
    assert counts.tolist() == [[1, 0, 1, 0]]
    assert ranks(Estimate(tensor([[1.0]])), tensor([[1.0]])) is None


# --- means over time ---------------------------------------------------------------------------------------------------------


def test_the_error_of_a_mean_over_experiments_by_hand():
    score = time_mean(tensor([[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]))  # means of the experiments: 2, 3, 7
    assert (score.mean, score.error) == pytest.approx((4.0, math.sqrt(7.0) / math.sqrt(3)))


def test_the_error_of_a_mean_of_one_experiment_by_hand():
    values = tensor([0.0] * 10 + [2.0] * 10)[:, None]
    score = time_mean(values, blocks=2)
    assert (score.mean, score.error) == pytest.approx((1.0, math.sqrt(2.0) / math.sqrt(2)))
    assert math.isnan(time_mean(values[:19]).error)
    assert math.isnan(time_mean(values[:0]).mean)
    assert math.isnan(time_mean(values[:, :0]).mean)


def test_the_error_of_a_mean_knows_that_cycles_follow_from_each_other():
    """Of a first-order autoregressive series the variance of the mean is (1 + φ)/(1 − φ) times that of white noise."""
    phi, K, runs = 0.8, 4000, 200
    noise = random(K, runs)
    series = [noise[0] / math.sqrt(1 - phi**2)]
    for k in range(1, K):
        series.append(phi * series[-1] + noise[k])
    values = torch.stack(series)
    true = 1 / (1 - phi) / math.sqrt(K)
    errors = [time_mean(values[:, k : k + 1]).error for k in range(runs)]
    assert sum(errors) / runs == pytest.approx(true, rel=0.1)
    assert float(values.mean(0).std()) == pytest.approx(true, rel=0.2)
