"""The views beside the map of the Explore page: built when they are looked at, brought up to date with the field."""

import csv

import numpy as np
import param
import pytest

from backends.fields import quality
from backends.fields.catalogue import Catalogue
from dashboard.explore.page import ExplorePage
from tests.dashboard.explore.pages import open_tab, pixels
from tests.dashboard.helpers import LATITUDE, LONGITUDE, text_of
from tests.files import dataset, known, write


def test_a_view_is_built_when_it_is_looked_at_and_stays(explore):
    assert explore.views.pane.objects == [explore.views._map]
    view = open_tab(explore, "Chunks")
    assert [pane.visible for pane in explore.views.pane.objects] == [False, True]
    explore.views.tabs.active = 0
    assert [pane.visible for pane in explore.views.pane.objects] == [True, False]
    assert open_tab(explore, "Chunks") is view


def test_a_view_that_is_not_looked_at_computes_nothing(levels):
    view = open_tab(levels, "Zonal mean")
    levels.views.tabs.active = 0
    before = view._asked
    levels.state.choose("time", 1)
    levels.wait()
    assert view._asked is before
    open_tab(levels, "Zonal mean")
    assert dict(view._asked.at)["time"] == 1


def test_the_zonal_mean_follows_the_time_and_is_written(levels):
    view = open_tab(levels, "Zonal mean")
    mean = known(LATITUDE, LONGITUDE).mean(axis=1)
    np.testing.assert_allclose(pixels(view.plane)[0], mean + 30, rtol=1e-5)  # the upper level has the lower pressure
    np.testing.assert_allclose(pixels(view.plane)[-1], mean, rtol=1e-5)
    assert view.plane.figure.y_range.start > view.plane.figure.y_range.end
    figure = view.plane.figure
    levels.state.choose("time", 2)
    levels.wait()
    np.testing.assert_allclose(pixels(view.plane)[0], mean + 32, rtol=1e-5)
    assert view.plane.figure is figure
    table = list(csv.reader(view._table()))
    assert table[0] == ["latitude [degrees north]", "850 hPa [K]", "500 hPa [K]"]
    np.testing.assert_allclose(np.array(table[1:], dtype=float)[:, 1], mean + 2, rtol=1e-6)


def test_the_zonal_mean_of_one_level_is_a_line(explore):
    view = open_tab(explore, "Zonal mean")
    assert [view.plane.pane.visible, view.line.pane.visible, view.log.visible] == [False, True, False]
    np.testing.assert_allclose(view.line._source.data["y"][0], known(LATITUDE, LONGITUDE).mean(axis=1), rtol=1e-6)


@pytest.mark.parametrize("end", ["close", "_on_failed"])
def test_a_view_lets_go_of_what_it_has_drawn(levels, end):
    view = open_tab(levels, "Zonal mean")
    assert view._drawn is not None
    view.close() if end == "close" else view._on_failed("there is none")
    assert (view._asked, view._drawn, view.found) == (None, None, None)


def test_two_taps_draw_a_section(levels):
    view = open_tab(levels, "Section")
    view._on_tap(40.0, -10.0)
    before = view.found
    view._on_tap(40.0, 10.0)
    levels.wait()
    assert view.found is not before
    cut = view.found[0]
    assert cut.latitude.max() > 40.3  # the great circle bends towards the pole
    assert cut.across[-1] == pytest.approx(2 * 6371 * np.arcsin(np.cos(np.deg2rad(40)) * np.sin(np.deg2rad(10))))
    assert (view.ends[0].value, view.ends[3].value) == (40, 10)
    assert len(view.locator.map._marks.data["color"]) == 2
    view.ends[2].value = 40.0
    view.ends[3].value = -10.0
    levels.wait()
    assert "neither the same nor opposite" in text_of(view._problem)
    assert not view.body.visible


def test_profiles_at_picked_places(levels):
    view = open_tab(levels, "Profile")
    assert not view.lines.pane.visible
    levels.state.pick(40.2, 10.3)
    levels.wait()
    here = known(np.array([40.0]), np.array([10.0]))[0, 0]
    np.testing.assert_allclose(view.lines._source.data["x"][0], [here, here + 30], rtol=1e-6)
    assert list(view.lines._source.data["y"][0]) == [850, 500]
    assert list(csv.reader(view._table()))[1][:3] == ["1", "40.2", "10.3"]
    levels.state.pick(50.2, -10.3)
    levels.wait()
    assert view.lines._marks.data["marker"] == ["square"] * 2 + ["circle"] * 2
    assert view.locator.map._marks.data["marker"] == ["square", "circle"]


def test_what_has_no_levels_or_times_says_so(explore, tmp_path):
    view = open_tab(explore, "Profile")
    assert "a single level, so there is no profile" in text_of(view._problem)
    write(tmp_path / "c.nc", dataset(LATITUDE, LONGITUDE).isel(time=0))
    explore.state.open("c.nc")
    explore.wait()
    assert "a single time" in text_of(open_tab(explore, "Hovmöller")._problem)


def test_the_band_of_a_hovmoller_diagram(levels):
    view = open_tab(levels, "Hovmöller")
    view.band.value = (39.0, 41.0)
    with param.edit_constant(view.band):
        view.band.value_throttled = (39.0, 41.0)
    levels.wait()
    row = known(np.array([40.0]), LONGITUDE)[0]
    shown = pixels(view.plane)
    np.testing.assert_allclose(shown[[0, -1]], [row, row + 3], rtol=1e-6)
    view.across.value = "latitude"
    levels.wait()
    np.testing.assert_allclose(pixels(view.plane)[0], known(LATITUDE, LONGITUDE).mean(axis=1), rtol=1e-6)
    view.across.value = "longitude"
    assert view.band.value == (39.0, 41.0)


def test_statistics_of_the_field_and_of_the_variable(levels):
    view = open_tab(levels, "Statistics")
    assert "Nothing suspicious" in view._quality.object
    assert sum(view.shares._source.data["share"]) == pytest.approx(100)
    assert view.spectrum.value == "map"
    assert len(view.lines._source.data["x"]) == 3
    linear = view.shares.figure
    view.log.value = True
    assert view.shares.figure is not linear
    view.scan.param.trigger("clicks")
    levels.wait()
    assert "8 of 8" in view._whole.object
    by_area = 16.5 + np.average(known(LATITUDE, LONGITUDE).mean(axis=1), weights=np.cos(np.deg2rad(LATITUDE)))
    assert f"{by_area:.4g} K" in view._whole.object
    assert not view.progress.visible
    table = list(csv.DictReader(view._table()))
    of = {(row["table"], row["item"]): [] for row in table}
    for row in table:
        of[row["table"], row["item"]].append(float(row["value"]))
    assert sum(of["histogram", "values"]) == of["quality", "values"][0] == LATITUDE.size * LONGITUDE.size
    assert sum(of["histogram", "share of the area"]) == pytest.approx(1, rel=1e-4)
    np.testing.assert_allclose(of["spectrum", "variance"], view.lines._source.data["y"][0], rtol=1e-6)
    assert of["whole variable", "mean by area"] == [pytest.approx(by_area, rel=1e-6)]


def test_a_scan_is_stopped_and_forgotten_with_its_variable(levels, monkeypatch):
    monkeypatch.setattr(quality, "WHILE", -1.0)
    view = open_tab(levels, "Statistics")
    monkeypatch.setattr(view, "_on_scanned", lambda *_: None)
    view._on_scan()
    assert view.progress.visible
    assert view.scan.label == "Stop"
    view._on_scan()
    assert not view.progress.visible
    assert view.scan.label == "Whole variable"


def test_suspicious_fields_are_told(tmp_path):
    data = dataset(LATITUDE, LONGITUDE)
    data.t[0, 3, 4] = -9999
    data.t[1] = np.nan
    write(tmp_path / "b.nc", data)
    page = ExplorePage(Catalogue(tmp_path), "b.nc")
    page.wait()
    view = open_tab(page, "Statistics")
    assert "1 value of −9999 looks like a fill value" in page._facts.object  # over all tabs, so not on this one again
    assert "looks like" not in view._quality.object
    assert "Nothing suspicious" not in view._quality.object
    assert page.state.low > 0  # the colours are those of the data
    page.state.choose("time", 1)
    page.wait()
    assert "All values are missing" in view._quality.object
    assert "every grid point is missing" in view._no_histogram.object
    assert not view.shares.pane.visible
    page.close()


def test_means_over_drawn_regions(levels):
    view = open_tab(levels, "Regions")
    weights = np.cos(np.deg2rad(LATITUDE))
    everywhere = np.average(known(LATITUDE, LONGITUDE).mean(axis=1), weights=weights)
    np.testing.assert_allclose(view.lines._source.data["y"][0], everywhere + np.arange(4), rtol=1e-6)
    view.draw_region({"type": "rect", "x0": 0.5, "x1": -0.5, "y0": 43.0, "y1": 39.0})
    view.draw_region({"type": "poly", "x": [-1.0, 1.0, 0.0], "y": [49.0, 49.0, 51.0]})
    levels.wait()
    box = np.average(known(np.array([40.0, 42.0]), np.zeros(1))[:, 0], weights=np.cos(np.deg2rad([40.0, 42.0])))
    shown = view.lines._source.data["y"]
    np.testing.assert_allclose([line[0] for line in shown], [box, known(np.array([50.0]), np.zeros(1))[0, 0]], rtol=1e-6)
    middles = [view.locator.map._marks.data[name] for name in ("longitude", "latitude")]
    np.testing.assert_allclose(middles, [[0, 0], [41, 149 / 3]], atol=1e-9)
    assert set(view.lines._marks.data["marker"]) == set(view.locator.map._marks.data["marker"]) == {"square", "circle"}
    assert "■</span>box" in view.numbers.object
    assert len(view.locator._lines.data["x"]) == 2
    assert f"{box:.4g} K" in view.numbers.object
    view.draw_region({"type": "rect", "x0": 100, "x1": 101, "y0": 0, "y1": 1})
    assert "no cell of the grid lies in the region" in text_of(view._problem).lower()
    assert len(view.regions) == 2
    view.forget()
    levels.wait()
    assert len(view.lines._source.data["y"]) == 1
