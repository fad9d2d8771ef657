"""Rollouts from any dataset with times, of one or several fields: which are read, how they are scored, and what is refused."""

import numpy as np
import pytest
import torch
import xarray as xr

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import ArchiveStart, RolloutSettings
from backends.experiments.rollout.store import dataset
from backends.experiments.rollout.summary import summary
from backends.experiments.rollout.tables import scores_table
from backends.experiments.rollout.view import view_of
from backends.experiments.run import settings_from
from backends.geometry.grid import LatLonGrid
from backends.rollout import archive as archives
from backends.rollout.archive import ArchiveWorld
from backends.rollout.linear_inverse import LinearInverse
from backends.rollout.models import Persistence
from backends.rollout.record import ArchivedField, Loaded
from backends.rollout.rollout import rollout
from backends.rollout.seasons import YEAR, Seasons

CPU, DOUBLE = torch.device("cpu"), torch.float64
GRID = LatLonGrid(torch.tensor([50.0, 55.0, 60.0]).double(), torch.arange(4).double())
T, P = ArchivedField("t", "temperature", "K"), ArchivedField("p", "pressure", "Pa")


def weather(count: int = 240, seed: int = 0) -> np.ndarray:
    """Two fields that remember half of what they were, (T, 2, 3, 4)."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=(2, 3, 4))]
    for _ in range(count - 1):
        values.append(0.8 * values[-1] + 0.3 * values[-1][::-1] + rng.normal(size=(2, 3, 4)) * 0.3)
        values[-1] *= 0.85
    return np.array(values)


def hours(count: int, step: int = 1) -> np.ndarray:
    return np.datetime64("2019-03-01T06:00") + np.arange(count) * np.timedelta64(step, "h")


def world(values: np.ndarray, fields: tuple[ArchivedField, ...], tested: int = 160) -> ArchiveWorld:
    return ArchiveWorld(Loaded(values, fields, hours(len(values)), GRID, tested, tested), CPU, DOUBLE)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


# Several fields -----------------------------------------------------------------------------------------------------


def test_each_field_is_scored_as_if_it_were_alone():
    values = weather() * np.array([1.0, 100.0])[:, None, None]
    both = world(values, (T, P))
    starts = both.starts(20, 6, seeded())
    got = rollout(both, [Persistence()], starts, starts.states[:, None], 6)
    assert got.scored == (("t", "temperature", "K"), ("p", "pressure", "Pa"))
    for k, field in enumerate((T, P)):
        alone = world(values[:, k : k + 1], (field,))
        theirs = alone.starts(20, 6, seeded())
        expected = rollout(alone, [Persistence()], theirs, theirs.states[:, None], 6)
        for score in ("rmse", "bias", "acc", "crps"):
            mine = getattr(got, score)(got.forecasts[0], k)
            torch.testing.assert_close(mine.value, getattr(expected, score)(expected.forecasts[0]).value)
    torch.testing.assert_close(got.quantities["mean of p"], expected.quantities["mean"])


def test_the_linear_inverse_model_does_not_know_units():
    fits = []
    for unit in (1.0, 1e4):
        values = weather() * np.array([1.0, unit])[:, None, None]
        here = world(values, (T, P))
        starts = here.starts(10, 4, seeded())
        model = LinearInverse(here, seeded(), 4, 5)
        fits.append(model.advance(starts.states[:, None], starts, 0, 4)[..., :12])
    torch.testing.assert_close(*fits)


def test_the_norm_counts_fields_in_parts_of_their_variability():
    values = weather() * np.array([1.0, 100.0])[:, None, None]
    here = world(values, (T, P))
    seen = torch.arange(160)
    anomalies = (here.states(seen) - here.climate(seen)) * here.norm.scale
    for part in (slice(0, 12), slice(12, 24)):
        assert float((anomalies[:, part].square() @ here.norm.area[part]).mean()) == pytest.approx(0.5, rel=1e-9)


# The climate, and what models are fitted to ----------------------------------------------------------------------------


def test_years_have_a_yearly_cycle_and_weeks_have_none():
    assert Seasons.of(hours(24 * 14), 24 * 7).periods == (24.0, 12.0)
    assert Seasons.of(hours(1500, 24), 730).periods == (YEAR, YEAR / 2)
    assert Seasons.of(hours(40, 3), 7).periods == ()  # less than a day
    assert Seasons.of(hours(40, 12), 20).periods == ()  # two times a day tell no wave from the mean
    times = hours(1500, 24)
    years = (times - times[0]) / np.timedelta64(1, "h") / YEAR
    cycle = 280 + 10 * np.cos(2 * np.pi * years)[:, None, None, None] * np.ones((1, 3, 4))
    here = ArchiveWorld(Loaded(cycle, (T,), times, GRID, 1000, 1000), CPU, DOUBLE)
    later = torch.arange(1000, 1500)
    torch.testing.assert_close(here.climate(later), here.states(later), rtol=0, atol=1e-9)


def test_blocks_do_not_change_the_climate(monkeypatch):
    values = weather() + 280
    whole = world(values, (T, P))
    monkeypatch.setattr("backends.rollout.seasons.BLOCK", 24 * 7)
    steps = torch.arange(240)
    torch.testing.assert_close(world(values, (T, P)).climate(steps), whole.climate(steps), rtol=1e-12, atol=1e-12)


def test_models_are_fitted_to_sequences_all_over_a_long_archive(monkeypatch):
    here = world(weather(), (T, P))
    states, steps = here.training(seeded())
    assert steps.tolist() == [list(range(160))]
    monkeypatch.setattr(archives, "MOST_FITTED", 24 * 60)
    monkeypatch.setattr(archives, "SEQUENCE", 20)
    states, steps = here.training(seeded())
    assert [first.item() for first in steps[:, 0]] == [0, 70, 140]
    assert steps[:, -1].max() == 159
    torch.testing.assert_close(states[1], here.states(steps[1]))
    assert LinearInverse(here, seeded(), 4).count >= 1


# Files --------------------------------------------------------------------------------------------------------------


def file(folder, name="two.nc", count=40, times=None, values=None, **more: xr.DataArray) -> str:
    times = hours(count, 6) if times is None else times
    coords = {"time": times.astype("datetime64[ns]"), "latitude": GRID.latitude.numpy(), "longitude": GRID.longitude.numpy()}
    values = weather(len(times)).astype(np.float32) if values is None else values
    dims = ("time", "latitude", "longitude")
    data = {
        "z": xr.DataArray(values[:, 0], coords, dims, attrs={"units": "m", "long_name": "height"}),
        "u": xr.DataArray(values[:, 1], coords, dims, attrs={"units": "m s-1", "standard_name": "eastward_wind"}),
    }
    xr.Dataset({**data, **more}).to_netcdf(folder / name)
    return name


def asked(dataset: str = "two.nc", **keys: object) -> RolloutSettings:
    start = {"name": "archive", "dataset": dataset, **{k: keys.pop(k) for k in list(keys) if k in ArchiveStart.model_fields}}
    usual = {"steps": 2, "members": 1, "perturbation": {"name": "none"}, "starts": 4, "models": [{"name": "persistence"}]}
    return settings_from({"kind": "rollout", "start": start, **usual, **keys})


def test_a_file_is_forecast_with_the_fields_and_the_split_that_are_asked_for(tmp_path):
    file(tmp_path)
    prepared = prepare(asked(fields=["eastward_wind", "z"], unseen=0.25), tmp_path)
    here = prepared.world
    assert isinstance(here, ArchiveWorld)
    assert [(field.key, field.title, field.unit) for field in here.record.fields] == [("u", "u", "m s-1"), ("z", "height", "m")]
    assert (here.record.trained, here.record.tested, here.dt) == (30, 30, 6.0)
    expected = torch.from_numpy(weather(40).astype(np.float32)).double()
    torch.testing.assert_close(here.states(torch.tensor([33, 2])), expected[[33, 2]].flip(1).flatten(1))
    assert here.record.tested <= int(prepared.starts.steps.min())
    usual = prepare(asked(), tmp_path).world
    assert isinstance(usual, ArchiveWorld)
    assert [field.key for field in usual.record.fields] == ["z"]
    assert usual.record.trained == 27  # two thirds


def test_a_large_file_is_read_in_parts_to_the_same_values(tmp_path, monkeypatch):
    file(tmp_path)
    whole = prepare(asked(fields=["z", "u"]), tmp_path).run()
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 0)
    file(tmp_path, "again.nc")
    parts = prepare(asked("again.nc", fields=["z", "u"]), tmp_path).run()
    torch.testing.assert_close(parts.truth, whole.truth, rtol=0, atol=0)
    torch.testing.assert_close(parts.forecasts[0].numbers, whole.forecasts[0].numbers, equal_nan=True)


def test_summary_and_tables_have_each_field(tmp_path):
    file(tmp_path)
    settings = asked(fields=["z", "u"], models=[{"name": "persistence"}, {"name": "climatology"}])
    prepared = prepare(settings, tmp_path)
    result = prepared.run()
    persistence = summary(result, settings)["models"][0]
    assert list(persistence["by_field"]) == ["z", "u"]
    assert persistence["by_field"]["z"] == {key: persistence[key] for key in persistence["by_field"]["z"]}
    alone = prepare(asked(fields=["u"]), tmp_path)
    single = summary(alone.run(), alone.settings)["models"][0]
    assert "by_field" not in single
    assert single["rmse"] == pytest.approx(persistence["by_field"]["u"]["rmse"])
    view = view_of(prepared, result)
    head, *rows = scores_table(view, "persistence")
    assert head[:3] == ["field", "model", "lead [h]"]
    assert [row[0] for row in rows] == ["z"] * 6 + ["u"] * 6
    assert float(rows[8][3]) == pytest.approx(single["rmse"][2], rel=1e-6)
    assert view.layout.names == ("height", "u")
    stored = dataset(view)
    assert stored["u"].attrs["standard_name"] == "eastward_wind"
    np.testing.assert_allclose(stored["u_truth"].values.ravel(), view.truth[:, 12:].ravel())


def test_a_level_and_a_member_are_chosen(tmp_path):
    coords = {"time": hours(40, 6), "level": [500, 850], "number": [0, 1, 2], "latitude": [50.0, 55.0], "longitude": [0.0, 1.0]}
    values = np.random.default_rng(0).normal(size=(40, 2, 3, 2, 2))
    xr.Dataset({"q": (tuple(coords), values)}, {k: (k, v) for k, v in coords.items()}).to_netcdf(tmp_path / "levels.nc")
    here = prepare(asked("levels.nc", level=850, member=2), tmp_path).world
    assert isinstance(here, ArchiveWorld)
    np.testing.assert_allclose(here.states(torch.tensor([5])).numpy().ravel(), values[5, 1, 2].ravel(), rtol=1e-6)
    with pytest.raises(InputError, match="q has no level 700; it has 500, 850"):
        prepare(asked("levels.nc", level=700), tmp_path)
    with pytest.raises(InputError, match="q has members 0 to 2; came 3"):
        prepare(asked("levels.nc", member=3), tmp_path)


def test_the_european_archive_has_wind_pressure_and_precipitation(tmp_path):
    settings = asked("european", fields=["t2m", "u10", "v10", "mslp", "tp"], starts=2)
    prepared = prepare(settings, tmp_path)
    here = prepared.world
    assert isinstance(here, ArchiveWorld)
    assert (here.record.trained, here.record.tested, len(here)) == (27, 27, 41)
    assert here.shape == (5, 121, 181)
    scores = summary(prepared.run(), settings)["models"][0]["by_field"]
    assert all(len(scores[key]["rmse"]) == 3 for key in ("t2m", "u10", "v10", "mslp", "tp"))
    assert scores["mslp"]["rmse"][1] > 10 * scores["t2m"]["rmse"][1]  # Pa and K


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"fields": ["w"]}, r"start.fields: two.nc has no variable 'w'; it has z, u"),
        ({"fields": ["z", "z"]}, r"start.fields: must be different variables; came z, z"),
        ({"fields": ["z", "still"]}, r"start.fields: still of two.nc has no time axis; forecasts need fields at many times"),
        ({"fields": ["z", "late"]}, r"start.fields: late of two.nc has other times or another grid than z"),
        ({"fields": ["hole"]}, r"hole has missing values at 2019-03-02T00:00; fields that are forecast must be complete"),
        ({"unseen": 0.02}, r"at least 2 times .* 2 after them forecast; came 40 times, the first 39"),
        ({"unseen": 2}, r"start.unseen: must be at most 0.9; came 2"),
        ({"dataset": "era5", "unseen": 0.5}, r"unseen: era5 has a split of its own"),
        ({"dataset": "none.nc"}, r"start.dataset: there is no file 'none.nc' in the data folder"),
        ({"dataset": "../two.nc"}, r"leads outside the data folder"),
        ({"dataset": ""}, r"start.dataset: "),
        (
            {"time": "2019-03-01T12:00"},
            r"start.time: must be a time of the archive that nothing was fitted to .*; came 2019-03-01T12:00",
        ),
        ({"steps": 13}, r"steps: must be at most 12, the unseen part of the archive; came 13"),
        ({"steps": 0}, r"steps: must be at least 1; came 0"),
    ],
)
def test_what_cannot_be_forecast_is_told_in_one_sentence(tmp_path, keys, sentence):
    there = {"latitude": ("latitude", GRID.latitude.numpy()), "longitude": ("longitude", GRID.longitude.numpy())}
    values = weather(40)[:, 0].astype(np.float32)
    hole = values.copy()
    hole[3, 1, 1] = np.nan
    maps = ("latitude", "longitude")
    file(
        tmp_path,
        still=xr.DataArray(values[0], there, maps),
        late=xr.DataArray(values, {"later": hours(40, 6) + np.timedelta64(1, "h"), **there}, ("later", *maps)),
        hole=xr.DataArray(hole, {"time": hours(40, 6).astype("datetime64[ns]"), **there}, ("time", *maps)),
    )
    with pytest.raises(InputError, match=sentence):
        prepare(asked(**keys), tmp_path)


def test_uneven_times_are_refused(tmp_path):
    times = hours(40, 6)
    file(tmp_path, times=np.delete(times, 7))
    with pytest.raises(InputError, match=r"must follow each other in even steps; came steps of 6 to 12 h between 2019-03-01"):
        prepare(asked(), tmp_path)
