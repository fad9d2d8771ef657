"""The export of tabs with several maps: the scripts make the numbers and the pictures of the page."""

import csv

import numpy as np
import pytest
import xarray as xr

from backends.fields.catalogue import Catalogue
from dashboard.explore.comparison import DATASET
from dashboard.explore.page import ExplorePage
from tests.backends.pictures.scripts import run_here
from tests.dashboard.explore.pages import open_tab
from tests.dashboard.helpers import export, text_of
from tests.files import dataset, write

GRID = np.arange(30.0, 61.0, 3.0), np.arange(-20.0, 21.0, 4.0)


@pytest.fixture
def page(tmp_path):
    """A page with three members that are -1, 0 and 4 K beside the known field, and the same 2 K colder in another file."""
    members = xr.concat([dataset(*GRID) + k for k in (-1.0, 0.0, 4.0)], "number").assign_coords(number=[0, 1, 2])
    members["t"].attrs.update(units="K", long_name="Temperature")
    write(tmp_path / "e.nc", members)
    colder = dataset(*GRID) - 2.0
    colder["t"].attrs.update(units="K", long_name="Temperature")
    write(tmp_path / "colder.nc", colder)
    page = ExplorePage(Catalogue(tmp_path), "e.nc")
    page.wait()
    yield page
    page.close()


def test_the_script_of_a_comparison_with_another_file_makes_what_the_page_shows(page, tmp_path):
    page.state.choose("number", 1)
    page.wait()
    view = open_tab(page, "Compare")
    view.kind.value = DATASET
    view.choice.value = "colder.nc"
    view.wait()
    picture = export(page, "svg")
    assert page.export.download.filename == "explore_e.nc_t_compared.svg"
    run_here(export(page, "py").decode(), tmp_path, "out.svg", "out.nc", "out.csv")
    assert (tmp_path / "out.svg").read_bytes() == picture
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_allclose(data["difference"], 2, rtol=1e-4)
        np.testing.assert_array_equal(data["first"], page.state.picture.field.values)
    head, first, *_ = csv.reader((tmp_path / "out.csv").open(newline=""))
    assert head[2:] == ["first [K]", "second [K]", "difference [K]"]
    assert float(first[2]) - float(first[3]) == pytest.approx(float(first[4]), abs=1e-4)


def test_the_script_of_an_ensemble_makes_what_the_page_shows_on_its_map(page, tmp_path):
    page.state.choose_projection("north")
    page.wait()
    view = open_tab(page, "Ensemble")
    view.threshold.value, view.side.value = 270.0, "below"
    picture = export(page, "svg")
    run_here(export(page, "py").decode(), tmp_path, "out.svg", "out.nc")
    assert (tmp_path / "out.svg").read_bytes() == picture
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_allclose(data["spread"], np.std([-1, 0, 4], ddof=1), rtol=1e-4)
        np.testing.assert_allclose(data["t"][2] - data["t"][1], 4, rtol=1e-4)
        np.testing.assert_allclose(data["probability"], 100 * (data["t"] < 270).mean("member"), rtol=1e-5)
        assert list(data["member"].values) == [0, 1, 2]


def test_what_is_on_its_way_is_not_exported(page):
    view = open_tab(page, "Compare")
    view._asked = view._asked._replace(choice=0)
    page.export.items["png"].clicks += 1
    page.export.wait()
    assert "Another picture is on its way" in text_of(page.export._problem)
