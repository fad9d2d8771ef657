"""Diagnostics of races against hand calculations: ranks, ratios, costs, changes of σ_o."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from backends.experiments.cycling.diagnostics import (
    MOST_RANKS,
    assumed_sigma,
    diagnose,
    rank_histogram,
)
from backends.experiments.cycling.race import Mark, Race
from backends.experiments.run import from_yaml
from tests.backends.records import NAN, race, record

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
