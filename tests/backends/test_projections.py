"""Map projections against PROJ on a sphere, and where they end."""

import math

import numpy as np
import pyproj
import pytest
import torch

from backends.errors import InputError
from backends.geometry.projections import (
    Geostationary,
    LambertConformal,
    LatLon,
    Mercator,
    Orthographic,
    PolarStereographic,
    Robinson,
)
from backends.geometry.projections.lines import graticule, project_lines
from backends.geometry.projections.perspective import SATELLITE_KM
from backends.geometry.projections.robinson import HEIGHTS, LENGTHS
from backends.geometry.sphere import EARTH_RADIUS_KM

HEIGHT = SATELLITE_KM / EARTH_RADIUS_KM
#: Each projection, what PROJ calls it on the unit sphere, and the factor from our x and y to PROJ's.
PEERS = {
    "lat-lon": (LatLon(), "+proj=eqc", math.pi / 180),
    "globe": (Orthographic(47.5, 8.5), "+proj=ortho +lat_0=47.5 +lon_0=8.5", 1),
    "globe from the pole": (Orthographic(-90, 30), "+proj=ortho +lat_0=-90 +lon_0=30", 1),
    "globe over the dateline": (Orthographic(-20, 179), "+proj=ortho +lat_0=-20 +lon_0=179", 1),
    "north": (PolarStereographic(1, 20), "+proj=stere +lat_0=90 +lon_0=20", 1),
    "south": (PolarStereographic(-1, -50), "+proj=stere +lat_0=-90 +lon_0=-50", 1),
    "Lambert": (LambertConformal(10, 35, 65), "+proj=lcc +lat_0=50 +lon_0=10 +lat_1=35 +lat_2=65", 1),
    "Lambert, southern": (LambertConformal(150, -30, -30), "+proj=lcc +lat_0=-30 +lon_0=150 +lat_1=-30 +lat_2=-30", 1),
    "satellite": (Geostationary(9.5), f"+proj=geos +h={HEIGHT!r} +lon_0=9.5", HEIGHT),
    "Mercator": (Mercator(-100), "+proj=merc +lon_0=-100", 1),
    "Robinson": (Robinson(11), "+proj=robin +lon_0=11", 1),
}


def places() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    latitude = torch.rad2deg(torch.asin(2 * torch.rand(3000, generator=generator, dtype=torch.float64) - 1))
    longitude = 360 * torch.rand(3000, generator=generator, dtype=torch.float64) - 180
    special = torch.cartesian_prod(torch.tensor([-89.9, -45.0, 1e-3, 45.0, 89.9]), torch.tensor([-179.99, -90, 0, 179.99]))
    return torch.cat([latitude, special[:, 0].double()]), torch.cat([longitude, special[:, 1].double()])


@pytest.mark.parametrize("name", PEERS)
def test_a_projection_is_that_of_proj(name):
    projection, definition, factor = PEERS[name]
    peer = pyproj.Proj(f"{definition} +R=1 +units=m")
    latitude, longitude = places()
    x, y = projection.forward(latitude, longitude)
    shown = torch.isfinite(x)
    assert 0.3 < shown.double().mean() <= 1
    their_x, their_y = peer(longitude.numpy(), latitude.numpy())
    # PROJ writes the spline through Robinson's table with six digits.
    xy, degrees = (2e-6, 1e-4) if name == "Robinson" else (1e-9, 1e-6)
    np.testing.assert_allclose(factor * x[shown], their_x[shown], atol=xy)
    np.testing.assert_allclose(factor * y[shown], their_y[shown], atol=xy)
    ours = projection.inverse(x[shown], y[shown])
    theirs = peer(factor * x[shown].numpy(), factor * y[shown].numpy(), inverse=True)
    # Degrees of a great circle, so that longitudes count little near the poles and not at all where they jump.
    at_horizon = torch.tensor(np.isfinite(theirs[0]))
    for other in (torch.stack([latitude[shown], longitude[shown]]), torch.tensor(np.array(theirs[::-1]))):
        away = apart(*ours, *other)[at_horizon]
        tolerance = degrees if other[0] is not latitude else 1e-6
        assert float(away.quantile(0.98)) < tolerance
        assert float(away.max()) < 100 * tolerance  # at the horizon a rounding error of x is a large angle


def apart(latitude, longitude, other_latitude, other_longitude):
    north = latitude - other_latitude
    east = (longitude - other_longitude + 180) % 360 - 180
    return torch.hypot(north, east * torch.deg2rad(latitude).cos())


@pytest.mark.parametrize("name", PEERS)
def test_inverse_and_forward_undo_each_other_everywhere_on_the_map(name):
    projection = PEERS[name][0]
    left, right, bottom, top = projection.bounds
    x, y = torch.meshgrid(
        torch.linspace(left, right, 200, dtype=torch.float64),
        torch.linspace(bottom, top, 160, dtype=torch.float64),
        indexing="xy",
    )
    latitude, longitude = projection.inverse(x, y)
    shown = torch.isfinite(latitude)
    assert bool((shown == torch.isfinite(longitude)).all())
    assert 0.5 < shown.double().mean() <= 1
    assert float(latitude[shown].abs().max()) <= 90
    assert float(longitude[shown].abs().max()) <= 180
    again_x, again_y = projection.forward(latitude, longitude)
    inside = shown & torch.isfinite(again_x)
    assert int((shown & ~inside).sum()) <= 800  # pixels exactly on an edge, of 32,000
    far = (again_x - x).abs() > 1e-6  # on the seam the other side is as right
    if projection.seam is not None:
        on_seam = (((longitude - projection.seam + 180) % 360 - 180).abs() < 1e-6) | (latitude.abs() > 90 - 1e-6)
        far &= ~on_seam
    assert not bool((far & inside).any())
    torch.testing.assert_close(again_y[inside], y[inside], atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", ["globe", "north", "south", "satellite", "Robinson", "Lambert"])
def test_beside_the_map_is_nothing(name):
    projection = PEERS[name][0]
    left, right, _, top = projection.bounds
    corner = torch.tensor([left, right], dtype=torch.float64), torch.tensor([top, top], dtype=torch.float64)
    if name == "Lambert":  # its gap opens upward
        corner = torch.zeros(2, dtype=torch.float64), torch.tensor([top - 0.01, top], dtype=torch.float64)
    latitude, longitude = projection.inverse(*corner)
    assert bool(torch.isnan(latitude).all() & torch.isnan(longitude).all())


def test_the_poles_and_what_is_beyond_the_horizon():
    pole = torch.tensor([90.0, -90.0], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    x, y = Orthographic(0, 0).forward(*pole)
    np.testing.assert_allclose(y, [1, -1])
    assert math.isnan(Orthographic(10, 0).forward(*pole)[0][1])
    assert float(PolarStereographic(1, 0).forward(*pole)[1][0].abs()) < 1e-15
    assert math.isnan(PolarStereographic(1, 0).forward(*pole)[0][1])
    assert bool(torch.isnan(Geostationary().forward(*pole)[0]).all())  # a satellite sees up to 81 degrees
    x, y = LambertConformal(0, 30, 60).forward(*pole)
    assert x[0] == 0
    assert math.isnan(x[1])


def test_the_table_of_robinson_is_met():
    latitude = torch.arange(0, 91, 5, dtype=torch.float64)
    x, y = Robinson().forward(latitude, torch.full_like(latitude, 90.0))
    np.testing.assert_allclose(x, 0.8487 * np.array(LENGTHS) * math.pi / 2, rtol=1e-12)
    np.testing.assert_allclose(y, 1.3523 * np.array(HEIGHTS), atol=1e-12)


def test_a_cone_needs_two_latitudes_of_one_hemisphere():
    with pytest.raises(InputError, match="between the equator and one pole; came -30 and 60"):
        LambertConformal(0, -30, 60)


def pieces(line: torch.Tensor) -> list[torch.Tensor]:
    """Return the parts of a line between its gaps."""
    gaps = torch.isnan(line[:, 0]).long().cumsum(0)
    return [part for k in gaps.unique() if len(part := line[(gaps == k) & torch.isfinite(line[:, 0])])]


def test_a_line_is_cut_where_it_crosses_the_seam():
    line = torch.tensor([[160.0, 10.0], [-160.0, 30.0], [-150.0, 30.0]], dtype=torch.float64)
    left, right = pieces(project_lines(LatLon(), line))
    torch.testing.assert_close(left[-1], torch.tensor([180.0, 20.0]).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(right[0], torch.tensor([-180.0, 20.0]).double(), atol=1e-5, rtol=0)
    (whole,) = pieces(project_lines(LatLon(180), line))
    torch.testing.assert_close(whole[:, 0], torch.tensor([160.0, 200.0, 210.0]).double())


def test_a_line_ends_at_the_horizon():
    equator = torch.stack([torch.arange(-180.0, 181, 30), torch.zeros(13)], dim=1).double()
    (shown,) = pieces(project_lines(Orthographic(0, 10), equator))
    torch.testing.assert_close(shown[[0, -1], 0], torch.tensor([-1.0, 1.0]).double(), atol=1e-6, rtol=0)
    assert bool((shown[:, 0].diff() > 0).all())


@pytest.mark.parametrize("name", PEERS)
def test_no_line_runs_across_the_map(name):
    projection = PEERS[name][0]
    left, right, bottom, top = projection.bounds
    for part in pieces(project_lines(projection, graticule())):
        steps = part.diff(dim=0).abs()
        assert float(steps[:, 0].max()) < 0.2 * (right - left)
        assert float(steps[:, 1].max()) < 0.2 * (top - bottom)
