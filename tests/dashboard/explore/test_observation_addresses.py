"""Addresses of observations and of the field that they are compared with, while one takes the place of another."""

from dataclasses import astuple
from threading import Event

import numpy as np
import pytest

from backends.fields.raster import Window
from dashboard.address import query_of
from dashboard.explore.observations import compare as controls
from tests.dashboard.explore.pages import opened, wait
from tests.dashboard.helpers import text_of
from tests.files import regional

TWO = "station,lat,lon,time,T [°C],u [m/s]\n" + "\n".join(f"S{k},{40 + k},{k},2021-05-16T12:00,{10 + k},{k}" for k in range(12))
OF_TWO = "?v=1&dataset=two.csv&variable="


@pytest.fixture
def two(folder):
    """A folder with a file of temperature and wind, which the field is not."""
    (folder / "two.csv").write_text(TWO)
    return folder


@pytest.fixture
def held(monkeypatch):
    """What lets comparisons come."""
    let_come, compare = Event(), controls.compare

    def later(*given):
        assert let_come.wait(10)
        return compare(*given)

    monkeypatch.setattr(controls, "compare", later)
    yield let_come
    let_come.set()


def all_of(page):
    """Wait until all is there: observations, then what they are compared with, then what is shown of that."""
    wait(page)
    page.wait()
    wait(page)


@pytest.mark.parametrize(
    ("query", "variable", "rows"),
    [(f"{OF_TWO}eastward_wind", "eastward_wind", 12), ("?v=1&dataset=ekf.nc", "air_temperature", 2)],
)
def test_an_address_without_a_field_shows_its_own_observations(two, query, variable, rows):
    page = opened(two, "", f"{OF_TWO}air_temperature&field=a.nc")
    all_of(page)
    state, views = page.state.observations, page.observations
    assert state.comparison is not None
    page.address.travel(query)
    all_of(page)
    assert state.comparison is None
    assert state.of is state.file_of
    assert state.of.table.variable.counts() == {variable: rows}
    assert (views.compare.datasets.value, views.compare.variable.visible) == ("", False)
    page.close()


def test_the_list_of_variables_says_the_one_of_the_address(two):
    page = opened(two, "", f"{OF_TWO}air_temperature")
    page.address.travel(f"{OF_TWO}eastward_wind")
    all_of(page)
    assert (page.state.observations.variable, page.observations.variable.value) == ("eastward_wind", "eastward_wind")
    page.close()


def test_departures_are_shown_though_their_comparison_was_on_its_way_already(stations, held):
    stations.address.look()
    plain = stations.address.bar.wanted["query"]
    stations.observations.compare.datasets.value = "a.nc"
    stations.address.travel(f"{plain}&field=a.nc&colour=background&low=-50.0&high=50.0")
    state = stations.state.observations
    assert state.colour == "value"  # as long as there are no departures
    held.set()
    all_of(stations)
    assert (state.colour, state.limits) == ("background", {"background": (-50.0, 50.0)})


def test_departures_that_failed_do_not_come_with_another_variable(two):
    page = opened(two, "", f"{OF_TWO}eastward_wind&field=a.nc&colour=background&low=-1.0&high=1.0")
    all_of(page)
    state, compare = page.state.observations, page.observations.compare
    assert "has no field of eastward_wind" in text_of(compare._problem)
    page.observations.variable.value = "air_temperature"
    all_of(page)
    assert state.comparison is not None
    assert (state.colour, state.limits) == ("value", {})
    page.close()


@pytest.mark.parametrize("choice", ["colour", "limits", "in_time", "variable"])
def test_what_a_person_chooses_takes_the_place_of_departures_on_their_way(two, held, choice):
    page = opened(two, "", f"{OF_TWO}air_temperature&field=a.nc&colour=background&low=-1.0&high=1.0")
    state, views = page.state.observations, page.observations
    if choice == "colour":
        state.choose_colour("number")
    elif choice == "limits":
        state.set_limits(280.0, 290.0)
    elif choice == "in_time":
        views.compare.in_time.value = "linear"
    else:
        views.variable.value = "eastward_wind"
        wait(page)
        views.variable.value = "air_temperature"
        wait(page)
    held.set()
    all_of(page)
    assert choice == "in_time" or state.comparison is not None
    assert state.colour == ("number" if choice == "colour" else "value")
    assert state.limits == ({"value": (280.0, 290.0)} if choice == "limits" else {})
    page.close()


def test_an_unknown_field_in_an_address_is_none(stations):
    stations.address.look()
    plain = stations.address.bar.wanted["query"]
    compare = stations.observations.compare
    compare.datasets.value = "a.nc"
    all_of(stations)
    stations.address.travel(f"{plain}&field=c.nc&field_variable=q")
    all_of(stations)
    assert "there is no dataset of fields 'c.nc'" in " ".join(stations.address.faults)
    assert (compare.datasets.value, stations.state.observations.comparison) == ("", None)
    assert compare.chosen == {}


def test_the_report_that_was_clicked_is_in_the_address(two):
    page = opened(two, "", f"{OF_TWO}air_temperature")
    state = page.state.observations
    page.address.look()
    plain = page.address.now()
    state.pick(45.0, 5.0)
    wait(page)
    station = state.card.table.station.names[state.card.table.station.codes[state.card.row]]
    assert station == "S5"
    page.observations.departures.passed.value = False
    page.address.look()
    assert page.address.bar.wanted["step"]
    query = page.address.bar.wanted["query"]
    row = int(dict(page.address.now())["report"])
    table = state.table
    assert (table.station.names[table.station.codes[row]], table.value[row]) == ("S5", 15 + 273.15)
    other = opened(two, "", query)
    all_of(other)
    card = other.state.observations.card
    assert card.table.station.names[card.table.station.codes[card.row]] == "S5"
    assert not other.observations.departures.passed.value
    assert not other.address.faults
    page.address.travel(query_of(plain))
    assert (state.card, page.observations.departures.passed.value) == (None, True)
    page.address.travel(query)
    assert state.row == row
    page.close()
    other.close()


@pytest.mark.parametrize("row", ["24", "-1", "S5"])
def test_a_report_that_is_not_there_is_said(two, row):
    page = opened(two, "", f"{OF_TWO}air_temperature&report={row}")
    (fault,) = page.address.faults
    assert fault.startswith("report: ")
    assert page.state.observations.card is None
    page.close()


def test_departures_from_one_field_do_not_stay_under_the_name_of_another(two, held):
    regional(two / "b.nc")
    page = opened(two, "", f"{OF_TWO}air_temperature&field=a.nc&colour=background")
    held.set()
    all_of(page)
    state, views = page.state.observations, page.observations
    assert (state.comparison is not None, state.colour) == (True, "background")
    held.clear()
    views.compare.datasets.value = "b.nc"
    assert (state.comparison, state.colour, state.of) == (None, "value", state.file_of)
    assert "Comparing" in views.compare._said.object
    held.set()
    all_of(page)
    assert (state.comparison.dataset.label, state.colour) == ("b.nc", "background")
    views.compare.in_time.value = "linear"  # all observations are after its times
    all_of(page)
    assert (state.comparison, state.colour) == (None, "value")
    assert "before or after its times" in text_of(views.compare._problem)
    assert views.compare._said.object == ""
    page.close()


@pytest.mark.parametrize("projection", ["lat-lon", "globe"])
def test_the_part_of_the_map_that_is_looked_at_is_in_the_address(two, projection):
    page = opened(two, "", f"{OF_TWO}air_temperature&projection={projection}")
    all_of(page)
    page.address.look()
    plain, drawn = page.address.now(), page.observations.map
    assert "zoom" not in dict(plain)
    whole = drawn._whole
    wide, high = whole.east - whole.west, whole.north - whole.south
    part = Window(whole.west + wide / 3, whole.west + wide / 2, whole.south + high / 4, whole.south + high / 3)
    drawn.figure.x_range.update(start=part.west, end=part.east)  # as a browser does, which then tells of it
    drawn.figure.y_range.update(start=part.south, end=part.north)
    drawn._on_ranges(drawn.figure, part)
    page.address.look()
    assert not page.address.bar.wanted["step"]
    zoomed = page.address.now()
    other = opened(two, "", query_of(zoomed))
    all_of(other)
    assert not other.address.faults
    seen = other.observations.map
    np.testing.assert_allclose(astuple(seen.part), astuple(part), atol=wide / 1e4)
    np.testing.assert_allclose(
        astuple(other.state.observations.window), astuple(part), atol=wide / 1e4
    )  # which is what is drawn
    assert other.address.now() == zoomed
    assert (seen.figure.x_range.reset_start, seen.figure.x_range.reset_end) == (whole.west, whole.east)
    other.address.travel(query_of(plain))
    all_of(other)
    assert seen.part is None
    page.close()
    other.close()


@pytest.mark.parametrize(
    ("zoom", "says"),
    [("[20,10,30,40]", "zoom: must be west, east, south and north"), ("[170,175,40,45]", "zoom: lies beside the map")],
)
def test_a_part_that_is_none_of_the_map_is_said(two, zoom, says):
    page = opened(two, "", f"{OF_TWO}air_temperature&zoom={zoom}")
    all_of(page)
    assert any(says in fault for fault in page.address.faults)
    assert page.observations.map.part is None
    page.close()


def test_another_map_is_looked_at_as_a_whole(two):
    page = opened(two, "", f"{OF_TWO}air_temperature&zoom=[2,6,42,46]")
    all_of(page)
    assert page.observations.map.part == Window(2, 6, 42, 46)
    page.state.observations.choose_projection("robinson")
    all_of(page)
    assert page.observations.map.part is None
    assert "zoom" not in dict(page.address.now())
    page.close()
