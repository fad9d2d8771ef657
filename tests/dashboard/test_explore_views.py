"""The views beside the map of the Explore page: built when they are looked at, brought up to date with the field."""

import pytest
import xarray as xr

from backends.fields.catalogue import Catalogue
from dashboard.explore.page import ExplorePage
from dashboard.explore.views import VIEWS
from tests.backends.damage import grib
from tests.dashboard.helpers import text_of
from tests.files import regional


@pytest.fixture
def explore(catalogue):
    page = ExplorePage(catalogue, "a.nc")
    page.state.wait()
    yield page
    page.close()


def open_tab(page, name):
    """Look at a view, wait for it and return it."""
    page.views.tabs.active = 1 + list(VIEWS).index(name)
    page.wait()
    return page.views.chosen()


def test_a_view_is_built_when_it_is_looked_at_and_stays(explore):
    assert explore.views.pane.objects == [explore.views._map]
    view = open_tab(explore, "Chunks")
    assert [pane.visible for pane in explore.views.pane.objects] == [False, True]
    explore.views.tabs.active = 0
    assert [pane.visible for pane in explore.views.pane.objects] == [True, False]
    assert open_tab(explore, "Chunks") is view


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
