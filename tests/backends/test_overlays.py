"""Contours, barbs and streamlines against fields of known formula, on every grid and in several projections."""

import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.meshes import RegularMesh
from backends.fields.overlays.contours import contours
from backends.fields.overlays.levels import contour_levels
from backends.fields.overlays.seen import Seen
from backends.fields.overlays.wind import barbs, streamlines
from backends.fields.raster import Window
from backends.fields.views import covered, projection_of, whole
from backends.geometry.grid import LatLonGrid
from backends.geometry.projections import LatLon
from tests.grids import GRIDS, smooth

MESH = RegularMesh(LatLonGrid(torch.linspace(-90, 90, 91).double(), torch.arange(-180, 180, 2.0).double()))
NORTH, EAST = (places.reshape(MESH.shape) for places in MESH.places())
MAPS = ("lat-lon", "globe", "north", "robinson")


def seen(mesh, name):
    extent = covered(mesh)
    middle = (40.0, 20.0) if extent.is_global else extent.middle
    projection = LatLon((extent.west + extent.east) / 2) if name == "lat-lon" else projection_of(name, *middle)
    window = whole(mesh, projection)
    return Seen(projection, window, 900, max(200, round(900 * (window.north - window.south) / (window.east - window.west))))


def places(points, looked):
    north, east = looked.projection.inverse(*torch.from_numpy(points[~np.isnan(points).any(1)]).T)
    return north.numpy(), east.numpy()


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", MAPS)
def test_the_field_has_the_level_where_its_contour_runs(grid, name):
    make, _, step = GRIDS[grid]
    field = FieldDataset(grid, "NetCDF", [make()]).field("t", {})
    mesh = field.variable.mesh
    looked = seen(mesh, name)
    level = float(np.median(field.values))
    found = contours(field.values, mesh, np.array([level]), looked)
    north, east = places(found.lines, looked)
    assert len(north) > 20
    on_map = np.isfinite(north)
    assert on_map.mean() > 0.95  # those at the very edge may be lost by rounding
    # The field changes by less than 0.8 K a degree; brought together from four neighbours it is off by part of a step.
    tolerance = 0.05 if len(mesh.shape) == 2 else 0.8 * step
    assert np.abs(smooth(north[on_map], east[on_map]) - level).max() < tolerance
    assert {value for _, _, value in found.labels} <= {level}


def test_contours_close_round_the_earth_and_keep_away_from_what_is_missing():
    looked = seen(MESH, "lat-lon")
    values = np.where(EAST > 100, np.nan, NORTH)
    found = contours(values, MESH, np.array([-30.0, 30.0]), looked)
    whole_circle = contours(NORTH, MESH, np.array([30.0]), looked).lines[:, 0]
    assert np.nanmin(whole_circle) == pytest.approx(looked.projection.center - 180, abs=1e-5)
    assert np.nanmax(whole_circle) == pytest.approx(looked.projection.center + 180, abs=1e-5)
    np.testing.assert_allclose(found.lines[~np.isnan(found.lines[:, 1]), 1], 30)
    np.testing.assert_allclose(found.negative[~np.isnan(found.negative[:, 1]), 1], -30)
    assert np.nanmax(found.lines[:, 0]) == 100
    assert sorted({level for _, _, level in found.labels}) == [-30, 30]


def test_levels_are_round_numbers_an_interval_or_a_list():
    assert contour_levels("", 4897, 5903).tolist() == [4900, 5000, 5100, 5200, 5300, 5400, 5500, 5600, 5700, 5800, 5900]
    assert contour_levels("40", -61, 85).tolist() == [-40, 0, 40, 80]
    assert contour_levels("10 −5; 0,5", -61, 85).tolist() == [-5, 0.5, 10]
    assert contour_levels("", 3, 3).size == 0
    for text in ("ten", "-4", "0", "nan"):
        with pytest.raises(InputError, match="contour levels must be an interval above zero"):
            contour_levels(text, 0, 1)
    with pytest.raises(InputError, match="would be 101 lines; at most 60"):
        contour_levels("1", 0, 100)


def pieces(lines):
    return np.split(lines, np.flatnonzero(np.isnan(lines[:, 0])) + 1)[:-1]


def test_a_barb_counts_pennants_full_and_half_barbs_on_the_side_of_low_pressure():
    small = RegularMesh(LatLonGrid(torch.tensor([-40.0, 40.0]).double(), torch.tensor([10.0, 12.0]).double()))
    looked = Seen(LatLon(), Window(0, 20, -50, 50), 400, 2000)
    knots = np.array([[65.0, 2.0], [65.0, 12.0]])
    found = barbs(knots / (3600 / 1852), 0 * knots, small, looked)
    # 65: a pennant, a full and a half barb, and the staff, in the south and in the north; 12: a full barb; 2: a calm.
    assert (len(found.filled), len(pieces(found.lines)), len(found.calms)) == (2, 3 + 3 + 2, 1)
    np.testing.assert_allclose(found.calms, [[12, -40]])
    south, north = found.filled
    assert north[:, 0].max() < 10  # a westerly: the staff lies to the west
    assert north[:, 1].max() > 40
    assert north[:, 1].min() == pytest.approx(40)
    assert south[:, 1].min() < -40
    assert south[:, 1].max() == pytest.approx(-40)
    in_metres = barbs(knots, 0 * knots, small, looked, factor=1.0)
    assert len(in_metres.filled) == 2


@pytest.mark.parametrize("name", ["lat-lon", "globe", "north", "south", "robinson", "lambert", "satellite"])
def test_staffs_point_to_where_the_wind_comes_from_on_every_map(name):
    looked = seen(MESH, name)
    found = barbs(np.zeros(MESH.shape), np.full(MESH.shape, 10.0), MESH, looked)
    strokes = (piece[:2] for piece in pieces(found.lines))
    ends = np.array([s for s in strokes if np.hypot(*((s[1] - s[0]) / looked.pixel)) > 20])  # staffs, not barbs
    assert len(ends) > 20
    latitude, longitude = looked.projection.inverse(*torch.from_numpy(ends[:, 0]).T)
    inner = (latitude.abs() < 80) & torch.isfinite(latitude)
    further_south = torch.stack(looked.projection.forward(latitude - 0.01, longitude), dim=1).numpy()
    expected = (further_south - ends[:, 0]) / looked.pixel
    along = (ends[:, 1] - ends[:, 0]) / looked.pixel
    there = inner.numpy() & np.isfinite(expected).all(1)
    angle = np.rad2deg(np.angle((along[there] @ [1, 1j]) / (expected[there] @ [1, 1j])))
    assert np.abs(angle).max() < 0.5


@pytest.mark.parametrize("name", ["lat-lon", "globe", "north", "robinson"])
def test_streamlines_of_air_that_turns_as_one_body_follow_circles_of_latitude(name):
    looked = seen(MESH, name)
    found = streamlines(10 * np.cos(np.deg2rad(NORTH)), 0 * NORTH, MESH, looked)
    lines = [piece[:-1] for piece in pieces(found.lines) if len(piece) > 20]
    assert len(lines) > 10
    for line in lines:
        latitude = places(line, looked)[0]
        assert np.nanmax(latitude) - np.nanmin(latitude) < 1.5
    tips, backs = found.filled[:, 0], found.filled[:, 1:].mean(1)
    east = [looked.projection.inverse(*torch.from_numpy(points).T)[1].numpy() for points in (tips, backs)]
    turned = (east[0] - east[1] + 180) % 360 - 180
    away = np.abs(looked.projection.inverse(*torch.from_numpy(tips).T)[0].numpy()) < 85  # at a pole there is no east
    assert away.sum() > 10
    assert (turned[away] > 0).all()
