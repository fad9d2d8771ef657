"""Observations over a field on the Explore page without a browser: compared with it, drawn over it, and handed on with it."""

import numpy as np
import pytest

from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from backends.observations.selection import Selection
from dashboard.plots.observations.map import FRAME_WIDTH
from tests.dashboard.explore.pages import CSV, opened, wait
from tests.dashboard.helpers import text_of
from tests.files import known


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
    assert "more than 6 hours from the field in time" in text_of(views._apart)
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
    assert text_of(views._apart) == ""


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


def test_the_address_says_what_is_chosen_and_compared(stations, folder):
    views, state = stations.observations, stations.state.observations
    stations.address.look()
    before = stations.address.bar.wanted["query"]
    views.compare.datasets.value = "a.nc"
    stations.wait()
    wait(stations)
    views.compare.under.value = False
    state.choose_colour("background")
    wait(stations)
    day = np.datetime64("2020-01-01T00:00:00")
    state.choose(start=day, end=day + np.timedelta64(30, "D"), qualities=("unknown",), within=("value", 200.0, 300.5))
    views.tabs.active = 1
    wait(stations)
    stations.address.look()
    query = stations.address.bar.wanted["query"]
    parts = ("field=a.nc", "field_variable=t", "field_shown=false", "view=departures", "colour=background")
    for part in (*parts, "start=2020-01-01T00:00:00", "end=2020-01-31T00:00:00", "within=%5B%22value%22,200.0,300.5%5D"):
        assert part in query
    assert stations.address.bar.wanted["step"]  # each of them is undone by Back
    other = opened(folder, "", query)
    other.wait()
    wait(other)
    assert not other.address.faults
    theirs = other.state.observations
    assert (theirs.selection, theirs.colour) == (state.selection, "background")
    np.testing.assert_array_equal(theirs.of.table.background, state.of.table.background)
    assert other.observations.compare.chosen == views.compare.chosen
    assert other.observations.tabs.active == 1
    other.address.look()
    assert other.address.bar.wanted["query"] == ""  # it says already what it should
    table = state.table
    stations.address.travel(before)  # back
    stations.wait()
    wait(stations)
    assert state.table is table  # which is not read again
    assert (state.selection, state.comparison, state.colour) == (Selection(), None, "value")
    assert views.compare.datasets.value == ""
    stations.address.travel(query)  # and forward
    stations.wait()
    wait(stations)
    assert (state.selection, state.colour, views.tabs.active) == (theirs.selection, "background", 1)
    np.testing.assert_array_equal(theirs.of.table.background, state.of.table.background)
    other.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("start=yesterday", "start: must be a time"),
        ("start=2020-01-02&end=2020-01-01", "must not end before it begins"),
        ("within=[error,+1,+2]", "within"),
        ("level_kind=depth", "level_kind"),
        ("field=c.nc", "field: there is no dataset of fields 'c.nc'"),
        ("view=tables", "view"),
    ],
)
def test_what_is_wrong_of_a_choice_in_the_address_is_said_and_the_rest_counts(folder, wrong, said):
    page = opened(folder, "", f"?v=1&dataset=stations.csv&colour=number&{wrong}")
    page.wait()
    wait(page)
    assert said in " ".join(page.address.faults)
    assert (page.state.observations.selection, page.state.observations.colour) == (Selection(), "number")
    page.close()
