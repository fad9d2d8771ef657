"""The Chunks tab of the Explore page: how a variable is stored, and what the last map and series have read."""

import re

import xarray as xr

from backends.fields import stored
from backends.fields.catalogue import Catalogue
from dashboard.explore.page import ExplorePage
from dashboard.plots.chunks import size_of
from tests.backends.damage import grib
from tests.backends.test_derived import solid_rotation
from tests.dashboard.explore.pages import open_tab
from tests.dashboard.helpers import text_of
from tests.files import regional, write


def test_chunks_are_those_of_the_variable_that_is_shown(tmp_path):
    data = xr.open_dataset(regional(tmp_path / "a.nc"))
    data = data.assign(u=data.t.isel(time=slice(2)).drop_vars("time").rename(time="step"))
    data.to_netcdf(tmp_path / "b.nc", encoding={"t": {"chunksizes": (1, 8, 7)}, "u": {"chunksizes": (2, 4, 21)}})
    page = ExplorePage(Catalogue(tmp_path), "b.nc")
    page.wait()
    inspector = open_tab(page, "Chunks").inspector
    assert (inspector.array.value, inspector._array.chunks) == ("t", (1, 8, 7))
    page.state.choose_variable("u")
    page.wait()
    assert (inspector.array.value, inspector._array.chunks) == ("u", (2, 4, 21))
    page.close()


def test_a_format_without_chunks_is_named(explore, tmp_path):
    view = open_tab(explore, "Chunks")
    assert view.inspector._body.visible
    grib(tmp_path / "b.grib", steps=1)
    explore.state.open("b.grib")
    explore.wait()
    assert "GRIB files have no chunks" in view._words.object
    assert not view.inspector._body.visible
    assert not text_of(view.inspector._problem)


def cells(view):
    """Return the table of what was read, by the names of its rows."""
    rows = re.findall(r"<tr><th>([^<]+)</th>(.*?)</tr>", view.access._table.object)
    return {name: re.findall(r"<td>(.*?)</td>", row) for name, row in rows}


def test_the_last_map_and_series_say_what_they_read_and_are_timed_afresh(tmp_path, monkeypatch):
    data = xr.open_dataset(regional(tmp_path / "a.nc"))
    shape = data.t.shape
    data.to_zarr(tmp_path / "b.zarr", encoding={"t": {"chunks": (1, *shape[1:])}}, consolidated=False)
    page = ExplorePage(Catalogue(tmp_path), "b.zarr")
    page.wait()
    view = open_tab(page, "Chunks")
    assert cells(view)["Map"][:2] == ["time 0", f"{shape[0]} of {shape[0]}: whole, to be kept"]
    page.state.choose("time", 1)
    page.wait()
    assert cells(view)["Map"][:2] == ["time 1", "none: from memory"]

    monkeypatch.setattr(stored, "KEPT_VALUES", 1)
    page.state.opened._stored._loaded.clear()
    page.state.choose("time", 2)
    page.state.pick(float(data.lat[0]), float(data.lon[3]))
    page.wait()
    size = data.t[0].nbytes
    table = cells(view)
    assert table["Map"][:3] == ["time 2", f"1 of {shape[0]}", size_of(size)]
    assert table["Series"][:3] == ["lat 0, lon 3", f"{shape[0]} of {shape[0]}", size_of(shape[0] * size)]
    assert {"Map, afresh", "Series, afresh"}.isdisjoint(table)

    view.access._on_time(None)
    assert view.access.time.disabled
    page.wait()
    table = cells(view)
    for name in ("Map", "Series"):
        assert table[f"{name}, afresh"][:4] == table[name][:4]
        assert table[f"{name}, afresh"][4].endswith(" ms")
    assert (view.access.time.disabled, view.access.time.label) == (False, "Time both")
    page.close()


def test_what_counts_mean_is_said_where_they_are_not_what_is_read(tmp_path):
    solid_rotation().to_netcdf(tmp_path / "wind.nc")
    page = ExplorePage(Catalogue(tmp_path), "wind.nc")
    page.wait()
    view = open_tab(page, "Chunks")
    assert "is not compressed" in view.access._table.object
    page.state.choose_variable(next(iter(page.state.opened.derived)))
    page.wait()
    assert "is computed from other variables" in view.access._table.object
    assert cells(view)["Map"][1:4] == ["not known", "–", "–"]
    assert not view.access.time.visible
    page.close()


def test_of_a_folder_of_files_each_file_is_said_to_be_cut_on_its_own(tmp_path):
    data = xr.open_dataset(regional(tmp_path / "a.nc")).load()
    (tmp_path / "some").mkdir()
    for k in range(2):
        write(tmp_path / "some" / f"{k}.nc", data.isel(time=[k]))
    page = ExplorePage(Catalogue(tmp_path), "some")
    page.wait()
    view = open_tab(page, "Chunks")
    assert page.state.opened.format == "Folder of files"
    assert "Each file of a folder is cut on its own" in view._words.object
    assert not view.access.pane.visible
    page.close()
