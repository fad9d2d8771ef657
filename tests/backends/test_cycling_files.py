"""Cycling experiments as files: summaries, random numbers, files that are written and read, and faults."""

import json
import math

import pytest
import torch

from backends.__main__ import main
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.run import run, summary
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.run import Summary, from_yaml, run_file, settings_from, to_yaml
from tests.backends.experiments import NOWHERE
from tests.backends.test_experiment_faults import refused

ETKF = {"name": "etkf", "members": 20, "inflation": 1.03, "rotation": True}
THREE_D_VAR = {"name": "3dvar"}
#: Numbers that differ from run to run.
TIMES = {"seconds", "cycles_per_second"}
KIND = "kind: cycling\ncycles: 60\nspinup: 10\nmethods: [{name: etkf, members: 20}, {name: 3dvar}]\n"


def settings(**sections: object) -> CyclingSettings:
    asked = settings_from({"kind": "cycling", "cycles": 60, "spinup": 10, "methods": [ETKF, THREE_D_VAR], **sections})
    assert isinstance(asked, CyclingSettings)
    return asked


def scores(**sections: object) -> list[Summary]:
    """Return the entries of the methods, without times."""
    entries = summary(run(settings(**sections)))["methods"]
    return [{key: value for key, value in entry.items() if key not in TIMES} for entry in entries]


# --- the summary -------------------------------------------------------------------------------------------------------------


def test_the_summary_is_the_last_line_and_in_the_order_of_the_file(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text(KIND, encoding="utf-8")
    methods = "methods=[{name: 3dvar}, {name: etkf, members: 20, label: ours}, {name: climatology}, {name: 3dvar, scale: 0.1}]"
    assert (
        main(["run", str(tmp_path / "a.yaml"), "--set", methods, "--set", "observations.sigma=0.5", "--set", "repeat=2"]) == 0
    )
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [entry["name"] for entry in result["methods"]] == ["3dvar", "etkf", "climatology", "3dvar"]
    assert [entry["label"] for entry in result["methods"]] == ["3dvar #1", "ours", "climatology", "3dvar #2"]
    assert (result["cycles"], result["spinup"], result["repeat"]) == (60, 10, 2)
    assert all(entry["seconds"] > 0 and entry["reason"] is None for entry in result["methods"])


def test_standard_errors_are_those_of_the_means_of_experiments():
    race = run(settings(repeat=5))
    entry = summary(race)["methods"][0]
    means = race.cycling.contestants[0].record.of("rmse_analysis", 10).mean(0)
    assert entry["rmse_analysis"] == pytest.approx(float(means.mean()))
    assert entry["rmse_analysis_error"] == pytest.approx(float(means.std()) / math.sqrt(5))


def test_standard_errors_of_one_experiment_are_those_of_stretches():
    race = run(settings(cycles=70))
    entry = summary(race)["methods"][0]
    stretches = race.cycling.contestants[0].record.of("rmse_background", 10)[:, 0].reshape(20, 3).mean(1)
    assert entry["rmse_background_error"] == pytest.approx(float(stretches.std()) / math.sqrt(20))
    assert scores(cycles=40)[0]["rmse_analysis_error"] is None  # 30 cycles are too few for 20 stretches


def test_scores_of_methods_without_observations_are_those_of_the_climate():
    methods = [{"name": name} for name in ("free", "climatology", "oi")]
    found = {entry["name"]: entry for entry in scores(methods=methods, cycles=350, spinup=250, repeat=8)}
    assert found["climatology"]["rmse_analysis"] == pytest.approx(3.63, rel=0.04)
    assert found["climatology"]["spread_analysis"] == pytest.approx(3.64, rel=0.02)
    assert found["free"]["rmse_analysis"] == pytest.approx(math.sqrt(2) * 3.63, rel=0.06)
    assert found["free"]["spread_analysis"] is None
    assert [found[name]["sigma_o_desroziers"] is None for name in ("free", "climatology", "oi")] == [True, True, False]
    assert found["oi"]["rmse_analysis"] < 1
    assert all(entry["diverged_at"] is None for entry in found.values())


def test_filters_are_better_than_static_b_and_know_how_good_they_are():
    etkf, static = scores(cycles=160, spinup=60)
    assert etkf["rmse_analysis"] < 0.3 < static["rmse_analysis"] < 0.6
    assert etkf["rmse_analysis"] < etkf["rmse_background"]
    assert etkf["spread_analysis"] == pytest.approx(etkf["rmse_analysis"], rel=0.3)
    assert etkf["chi2_per_obs"] == pytest.approx(1, abs=0.1)
    assert etkf["sigma_o_desroziers"] == pytest.approx(1, abs=0.05)
    assert etkf["crps"] < static["crps"]


def test_a_wrong_sigma_o_is_found_out():
    wrong = scores(observations={"sigma": 0.5, "noise": 1.0}, methods=[{**ETKF, "inflation": 1.1}])[0]
    assert wrong["chi2_per_obs"] > 2
    assert wrong["sigma_o_desroziers"] == pytest.approx(1, rel=0.25)


# --- random numbers ----------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others():
    first = scores(seed=3)
    assert scores(seed=3) == first
    assert scores(seed=4)[0]["rmse_analysis"] != first[0]["rmse_analysis"]


def test_all_methods_have_the_same_truth_and_observations():
    race = Race(settings(observations={"components": "changing", "count": 15}, repeat=2))
    given: list[list[torch.Tensor]] = [[], []]
    for contestant, kept in zip(race.cycling.contestants, given, strict=True):
        analyse = contestant.method.analyse

        def note(observed, analyse=analyse, kept=kept):
            kept.append(observed.values)
            return analyse(observed)

        contestant.method.analyse = note  # type: ignore[method-assign]
    for _ in range(5):
        race.step()
    assert [len(kept) for kept in given] == [5, 5]
    assert all(torch.equal(a, b) for a, b in zip(*given, strict=True))


def test_a_method_that_is_added_leaves_those_before_it_as_they_are():
    assert scores(methods=[ETKF, THREE_D_VAR, {"name": "oi"}])[:2] == scores()


def test_the_experiments_of_a_batch_are_independent():
    race = run(settings(repeat=6, methods=[{"name": "climatology"}], cycles=300, spinup=200))
    errors = race.cycling.contestants[0].record.of("bias_analysis", 200)
    assert len({round(float(x), 9) for x in errors[-1]}) == 6
    correlation = torch.corrcoef(errors.T) - torch.eye(6, dtype=errors.dtype)
    assert float(correlation.abs().mean()) < 0.5


# --- files -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"dynamics": {"name": "lorenz63", "rho": 27.5}, "model": {"sigma": 11, "dt": 0.02}, "observations": {"every": 4}},
        {"methods": [{"name": "letkf", "localization": None}, {"name": "letkf", "localization": {"radius": 2.5}}]},
        {
            "methods": [
                {"name": "ensrf", "localization": {"radius": 4.0}},
                {"name": "ensrf"},
                {"name": "3dvar", "label": "σ: 1"},
            ]
        },
        {"observations": {"components": [3, 1], "noise": 0.0, "sigma": 1e-3}, "precision": "single", "repeat": 7, "seed": 9},
        {"observations": {"components": "every", "count": 3}, "title": "a: b # c"},
    ],
)
def test_settings_survive_being_written_and_read(sections):
    asked = settings(**sections)
    again = from_yaml(to_yaml(asked))
    assert again == asked
    assert to_yaml(again) == to_yaml(asked)


def test_what_is_written_reproduces_the_numbers(tmp_path):
    (tmp_path / "a.yaml").write_text(KIND, encoding="utf-8")
    changes = ["methods=[{name: letkf, localization: null, members: 15}]", "model.forcing=7.9"]
    first = run_file(tmp_path / "a.yaml", NOWHERE, changes, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8")) == first
    second = run_file(tmp_path / "out" / "experiment.yaml", NOWHERE)
    without = [[{k: v for k, v in e.items() if k not in TIMES} for e in result["methods"]] for result in (first, second)]
    assert without[0] == without[1]
    assert from_yaml((tmp_path / "out" / "experiment.yaml").read_text(encoding="utf-8")) == settings(
        methods=[{"name": "letkf", "localization": None, "members": 15}], model={"forcing": 7.9}
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("model={forcings: 7}", "model has no key 'forcings'; of lorenz96 these may differ: dt, forcing, start_sigma"),
        ("model={name: lorenz63}", "model has no key 'name'"),
        ("model={points: 20}", "model.points must be that of dynamics"),
        ("model={forcing: abc}", "forcing: must be a number; came 'abc'"),
        ("model=3", "model: must hold keys and values of its own; came 3"),
        ("methods=[{name: eltkf}]", "came 'eltkf'; did you mean 'etkf'?"),
        ("methods=[{}]", "methods.0.name is missing; it must be one of free, climatology, oi, 3dvar"),
        ("methods={name: etkf}", "methods: must be a list; came {'name': 'etkf'}"),
        ("methods=[]", "methods: "),
        ("methods=[{name: 3dvar}, {name: etkf, members: 1}]", "methods.1.members: must be at least 2; came 1"),
        ("methods=[{name: 3dvar, members: 3}]", "there is no key 'methods.0.members'"),
        ("methods=[{name: etkf, inflation: 0}]", "methods.0.inflation: must be positive"),
        ("methods=[{name: letkf, localization: {radius: -1}}]", "methods.0.localization.radius: must be positive"),
        ("observations.components=[0, 40]", "must lie between 0 and 39; came 40"),
        ("observations.components=evry", "did you mean 'every'?"),
        ("observations={components: random, count: 41}", "observations.count must lie between 1 and the 40 components"),
        ("observations.components=subsets", "lorenz96 has 40"),
        ("observations.sigma=0", "observations.sigma: must be positive"),
        ("dynamics={name: lorenz69}", "did you mean 'lorenz96'?"),
        ("dynamics={name: lorenz96, pointss: 4}", "there is no key 'dynamics.pointss'; did you mean 'dynamics.points'?"),
        ("spinup=60", "spinup must be less than cycles, 60; came 60"),
        ("cycles=0", "cycles: must be at least 1; came 0"),
        ("precision=half", "precision: must be 'double' or 'single'; came 'half'"),
        ("seed=-1", "seed: must be at least 0; came -1"),
        ("repeat=true", "repeat: must not be true or false; came true"),
    ],
)
def test_a_key_or_a_value_that_is_wrong(tmp_path, capsys, change, expected):
    assert expected in refused(tmp_path, capsys, KIND, change)
