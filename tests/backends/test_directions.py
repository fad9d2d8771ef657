"""Winds along the rows of turned grids become winds to the east and the north, against solid rotations of the air."""

import numpy as np
import pytest

from backends.fields.dataset import FieldDataset
from backends.fields.derived import RECIPES
from backends.fields.meshes.mesh import on_sphere
from backends.fields.overlays.asked import Asked, overlay
from backends.fields.overlays.seen import seen_of
from backends.fields.overlays.wind import barbs
from backends.fields.picture import look_at
from backends.fields.readers import open_dataset
from backends.fields.roles import wind_pairs
from tests.grids import LAMBERT, POLAR, ROTATED, lambert, rotated, wind_grib

#: The pole of the rotated grids, and the speed (m s⁻¹) that the air has 90° away from it as it turns about it.
POLE, SPEED = (40.0, -170.0), 20.0
#: In the order of the recipes.
PAIR = tuple(name for name, recipe in RECIPES.items() if recipe.turned_only)


def solid_rotation(north, east, pole=POLE):
    """Return eastward and northward wind of air that turns about a pole: the product of its axis and the place, as vectors."""
    phi, lam = np.deg2rad(north), np.deg2rad(east)
    wind = SPEED * np.cross(on_sphere(*map(np.asarray, pole)), on_sphere(north, east))
    eastward = np.stack([-np.sin(lam), np.cos(lam), 0 * lam], axis=-1)
    northward = np.stack([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)], axis=-1)
    return (wind * eastward).sum(-1), (wind * northward).sum(-1)


def check(found: FieldDataset, u: str, v: str, expected, atol=0.01) -> None:
    """Compare derived winds, at all cells, with expected ones (n,)."""
    assert wind_pairs({**found.variables, **found.derived}) == [tuple(f"{name}({u},{v})" for name in PAIR)]
    for name, right in zip(PAIR, expected, strict=True):
        np.testing.assert_allclose(found.field(f"{name}({u},{v})", {}).values.ravel(), right, atol=atol)
    blows_to = np.rad2deg(np.arctan2(*expected))
    direction = found.field(f"wind_direction({u},{v})", {}).values.ravel()
    away = (direction - blows_to - 180 + 180) % 360 - 180
    fast = np.hypot(*expected) > 1
    assert np.abs(away[fast]).max() < 0.2


def rotated_wind():
    """Return wind along a rotated grid as air turns about its pole: along rows alone, slower towards the pole."""
    latitude = np.deg2rad(np.linspace(-15, 15, 31))[:, None]
    return np.broadcast_to(SPEED * np.cos(latitude), (31, 41)), np.zeros((31, 41))


def test_wind_along_a_rotated_grid_of_grib_is_turned(tmp_path):
    path = wind_grib(tmp_path / "a.grib", "rotated_ll_sfc_grib2", ROTATED, *rotated_wind(), along_grid=True)
    found = open_dataset(path)
    u = found.variable("u10")
    assert (u.mesh.kind, u.standard_name, u.long_name) == (
        "rotated pole", "x_wind", "10 metre U wind component, along x of the grid",
    )  # fmt: skip
    expected = solid_rotation(*u.mesh.places())
    assert np.ptp(expected[1]) > 10  # a wind to the north that the file does not have
    check(found, "u10", "v10", expected)
    # And that is what is drawn over the map.
    picture = look_at(found, "u10", {})
    pair = tuple(f"{name}(u10,v10)" for name in PAIR)
    drawn = overlay(found, picture, Asked(wind=pair), None, 600, 400).wind
    right = barbs(*(side.reshape(u.mesh.shape) for side in expected), u.mesh, seen_of(picture, None, 600, 400))
    assert len(drawn.lines) > 100
    np.testing.assert_allclose(drawn.lines, right.lines, atol=1e-3)


def test_rows_that_run_westward_are_turned_as_well(tmp_path):
    west = ROTATED["longitudeOfFirstGridPointInDegrees"], ROTATED["longitudeOfLastGridPointInDegrees"]
    keys = {**ROTATED, "iScansNegatively": 1}
    keys["longitudeOfLastGridPointInDegrees"], keys["longitudeOfFirstGridPointInDegrees"] = west
    found = open_dataset(wind_grib(tmp_path / "a.grib", "rotated_ll_sfc_grib2", keys, *rotated_wind(), along_grid=True))
    check(found, "u10", "v10", solid_rotation(*found.variable("u10").mesh.places()))


def test_wind_that_a_rotated_grid_gives_to_the_east_stays_as_it_is(tmp_path):
    path = wind_grib(tmp_path / "a.grib", "rotated_ll_sfc_grib2", ROTATED, *rotated_wind(), along_grid=False)
    found = open_dataset(path)
    assert wind_pairs({**found.variables, **found.derived}) == [("u10", "v10")]
    assert not {f"{name}(u10,v10)" for name in PAIR} & set(found.derived)
    assert found.variable("u10").long_name == "10 metre U wind component"


@pytest.mark.parametrize("edition", [1, 2])
def test_wind_along_a_grid_round_the_pole_is_turned(edition, tmp_path):
    # Air that flows along x in a stereographic plane whose y points along 180°E: towards 90°E over the pole.
    shape = (41, 41)
    keys = dict(POLAR)
    if edition == 1:  # has a sphere and a latitude of its own
        del keys["shapeOfTheEarth"], keys["LaDInDegrees"]
    sample = f"polar_stereographic_sfc_grib{edition}"
    path = wind_grib(tmp_path / "a.grib", sample, keys, np.full(shape, 10.0), np.zeros(shape), along_grid=True)
    found = open_dataset(path)
    assert found.variable("u10").mesh.shape == shape
    lam = np.deg2rad(found.variable("u10").mesh.places()[1])
    check(found, "u10", "v10", (10 * np.cos(lam), -10 * np.sin(lam)), atol=0.06)


def test_wind_along_a_lambert_grid_is_turned_by_the_convergence_of_its_meridians(tmp_path):
    shape = (LAMBERT["Ny"], LAMBERT["Nx"])
    u, v = np.full(shape, 8.0), np.full(shape, -6.0)
    found = open_dataset(wind_grib(tmp_path / "a.grib", "regular_ll_sfc_grib2", LAMBERT, u, v, along_grid=True))
    _, east = found.variable("u10").mesh.places()
    # Snyder (1987), 15: meridians meet at n times their difference from the middle one; n = sin 38.5° for one true parallel.
    angle = np.sin(np.deg2rad(38.5)) * np.deg2rad((east - 262.5 + 180) % 360 - 180)
    expected = 8 * np.cos(angle) - 6 * np.sin(angle), -8 * np.sin(angle) - 6 * np.cos(angle)
    check(found, "u10", "v10", expected)


@pytest.mark.parametrize("order", [1, -1])
def test_winds_along_x_and_y_of_a_cf_projection_are_turned_whatever_the_order(order):
    grid = rotated().isel(time=[0], rlon=slice(None, None, order)).transpose("rlon", "time", "rlat")
    wind = 0 * grid.t + SPEED * np.cos(np.deg2rad(grid.rlat))
    grid = grid.assign(
        u=wind.transpose(*grid.t.dims).assign_attrs(standard_name="x_wind", units="m s-1", grid_mapping="crs"),
        v=(0 * grid.t).assign_attrs(standard_name="y_wind", units="m s-1", grid_mapping="crs"),
    )
    found = FieldDataset("a", "NetCDF", [grid])
    expected = solid_rotation(*found.variable("u").mesh.places())
    check(found, "u", "v", expected)
    cell = 1234
    north, east = (places[cell] for places in found.variable("u").mesh.places())
    series = found.series(f"{PAIR[1]}(u,v)", north, east, {})  # one cell, without the rest
    np.testing.assert_allclose(series.values, expected[1][cell], atol=0.01)


def test_winds_whose_x_is_not_known_have_a_speed_but_no_direction():
    grid = lambert().drop_vars("crs")
    found = FieldDataset(
        "a", "NetCDF",
        [grid.assign({n: grid.t.assign_attrs(standard_name=f"{s}_wind", units="m s-1") for n, s in (("u", "x"), ("v", "y"))})],
    )  # fmt: skip
    assert found.variable("u").mesh.kind == "curvilinear"
    assert list(found.derived) == ["wind_speed(u,v)"]
    assert wind_pairs({**found.variables, **found.derived}) == []
