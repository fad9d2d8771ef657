"""Trained networks on the Cycling page: on the card of a method, and as the testbed."""

import shutil

import pytest
import torch

from backends.experiments.cycling import emulated
from backends.experiments.cycling.dynamics import AdvectionSettings, Lorenz63Settings
from backends.experiments.run import from_yaml
from backends.experiments.training.run import train
from backends.experiments.training.trained import runs_of
from backends.jobs.context import LocalContext
from backends.jobs.job import Job, State
from backends.learning.dynamics import lorenz63
from backends.learning.state import pack
from dashboard import trained_runs
from dashboard.cycling.controls import CyclingControls
from dashboard.cycling.method_controls import MethodControls
from dashboard.cycling.state import CyclingState
from dashboard.races import RACES

ADVECTION = """\
kind: training
task: advection-1d-emulator
points: 40
dt: 0.0125
width: [0.06, 0.12]
network: {name: conservative, width: 4}
iterations: 2
"""
LORENZ = "kind: training\ntask: lorenz63-rhs\nnetwork: {width: 4}\nbatch: 8\niterations: 2\n"


class Recorded:
    """Jobs of which it is known what they scored, once they have been read."""

    def __init__(self, *jobs):
        self.loading, self._jobs = False, jobs

    def list(self):
        return () if self.loading else self._jobs


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path))
    jobs = Recorded()
    monkeypatch.setattr(trained_runs, "all_jobs", lambda: jobs)
    return tmp_path


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Two trainings that can be testbeds, the second one newer."""
    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lorenz63, "POOL", (40, 10))
        patch.setattr(lorenz63, "FORECASTS", {"validate": (4, 0.5), "scores": (4, 0.5)})
        patch.setattr(lorenz63, "FREE", (4, 0.5, 0.5))
        for run, text in (("aa0001", ADVECTION), ("aa0002", LORENZ)):
            train(from_yaml(text), folder, LocalContext(checkpoint=folder / run))
    return folder


@pytest.fixture
def trained(home, weights, monkeypatch):
    """The same, and what is on record of them."""
    shutil.copytree(weights, home / "checkpoints")
    jobs = Recorded(
        Job("aa0002", "training", LORENZ, State.COMPLETED, summary={"valid_time_network": 1.25}),
        Job("aa0001", "training", ADVECTION, State.COMPLETED, summary={"step_rmse_network": 0.00321}),
    )
    monkeypatch.setattr(trained_runs, "all_jobs", lambda: jobs)
    yield jobs
    emulated._loaded.cache_clear()


@pytest.fixture
def state(home):
    state = CyclingState()
    yield state
    RACES.drop(state.live)
    state.close()


def keep(home, run, task):
    folder = home / "checkpoints" / run
    folder.mkdir(parents=True)
    (folder / "newest").write_bytes(pack({"a": torch.zeros(1)}, {"task": task}))


def runs_on_the_card(state):
    controls = MethodControls(state)
    state.add_method("network")
    section = state.methods[-1]
    return section, controls._runs[id(section)]


def test_without_a_training_it_says_where_to_train_one(home, state):
    keep(home, "abcd01", "aivar-1d")
    section, runs = runs_on_the_card(state)
    assert section.run == ""
    assert not runs.choice.visible
    assert "None has been trained yet" in runs._words.object
    assert "AI particle filter" in runs._words.object
    assert 'href="training"' in runs._words.object


def test_the_newest_training_is_chosen_and_others_are_offered(home, state):
    keep(home, "abcd01", "ai-particle-filter")
    keep(home, "abcd02", "aivar-1d")
    keep(home, "abcd03", "ai-particle-filter")
    (home / "checkpoints" / "abcd04").mkdir()
    (home / "checkpoints" / "abcd04" / "newest").write_bytes(b"damaged")
    found = list(runs_of("ai-particle-filter"))
    assert sorted(found) == ["abcd01", "abcd03"]
    section, runs = runs_on_the_card(state)
    assert section.run == found[0]
    assert list(runs.choice.options.values()) == found
    assert "run abcd" in runs._words.object  # though nothing is on record of it


def test_a_testbed_without_a_training_says_where_to_train_one(state):
    controls = CyclingControls(state)
    controls.testbed.value = "emulator"
    assert "no network has been trained" in state.problem
    emulator = controls._emulator
    assert "None has been trained yet" in emulator.runs._words.object
    assert not any(part.visible for part in (emulator.runs.choice, emulator.truth, emulator.forecast))
    controls.testbed.value = "lorenz96"
    assert state.problem == ""
    assert controls._emulator is None


def test_trained_testbeds_are_listed_with_title_and_score(trained, state):
    trained.loading = True
    controls = CyclingControls(state)
    controls.testbed.value = "emulator"
    runs = controls._emulator.runs
    assert runs.choice.options == {"aa0002": "aa0002", "aa0001": "aa0001"}
    trained.loading = False
    controls.refresh()
    assert list(runs.choice.options.items()) == [
        ("aa0002  Lorenz-63, a neural right-hand side, valid for 1.25 units of time", "aa0002"),
        ("aa0001  Advection on a line, emulated, RMSE of a step 0.00321", "aa0001"),
    ]
    assert runs.choice.value == state.section.run == "aa0002"
    assert 'href="training?run=aa0002"' in runs._words.object


def test_the_chosen_network_is_the_testbed_and_is_observed_as_the_system_it_learned(trained, state):
    controls = CyclingControls(state)
    controls.testbed.value = "emulator"
    assert state.problem == ""
    assert state.network.sigma == Lorenz63Settings.NETWORK["sigma"]
    assert state.live.race.dynamics.size == 3
    controls._emulator.runs.choice.value = "aa0001"
    assert state.problem == ""
    assert state.network.count == AdvectionSettings.NETWORK["count"]
    assert state.live.settings.dynamics.run == "aa0001"
    assert state.live.race.dynamics.size == 40
    state.network.sigma = 0.3
    file = state.yaml()
    state.take(file)
    assert state.network.sigma == 0.3  # of the file, not the usual one


def test_truth_and_forecasts_are_run_by_the_network_or_by_its_model(trained, state):
    controls = CyclingControls(state)
    controls.testbed.value = "emulator"
    emulator = controls._emulator
    assert emulator.truth.value
    assert emulator.forecast.value
    emulator.truth.value = False
    assert not state.settings().dynamics.learned
    assert not emulator.forecast.value  # the forecast model is that of the truth unless it is set
    emulator.forecast.value = True
    assert state.settings().model == {"learned": True}
    emulator.forecast.value = False
    assert state.settings().model == {}
