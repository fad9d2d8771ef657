"""Addresses of observations and of the field that they are compared with, while one takes the place of another."""

from threading import Event

import pytest

from dashboard.explore.observations import compare as controls
from tests.dashboard.explore.pages import opened, wait
from tests.dashboard.helpers import text_of

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
