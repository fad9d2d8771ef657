"""Folders of files are one dataset, read file by file, or a sentence that names the file which does not fit."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields.catalogue import Catalogue
from backends.fields.readers import folder as reader
from backends.fields.readers import open_dataset
from tests.backends.damage import LATITUDE, LONGITUDE, composite, grib
from tests.files import dataset, known, regional, write
from tests.grids import lambert

FIELD = known(LATITUDE[::-1], LONGITUDE)
DATA = dataset(LATITUDE, LONGITUDE)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def split(folder, axis="time", data=DATA):
    """Write a file for each index of an axis, named so that their order is not that of the axis."""
    for k in range(data.sizes[axis]):
        write(folder / f"{(k * 7 + 3) % 10}.nc", data.isel({axis: [k]}))
    return folder


def test_files_of_one_time_each_are_a_series(folder):
    (folder / "notes.txt").write_text("no field")
    opened = open_dataset(split(folder))
    assert (opened.format, opened.label) == ("Folder of files", "run")
    variable = opened.variable("t")
    assert variable.axis("time").labels == tuple(f"2020-01-01 {h:02d}:00 UTC" for h in (0, 6, 12, 18))
    for k in range(4):
        np.testing.assert_allclose(opened.field("t", {"time": k}).values, FIELD + k, rtol=1e-6)


def test_times_and_levels_of_files_make_a_hypercube_and_only_what_is_asked_for_is_read(folder, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    levels = xr.concat([DATA + 100 * k for k in range(3)], xr.DataArray([850, 500, 200], dims="level", name="level"))
    levels["t"].attrs = DATA["t"].attrs
    for t in range(0, 4, 2):
        for level in range(3):
            write(folder / f"{t}-{level}.nc", levels.isel(time=slice(t, t + 2), level=level))
    opened = open_dataset(folder, trusted=True)
    files = []
    plain = xr.Variable.isel
    monkeypatch.setattr(xr.Variable, "isel", lambda self, *a, **k: files.append(self.shape) or plain(self, *a, **k))
    field = opened.field("t", {"time": 3, "level": 1})
    assert files.count((2, 16, 21)) == 1
    monkeypatch.undo()
    assert opened.variable("t").axis("level").values == (200, 500, 850)
    np.testing.assert_allclose(field.values, FIELD + 3 + 100, rtol=1e-6)
    series = opened.series("t", 40, 0, {"level": 2})
    np.testing.assert_allclose(series.values, known(np.array([40.0]), np.array([0.0])).item() + np.arange(4), rtol=1e-6)


def test_times_that_alternate_between_files_come_in_order(folder):
    write(folder / "even.nc", DATA.isel(time=[2, 0]))
    write(folder / "odd.nc", DATA.isel(time=[1, 3]))
    values = open_dataset(folder)
    np.testing.assert_allclose(
        np.stack([values.field("t", {"time": k}).values for k in range(4)]), FIELD + np.arange(4)[:, None, None], rtol=1e-6
    )


def test_steps_of_a_forecast_in_grib_files_of_their_own(folder):
    for step in (12, 0, 6):
        grib(folder / f"{step}.grib", steps=1, endStep=step)
    opened = open_dataset(folder)
    axis = opened.variable("t2m").axis("time")
    assert (axis.name, axis.labels[2]) == ("step", "2020-01-01 12:00 UTC")
    np.testing.assert_allclose(opened.field("t2m", {"step": 2}).values, FIELD, rtol=1e-4)


def test_start_times_of_grib_files_are_an_axis(folder):
    for day in (20200102, 20200101):
        grib(folder / f"{day}.grib", steps=2, dataDate=day)
    variable = open_dataset(folder).variable("t2m")
    assert {axis.name: len(axis) for axis in variable.axes} == {"time": 2, "step": 2}


def test_members_in_files_of_their_own(folder):
    for member in range(3):
        write(folder / f"{member}.nc", (DATA + 10 * member).assign_coords(number=member))
    opened = open_dataset(folder)
    member = opened.variable("t").axis("member")
    np.testing.assert_allclose(opened.field("t", {member.name: 2, "time": 1}).values, FIELD + 21, rtol=1e-6)


def test_variables_in_files_of_their_own_and_what_no_time_tells_apart(folder):
    split(folder, data=DATA.assign(mask=DATA["t"].isel(time=0, drop=True)))
    write(folder / "u.nc", DATA.rename(t="u"))
    opened = open_dataset(folder)
    assert set(opened.variables) == {"t", "mask", "u"}
    np.testing.assert_allclose(opened.field("mask", {}).values, FIELD, rtol=1e-6)


def test_projected_grids_and_radar_composites(folder):
    split(folder, data=lambert())
    opened = open_dataset(folder)
    assert opened.variable("t").mesh.kind == "Lambert conformal"
    radar = folder.parent / "radar"
    radar.mkdir()
    for time in ("121000", "120500"):
        composite(radar / f"{time}.h5", times=(time,))
    variable = open_dataset(radar).variable("DBZH")
    assert variable.axis("time").labels == ("2021-07-14 12:05 UTC", "2021-07-14 12:10 UTC")
    assert variable.mesh.kind == "polar stereographic"


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (DATA.isel(time=[1]), r"run/b\.nc does not fit: a\.nc has 't' at the same time"),
        (DATA.isel(time=[3], lat=slice(0, 5)), r"run/b\.nc does not fit: 't' lies on another grid than in a\.nc"),
        (DATA.isel(time=[3]).assign_coords(lat=DATA["lat"] + 1), r"run/b\.nc does not fit: 't' lies on another grid"),
        (dataset(LATITUDE, LONGITUDE, units="degC").isel(time=[3]), r"b\.nc does not fit: 't' is in degC, in a\.nc K"),
        (DATA.isel(time=[3, 3]), r"run/b\.nc does not fit: it has a value of time twice"),
    ],
)
def test_a_file_that_does_not_fit_is_named(folder, other, says):
    write(folder / "a.nc", DATA.isel(time=[0, 1]))
    write(folder / "b.nc", other)
    with pytest.raises(InputError, match=says):
        open_dataset(folder)


def test_files_that_leave_gaps_or_have_no_times_are_told(folder):
    for name, time, level in (("a", 0, 850), ("b", 1, 850), ("c", 1, 500)):
        write(folder / f"{name}.nc", DATA.isel(time=time).assign_coords(level=level))
    with pytest.raises(
        InputError, match=r"run cannot be put together: no file has 't' at time 2020-01-01 00:00 UTC and level 500"
    ):
        open_dataset(folder)
    for path in folder.iterdir():
        path.unlink()
    for name in "ab":
        write(folder / f"{name}.nc", DATA.isel(time=0, drop=True))
    with pytest.raises(InputError, match="run cannot be put together: no time, level or member tells its files apart"):
        open_dataset(folder)


def test_a_damaged_file_among_them_is_named(folder):
    split(folder)
    path = folder / "0.nc"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"run/0\.nc is a damaged or incomplete NetCDF file"):
        open_dataset(folder)


def test_too_many_files_are_refused(folder, monkeypatch):
    monkeypatch.setattr(reader, "MOST_FILES", 3)
    with pytest.raises(InputError, match="run has 4 files; at most 3 can be opened as one dataset"):
        open_dataset(split(folder), trusted=True)


def test_links_out_of_the_folder_are_left_out(folder):
    (split(folder) / "9.nc").symlink_to(write(folder.parent / "outside.nc", DATA + 50))
    assert len(open_dataset(folder).variable("t").axis("time")) == 4


def test_the_catalogue_offers_folders_and_zarr_stores_and_opens_what_has_been_added(folder):
    write(folder / "a.nc", DATA.isel(time=[0]))
    DATA.to_zarr(folder.parent / "store.zarr", zarr_format=2)
    regional(folder.parent / "z.nc")
    catalogue = Catalogue(folder.parent)
    assert [e.key for e in catalogue.entries() if e.origin == "found"] == ["store.zarr", "z.nc", "run/a.nc"]
    write(folder / "b.nc", DATA.isel(time=[1]))
    found = {e.key: e.title for e in catalogue.entries() if e.origin == "found"}
    assert list(found) == ["store.zarr", "z.nc", "run", "run/a.nc", "run/b.nc"]
    assert found["run"] == "run/ (files as one)"
    opened = catalogue.open("run")
    assert len(opened.variable("t").axis("time")) == 2
    assert catalogue.open("run") is opened
    write(folder / "c.nc", DATA.isel(time=[2]))
    assert len(catalogue.open("run").variable("t").axis("time")) == 3
    np.testing.assert_allclose(catalogue.open("store.zarr").field("t", {"time": 1}).values, FIELD + 1, rtol=1e-6)
