"""The catalogue, the confinement of paths, the generated archive, and the command line."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from backends.__main__ import main
from backends.errors import InputError
from backends.experiments.cases import FieldCase
from backends.experiments.field_cases import field_case, lags, usual_lag
from backends.fields.catalogue import KEPT_DATASETS, Catalogue
from backends.fields.european import CHUNKS, european_archive, european_forecast
from backends.fields.paths import confine
from tests.backends.test_readers import broken_files
from tests.conftest import ROOT
from tests.files import known, regional

EMBEDDED = ["ncep-air-temperature", "european-forecast"]


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    (data / "deeper").mkdir(parents=True)
    regional(data / "a.nc")
    regional(data / "deeper" / "b.nc")
    (data / "notes.txt").write_text("no field")
    (data / ".hidden.nc").write_bytes((data / "a.nc").read_bytes())
    regional(tmp_path / "outside.nc")
    return data


def test_the_catalogue_lists_embedded_datasets_and_readable_files(folder):
    entries = Catalogue(folder).entries()
    assert [e.key for e in entries] == [*EMBEDDED, "a.nc", "deeper/b.nc"]
    assert {e.origin for e in entries[2:]} == {"found"}


def test_the_catalogue_is_never_empty(tmp_path):
    assert [e.key for e in Catalogue(tmp_path / "nowhere").entries()] == EMBEDDED


def test_every_entry_opens(folder):
    catalogue = Catalogue(folder)
    for entry in catalogue.entries():
        assert catalogue.open(entry.key).variables


def test_the_embedded_reanalysis_is_in_place(folder):
    opened = Catalogue(folder).open("ncep-air-temperature")
    variable = opened.variable("air")
    assert (variable.units, variable.shape) == ("degK", (20, 25, 53))
    row, column = variable.grid.nearest(20, -100)  # Mexico is warmer than Greenland
    cold = variable.grid.nearest(72.5, -40)
    field = opened.field("air", {})
    assert field.values[row, column] > 285
    assert field.values[cold] < 255


def test_an_opened_dataset_is_kept_until_its_file_changes(folder):
    catalogue = Catalogue(folder)
    first = catalogue.open("a.nc")
    assert catalogue.open("a.nc") is first
    regional(folder / "new.nc", comment="another").replace(folder / "a.nc")
    assert catalogue.open("a.nc") is not first


def test_a_store_that_has_grown_or_was_replaced_is_opened_as_it_is_now(tmp_path):
    def times(first: int, number: int) -> xr.Dataset:
        days = np.datetime64("2025-01-01", "ns") + np.arange(first, first + number) * np.timedelta64(1, "D")
        values = np.broadcast_to(np.arange(first, first + number, dtype="f4")[:, None, None], (number, 3, 4))
        places = {"latitude": [0.0, 1.0, 2.0], "longitude": [0.0, 1.0, 2.0, 3.0]}
        return xr.Dataset({"t": (("time", *places), values, {"units": "K"})}, {"time": days, **places})

    catalogue, store = Catalogue(tmp_path), tmp_path / "a.zarr"
    times(0, 3).to_zarr(store, consolidated=False)
    before = catalogue.open("a.zarr")
    assert catalogue.open("a.zarr") is before
    times(3, 2).to_zarr(store, append_dim="time", consolidated=False)
    grown = catalogue.open("a.zarr")
    assert grown.variable("t").shape == (5, 3, 4)
    assert grown.field("t", {"time": 4}).values.max() == 4
    assert before.field("t", {"time": 2}).values.max() == 2
    times(7, 3).to_zarr(store, mode="w", consolidated=False)
    replaced = catalogue.open("a.zarr")
    assert replaced.variable("t").axis("time").times[0] == np.datetime64("2025-01-08")
    assert replaced.field("t", {"time": 0}).values.max() == 7


def test_only_a_few_datasets_are_kept(folder):
    catalogue = Catalogue(folder)
    for k in range(KEPT_DATASETS + 3):
        catalogue.open(shutil.copy(folder / "a.nc", folder / f"copy-{k}.nc").name)
    assert len(catalogue._opened) == KEPT_DATASETS


@pytest.mark.parametrize("path", ["../outside.nc", "deeper/../../outside.nc", "/etc/passwd", "link.nc", "linked/outside.nc"])
def test_nothing_outside_the_folder_can_be_opened(folder, path):
    (folder / "link.nc").symlink_to(folder.parent / "outside.nc")
    (folder / "linked").symlink_to(folder.parent)
    with pytest.raises(InputError, match="leads outside the data folder"):
        confine(path, folder)
    with pytest.raises(InputError, match="leads outside the data folder"):
        Catalogue(folder).open(path)
    assert [e.key for e in Catalogue(folder).entries()] == [*EMBEDDED, "a.nc", "deeper/b.nc"]


def test_links_inside_the_folder_are_fine(folder):
    (folder / "alias.nc").symlink_to(folder / "a.nc")
    assert confine("alias.nc", folder) == (folder / "a.nc").resolve()
    assert confine(str(folder / "a.nc"), folder) == (folder / "a.nc").resolve()


@pytest.mark.parametrize(
    ("path", "says"), [("", "give the path"), ("a\0.nc", "give the path"), ("c.nc", "there is no file 'c.nc'")]
)
def test_a_path_to_nothing_is_named(folder, path, says):
    with pytest.raises(InputError, match=says):
        confine(path, folder)


# The generated archive --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forecast():
    return european_forecast(seed=1)


def test_the_archive_has_the_promised_shape(tmp_path, forecast):
    path = european_archive(tmp_path)
    assert european_archive(tmp_path) == path
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # nothing is left behind
    stored = xr.open_zarr(path, chunks=None, decode_timedelta=True)
    assert dict(stored.sizes) == {"lead_time": 41, "latitude": 121, "longitude": 181}
    assert set(stored.data_vars) == {"t2m", "u10", "v10", "mslp", "tp"}
    for name, variable in stored.data_vars.items():
        assert variable.dtype == np.float32
        assert variable.encoding["chunks"] == CHUNKS
        assert {"units", "standard_name", "long_name"} <= set(variable.attrs), name
        np.testing.assert_array_equal(variable.values, forecast[name].values)
    assert (float(stored.latitude[0]), float(stored.latitude[-1])) == (35, 72)
    assert (float(stored.longitude[0]), float(stored.longitude[-1])) == (-15, 35)
    assert np.unique(np.diff(stored.valid_time.values)) == np.timedelta64(3, "h")


def test_the_archive_follows_its_seed(forecast):
    assert european_forecast(seed=1).identical(forecast)
    assert not np.array_equal(european_forecast(seed=2).mslp, forecast.mslp)


def test_the_archive_is_plausible_weather(forecast):
    assert 93_000 < float(forecast.mslp.min()) < float(forecast.mslp.max()) < 106_000
    assert 230 < float(forecast.t2m.min()) < float(forecast.t2m.max()) < 310
    assert float(np.hypot(forecast.u10, forecast.v10).max()) < 45
    assert float(forecast.tp[0].max()) == 0
    assert bool((forecast.tp.diff("lead_time") >= 0).all())
    assert 1 < float(forecast.tp[-1].mean()) < 60


def test_patterns_move_eastward(forecast):
    anomaly = (forecast.mslp - forecast.mslp.mean("longitude")).values
    # Correlate each field with the next but one, shifted by up to ±15 columns: the best shift is eastward.
    best = []
    for a, b in zip(anomaly[:-2], anomaly[2:], strict=True):
        scores = {s: (a[:, 20 - s : -20 - s or None] * b[:, 20:-20]).sum() for s in range(-15, 16)}
        best.append(max(scores, key=scores.get))
    assert np.median(best) > 0


def test_wind_blows_along_the_isobars_and_towards_low_pressure(forecast):
    mslp = forecast.mslp.isel(lead_time=20)
    p_y, p_x = np.gradient(mslp.values, mslp.latitude, mslp.longitude)
    p_x = p_x / np.cos(np.deg2rad(mslp.latitude.values))[:, None]
    u, v = forecast.u10.isel(lead_time=20).values, forecast.v10.isel(lead_time=20).values
    speed, slope = np.hypot(u, v), np.hypot(p_x, p_y)
    along = (-p_y * u + p_x * v) / (speed * slope)  # cosine of the angle to the geostrophic wind
    assert np.median(along) == pytest.approx(np.cos(np.deg2rad(20)), abs=1e-3)
    assert np.median((p_x * u + p_y * v) / (speed * slope)) == pytest.approx(-np.sin(np.deg2rad(20)), abs=1e-3)


# Cases from fields ------------------------------------------------------------------------------------------------


def test_the_background_is_the_field_some_steps_earlier(folder):
    settings = FieldCase(path="a.nc", variable="t", time=3, background="earlier", lag=2)
    case, truth = field_case(settings, Catalogue(folder))
    assert float(case.rmse(case.background)) == pytest.approx(2.0, rel=1e-6)
    assert (case.truth_caption, case.background_caption) == ("2020-01-01 18:00 UTC", "2020-01-01 06:00 UTC")
    np.testing.assert_allclose(case.background - case.truth, -2, atol=1e-4)
    np.testing.assert_array_equal(case.truth, truth.values.flatten())


def test_the_background_can_be_the_time_mean(folder):
    case, _ = field_case(FieldCase(path="a.nc", variable="t", time=3, background="mean"), Catalogue(folder))
    assert float(case.rmse(case.background)) == pytest.approx(1.5, rel=1e-5)
    np.testing.assert_allclose(case.background, known(*_region()).flatten() + 1.5, rtol=1e-6)


def _region():
    return np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0)


def test_a_background_before_the_data_is_named(folder):
    with pytest.raises(InputError, match="no field 2 steps before 2020-01-01 06:00 UTC: the data begin at 2020-01-01 00:00"):
        field_case(FieldCase(path="a.nc", variable="t", time=1, background="earlier", lag=2), Catalogue(folder))


def test_lags_are_those_that_the_time_axis_has(folder):
    catalogue = Catalogue(folder)
    six_hourly = catalogue.open("a.nc").variable("t").axis("time")
    assert lags(six_hourly) == {"6 h": 1, "12 h": 2}
    assert usual_lag(six_hourly) == 2
    assert usual_lag(catalogue.open("european-forecast").variable("t2m").axis("time")) == 8  # 24 h in steps of three


# The command line -------------------------------------------------------------------------------------------------

KEYS = {"path", "format", "variables", "grid", "latitude", "longitude", "time", "levels", "members"}


def test_inspect_prints_one_json_object(folder, capsys):
    assert main(["inspect", str(folder / "a.nc")]) == 0
    printed = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert set(printed) == KEYS
    (variable,) = printed["variables"]
    assert variable["shape"] == [4, 16, 21]
    assert variable["max"] == pytest.approx(250 + 60 + 20 + 3)
    assert variable["missing"] == 0
    assert printed["latitude"] == [30, 60]
    assert printed["time"] == ["2020-01-01T00:00:00", "2020-01-01T18:00:00"]


def test_inspect_prints_one_sentence_for_what_it_cannot_read(tmp_path, capfd):
    files = broken_files(tmp_path)
    for path, says in files.items():
        assert main(["inspect", str(path)]) == 2
        printed = capfd.readouterr()  # of the whole process: libraries beneath Python print, too
        assert printed.out == ""
        (said,) = printed.err.strip().splitlines()
        assert says in said
    command = [sys.executable, "-m", "backends", "inspect", str(tmp_path / "cut.nc")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (said,) = done.stderr.strip().splitlines()
    assert files[tmp_path / "cut.nc"] in said


def test_inspect_real_files(real_data, capsys):
    expected = {
        "era5-2mt-2019-03-uk.grib": ("GRIB", ["t2m"], [50, 58], [-10, 2], [], []),
        "era5-levels-members.grib": ("GRIB", ["z", "t"], [-90, 90], [-180, 177], [850, 500], list(range(10))),
        "eraint_uvz.nc": ("NetCDF", ["z", "u", "v"], [-90, 90], [-180, 179.25], [200, 500, 850], []),
    }
    for name, (kind, names, latitude, longitude, levels, members) in expected.items():
        assert main(["inspect", str(real_data / name)]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert printed["format"] == kind
        assert [v["name"] for v in printed["variables"]] == names
        assert (printed["latitude"], printed["longitude"]) == (latitude, longitude)
        assert (printed["levels"], printed["members"]) == (levels, members)
