"""Races that go wrong, and races whose settings are changed in mid-run."""

import json

import pytest
import torch

from backends.cycling.trace import Trace
from backends.errors import InputError
from backends.experiments.cycling.race import Race, needs_restart
from backends.experiments.cycling.registry import KINDS
from backends.experiments.cycling.run import run, summary
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.run import settings_from
from tests.backends.test_cycling_files import ETKF, THREE_D_VAR, scores, settings

# --- runs that go wrong ------------------------------------------------------------------------------------------------------


def test_a_filter_that_loses_the_truth_is_found_while_others_run_on():
    etkf, static = scores(methods=[{"name": "etkf", "members": 2, "inflation": 3.0}, THREE_D_VAR], cycles=150, repeat=2)
    assert etkf["diverged_at"] is not None
    assert 1 <= etkf["diverged_at"] <= 101
    assert etkf["experiments_lost"] == 2
    assert etkf["rmse_analysis"] > 3  # nothing better to average than what they did
    assert (static["diverged_at"], static["experiments_lost"]) == (None, 0)
    assert static["rmse_analysis"] < 0.6


def test_a_model_that_blows_up_ends_its_methods_with_the_cycle_and_keeps_what_came_before():
    race = run(settings(model={"forcing": 1e4}, methods=[THREE_D_VAR, ETKF, {"name": "climatology"}]))
    result = summary(race)
    static, etkf, climate = result["methods"]
    for entry, contestant in zip((static, etkf), race.cycling.contestants, strict=False):
        cycle = entry["diverged_at"]
        assert f"in cycle {cycle}" in entry["reason"]
        assert entry["experiments_lost"] == 1
        assert 1 < cycle < 20
        assert bool(contestant.record.of("rmse_analysis")[: cycle - 1].isfinite().all())
        assert contestant.record.cycles in (cycle - 1, cycle)
    assert climate["diverged_at"] is None
    assert climate["rmse_analysis"] is not None
    assert result["cycles"] == 60
    assert json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"free", "climatology", "oi", "kf", "network"}))
def test_an_experiment_that_blows_up_leaves_the_others_of_its_batch_alone(name):
    asked = settings(methods=[{"name": name}], repeat=3, dynamics={"name": "lorenz96", "points": 12})
    hurt = Race(asked)
    for _ in range(3):
        hurt.step()
    hurt.cycling.contestants[0].method.state[1] = 1e200  # type: ignore[attr-defined]
    for _ in range(3):
        hurt.step()
    contestant = hurt.cycling.contestants[0]
    assert contestant.ended == ""
    assert contestant.record.blown_up.tolist() == [0, 4, 0]
    rmse = contestant.record.of("rmse_analysis")
    assert bool(rmse[:, [0, 2]].isfinite().all())
    assert bool(rmse[3, 1].isnan())
    assert float(rmse[3:, [0, 2]].max()) < 3
    entry = summary(hurt)["methods"][0]
    assert (entry["experiments_lost"], entry["diverged_at"]) == (1, 4)


def test_a_run_stops_where_no_method_is_left():
    result = summary(run(settings(model={"forcing": 1e4}, methods=[THREE_D_VAR])))
    assert result["cycles"] == result["methods"][0]["diverged_at"] < 60
    assert result["methods"][0]["rmse_analysis"] is None


# --- changes in mid-run ------------------------------------------------------------------------------------------------------


def changed(asked: CyclingSettings, **sections: object) -> CyclingSettings:
    again = settings_from({"kind": "cycling", **asked.model_dump(exclude={"kind"}), **sections})
    assert isinstance(again, CyclingSettings)
    return again


def test_changes_take_effect_between_two_cycles_and_leave_marks():
    asked = settings()
    plain, turned = Race(asked), Race(asked)
    for _ in range(10):
        plain.step()
        turned.step()
    observations = {"sigma": 0.5, "noise": 2.0, "components": "every", "count": 2}
    methods = [{**ETKF, "inflation": 1.5}, THREE_D_VAR]
    turned.change(changed(asked, observations=observations, methods=methods, model={"forcing": 7.0}))
    assert {mark.cycle for mark in turned.marks} == {10}
    texts = {mark.text for mark in turned.marks}
    assert {"σ_o 0.5", "true σ_o 2", "components every", "count 2", "model forcing 7", "etkf: inflation 1.5"} == texts
    before, after = plain.step(), turned.step()
    assert torch.equal(before.truth, after.truth)
    assert after.observed.values.shape == (1, 20)
    assert after.observed.error.sigma.tolist() == [0.5] * 20
    torch.testing.assert_close(after.observed.values - after.truth[:, ::2], 2 * (before.observed.values - before.truth)[:, ::2])
    assert turned.cycling.contestants[0].method.inflation == 1.5  # type: ignore[attr-defined]
    assert plain.cycling.contestants[0].method.inflation == 1.03  # type: ignore[attr-defined]
    assert (turned.cycle, len(turned.cycling.contestants[0].record.numbers())) == (11, 11)
    forecast = Race(changed(asked, model={"forcing": 7.0})).cycling.model
    assert turned.cycling.model.forcing == forecast.forcing == 7.0  # type: ignore[attr-defined]


def test_larger_inflation_widens_the_analysis_from_that_cycle_on():
    asked = settings(methods=[{"name": "etkf", "members": 20}])
    plain, turned = Race(asked), Race(asked)
    for _ in range(5):
        plain.step()
        turned.step()
    turned.change(changed(asked, methods=[{"name": "etkf", "members": 20, "inflation": 1.5}]))
    narrow, wide = plain.step().steps[0], turned.step().steps[0]
    assert narrow is not None
    assert wide is not None
    assert torch.equal(narrow.background.mean, wide.background.mean)
    assert narrow.analysis.variance is not None
    assert wide.analysis.variance is not None
    torch.testing.assert_close(wide.analysis.variance, 2.25 * narrow.analysis.variance)


@pytest.mark.parametrize(
    ("key", "sections"),
    [
        ("dynamics", {"dynamics": {"name": "lorenz96", "forcing": 9.0}}),
        ("repeat", {"repeat": 2}),
        ("precision", {"precision": "single"}),
        ("seed", {"seed": 1}),
        ("methods", {"methods": [THREE_D_VAR, ETKF]}),
        ("methods", {"methods": [{**ETKF, "members": 21}, THREE_D_VAR]}),
        ("methods", {"methods": [ETKF]}),
    ],
)
def test_what_cannot_be_changed_is_named_and_nothing_changes(key, sections):
    asked = settings()
    race = Race(asked)
    race.step()
    assert needs_restart(asked, changed(asked, **sections)) == key
    with pytest.raises(InputError, match=f"^{key} cannot be changed in mid-run"):
        race.change(changed(asked, **sections))
    assert (race.settings, race.marks) == (asked, [])


def test_a_change_to_what_cannot_be_observed_changes_nothing():
    asked = settings()
    race = Race(asked)
    race.step()
    with pytest.raises(InputError, match="came 50"):
        race.change(changed(asked, observations={"components": [50]}, model={"forcing": 7.0}))
    assert (race.settings, race.marks) == (asked, [])
    assert race.step().observed.values.shape == (1, 40)


def test_states_are_kept_as_far_as_memory_allows():
    race = Race(settings())
    each = 40 * 8 * (2 + 4 * 2)
    race.trace = Trace(most=100, budget=7 * each + each // 2)
    for _ in range(12):
        race.step()
    assert [moment.number for moment in race.trace.moments] == [6, 7, 8, 9, 10, 11, 12]
    assert torch.equal(race.trace.moments[-1].truth, race.cycling.twin.truth[0])
