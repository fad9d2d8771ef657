"""The colours of a map of observations and the place that it shows: by hand, by address, and carried on to fields and back."""

import numpy as np
import pytest

from dashboard.explore.observations.colours import colour_limits
from tests.dashboard.explore.pages import opened, wait
from tests.dashboard.helpers import text_of

GLOBE = "dataset=stations.csv&projection=globe&latitude=-20.0&longitude=100.0&low=280.0&high=290.0"


def ends(page, kind="value"):
    mapper = page.observations.map._mappers[kind]
    return mapper.low, mapper.high


def test_colours_of_departures_lie_evenly_about_zero(folder):
    page = opened(folder, "ekf.nc")
    state, views = page.state.observations, page.observations
    state.choose_colour("background")
    wait(page)
    departures = state.of.table.background_departure
    departures = departures[np.isfinite(departures)]
    assert departures.max() > 0 > -departures.max() != departures.min()  # they do not lie so themselves
    low, high = ends(page)
    assert low == -high
    assert high >= np.abs(departures).max()
    state.overview = None  # as long as nothing has been counted
    low, high = colour_limits(state, "background")
    assert low == -high
    assert not views.colours.limits.low.visible
    assert views.colours.limits.high.label == "Up to ±"
    views.colours.limits.high.value = 2.0
    assert ends(page) == (-2.0, 2.0)
    views.colours.usual.clicks += 1
    assert ends(page) == (low, high)
    state.choose_colour("quality")
    wait(page)
    assert not views.colours._limits.visible
    points = views.map._points.data
    told = {value: set(np.array(points["marker"])[points["value"] == value]) for value in set(points["value"])}
    assert all(len(markers) == 1 for markers in told.values())  # classes are told apart without their colours, too
    assert len({marker for markers in told.values() for marker in markers}) == len(told)
    page.close()


def test_limits_that_a_person_sets_hold_until_another_variable(stations):
    views, state = stations.observations, stations.state.observations
    usual = ends(stations)
    assert usual == (283.0, 295.0)
    assert (views.colours.limits.low.value, views.colours.limits.high.value) == usual
    views.colours.limits.low.value = 285.0
    assert ends(stations) == (285.0, 295.0)
    stations.state.observations.choose(box=(-1.0, 5.5, 30.0, 60.0))
    wait(stations)
    assert ends(stations) == (285.0, 295.0)
    views.colours.limits.high.value = 284.0
    assert "must be below the upper one; came 285 and 284" in text_of(views._problem)
    assert ends(stations) == (285.0, 295.0)
    state.forget("place")
    state.choose_variable("air_temperature")
    wait(stations)
    assert ends(stations) == usual


def test_the_address_shows_the_same_map_and_colours(stations, folder):
    state = stations.state.observations
    state.choose_projection("globe")
    state.turn_to(-20.0, 100.0)
    state.set_limits(280.0, 290.0)
    state.choose(box=(0.0, 5.0, 40.0, 50.0))
    wait(stations)
    stations.address.look()
    query = stations.address.bar.wanted["query"]
    for part in GLOBE.split("&"):
        assert part in query
    other = opened(folder, "", query)
    there = other.state.observations
    assert not other.address.faults
    for name in ("projection", "middle_latitude", "middle_longitude", "limits", "selection", "colour"):
        assert getattr(there, name) == getattr(state, name)
    assert other.observations.mapping.projection.value == "globe"
    np.testing.assert_array_equal(other.observations.map._points.data["x"], stations.observations.map._points.data["x"])
    assert ends(other) == (280.0, 290.0)
    other.address.look()
    assert other.address.bar.wanted["query"] == ""  # it says already what it should
    other.state.close()


def test_a_wrong_map_in_the_address_is_said_and_the_rest_counts(folder):
    page = opened(folder, "", "?v=1&dataset=stations.csv&projection=flat&latitude=95&colour=background&low=1&high=2")
    state = page.state.observations
    assert [fault.split(":")[0] for fault in page.address.faults] == ["projection", "latitude"]
    assert (state.projection, state.colour, state.limits) == ("lat-lon", "value", {})  # there is no O−B
    page.state.close()


def test_the_map_stays_where_it_is_from_fields_to_observations_and_back(folder):
    from tests.files import dataset, write

    write(folder / "globe.nc", dataset(np.arange(-90.0, 91.0, 10.0), np.arange(-180.0, 180.0, 10.0)))
    (folder / "world.csv").write_text(
        "station,lat,lon,time,T [°C]\n" + "\n".join(f"S{k},{k - 80},{k * 2 - 180},2020-01-01,{k}" for k in range(0, 180, 4))
    )
    page = opened(folder, "globe.nc")
    page.state.choose_projection("globe")
    page.state.turn_to(50.0, -120.0)
    wait(page)
    page.state.open("world.csv")
    wait(page)
    there = page.state.observations
    assert (there.projection, there.middle_latitude, there.middle_longitude) == ("globe", 50.0, -120.0)
    assert page.observations.mapping.projection.value == "globe"
    assert page.observations.mapping.latitude.value == 50.0
    there.choose_projection("robinson")
    there.turn_to(0.0, 90.0)
    page.state.open("globe.nc")
    wait(page)
    assert (page.state.projection, page.state.shown, page.state.middle_longitude) == ("robinson", "robinson", 90.0)
    page.state.open("stations.csv")  # which are not all round the Earth
    wait(page)
    assert there.projection == "robinson"
    assert (there.middle_latitude, there.middle_longitude) == pytest.approx((45.5, 5.5), abs=0.2)
    page.state.close()
