"""The export of cuts: the scripts make the numbers and the pictures of the page."""

import csv

import numpy as np
import pytest
import xarray as xr

from backends.pictures.style import MARKERS
from tests.backends.pictures.scripts import run_here
from tests.dashboard.explore.pages import open_tab
from tests.dashboard.helpers import export, text_of


def test_the_script_of_a_section_makes_what_the_page_shows(levels, tmp_path):
    view = open_tab(levels, "Section")
    view.set_places((35.0, -5.0), (50.0, 10.0))
    view.wait()
    picture = export(levels, "svg")
    assert levels.export.download.filename == "explore_b.nc_t_section.svg"
    run_here(export(levels, "py").decode(), tmp_path, "out.svg", "out.nc")
    assert (tmp_path / "out.svg").read_bytes() == picture
    cut, _ = view.found
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_array_equal(data["t"], cut.values)
        np.testing.assert_allclose(data["level"], [850, 500])
        np.testing.assert_allclose([data["lat"][0], data["lon"][-1]], [35, 10])


@pytest.mark.parametrize(("tab", "across"), [("Zonal mean", "latitude [°N]"), ("Hovmöller", "longitude [°E]")])
def test_means_are_exported_with_their_axes_and_their_script(levels, tab, across, tmp_path):
    view = open_tab(levels, tab)
    head, first, *_ = csv.reader(export(levels, "csv").decode().splitlines())
    assert head[0] == across
    np.testing.assert_allclose([float(value) for value in first[1:]], view.found.values[:, 0], rtol=1e-6)
    (panel,) = levels.export._snapshot().exhibit().drawing().panels
    assert panel.downward
    picture = export(levels, "svg")
    run_here(export(levels, "py").decode(), tmp_path, "out.svg", "out.nc")
    assert (tmp_path / "out.svg").read_bytes() == picture
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_array_equal(data["t"], view.found.values)


def test_a_tab_without_a_picture_of_its_own_exports_the_map(levels):
    open_tab(levels, "Chunks")
    assert export(levels, "png").startswith(b"\x89PNG")
    assert "_section" not in levels.export.download.filename


def drawn_and_run(page, folder):
    """Return the picture of the page, after the same was made by its script, with its numbers."""
    picture = export(page, "svg")
    run_here(export(page, "py").decode(), folder, "out.svg", "out.nc", "out.csv")
    assert (folder / "out.svg").read_bytes() == picture
    with xr.open_dataset(folder / "out.nc") as data:
        return data.load()


def test_the_script_of_profiles_makes_what_the_page_shows(levels, tmp_path):
    open_tab(levels, "Statistics")
    export(levels, "csv")
    view = open_tab(levels, "Profile")
    levels.export.items["svg"].clicks += 1
    levels.export.wait()
    assert "There are no profiles; click places on a map first" in text_of(levels.export._problem)
    assert not levels.export.download.visible
    levels.state.pick(41.0, 5.0)
    levels.state.pick(55.0, -3.0)
    levels.wait()
    data = drawn_and_run(levels, tmp_path)
    np.testing.assert_array_equal(data["t"], view.found[0])
    np.testing.assert_allclose(data["t"][1] - data["t"][0], 30)  # the upper level is that much warmer
    np.testing.assert_allclose(data["lat"], [41, 55])
    lines, where = levels.export._snapshot().exhibit().drawing().panels
    assert lines.downward
    assert lines.log
    assert where.points.markers == [MARKERS[curve.colour] for curve in lines.curves]


def test_the_script_of_means_over_regions_makes_what_the_page_shows(levels, tmp_path):
    view = open_tab(levels, "Regions")
    view.draw_region({"type": "rect", "x0": -5.0, "x1": 6.0, "y0": 40.0, "y1": 51.0})
    view.draw_region({"type": "poly", "x": [-10.0, 10.0, 0.0], "y": [35.0, 35.0, 55.0]})
    view.wait()
    data = drawn_and_run(levels, tmp_path)
    np.testing.assert_array_equal(data["t"], view.found[0].values)
    assert list(data["region"].values) == ["box 40.0 to 51.0°N, -5.0 to 6.0°E", "polygon 35.0 to 55.0°N, -10.0 to 10.0°E"]
    known = xr.open_dataset(tmp_path / "b.nc")["t"].isel(level=0).sel(lat=slice(40, 51), lon=slice(-5, 6))
    weighted = known.weighted(np.cos(np.deg2rad(known.lat))).mean(["lat", "lon"])
    np.testing.assert_allclose(data["t"].isel(across=0), weighted, rtol=1e-5)


def test_the_script_of_statistics_makes_what_the_page_shows(levels, tmp_path):
    view = open_tab(levels, "Statistics")
    view.log.value = True
    data = drawn_and_run(levels, tmp_path)
    values = levels.state.picture.field.values.astype(float)
    assert float(data["median"]) == pytest.approx(np.median(values))
    assert int(data["count"].sum()) == values.size
    assert float(data["share"].sum()) == pytest.approx(1)
    np.testing.assert_array_equal(data["power"], view.found.power.power)
    rows = list(csv.reader((tmp_path / "out.csv").open(newline="")))
    assert rows[0] == ["table", "item", "from", "to", "value"]
    assert rows[1] == ["quality", "values", "", "", str(values.size)]
