"""Observations on projected maps: their places against PROJ, and clicks and boxes put back on the Earth."""

import numpy as np
import pytest
import torch
from pyproj import CRS, Transformer

from backends.fields.raster import Window
from backends.fields.views import projection_of
from backends.geometry.projections.perspective import Geostationary
from backends.observations.one_variable import one_variable
from backends.observations.projected import area_on, box_of, find_on, outline_of, places_on
from backends.observations.selection import Selection, in_box
from tests.backends.observation_files import table, take_pieces

NORTH, EAST = 48.0, 11.0
RADIUS = 6_371_000.0
PROJ = {
    "globe": f"+proj=ortho +lat_0={NORTH} +lon_0={EAST}",
    "robinson": f"+proj=robin +lon_0={EAST}",
    "north": f"+proj=stere +lat_0=90 +lon_0={EAST}",
    "south": f"+proj=stere +lat_0=-90 +lon_0={EAST}",
    "lambert": f"+proj=lcc +lat_0={NORTH} +lon_0={EAST} +lat_1={NORTH - 15} +lat_2={NORTH + 15}",
    "mercator": f"+proj=merc +lon_0={EAST}",
}


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch):
    """Take millions for a few dozens: what is right of several pieces is right of one."""
    take_pieces(monkeypatch)


@pytest.fixture(scope="module")
def scattered():
    random = np.random.default_rng(5)
    latitude, longitude = np.rad2deg(np.arcsin(random.uniform(-1, 1, 2000))), random.uniform(-180, 180, 2000)
    return one_variable(table(2000, latitude=latitude, longitude=longitude), "air_temperature")


@pytest.mark.parametrize("name", PROJ)
def test_observations_lie_where_proj_puts_them(scattered, name):
    where = places_on(scattered, projection_of(name, NORTH, EAST))
    assert 0.3 * 2000 < len(where.x) <= 2000
    assert (np.diff(where.y) >= 0).all()
    there = Transformer.from_crs("EPSG:4326", CRS(f"{PROJ[name]} +R={RADIUS} +type=crs"), always_xy=True)
    of = scattered.table
    x, y = there.transform(of.longitude[where.row], of.latitude[where.row])
    away = np.hypot(where.x - np.array(x) / RADIUS, where.y - np.array(y) / RADIUS)
    # Tables hold single precision; a map of Lambert's cone stretches what is far away.
    assert (away < 2e-6 * np.maximum(1, np.hypot(where.x, where.y))).all()


def test_what_a_globe_and_a_satellite_do_not_see_is_left_out(scattered):
    phi, lam = np.radians(scattered.table.latitude), np.radians(scattered.table.longitude - EAST)
    for name, middle, horizon in (("globe", NORTH, 0.0), ("satellite", 0.0, 1 / 6.6107)):
        centre = np.radians(middle)
        cosine = np.sin(centre) * np.sin(phi) + np.cos(centre) * np.cos(phi) * np.cos(lam)
        seen = np.zeros(len(phi), bool)
        seen[places_on(scattered, projection_of(name, NORTH, EAST)).row] = True
        clear = np.abs(cosine - horizon) > 0.01
        np.testing.assert_array_equal(seen[clear], (cosine > horizon)[clear])


@pytest.mark.parametrize("name", [*PROJ, "satellite"])
def test_a_click_finds_what_lies_under_it(scattered, name):
    projection = projection_of(name, NORTH, EAST)
    where, area = places_on(scattered, projection), area_on(scattered, projection)
    small = Window(area.west, area.east, -0.01, 0.01)
    for k in range(0, len(where.row), 97):
        north, east = (float(v[where.row[k]]) for v in (scattered.table.latitude, scattered.table.longitude))
        assert find_on(scattered, projection, Selection(), north, east, small) == scattered.row[where.row[k]]
    assert find_on(scattered, projection, Selection(qualities=("rejected",)), north, east, small) is None


@pytest.mark.parametrize("name", [*PROJ, "satellite"])
def test_a_box_on_the_map_becomes_the_least_box_of_degrees_that_holds_it(scattered, name):
    projection = projection_of(name, NORTH, EAST)
    middle = torch.tensor([[-52.0 if name == "south" else 52.0], [20.0]], dtype=torch.float64)
    x, y = (float(v[0]) for v in projection.forward(*middle))
    size = 0.02 if name == "satellite" else 0.25
    drawn = Window(x - size, x + size, y - size, y + size)
    box = box_of(projection, drawn)
    assert box is not None
    where = places_on(scattered, projection)
    inside = where.row[where.within(drawn)]
    assert len(inside) > 3
    wider = (box[0] - 1, box[1] + 1, box[2] - 1, box[3] + 1)  # its edge is known at 65 places a side
    assert in_box(scattered.table, wider)[inside].all()
    assert box[1] - box[0] < 80
    edge = outline_of(box)
    assert edge[:, 1].min() == box[2]


def test_a_box_round_the_pole_runs_all_round():
    projection = projection_of("north", NORTH, EAST)
    west, east, south, north = box_of(projection, Window(-0.2, 0.2, -0.2, 0.2))
    assert (west, east, north) == (-180, 180, 90)
    # A corner is furthest away: r = 2 tan(c / 2) in a polar stereographic map.
    assert south == pytest.approx(90 - 2 * np.degrees(np.arctan(np.hypot(0.2, 0.2) / 2)), abs=1e-9)


def test_a_box_beside_the_earth_is_none():
    assert box_of(Geostationary(0.0), Window(0.148, 0.15, 0.148, 0.15)) is None
    assert box_of(projection_of("globe", 0, 0), Window(0.9, 1.0, 0.9, 1.0)) is None


def test_a_map_begins_with_the_part_that_observations_fill():
    few = one_variable(table(2, latitude=np.array([40.0, 50.0]), longitude=np.array([5.0, 15.0])), "air_temperature")
    projection = projection_of("lambert", 45.0, 10.0)
    area, where = area_on(few, projection), places_on(few, projection)
    assert area.west < where.x.min() < where.x.max() < area.east
    assert area.east - area.west < 0.5
    left, right, bottom, top = projection_of("globe", 45.0, 10.0).bounds
    assert area_on(few, projection_of("globe", 45.0, 10.0)) == Window(left, right, bottom, top)
