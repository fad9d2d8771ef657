"""Observations on the Explore page without a browser: opening, what is shown, and views that filter each other."""

import shutil

import numpy as np
import pytest

from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from dashboard.explore.observations import file_state
from dashboard.plots.observations.map import FRAME_WIDTH
from tests.backends.observation_files import table
from tests.dashboard.explore.pages import CSV, opened, wait
from tests.dashboard.helpers import SCRIPT, text_of
from tests.files import known


def test_a_file_of_observations_shows_their_views(stations):
    state, views = stations.state, stations.observations
    assert (state.dataset, stations.opening.datasets.key) == ("stations.csv", "stations.csv")
    assert views.pane.visible
    assert not stations._field.visible
    assert "Temperature [K]" in views._heading.object
    assert "12 observations · stations.csv · CSV" in views._heading.object
    assert "<td>12</td><td>283.1 K</td><td>288.6 K</td><td>294.1 K</td>" in views._statistics.object
    np.testing.assert_allclose(views.map._points.data["value"], 283.15 + np.arange(12), rtol=1e-6)
    assert list(views.counts.times.source.data["count"]) != []


def test_a_field_and_observations_take_turns(stations):
    stations.state.open("a.nc")
    wait(stations)
    assert stations._field.visible
    assert not stations.observations.pane.visible
    assert stations.state.picture is not None
    stations.state.open("stations.csv")
    wait(stations)
    assert stations.observations.pane.visible
    assert not stations._controls.visible


def test_what_is_chosen_in_one_view_filters_the_others(stations):
    state, views = stations.state.observations, stations.observations
    views.map._on_box(type("Box", (), {"west": -1.0, "east": 5.5, "south": 30.0, "north": 60.0})())
    wait(stations)
    assert state.overview.chosen == 6
    assert "6 of 12 observations" in views._heading.object
    assert len(views.map._points.data["x"]) == 12  # the map shows what lies round the box, too
    assert views.map._chosen.visible
    views.counts.times._touched(*[views.counts.times._edges[0]] * 2)
    wait(stations)
    assert state.overview.chosen == 2  # of the first hour: stations 0 and 3
    assert len(views.map._points.data["x"]) == 4
    assert [chip.label.split(":")[0] for chip in views._chips.objects] == ["place", "time"]
    views._chips.objects[0].clicks += 1
    wait(stations)
    assert state.overview.chosen == 4
    assert not views.map._chosen.visible


def test_feedback_has_departures_and_classes(folder):
    page = opened(folder, "ekf.nc")
    state, views = page.state.observations, page.observations
    assert page.state.dataset == "ekf.nc"
    assert set(views.colours.colour.options.values()) == {"value", "background", "analysis", "quality", "number"}
    for colour in ("background", "quality", "number"):
        views.colours.colour.value = colour
        wait(page)
        assert state.picture.colour == colour
    assert views.map._images["number"].visible
    assert "O−B" in views._statistics.object
    page.state.close()


def test_a_click_shows_the_report(stations):
    state, views = stations.state.observations, stations.observations
    state.pick(43.1, 3.1)
    wait(stations)
    assert "Station S3" in views._card.object
    assert "286.1 K" in views._card.object
    assert views.map._picked.data == {"x": [3.0], "y": [43.0]}
    state.pick(-60.0, 100.0)
    wait(stations)
    assert "Click an observation" in views._card.object


def test_texts_of_files_are_escaped(folder):
    (folder / "tricky.csv").write_text(CSV.replace("S3", SCRIPT))
    page = opened(folder, "tricky.csv")
    page.state.observations.pick(43.0, 3.0)
    wait(page)
    assert "<script>" not in page.observations._card.object
    assert "&lt;script&gt;" in page.observations._card.object
    page.state.close()


def test_what_cannot_be_decoded_leaves_what_is_shown(stations, folder):
    shutil.copy(folder / "stations.csv", folder / "bad.csv")
    (folder / "bad.csv").write_text(CSV.replace("T [°C]", "T"))
    stations.opening.path.value = "bad.csv"
    wait(stations)
    assert "has no unit" in text_of(stations.opening.problem)
    assert stations.state.dataset == "stations.csv" == stations.opening.datasets.key
    assert not text_of(stations.opening.reading)


def test_decoding_can_be_stopped(stations, monkeypatch):
    waiting = []

    def slowly(path, progress, wanted, columns):
        progress(3, 10)
        waiting.append(stations.state.observations.progress)
        stations.state.cancel()
        assert not wanted()
        raise file_state.Cancelled(path.name)

    monkeypatch.setattr(file_state, "table_for_maps", slowly)
    stations.state.open("ekf.nc")
    wait(stations)
    assert waiting == [(3, 10)]
    assert stations.state.dataset == "stations.csv"
    assert stations.state.reading == stations.state.observations.opening == stations.state.open_problem == ""


def test_the_catalogue_lists_observations_apart(stations):
    assert [e.key for e in stations.state.entries if e.origin == "observed"] == ["ekf.nc", "stations.csv"]
    assert "ekf.nc" not in [e.key for e in stations.state.entries if e.origin == "found"]


def test_a_million_are_drawn_as_pixels(stations):
    random = np.random.default_rng(1)
    rows = 100_000
    stations.state.observations._wanted = file = file_state.ObservationFile(stations.state.catalogue.folder, "many", "many")
    stations.state.observations._on_table(
        file, table(rows, latitude=random.uniform(-80, 80, rows), longitude=random.uniform(-180, 180, rows))
    )
    wait(stations)
    assert stations.observations.map._images["value"].visible
    assert not stations.observations.map._dots["value"].visible
    state, views = stations.state.observations, stations.observations
    state.choose_projection("globe")
    wait(stations)
    rows, columns = np.asarray(views.map._rasters["value"].data["image"][0]).shape
    assert views.map.size[0] / columns == pytest.approx(views.map.size[1] / rows, rel=0.02)  # squares on the screen


def test_observations_are_compared_with_a_field(stations):
    views, state = stations.observations, stations.state.observations
    views.compare.datasets.value = "a.nc"
    stations.wait()
    wait(stations)
    assert views.compare.variable.value == "t"
    inside = (state.of.table.latitude <= 60) & (state.of.table.longitude <= 20)
    expected = known(state.of.table.latitude[inside], state.of.table.longitude[inside]).diagonal()
    times = np.round((state.of.table.time[inside] - np.datetime64("2020-01-01")).astype(float) / 21600)
    assert times.min() > 3  # later than all times of the field: the last one counts
    np.testing.assert_allclose(state.of.table.background[inside], expected + 3, rtol=1e-5)
    assert "O−B against a.nc" in views._heading.object
    assert views.map._field.visible
    assert views.map._field.glyph.global_alpha > 0.5
    state.choose_colour("background")
    wait(stations)
    assert views.map._field.glyph.global_alpha < 0.5  # its colours are not those of the departures
    views.compare.under.value = False
    assert not views.map._field.visible
    views.compare.datasets.value = ""
    wait(stations)
    assert not np.isfinite(state.of.table.background).any()


def test_a_field_that_does_not_fit_is_refused(stations):
    views = stations.observations
    stations.state.observations.choose_variable("air_temperature")
    wait(stations)
    (stations.state.catalogue.folder / "wind.csv").write_text(CSV.replace("T [°C]", "u [m/s]"))
    stations.state.open("wind.csv")
    wait(stations)
    views.compare.datasets.value = "a.nc"
    stations.wait()
    assert "has no field of eastward_wind" in text_of(views.compare._problem)


def test_departures_by_level_region_and_bar(folder):
    page = opened(folder, "ekf.nc")
    state, views = page.state.observations, page.observations
    views.tabs.active = 1
    assert views.departures._boxes["background"].visible
    edges, counts = state.overview.histograms["background"]
    assert counts.sum() == np.isfinite(state.of.table.background).sum()
    views.departures.bars["background"]._touched(edges[0], edges[-1])
    wait(page)
    assert state.selection.within[0] == "background"
    assert "region" in views.departures._regions.object
    page.state.close()


def test_suspicious_rows_are_listed_and_shown(folder):
    twice = CSV + "\nS0,40,0,2021-05-16T12:00,10,0.5\nX,0,0,2021-05-16T12:00,10,0.5"
    (folder / "twice.csv").write_text(twice)
    page = opened(folder, "twice.csv")
    views = page.observations
    views.tabs.active = 2
    page.state.wait()
    assert list(views.suspicious.table.value["why"][:1]) == ["at 0°N 0°E, which stands for a missing place"]
    assert "1 suspicious places and 2 duplicates" in views.suspicious._words.object
    views.suspicious._on_click(type("Click", (), {"row": 0})())
    assert "Station X" in views._card.object
    page.state.close()


def test_stations_go_to_the_analysis_page(real_data):
    from dashboard.analysis.page import AnalysisPage

    page = opened(real_data, "dwd-synop-germany-2021-05-16T12.bufr")
    address = page.observations.onward.button.href
    page.state.close()
    assert address.startswith("analysis?v=1&case.name=stations")
    analysis = AnalysisPage(Catalogue(real_data), query=address.removeprefix("analysis"))
    analysis.wait()
    assert analysis.state.kind == "stations"
    assert analysis.state.result is not None
    assert not analysis.state.problem
    analysis.close()
    assert not analysis.address.faults


def test_observations_lie_on_a_globe_over_their_field(stations):
    views, state = stations.observations, stations.state.observations
    views.compare.datasets.value = "a.nc"
    stations.wait()
    wait(stations)
    assert state.middle_latitude == pytest.approx(45.5, abs=0.2)
    views.mapping.projection.value = "globe"
    wait(stations)
    points = views.map._points.data
    # At 45.5°N 5.5°E in the middle, a place at 43°N 3°E lies (Snyder, 1987, 20-3 and 20-4):
    phi, middle, east = np.radians(43.0), np.radians(state.middle_latitude), np.radians(3.0 - state.middle_longitude)
    x = np.cos(phi) * np.sin(east)
    y = np.cos(middle) * np.sin(phi) - np.sin(middle) * np.cos(phi) * np.cos(east)
    assert np.hypot(points["x"] - x, points["y"] - y).min() < 1e-6
    under = np.asarray(views.map._field_raster.data["image"][0])
    assert views.map._field.visible
    row, column = ((v + 1) / 2 * n for v, n in zip((y, x), under.shape, strict=True))
    assert under[int(row), int(column)] == pytest.approx(known(np.array([43.0]), np.array([3.0])).item() + 3, abs=1.2)
    figure = views.map.figure
    height = figure.max_width / figure.aspect_ratio
    across, tall = figure.max_width - FRAME_WIDTH, height - figure.min_border_top - figure.min_border_bottom
    assert across == pytest.approx(tall, abs=1.5)  # the globe is round
    views.map._on_tapped(x, y)
    wait(stations)
    assert "Station S3" in views._card.object
    np.testing.assert_allclose([views.map._picked.data["x"][0], views.map._picked.data["y"][0]], [x, y], atol=1e-6)
    state.turn_to(-43.0, -177.0)
    wait(stations)
    assert views.map.figure is figure  # it is turned, not built anew
    assert not len(views.map._points.data["x"])  # all are on the other side
    assert np.isnan(views.map._picked.data["x"][0])


def test_a_box_on_a_polar_map_filters_and_is_drawn_where_it_holds(stations):
    views, state = stations.observations, stations.state.observations
    views.mapping.projection.value = "north"
    wait(stations)
    there = views.map._points.data
    near = np.argsort(there["y"])[:4]
    drawn = Window(*(float(v) for k in "xy" for v in (there[k][near].min() - 1e-3, there[k][near].max() + 1e-3)))
    state.choose_box(drawn)
    wait(stations)
    assert 4 <= state.overview.chosen < state.overview.rows
    edge = views.map._edge.data
    assert len(edge["x"]) > 100
    assert np.nanmin(edge["x"]) <= drawn.west + 2e-3
    assert not views.map._chosen.visible
    views.mapping.projection.value = "lat-lon"
    wait(stations)
    assert views.map._chosen.visible
    assert not len(views.map._edge.data["x"])


def test_observations_over_a_field_go_to_the_analysis_page(stations, folder, monkeypatch):
    from backends.observations import decode
    from backends.observations.readers import read
    from dashboard.analysis.page import AnalysisPage

    onward = stations.observations.onward
    assert not onward.button.visible
    assert "choose a field" in onward.why.object
    stations.observations.compare.datasets.value = "a.nc"
    stations.wait()
    stations.state.observations.choose_box(Window(1.5, 20.0, 30.0, 60.0))
    for _ in range(3):
        wait(stations)
        stations.wait()
    assert onward.button.label == "Analyse over this field"
    monkeypatch.setattr(decode, "table_of", read)
    analysis = AnalysisPage(Catalogue(folder), query=onward.button.href.removeprefix("analysis"))
    for _ in range(3):
        analysis.wait()
    state = analysis.state
    assert (state.kind, state.problem) == ("observed-field", "")
    # The latest field is long before the observations, which are those of the box.
    assert state.result.observations.values.tolist() == pytest.approx([283.15 + k for k in range(2, 12)], abs=1e-3)
    assert "501 days earlier" in analysis._warnings.object
    assert "O−B" in analysis._scores.object
    assert "RMSE" not in analysis._scores.object
    titles = analysis.fields.titles
    assert "Observations y" in titles["truth"].object
    assert "Residual" in titles["error"].object
    controls = analysis.case_controls.observed
    assert controls.observed.value == "air_temperature"
    assert "10 observations of temperature are used" in controls.notes.object
    assert "30.0 and 60.0°N" in controls.notes.object
    state.toggle((50.0, 5.0))  # a click adds nothing to what is real
    assert len(state.result.observations) == 10
    controls.qualities.value = ["passed"]
    analysis.wait()
    assert "of another quality" in state.problem
    analysis.close()


def test_why_observations_are_not_analysed_is_said(folder):
    page = opened(folder, "a.nc")
    page.state.upload("mine.csv", CSV.encode())
    wait(page)
    assert "A file of your own cannot be analysed" in page.observations.onward.why.object
    assert not page.observations.onward.button.visible
    page.close()
