"""Rollouts as files: what is wrong with them, networks that forecast, and shapes that were never seen."""

import math

import pytest

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.summary import summary
from backends.experiments.run import from_yaml, run_file, settings_from, to_yaml
from backends.jobs.context import LocalContext
from backends.jobs.task import resolve, task_of
from tests.backends.experiments import NOWHERE
from tests.backends.rollouts import LINE, trained_lines


def asked(**keys: object) -> RolloutSettings:
    return settings_from({"kind": "rollout", **keys})


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """Two short trainings in a home of their own, and rougher climates."""
    yield from trained_lines(tmp_path_factory)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"steps": 0}, "steps: must be at least 1; came 0"),
        ({"steps": 10, "every": 4}, "every must divide steps, 10, into whole leads; came 4"),
        ({"perturbation": {"name": "none"}}, "members: without a perturbation all members are the same; .* came 10"),
        ({"models": []}, "models: must have at least 1"),
        ({"models": [{"name": "perfekt"}]}, "models.0.name: must be one of perfect, .*; did you mean 'perfect'"),
        ({"models": [{"name": "wrong", "model": {"forcin": 7}}]}, "models.0.model has no key 'forcin'; of lorenz96 these may"),
        ({"models": [{"name": "wrong", "model": {"points": 7}}]}, "models.0.model.points must be that of dynamics"),
        ({"models": [{"name": "wrong", "model": {"dt": -1}}]}, "models.0.model.dt: must be at least 1e-06; came -1"),
        ({"models": [{"name": "network"}]}, "models.0.run is missing"),
        ({"growth": True, "precision": "single"}, "growth: small errors are those of a testbed in double precision"),
        ({"baseline": "nothing"}, "baseline must be the label of a model, one of perfect model, persistence, climatology"),
        ({"start": {"name": "testbed", "shape": "sine"}}, "'sine' is a state of a line"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(keys, sentence):
    with pytest.raises(InputError, match=sentence):
        asked(**keys)


def test_networks_that_do_not_fit_are_told_in_one_sentence():
    lorenz = asked(models=[{"name": "network", "run": "a0001"}])
    with pytest.raises(
        InputError, match=r"models\.0: the run 'a0001' has learned to follow advection-1d; the start is of lorenz96"
    ):
        prepare(lorenz, NOWHERE)
    odd = asked(start={"name": "testbed", "dynamics": {**LINE, "dt": 0.02}}, models=[{"name": "network", "run": "a0001"}])
    with pytest.raises(InputError, match=r"the step of network a0001, 0.0125, must divide that of the truth, 0.02"):
        prepare(odd, NOWHERE)
    other = asked(start={"name": "testbed", "dynamics": {**LINE, "points": 50}}, models=[{"name": "network", "run": "a0001"}])
    with pytest.raises(
        InputError, match=r"models\.0: network a0001 forecasts states of 40 components; those of the start have 50"
    ):
        prepare(other, NOWHERE)
    with pytest.raises(InputError, match="no checkpoint of the run 'beef'"):
        prepare(asked(models=[{"name": "network", "run": "beef"}]), NOWHERE)


@pytest.mark.parametrize("shape", ["climate", "bump", "sine", "top_hat", "bumps"])
def test_the_conservative_network_keeps_the_mass_of_any_start(shape):
    settings = asked(
        start={"name": "testbed", "dynamics": LINE, "shape": shape},
        models=[{"name": "network", "run": "a0001"}, {"name": "network", "run": "a0002", "label": "free"}, {"name": "perfect"}],
        steps=100, every=20, members=1, perturbation={"name": "none"}, starts=3,
    )  # fmt: skip
    kept, free, perfect = summary(prepare(settings, NOWHERE).run(), settings)["models"]
    assert (kept["label"], free["label"], perfect["label"]) == ("network a0001", "free", "perfect model")
    assert kept["mass_drift"] < 1e-12
    assert free["mass_drift"] > 1e-6
    assert perfect["rmse"][-1] < 1e-10
    assert kept["rmse"][0] == 0


def test_mass_that_comes_from_a_source_is_no_drift():
    plume = {"name": "advection-diffusion", "nx": 20, "nz": 10, "width": 0.4, "height": 0.2}
    models = [{"name": "perfect"}, {"name": "wrong", "model": {"source_strength": 0.1}}]
    settings = asked(
        start={"name": "testbed", "dynamics": plume}, models=models,
        steps=60, every=20, members=1, perturbation={"name": "none"}, starts=2,
    )  # fmt: skip
    perfect, wrong = summary(prepare(settings, NOWHERE).run(), settings)["models"]
    assert perfect["mass_drift"] < 1e-12
    assert wrong["mass_drift"] > 0.1


def test_shapes_are_moved_round_the_line():
    settings = asked(start={"name": "testbed", "dynamics": LINE, "shape": "top_hat"}, starts=4)
    states = prepare(settings, NOWHERE).starts.states
    assert states.sum(-1).tolist() == [8.0] * 4
    assert len({tuple(state.tolist()) for state in states}) > 1
    assert states[0, 16:24].tolist() == [1.0] * 8


def test_the_same_seed_gives_the_same_scores_and_another_one_others():
    scores = [
        summary(prepare(s, NOWHERE).run(), s)["models"][0]["rmse"]
        for s in (asked(steps=3, seed=seed, starts=4) for seed in (1, 1, 2))
    ]
    assert scores[0] == scores[1]
    assert scores[0] != scores[2]


def test_growth_is_measured_where_it_is_asked_for(tmp_path):
    (tmp_path / "a.yaml").write_text("kind: rollout\ngrowth: true\nsteps: 1\nstarts: 30\n")
    result = run_file(tmp_path / "a.yaml", NOWHERE)
    assert result["doubling_time"] * result["lyapunov_exponent"] == pytest.approx(math.log(2), rel=0.15)
    assert result["growth_rate"] == pytest.approx(1.68, abs=4 * result["growth_rate_se"])


def test_a_wrong_model_is_worse_and_skill_is_relative_to_the_baseline(tmp_path):
    text = """\
    kind: rollout
    models: [{name: perfect}, {name: wrong, model: {forcing: 6}}, {name: wrong, model: {forcing: 6}}, {name: climatology}]
    baseline: 'forcing 6 #2'
    steps: 10
    starts: 30
    """
    (tmp_path / "a.yaml").write_text(text)
    result = run_file(tmp_path / "a.yaml", NOWHERE, out=tmp_path / "out")
    perfect, wrong, again, usual = result["models"]
    assert [m["label"] for m in result["models"]] == ["perfect model", "forcing 6 #1", "forcing 6 #2", "climatology"]
    assert perfect["rmse"][-1] + 3 * perfect["rmse_se"][-1] < wrong["rmse"][-1]
    assert wrong["rmse"] == again["rmse"]
    assert wrong["skill"][1:] == [0.0] * 10
    assert perfect["skill_low"][-1] > 0
    assert usual["acc"][-1] is None
    assert from_yaml((tmp_path / "out" / "experiment.yaml").read_text()) == from_yaml(text)


def test_as_a_job_it_reports_its_leads_and_leaves_its_summary(tmp_path):
    class Context(LocalContext):
        def report(self, done, of, metrics=None, note=""):
            told.append((done, of, note))

        def save(self, name, content):
            files[name] = content

    told, files = [], {}
    settings = asked(steps=4, every=2, starts=3, members=2, generalise={"dynamics": [{"forcing": 9.0}]})
    result = resolve(task_of("rollout"))(to_yaml(settings), NOWHERE, Context(checkpoint=tmp_path))
    leads = [(0, 2), (1, 2), (2, 2)]
    expected = [(0, 2, "preparing the starts"), *((*lead, "forecasting") for lead in leads)]
    expected += [*((*lead, "forecasting from other starts") for lead in leads), (2, 2, "writing files")]
    assert told == expected
    assert result["leads"] == [0.0, 0.1, 0.2]
    assert [entry["dynamics"] for entry in result["generalisation"]] == [{}, {"forcing": 9.0}]
    tables = {"scores.csv", "spectra.csv", "generalisation.csv"}
    assert set(files) == {"summary.json", "forecast.zarr.zip", "result.safetensors", *tables}
