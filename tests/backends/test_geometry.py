"""Distances and grids against closed forms."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM, Points, great_circle_distance

latitudes, longitudes = st.floats(-90, 90), st.floats(-360, 360)


def points(*pairs: tuple[float, float]) -> Points:
    return Points(*torch.tensor(pairs, dtype=torch.float64).reshape(-1, 2).T)


def grid(south=0.0, north=10.0, ny=11, west=0.0, east=20.0, nx=21) -> LatLonGrid:
    return LatLonGrid(
        torch.linspace(south, north, ny, dtype=torch.float64), torch.linspace(west, east, nx, dtype=torch.float64)
    )


def vincenty(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance by the formula that is well conditioned everywhere (Vincenty's, on the sphere)."""
    (f1, l1), (f2, l2) = ([math.radians(v) for v in p] for p in (a, b))
    dl = l2 - l1
    y = math.hypot(math.cos(f2) * math.sin(dl), math.cos(f1) * math.sin(f2) - math.sin(f1) * math.cos(f2) * math.cos(dl))
    x = math.sin(f1) * math.sin(f2) + math.cos(f1) * math.cos(f2) * math.cos(dl)
    return EARTH_RADIUS_KM * math.atan2(y, x)


def test_a_quarter_of_the_globe():
    d = great_circle_distance(points((0, 0)), points((0, 90), (90, 17), (0, 180), (0, 360)))
    quarter = math.pi / 2 * EARTH_RADIUS_KM
    assert d[0].tolist() == pytest.approx([quarter, quarter, 2 * quarter, 0], abs=1e-6)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_agrees_with_vincentys_formula(a, b, c, d):
    # The chord loses digits near the antipode: 1e-8 of the radius there, far below a metre elsewhere.
    assert float(great_circle_distance(points((a, b)), points((c, d)))) == pytest.approx(vincenty((a, b), (c, d)), abs=1e-3)


def test_neighbouring_points_keep_their_digits():
    metre = 1 / 111_194.93
    assert float(great_circle_distance(points((50, 10)), points((50 + metre, 10)))) == pytest.approx(1e-3, rel=1e-6)


def test_nodes_run_row_by_row_from_the_south_west():
    nodes = grid(ny=2, nx=3).nodes()
    assert nodes.latitude.tolist() == [0, 0, 0, 10, 10, 10]
    assert nodes.longitude.tolist() == [0, 10, 20, 0, 10, 20]


def test_area_weights_of_the_globe_give_the_mean_of_a_known_function():
    # The mean of sin²(lat) over the sphere is 1/3.
    g = grid(-89.5, 89.5, 180, -180, 179, 360)
    sine = torch.deg2rad(g.nodes().latitude).sin()
    assert float((g.area_weights() * sine.square()).sum()) == pytest.approx(1 / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("west", "east", "nx", "periodic"), [(-180, 177, 120, True), (0, 357, 120, True), (0, 300, 101, False)]
)
def test_a_grid_is_periodic_when_its_seam_is_no_wider_than_a_step(west, east, nx, periodic):
    assert grid(west=west, east=east, nx=nx).periodic is periodic


def test_nearest_does_not_mind_the_branch_of_the_longitude():
    g = grid(west=-10, east=10, nx=21)
    assert g.nearest(3.4, 358.6) == g.nearest(3.4, -1.4) == (3, 9)


def test_nearest_crosses_the_seam_of_a_global_grid():
    assert grid(-90, 90, 61, -180, 177, 120).nearest(0, 179.9) == (30, 0)


@pytest.mark.parametrize(("latitude", "longitude"), [(11, 5), (-1, 5), (5, 21), (5, -1)])
def test_nearest_refuses_a_place_outside(latitude, longitude):
    with pytest.raises(InputError, match="lies outside the field"):
        grid().nearest(latitude, longitude)


@pytest.mark.parametrize(
    ("latitude", "longitude", "says"),
    [
        ([0, 0, 1], [0, 1], "increase strictly"),
        ([0, math.nan], [0, 1], "finite"),
        ([0], [0, 1], "at least two latitudes"),
        ([0, 95], [0, 1], "between −90 and 90"),
        ([0, 1], [0, 360], "less than 360"),
    ],
)
def test_a_bad_grid_is_named(latitude, longitude, says):
    with pytest.raises(InputError, match=says):
        LatLonGrid(torch.tensor(latitude, dtype=torch.float64), torch.tensor(longitude, dtype=torch.float64))


@pytest.mark.parametrize(
    ("latitude", "says"), [([91.0], "between −90 and 90"), ([math.inf], "finite"), ([1.0, 2.0], "one latitude")]
)
def test_bad_points_are_named(latitude, says):
    with pytest.raises(InputError, match=says):
        Points(torch.tensor(latitude), torch.tensor([0.0]))
