"""The same models from other starts, and with other truths: as rollouts that begin there, and as on paper."""

import csv
import json
import math

import pytest

from backends.errors import InputError
from backends.experiments.rollout.generalise import Trial, generalised
from backends.experiments.rollout.other_starts import GeneraliseSettings
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.summary import summary
from backends.experiments.run import from_yaml, run_file, settings_from, to_yaml
from tests.backends.experiments import NOWHERE
from tests.backends.rollouts import LINE, trained_lines
from tests.backends.test_experiment_files import ROLLOUT, documented

NETWORKS = [{"name": "network", "run": "a0001"}, {"name": "network", "run": "a0002", "label": "free"}]
MODELS = [*NETWORKS, {"name": "perfect"}, {"name": "persistence"}, {"name": "climatology"}]
COMMON = {"steps": 80, "every": 20, "starts": 4, "members": 3, "models": MODELS}
KEPT = ("rmse", "rmse_se", "acc", "useful_lead", "mass_drift")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    yield from trained_lines(tmp_path_factory, iterations=2)


def asked(shape: str = "climate", dynamics: dict | None = None, **keys: object) -> RolloutSettings:
    start = {"name": "testbed", "dynamics": dynamics or LINE, "shape": shape}
    return settings_from({"kind": "rollout", "start": start, **COMMON, **keys})


def tried(settings: RolloutSettings) -> tuple[Trial, ...]:
    prepared = prepare(settings, NOWHERE)
    return generalised(prepared, prepared.run(), settings.generalise)


def by_hand(settings: RolloutSettings) -> list[dict]:
    return summary(prepare(settings, NOWHERE).run(), settings)["models"]


def test_each_shape_is_the_rollout_that_starts_with_it():
    trials = tried(asked(generalise={"shapes": ["climate", "bump", "top_hat"]}))
    assert [(trial.shape, trial.chosen) for trial in trials] == [("climate", True), ("bump", False), ("top_hat", False)]
    for trial in trials:
        entries = trial.summary()["models"]
        for entry, expected in zip(entries, by_hand(asked(trial.shape)), strict=True):
            assert {key: entry[key] for key in KEPT} == {key: expected[key] for key in KEPT}
        conserving, free = entries[:2]
        assert conserving["mass_drift"] < 1e-12
        assert free["mass_drift"] > 1e-6


def test_with_another_truth_models_and_the_climate_stay_as_they_are():
    drawn = {"perturbation": {"name": "white", "sigma": 0.05}}
    _, faster = tried(asked("bumps", generalise={"dynamics": [{"speed": 1.2}]}, **drawn))
    assert faster.name == "bumps, speed 1.2"
    models = [*NETWORKS, {"name": "wrong", "model": {"speed": 1.0}}, {"name": "persistence"}, {"name": "climatology"}]
    *of_start, climatology = faster.entries
    for entry, expected in zip(of_start, by_hand(asked("bumps", {**LINE, "speed": 1.2}, models=models, **drawn)), strict=False):
        assert (entry.rmse, entry.rmse_se) == (expected["rmse"], expected["rmse_se"])
        assert entry.mass_drift == pytest.approx(expected["mass_drift"], abs=1e-12)
    assert climatology.acc[1:] == [None] * 4  # its anomaly is none, for it is the climate that scores refer to


def test_the_error_of_a_speed_and_the_size_of_a_shape_are_those_on_paper():
    """Half a sine of wavenumber 2 that lags by Δc t has the error √½ |sin(2π Δc t)|; after a turn climatology has the size."""
    settings = asked(generalise={"shapes": ["sine"]}, members=1, perturbation={"name": "none"})
    _, sine = tried(settings)
    assert sine.summary()["models"][4]["rmse"][-1] == pytest.approx(sine.size, rel=1e-9)  # 80 steps are a turn
    moved = settings.model_copy(update={"start": settings.start.model_copy(update={"shape": "sine"})})
    moved = settings_from({"kind": "rollout", **moved.tree(), "generalise": {"dynamics": [{"speed": 1.1}]}})
    trial = tried(moved)[1]
    expected = [math.sqrt(0.5) * abs(math.sin(2 * math.pi * 0.1 * lead)) for lead in trial.result.leads.tolist()]
    assert trial.summary()["models"][2]["rmse"] == pytest.approx(expected, abs=1e-10)


def test_any_testbed_may_have_other_truths_and_progress_goes_on_through_all():
    few = {"kind": "rollout", "steps": 4, "every": 2, "starts": 3, "members": 2, "perturbation": {"name": "white"}}
    settings = settings_from({**few, "generalise": {"dynamics": [{"forcing": 7.0}, {"forcing": 9.0}]}})
    prepared, told = prepare(settings, NOWHERE), []
    trials = generalised(prepared, prepared.run(), settings.generalise, lambda *at: told.append(at))
    assert told == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]
    wrong = {"name": "wrong", "model": {"forcing": 8.0}}
    for trial, forcing in zip(trials[1:], (7.0, 9.0), strict=True):
        assert trial.entries[0].mass_drift is None
        start = {"name": "testbed", "dynamics": {"name": "lorenz96", "forcing": forcing}}
        alone = by_hand(settings_from({**few, "start": start, "models": [wrong]}))
        assert trial.entries[0].rmse == alone[0]["rmse"]


def test_a_file_leaves_them_in_summary_and_table(tmp_path):
    settings = asked(generalise={"shapes": ["bump"], "dynamics": [{"speed": 1.5, "waves": 4}]})
    assert from_yaml(to_yaml(settings)) == settings
    (tmp_path / "a.yaml").write_text(to_yaml(settings))
    result = run_file(tmp_path / "a.yaml", NOWHERE, out=tmp_path / "out")
    kept = json.loads((tmp_path / "out" / "summary.json").read_text())["generalisation"]
    assert kept == result["generalisation"]
    assert [entry["chosen"] for entry in kept] == [True, False, False]
    _, _, of_trial, _ = documented(ROLLOUT)
    assert all(set(entry) == of_trial for entry in kept)
    assert kept[0]["models"][1]["rmse"] == result["models"][1]["rmse"]
    with (tmp_path / "out" / "generalisation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(MODELS) * 5
    last = next(row for row in rows if (row["shape"], row["model"], row["lead"]) == ("bump", "free", "1"))
    free = kept[1]["models"][1]
    assert float(last["rmse"]) == pytest.approx(free["rmse"][-1], rel=1e-6)
    assert float(last["rmse_over_size"]) == pytest.approx(free["rmse"][-1] / kept[1]["size"], rel=1e-6)
    assert float(last["mass_drift"]) == pytest.approx(free["mass_drift"], rel=1e-6)
    assert {row["dynamics"] for row in rows} == {"", "speed=1.5 waves=4"}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"generalise": {"shapes": ["square"]}}, "generalise.shapes.0: must be 'climate', 'bump'"),
        ({"generalise": {"shapes": ["bump"]}}, "generalise.shapes.0: 'bump' is a state of a line"),
        ({"generalise": {"dynamics": [{}]}}, r"generalise.dynamics.0 must have a key .* \{speed: 1.2\}; came none"),
        ({"generalise": {"dynamics": [{"dt": 0.1}]}}, "generalise.dynamics.0.dt must be that of dynamics"),
        ({"generalise": {"dynamics": [{"points": 7}]}}, "generalise.dynamics.0.points must be that of dynamics"),
        ({"generalise": {"dynamics": [{"forcin": 7}]}}, "generalise.dynamics.0 has no key 'forcin'"),
        ({"generalise": {"dynamics": [{"forcing": 7}, {"forcing": 7}]}}, "must be different .*'forcing': 7.* came twice"),
        (
            {"generalise": {"dynamics": [{"x": 1}]}, "start": {"name": "archive"}, "models": [{"name": "persistence"}]},
            "generalise: other starts are those of a testbed; came a start of name archive",
        ),
    ],
)
def test_what_cannot_be_tried_is_told_in_one_sentence(keys, sentence):
    with pytest.raises(InputError, match=sentence):
        settings_from({"kind": "rollout", **keys})


def test_what_a_page_asks_of_forecasts_is_checked_against_their_start():
    prepared = prepare(settings_from({"kind": "rollout", "steps": 1, "starts": 2}), NOWHERE)
    with pytest.raises(InputError, match=r"generalise.shapes.0: 'bump' is a state of a line"):
        generalised(prepared, prepared.run(), GeneraliseSettings(shapes=("bump",)))
