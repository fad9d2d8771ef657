"""Diagnostics of races against hand calculations: stretches, memory, comparisons, ranks, ratios, changes of σ_o."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from backends.cycling.record import Record
from backends.cycling.verification import NUMBERS
from backends.experiments.cycling.diagnostics import (
    MOST_RANKS,
    Comparison,
    assumed_sigma,
    compare,
    diagnose,
    rank_histogram,
)
from backends.experiments.cycling.race import Mark, Race
from backends.experiments.cycling.stretches import Stretches, integral_time, mean, memory_of, rounded, standard_error
from backends.experiments.run import from_yaml

NAN = float("nan")


def record(ranks=None, extras=(), **numbers) -> Record:
    """Return a record with these numbers, (K,) or (K, E) each, and ones for all others."""
    given = {name: torch.as_tensor(np.asarray(values, float)) for name, values in numbers.items()}
    given = {name: values[:, None] if values.ndim == 1 else values for name, values in given.items()}
    K, E = next(iter(given.values())).shape
    made = Record(E, climate=1e9)
    made._numbers = torch.stack([given.get(name, torch.ones(K, E).double()) for name in NUMBERS], -1)
    made.cycles, made.extras = K, {name: list(values) for name, values in dict(extras).items()}
    made.ranks = ranks
    return made


def race(*records, spinup=0, sigma=1.0, methods=()) -> SimpleNamespace:
    """Return what is read of a race."""
    kinds = [*methods, *[SimpleNamespace() for _ in records[len(methods) :]]]
    contestants = [SimpleNamespace(record=r, method=m, label="") for r, m in zip(records, kinds, strict=True)]
    settings = SimpleNamespace(spinup=spinup, observations=SimpleNamespace(sigma=sigma))
    return SimpleNamespace(
        settings=settings, cycling=SimpleNamespace(contestants=contestants), cycle=max(r.cycles for r in records), marks=[],
        trace=SimpleNamespace(moments=[]),
    )  # fmt: skip


def autoregressive(K: int, phi: float, seed: int) -> np.ndarray:
    """Return a series of variance one with the autocorrelations φ^k."""
    noise = np.random.default_rng(seed).standard_normal(K)
    x = np.empty(K)
    x[0] = noise[0]
    for k in range(1, K):
        x[k] = phi * x[k - 1] + (1 - phi**2) ** 0.5 * noise[k]
    return x


# --- Stretches ---------------------------------------------------------------------------------------------------------


def test_stretches_are_complete_and_round():
    # 107 cycles after 100: 107 / 40 = 2.7, so 3 each; 35 are complete, and the last two cycles belong to none.
    s = Stretches.of(100, 207)
    assert (s.length, s.count) == (3, 35)
    np.testing.assert_array_equal(s.edges[[0, 1, -1]], [100.5, 103.5, 205.5])
    np.testing.assert_array_equal(s.middles[:2], [102, 105])  # cycles 101 to 103
    np.testing.assert_array_equal(s.means(np.arange(101.0, 208.0))[:2], [102, 105])


def test_there_are_no_stretches_before_the_end_of_the_spinup():
    for cycles in (0, 40, 100):
        s = Stretches.of(100, cycles)
        assert (s.count, len(s.middles), len(s.means(np.zeros(0)))) == (0, 0, 0)


def test_means_leave_out_what_is_missing():
    s = Stretches(0, 2, 4)
    np.testing.assert_array_equal(s.means(np.array([1.0, NAN, NAN, NAN, 2.0, 4.0])), [1, NAN, 3, NAN])
    assert np.isnan(mean(np.zeros(0)))


@pytest.mark.parametrize(("least", "expected"), [(0, 1), (1, 1), (1.1, 2), (2.5, 3), (31, 50), (5.1, 10), (10, 10), (499, 500)])
def test_lengths_are_round(least, expected):
    assert rounded(least) == expected


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_memory_of_an_autoregressive_series_is_known(phi):
    found = integral_time(autoregressive(40_000, phi, 3))
    assert found == pytest.approx((1 + phi) / (1 - phi), rel=0.15)  # 1 + 2 Σ φ^k


def test_the_memory_of_what_does_not_vary_or_only_drifts():
    assert integral_time(np.ones(50)) == integral_time(np.zeros(0)) == 1.0
    assert integral_time(np.arange(50.0)) == 50.0
    assert memory_of(np.zeros(0)) == 1.0
    assert memory_of(autoregressive(20_000, 0.5, 6)) == pytest.approx(3, rel=0.2)


def test_the_standard_error_is_the_usual_one_where_all_is_independent():
    values = np.random.default_rng(0).standard_normal((3, 12))
    np.testing.assert_allclose(standard_error(values, 1.0), values.std(-1, ddof=1) / 12**0.5)
    # With τ = 3 there are 4 independent ones among 12.
    np.testing.assert_allclose(standard_error(values, 3.0), values.std(-1) / 3**0.5)
    assert np.isinf(standard_error(values, 12.0)).all()


# --- Comparison --------------------------------------------------------------------------------------------------------


def compared(difference, spinup=0, marks=()) -> Comparison:
    """Compare a method with one whose errors are all 2."""
    other = np.full(len(difference), 2.0)
    both = race(record(rmse_background=other + difference), record(rmse_background=other), spinup=spinup)
    both.marks += marks
    return compare(both, 0, 1)


def test_the_difference_of_each_stretch_has_the_sign_of_a_minus_b():
    noise = 0.1 * np.random.default_rng(1).standard_normal(400)
    found = compared(np.r_[np.full(60, 99.0), noise], spinup=60)
    np.testing.assert_allclose(found.difference, noise.reshape(-1, 20).mean(1))
    np.testing.assert_array_equal(found.edges[[0, -1]], [60.5, 460.5])
    assert found.mean == pytest.approx(noise.mean())
    assert found.error == pytest.approx(noise.reshape(20, 20).mean(1).std(ddof=1) / 20**0.5)
    assert found.cycles == 400
    assert found.significant.mean() < 0.3
    found = compared(noise - 0.5)
    assert (found.difference < 0).all()
    assert found.significant.all()
    assert found.mean + 2 * found.error < 0


def test_a_change_in_mid_run_is_not_taken_for_memory():
    noise = 0.1 * np.random.default_rng(5).standard_normal(800)
    found = compared(noise + np.repeat([-0.3, 0.3], [490, 310]))
    assert found.memory < 2
    assert len(found.difference) == 40
    np.testing.assert_array_equal(np.sign(found.difference[:24]), -1)
    np.testing.assert_array_equal(np.sign(found.difference[25:]), 1)
    assert np.delete(found.significant, 24).all()  # in the 25th it changes
    assert found.error > 0.05
    # In a shorter run it has to be known that there was a change.
    difference = 0.5 * noise[:200] + np.repeat([0.0, 2.0], [110, 90])
    assert len(compared(difference).difference) == 0
    assert len(compared(difference, marks=[Mark(110, "σ_o 2"), Mark(111, "σ_o 3"), Mark(200, "")]).difference) == 10


def test_differences_of_series_with_memory_are_rarely_significant_by_chance():
    """Of means of 0.8-correlated series without any difference, about one in twenty lies beyond two standard errors."""
    found = [compared(0.3 * autoregressive(1500, 0.8, seed)) for seed in range(60)]
    beyond = [abs(c.mean) > 2 * c.error for c in found]
    assert np.mean(beyond) < 0.15
    stretches = np.concatenate([c.significant for c in found])
    assert len(stretches) >= 15 * 60
    assert 0.02 < stretches.mean() < 0.13  # as if all cycles were independent it would be half of them


def test_too_few_cycles_are_not_compared():
    found = compared(np.random.default_rng(2).standard_normal(19))
    assert found.difference.size == found.significant.size == 0
    assert np.isnan(found.error)
    assert np.isnan(compared(np.zeros(30), spinup=40).mean)
    assert np.isnan(compared(np.ones(39)).error)


def test_a_method_does_not_differ_from_itself():
    found = compared(np.zeros(100))
    assert not found.significant.any()
    assert found.mean == found.error == 0


def test_only_what_both_have_run_and_not_lost_is_compared():
    a, b = np.full((100, 3), 1.0), np.full((60, 3), 0.5)
    a[:, 1] = 7.0  # the experiment that b loses
    a[:, 0] += 0.25
    first, second = record(rmse_background=a), record(rmse_background=b)
    second.diverged[1] = 5
    found = compare(race(first, second), 0, 1)
    assert found.cycles == 60
    assert found.mean == pytest.approx((0.75 + 0.5) / 2)
    np.testing.assert_allclose(found.difference, found.mean)
    # Where all are lost, what was before that counts.
    errors = np.full(60, 0.5)
    errors[45:] = NAN
    second = record(rmse_background=errors)
    second.blown_up[:] = 46
    assert compare(race(record(rmse_background=np.ones(60)), second), 0, 1).cycles == 45


# --- Diagnostics of one method -----------------------------------------------------------------------------------------


def test_ranks_are_counted_relative_to_a_flat_histogram():
    found = rank_histogram(np.array([10, 20, 50]))
    np.testing.assert_allclose(found.heights, [0.375, 0.75, 1.875])  # 80 / 3 would be flat
    np.testing.assert_allclose(found.band, 1.96 * (2 / 80) ** 0.5)
    np.testing.assert_array_equal(found.edges, [0, 1, 2, 3])
    assert found.count == 80


def test_the_band_holds_nearly_all_bars_of_exchangeable_members():
    counts = np.random.default_rng(4).multinomial(5000, np.full(21, 1 / 21), size=200)
    inside = [np.abs(r.heights - 1) < r.band for r in map(rank_histogram, counts)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.01)


def test_ranks_of_large_ensembles_are_counted_together():
    counts = np.full(1001, 3)
    found = rank_histogram(counts)
    assert len(found.heights) == MOST_RANKS
    np.testing.assert_allclose(found.heights, 1.0)
    assert (found.edges[0], found.edges[-1], found.count) == (0, 1001, 3003)


def test_numbers_of_a_stretch_are_root_means():
    one = record(
        rmse_background=[3.0, 9.0, 1.0, 7.0], spread_background=[9.0, 1.0, 7.0, 1.0], chi2_per_obs=[9.0, 1.0, 3.0, 2.0],
        sigma_o2_desroziers=[9.0, 4.0, 12.0, -99.0], sigma_b2_desroziers=[9.0, 3.0, 9.0, 2.0],
        omb_expected=[9.0, 5**0.5, 6**0.5, 3.0], bias_background=[0.0, -1.0, 0.5, 0.0], crps_background=[9.0, 2.0, 3.0, 4.0],
    )  # fmt: skip
    found = diagnose(race(one, spinup=1, sigma=2.0))
    np.testing.assert_array_equal(found.cycles, [2, 3, 4])
    assert found.length == 1
    method = found.methods[0]
    np.testing.assert_allclose(method.error, [9, 1, 7])
    np.testing.assert_allclose(method.spread_ratio, [1 / 9, 7, 1 / 7])
    np.testing.assert_allclose(method.chi2, [1, 3, 2])
    np.testing.assert_allclose(method.ratio_o, [1, 3**0.5, 0])  # of 4, 12 and less than nothing over 2²
    np.testing.assert_allclose(method.ratio_b, [3**0.5, 4.5**0.5, 0.4**0.5])  # assumed: S − 4 = 1, 2, 5
    np.testing.assert_allclose(method.bias, [-1, 0.5, 0])
    np.testing.assert_allclose(method.overall["error"], ((81 + 1 + 49) / 3) ** 0.5)
    np.testing.assert_allclose(method.overall["spread_ratio"], (51 / 131) ** 0.5)
    np.testing.assert_allclose(method.overall["ratio_b"], (14 / 8) ** 0.5)
    np.testing.assert_allclose(method.overall["chi2"], 2)
    assert method.overall["ratio_o"] == 0
    assert method.crps == pytest.approx(3)
    assert method.bias_score.mean == pytest.approx(-0.5 / 3)
    assert method.ranks is None
    assert method.costs is None


def test_without_a_spread_nothing_is_said_of_it():
    found = diagnose(race(record(rmse_background=np.ones(5), spread_background=np.full(5, NAN), omb_expected=np.full(5, NAN))))
    assert np.isnan(found.methods[0].spread_ratio).all()
    assert np.isnan(found.methods[0].ratio_b).all()
    np.testing.assert_allclose(found.methods[0].ratio_o, 1)


def test_experiments_that_were_lost_do_not_count():
    errors = np.array([[1.0, 50.0]] * 6)
    one = record(rmse_background=errors, ranks=torch.tensor([[3, 1], [0, 99]]))
    one.diverged[1] = 2
    method = diagnose(race(one)).methods[0]
    np.testing.assert_allclose(method.error, 1)
    np.testing.assert_allclose(method.ranks.heights, [1.5, 0.5])


def test_extras_and_costs_are_handed_on():
    sizes = torch.tensor([[7.0], [20.0], [10.0]], dtype=torch.float64)
    history = [torch.tensor([5.0, 3.0, 2.0]), torch.tensor([2.1])]
    methods = [SimpleNamespace(history=history), SimpleNamespace(history=[])]
    one = record(rmse_background=np.ones(3), extras={"effective": sizes})
    found = diagnose(race(one, record(rmse_background=np.ones(3)), spinup=1, methods=methods)).methods
    np.testing.assert_allclose(found[0].extras["effective"], [20, 10])
    np.testing.assert_allclose(np.concatenate(found[0].costs), [5, 3, 2, 2.1], rtol=1e-6)
    assert found[1].extras == {}
    assert found[1].costs is None


def test_a_method_that_ended_has_gaps_at_the_end():
    found = diagnose(race(record(rmse_background=np.ones(10)), record(rmse_background=np.ones(4))))
    np.testing.assert_array_equal(found.methods[1].error, [1, 1, 1, 1, *[NAN] * 6])
    assert len(found.methods[0].error) == len(found.cycles) == 10


# --- On a race that runs -----------------------------------------------------------------------------------------------

FILE = """
kind: cycling
dynamics: {name: lorenz63}
observations: {every: 5, sigma: 2.0}
methods:
  - {name: etkf, members: 5}
  - {name: oi}
cycles: 100
spinup: 2
"""


def test_a_change_of_sigma_counts_from_its_cycle_on():
    running = Race(from_yaml(FILE))
    for _ in range(4):
        running.step()
    np.testing.assert_array_equal(assumed_sigma(running), [2, 2, 2, 2])
    settings = running.settings
    running.change(settings.model_copy(update={"observations": settings.observations.model_copy(update={"sigma": 0.5})}))
    np.testing.assert_array_equal(assumed_sigma(running), [2, 2, 2, 2])
    for _ in range(3):
        running.step()
    np.testing.assert_array_equal(assumed_sigma(running), [2, 2, 2, 2, 0.5, 0.5, 0.5])
    assert diagnose(running).methods[0].ratio_o.shape == (5,)
    for _ in range(3):
        running.trace.moments.popleft()
    np.testing.assert_array_equal(assumed_sigma(running), [2, 2, 2, 2, 0.5, 0.5, 0.5])
    running.trace.moments.popleft()
    np.testing.assert_array_equal(assumed_sigma(running), [NAN] * 4 + [0.5] * 3)
    running.marks.insert(0, Mark(1, "something else"))
    np.testing.assert_array_equal(assumed_sigma(running), [NAN] * 4 + [0.5] * 3)


def test_the_spread_of_a_perfect_model_is_reliable_from_the_first_cycle():
    """With many experiments the first forecast's truth is a draw like the members: the histogram is flat."""
    settings = from_yaml(FILE).model_copy(update={"repeat": 300, "spinup": 0, "cycles": 2})
    running = Race(settings)
    empty = diagnose(running)
    assert len(empty.cycles) == 0
    assert empty.methods[0].ranks is None
    running.step()
    found = diagnose(running)
    ranks = found.methods[0].ranks
    assert ranks.count == 3 * 300
    assert (np.abs(ranks.heights - 1) < 2.5 * ranks.band).all()
    assert found.methods[0].overall["chi2"] == pytest.approx(1, abs=0.25)
    assert found.methods[1].ranks is None
