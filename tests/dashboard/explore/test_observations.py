"""Observations on the Explore page without a browser: opening, what is shown, and views that filter each other."""

import shutil

import numpy as np
import pytest

from backends.fields.raster import Window
from dashboard.explore.observations import file_state
from tests.backends.observation_files import table
from tests.dashboard.explore.pages import CSV, opened, wait
from tests.dashboard.helpers import SCRIPT, text_of


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
    assert not stations._settings.visible


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
