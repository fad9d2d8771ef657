"""Comparisons of methods against hand calculations: stretches of cycles, memory, significance."""

import numpy as np
import pytest

from backends.experiments.cycling.diagnostics import (
    Comparison,
    compare,
)
from backends.experiments.cycling.race import Mark
from backends.experiments.cycling.stretches import Stretches, integral_time, mean, memory_of, rounded, standard_error
from tests.backends.records import NAN, autoregressive, race, record

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
