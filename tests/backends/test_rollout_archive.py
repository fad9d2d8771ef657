"""Archives as the world of rollouts: their climate, their starts, emulators of fields, and ERA5 over Britain."""

import math

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.experiments.rollout.archives import emulated_field
from backends.experiments.rollout.beginnings import starts_of
from backends.experiments.rollout.prepare import prepare, world_of
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.summary import summary
from backends.experiments.run import from_yaml, settings_from
from backends.experiments.training.run import train
from backends.geometry.grid import LatLonGrid
from backends.jobs.context import LocalContext
from backends.learning.dynamics.archive import Archive
from backends.learning.dynamics.field import FieldEmulator
from backends.learning.dynamics.networks import FieldStep
from backends.rollout.archive import ArchiveWorld
from backends.rollout.field import EmulatedField
from backends.rollout.models import Climatology, Persistence
from backends.rollout.record import ArchivedField, Loaded
from backends.rollout.rollout import rollout

CPU, DOUBLE = torch.device("cpu"), torch.float64
#: Ten days of hours on 3 x 4 points, six of them to fit to, from the eighth on to forecast.
HOURS, FITTED, FIRST = 240, 144, 168
TIMES = np.datetime64("2019-03-01T06:00") + np.arange(HOURS) * np.timedelta64(1, "h")


def cycle() -> np.ndarray:
    """A daily cycle of two harmonics whose strength is another at each point, in K."""
    hour = 6 + np.arange(HOURS)
    place = np.arange(12).reshape(3, 4)
    wave = np.cos(2 * np.pi * hour / 24)[:, None, None] * place + 0.5 * np.sin(4 * np.pi * hour / 24)[:, None, None]
    return 280 + place + wave


def archive(values: np.ndarray | None = None, forcings: int = 0) -> Archive:
    values = cycle() if values is None else values
    noise = np.random.default_rng(0).normal(size=values.shape).astype(np.float32)
    return Archive.of(values, [noise] * forcings, [], "K", 1, FITTED, FIRST, (0.0, 50.0, 3.0, 60.0))


def world(values: np.ndarray | None = None) -> ArchiveWorld:
    values = cycle() if values is None else values
    grid = LatLonGrid(torch.tensor([50.0, 55.0, 60.0]).double(), torch.arange(4).double())
    record = Loaded(values[:, None], (ArchivedField("t2m", "2 m temperature", "K"),), TIMES, grid, FITTED, FIRST)
    return ArchiveWorld(record, CPU, DOUBLE)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_climate_is_the_daily_cycle_of_each_place():
    here = world()
    steps = torch.arange(HOURS)
    assert float((here.climate(steps) - torch.from_numpy(cycle()).flatten(1)).abs().max()) < 1e-4  # the archive is float32
    starts = here.starts(20, 24, seeded())
    got = rollout(here, [Climatology(here), Persistence()], starts, starts.states[:, None], 24, 12)
    usual, persistence = got.forecasts
    assert float(got.rmse(usual).value.max()) < 1e-4
    assert got.rmse(persistence).value[2] < 1e-4  # the same hour
    # Half a day later the first harmonic has the other sign: 2 place cos, and the second the same.
    hours = (6 + starts.steps.numpy()) * 2 * np.pi / 24
    area = np.cos(np.deg2rad([50, 55, 60]))[:, None] * np.ones(4) / np.cos(np.deg2rad([50, 55, 60])).sum() / 4
    place2 = (area * np.arange(12).reshape(3, 4) ** 2).sum()
    expected = math.sqrt((4 * np.cos(hours) ** 2).mean() * place2)
    assert got.rmse(persistence).value[1].item() == pytest.approx(expected, rel=1e-4)


def test_starts_are_unseen_different_and_early_enough_and_a_day_is_a_block():
    here = world()
    starts = here.starts(60, 12, seeded())
    assert len(starts.steps.unique()) == 60
    assert int(starts.steps.min()) == FIRST
    assert int(starts.steps.max()) == HOURS - 12 - 1
    days = (TIMES[starts.steps.numpy()].astype("datetime64[D]") - np.datetime64("1970-01-01")).astype(int)
    assert starts.blocks.tolist() == days.tolist()
    torch.testing.assert_close(next(here.truth(starts, 12)), starts.states)
    *_, last = here.truth(starts, 12, 4)
    torch.testing.assert_close(last, here.states(starts.steps + 12))
    with pytest.raises(
        InputError, match=r"starts: must be at most 60, .* 2019-03-08T06:00 to 2019-03-10T17:00, are 12 h before .* came 61"
    ):
        here.starts(61, 12, seeded())
    with pytest.raises(InputError, match=r"steps: must be at most 71.*; came 72"):
        here.starts(1, 72, seeded())
    with pytest.raises(InputError, match=r"the archive ends at 2019-03-11T05:00; forecasts of 13 steps"):
        list(here.truth(starts, 13))


@pytest.mark.parametrize("time", ["2019-03-08T05:00", "2019-03-10T18:00", "2019-03-09T00:30", "2020-01-01"])
def test_a_start_time_outside_is_refused(time):
    with pytest.raises(InputError, match=f"a time of the archive that nothing was fitted to .* every 1 h; came {time}"):
        world().at(np.datetime64(time), 12)


def test_a_start_time_inside_is_found():
    starts = world().at(np.datetime64("2019-03-09T00:00"), 12)
    assert starts.steps.tolist() == [7 * 24 + 18]


def test_perturbations_have_the_covariance_of_the_anomalies():
    values = cycle() + np.random.default_rng(1).normal(size=(HOURS, 3, 4))
    here = world(values)
    states, steps = here.training(seeded())
    anomalies = states[0] - here.climate(steps[0])
    drawn = here.perturbations(20_000, 0.25, seeded())
    np.testing.assert_allclose(np.cov(drawn.numpy().T), 0.25 * np.cov(anomalies.numpy().T), atol=0.02)


@pytest.mark.parametrize("forced", [False, True])
def test_an_emulator_is_run_as_its_training_runs_it(forced):
    values = cycle() + np.random.default_rng(1).normal(size=(HOURS, 3, 4))
    here, seen = world(values), archive(values, forcings=2)
    torch.manual_seed(0)
    task = FieldEmulator("test", FieldStep(3, 4), seen, 4, 0, 1, forced, (1, 3))
    model = EmulatedField(task, here, "emulator")
    assert model.label == ("emulator (forced)" if forced else "emulator")
    starts = here.starts(5, 3, seeded())
    got = rollout(here, [model], starts, starts.states[:, None].expand(-1, 2, -1), 3, 3)
    theirs = task._forecasts(starts.steps)[3]
    expected = seen.mean + seen.scale * theirs[0].double().flatten()
    torch.testing.assert_close(got.forecasts[0].frames[1], expected.float().expand(2, -1), rtol=1e-6, atol=1e-3)
    even = (expected - here.states(starts.steps[:1] + 3)[0]).square() @ here.norm.area
    assert got.forecasts[0].of("mse")[0, 1].item() == pytest.approx(float(even), rel=1e-4)


def test_an_emulator_of_another_archive_is_refused():
    task = FieldEmulator("test", FieldStep(1, 4), archive(np.zeros((HOURS, 5, 5)) + cycle().mean()), 4, 0, 1, False, (1, 3))
    with pytest.raises(InputError, match=r"emulator was trained on another archive: 240 maps of 5 x 5 points; .* 240 of 3 x 4"):
        EmulatedField(task, world(), "emulator")


def test_an_emulator_does_not_forecast_several_fields():
    fields = tuple(ArchivedField(key, key, "K") for key in ("t2m", "d2m"))
    grid = world().record.grid
    both = ArchiveWorld(Loaded(np.stack([cycle()] * 2, 1), fields, TIMES, grid, FITTED, FIRST), CPU, DOUBLE)
    task = FieldEmulator("test", FieldStep(1, 4), archive(), 4, 0, 1, False, (1, 3))
    with pytest.raises(InputError, match=r"emulator forecasts 2 m temperature alone: .* `fields` of one; came t2m, d2m"):
        EmulatedField(task, both, "emulator")


ERA5 = {"start": {"name": "archive"}, "steps": 12, "members": 1, "perturbation": {"name": "none"}, "starts": 156}


def asked(**keys: object) -> RolloutSettings:
    return settings_from({"kind": "rollout", **ERA5, **keys})


def test_what_an_archive_cannot_do_is_told_in_one_sentence(real_data):
    with pytest.raises(InputError, match=r"models.0: perfect needs a start of name testbed; came archive"):
        asked(models=[{"name": "perfect"}])
    with pytest.raises(InputError, match=r"start.time: must be a time such as 2019-03-28T12:00; came 'noon'"):
        asked(start={"name": "archive", "time": "noon"})
    with pytest.raises(InputError, match=r"start.time: is in UTC and has no offset, .*; came '2019-03-28T12:00Z'"):
        asked(start={"name": "archive", "time": "2019-03-28T12:00Z"}, models=[{"name": "persistence"}])
    with pytest.raises(InputError, match=r"2019-03-25T00:00 to 2019-03-31T11:00 every 1 h; came 2019-04-28T12:00"):
        prepare(asked(start={"name": "archive", "time": "2019-04-28T12:00"}, models=[{"name": "persistence"}]), real_data)
    with pytest.raises(InputError, match="there is no checkpoint"):
        prepare(asked(models=[{"name": "network", "run": "beef"}]), real_data)


def test_the_linear_inverse_model_beats_persistence_and_climatology_at_first_on_era5(real_data):
    settings = asked(models=[{"name": "linear-inverse"}, {"name": "persistence"}, {"name": "climatology"}])
    inverse, persistence, usual = summary(prepare(settings, real_data).run(), settings)["models"]
    assert all(low > 0 for low in inverse["skill_low"][1:])
    assert inverse["rmse"][3] < 0.7 * usual["rmse"][3]
    # As the training of the emulator reports it, to the weights by area that it does not have.
    assert persistence["rmse"][1] == pytest.approx(0.57, abs=0.02)
    assert persistence["rmse"][12] == pytest.approx(3.66, abs=0.08)


def test_the_time_that_is_asked_for_comes_first(real_data):
    settings = asked(start={"name": "archive", "time": "2019-03-28T12:00"}, starts=10, models=[{"name": "persistence"}])
    here = world_of(settings, real_data)
    starts = starts_of(settings, here)
    assert str(here.times[starts.steps[0]]) == "2019-03-28T12:00:00"
    assert len(starts.steps.unique()) == 10
    torch.testing.assert_close(starts.states, here.states(starts.steps))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home for trainings."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSIMILAB_HOME", str(folder))
        yield folder


def test_a_network_of_another_task_is_no_emulator_of_fields(home, real_data):
    other = "kind: training\ntask: advection-1d-emulator\npoints: 40\nnetwork: {name: free, width: 2}\niterations: 2\n"
    train(from_yaml(other), real_data, LocalContext(checkpoint=home / "checkpoints" / "a0001"))
    with pytest.raises(
        InputError, match="the run 'a0001' has trained advection-1d-emulator; an archive needs an emulator of fields"
    ):
        emulated_field("a0001", world(), "emulator", real_data)


@pytest.mark.reference
def test_the_emulator_beats_persistence_on_era5_and_the_linear_inverse_model_at_some_leads(home, real_data):
    text = "kind: training\ntask: field-emulator-era5\n"
    train(from_yaml(text), real_data, LocalContext(checkpoint=home / "checkpoints" / "a0002"))
    settings = asked(models=[{"name": "network", "run": "a0002"}, {"name": "linear-inverse"}, {"name": "persistence"}])
    emulator, inverse, persistence = summary(prepare(settings, real_data).run(), settings)["models"]
    assert all(mine < other for mine, other in zip(emulator["rmse"][1:], persistence["rmse"][1:], strict=True))
    assert any(mine < other for mine, other in zip(emulator["rmse"][1:], inverse["rmse"][1:], strict=True))
