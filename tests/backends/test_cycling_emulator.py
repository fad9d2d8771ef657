"""Trained networks as testbeds: as truth and as forecast model, and sentences for runs that are none."""

import pytest
import torch

from backends.cycling import climate
from backends.errors import InputError
from backends.experiments.cycling.dynamics import EmulatorSettings
from backends.experiments.cycling.emulated import network_of, newest_run
from backends.experiments.cycling.race import climate_of
from backends.experiments.run import from_yaml, run_file, to_yaml
from backends.experiments.training.run import train
from backends.jobs.context import LocalContext
from backends.learning.dynamics import lorenz63

LORENZ = "kind: training\ntask: lorenz63-rhs\nnetwork: {width: 16}\nbatch: 64\nlearning_rate: 0.01\niterations: 150\n"
ADVECTION = """\
kind: training
task: advection-1d-emulator
points: 40
dt: 0.0125
width: [0.06, 0.12]
network: {name: conservative, width: 4}
learning_rate: 0.01
iterations: 60
"""
OTHER = """\
kind: training
task: aivar-1d
points: 40
observations: {count: [5, 20]}
network: {name: mlp, width: 8}
iterations: 2
"""
RACE = """\
kind: cycling
dynamics: {name: emulator, run: 'RUN', learned: false}
model: {learned: true}
observations: {every: 2, sigma: 0.1}
methods: [{name: free}, {name: etkf, members: 10, inflation: 1.2}]
cycles: 30
spinup: 10
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One short training of each kind, in a home of its own."""
    folder = tmp_path_factory.mktemp("emulators")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSIMILAB_HOME", str(folder / "home"))
        patch.setattr(lorenz63, "POOL", (40, 10))
        patch.setattr(lorenz63, "FORECASTS", {"validate": (4, 0.5), "scores": (4, 0.5)})
        patch.setattr(lorenz63, "FREE", (4, 0.5, 0.5))
        patch.setattr(climate, "SAMPLED", (50, 4))
        ids = {"lorenz": "a0001", "advection": "a0002", "other": "a0003"}
        for name, text in (("lorenz", LORENZ), ("advection", ADVECTION), ("other", OTHER)):
            train(from_yaml(text), folder, LocalContext(checkpoint=folder / "home" / "checkpoints" / ids[name]))
        climate_of.cache_clear()
        yield ids
        climate_of.cache_clear()


@pytest.mark.parametrize("kind", ["lorenz", "advection"])
def test_a_network_forecasts_beside_the_model_it_follows(runs, kind, tmp_path):
    path = tmp_path / "race.yaml"
    path.write_text(RACE.replace("RUN", runs[kind]))
    free, etkf = run_file(path, tmp_path)["methods"]
    assert etkf["rmse_analysis"] < free["rmse_analysis"]


def test_a_network_as_truth_is_the_step_of_its_task(runs):
    settings = EmulatorSettings(run=runs["lorenz"])
    cpu = torch.device("cpu")
    network, exact = settings.make(cpu, torch.float64), settings.model_copy(update={"learned": False}).make(cpu, torch.float64)
    assert (network.components, network.dt, network.size) == (("x", "y", "z"), 0.01, 3)
    torch.testing.assert_close(network.start(), exact.start())
    assert network.distance(torch.tensor(0), torch.tensor(1)) is None
    x = network.start()
    assert float((network.step(x) - x).abs().max()) > 0
    assert not torch.equal(network.step(x), exact.step(x))
    assert torch.autograd.functional.jacobian(network.step, x).shape == (3, 3)


def test_starts_on_the_line_are_of_the_kind_that_was_trained_on(runs):
    model = EmulatorSettings(run=runs["advection"]).make(torch.device("cpu"), torch.float64)
    starts = model.draw_start(50, torch.Generator().manual_seed(1))
    assert starts.shape == (50, 40)
    assert float(starts.min()) >= 0
    assert 0.1 < float(starts.max()) <= 1
    assert not torch.equal(starts, model.draw_start(50, torch.Generator().manual_seed(2)))
    torch.testing.assert_close(model.step(starts).sum(-1), starts.sum(-1), rtol=1e-12, atol=0)
    assert float(model.distance(torch.tensor(0), torch.tensor(39))) == pytest.approx(1 / 40)


def test_without_an_id_the_newest_run_is_taken_and_kept(runs):
    settings = from_yaml("kind: cycling\ndynamics: {name: emulator}\nmethods: [{name: free}]")
    assert settings.dynamics.run == newest_run() == runs["advection"]
    assert f"run: {runs['advection']}" in to_yaml(settings).replace("'", "")
    assert from_yaml(to_yaml(settings)) == settings


def test_what_is_wrong_with_a_run_is_said(runs, tmp_path, monkeypatch):
    def race(run):
        return from_yaml(RACE.replace("RUN", run))

    with pytest.raises(InputError, match="no checkpoint of the run 'abcdef'"):
        race("abcdef")
    with pytest.raises(InputError, match="has trained aivar-1d; a testbed needs one of advection-1d-emulator or lorenz63-rhs"):
        race(runs["other"])
    with pytest.raises(InputError, match=r"model.run must be that of dynamics"):
        from_yaml(RACE.replace("RUN", runs["lorenz"]).replace("{learned: true}", "{run: 'abcd'}"))
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path))
    with pytest.raises(InputError, match="no network has been trained that can be a testbed"):
        race("")
    damaged = tmp_path / "checkpoints" / "abcdef"
    damaged.mkdir(parents=True)
    (damaged / "newest").write_bytes(b"x" * 80)
    with pytest.raises(InputError, match="damaged"):
        race("abcdef")
    with pytest.raises(InputError, match="no network has been trained"):
        race("")


def test_a_network_is_observed_as_the_system_that_it_has_learned(runs):
    assert network_of(runs["lorenz"])["every"] == 25
    assert network_of(runs["advection"])["components"] == "every"
    with pytest.raises(InputError, match="aivar-1d"):
        network_of(runs["other"])
