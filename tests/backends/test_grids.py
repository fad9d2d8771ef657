"""Every grid on every map: each pixel has the value of the field at its place, and there is nothing beside the grid."""

import numpy as np
import pyproj
import pytest
import torch

from backends.fields import views
from backends.fields.dataset import FieldDataset
from backends.fields.meshes import cell_at
from backends.fields.picture import look_at
from backends.fields.raster import Window
from backends.fields.readers import open_dataset
from backends.fields.views import PROJECTIONS, covered, projection_of
from tests.grids import GRIB_GRIDS, GRIDS, LAMBERT, grib, smooth

#: The field changes by at most this much per degree of a great circle: √(25² + 12² + 12²) K per radian.
STEEPEST = 30 / 57.3
#: Middles that put the poles, the dateline, and a plain place into the middle.
MIDDLES = {"globe": [(90, 0), (-90, 20), (5, 180), (47, 8)], "lambert": [(50, 180), (-40, 20), (39, -97)]}


@pytest.fixture
def small_screen(monkeypatch):
    monkeypatch.setattr(views, "MAX_WIDTH", 250)
    monkeypatch.setattr(views, "MAX_HEIGHT", 160)


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> dict[str, FieldDataset]:
    folder = tmp_path_factory.mktemp("grids")
    for name, (make, _, _) in GRIDS.items():
        make().to_netcdf(folder / f"{name}.nc")
    return {name: open_dataset(folder / f"{name}.nc") for name in GRIDS}


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_is_known_for_what_it_is(opened, name):
    assert set(opened[name].variables) == {"t"}
    variable = opened[name].variable("t")
    assert variable.mesh.kind == GRIDS[name][1]
    assert [axis.role for axis in variable.axes] == ["time"]
    latitude, longitude = variable.mesh.places()
    np.testing.assert_allclose(opened[name].field("t", {"time": 1}).values.ravel(), smooth(latitude, longitude) + 1, atol=1e-3)


def test_a_rotated_grid_lies_where_it_should(opened):
    mesh = opened["rotated"].variable("t").mesh
    middle = int(mesh.locate(np.array([50.0]), np.array([10.0]))[0])  # the origin of a grid with its pole at 40N 170W
    assert (mesh.y[middle // mesh.shape[1]], mesh.x[middle % mesh.shape[1]]) == (0, 0)


@pytest.mark.parametrize("name", GRIDS)
def test_every_cell_finds_itself(opened, name):
    mesh = opened[name].variable("t").mesh
    latitude, longitude = mesh.places()
    for turn in (0, 360, -360):
        np.testing.assert_array_equal(mesh.locate(latitude, longitude + turn), np.arange(len(latitude)))


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("kind", PROJECTIONS)
def test_every_pixel_has_the_value_of_its_place(opened, small_screen, name, kind):
    mesh, reach = opened[name].variable("t").mesh, GRIDS[name][2]
    extent = covered(mesh)
    for latitude, longitude in MIDDLES.get(kind, [(0, 0), (0, 180)]):
        projection = projection_of(kind, latitude, longitude)
        picture = look_at(opened[name], "t", {}, None, projection)
        raster = picture.raster
        if picture.view is None:
            y = (
                raster.south
                + (np.arange(raster.values.shape[0]) + 0.5) * (raster.north - raster.south) / raster.values.shape[0]
            )
            x = raster.west + (np.arange(raster.values.shape[1]) + 0.5) * (raster.east - raster.west) / raster.values.shape[1]
            north, east = np.meshgrid(np.clip(y, -90, 90), x, indexing="ij")
        else:
            north, east = (v.numpy() for v in picture.view.centres())
        drawn = np.isfinite(raster.values)
        assert not drawn[np.isnan(north)].any()
        np.testing.assert_allclose(raster.values[drawn], smooth(north, east)[drawn], atol=STEEPEST * reach)
        if extent.is_global:
            assert drawn[np.isfinite(north)].all()  # no seam, no hole, both poles
        else:
            # All of the grid's places inside the picture are drawn, but for pixels that lie half outside.
            inside = mesh.locate(north, east) >= 0
            np.testing.assert_array_equal(drawn, inside)
            east_of_west = (east - extent.west) % 360
            outside = (north < extent.south - reach) | (north > extent.north + reach)
            outside |= (east_of_west > extent.east - extent.west + 2 * reach) & (east_of_west < 360 - 2 * reach)
            assert not drawn[outside].any()


@pytest.mark.parametrize("name", ["rotated", "lambert", "polar", "curvilinear"])
def test_a_regional_grid_fills_its_map(opened, name):
    picture = look_at(opened[name], "t", {})
    assert 0.25 < np.isfinite(picture.raster.values).mean() <= 1
    extent = covered(opened[name].variable("t").mesh)
    assert extent.all_round == (name == "polar")


def test_a_pole_and_the_dateline_inside_a_grid(opened):
    extent = covered(opened["polar"].variable("t").mesh)
    assert (extent.west, extent.east, extent.north) == (-180, 180, 90)
    extent = covered(opened["curvilinear"].variable("t").mesh)
    assert extent.west < 178
    assert 182 < extent.east < 220


@pytest.mark.parametrize("name", GRIDS)
def test_the_series_at_a_place_is_that_of_its_cell(opened, name):
    mesh = opened[name].variable("t").mesh
    latitude, longitude = (float(v[len(v) // 2 + 7]) for v in mesh.places())
    series = opened[name].series("t", latitude + 0.02, longitude + 360, {})
    assert abs(series.latitude - latitude) < 1e-6
    extent = covered(mesh)
    assert extent.west <= series.longitude <= extent.east  # where the map is
    value = smooth(np.array(latitude), np.array(longitude))
    np.testing.assert_allclose(series.values, [value, value + 1], atol=1e-3)


def test_triangles_hold_what_is_inside_them(opened):
    mesh = opened["icon"].variable("t").mesh
    generator = np.random.default_rng(0)
    weights = generator.dirichlet([1, 1, 1], size=mesh.shape[0])
    phi, lam = np.deg2rad(mesh.corner_latitude), np.deg2rad(mesh.corner_longitude)
    corners = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
    inside = np.einsum("nc,ncj->nj", weights, corners)
    latitude = np.rad2deg(np.arctan2(inside[:, 2], np.hypot(inside[:, 0], inside[:, 1])))
    longitude = np.rad2deg(np.arctan2(inside[:, 1], inside[:, 0]))
    np.testing.assert_array_equal(mesh.locate(latitude, longitude), np.arange(mesh.shape[0]))


def test_the_nearest_point_of_a_reduced_grid_is_the_nearest_on_its_row(opened):
    mesh = opened["reduced"].variable("t").mesh
    north, east = mesh.places()
    generator = np.random.default_rng(1)
    latitude, longitude = generator.uniform(-90, 90, 200), generator.uniform(-500, 500, 200)
    rows = np.unique(north)
    for k, (y, x) in enumerate(zip(latitude, longitude, strict=True)):
        row = rows[np.abs(rows - y).argmin()]
        away = np.where(north == row, np.abs((east - x + 180) % 360 - 180), np.inf)
        assert mesh.locate(latitude, longitude)[k] == away.argmin()


def test_a_place_is_found_again_when_looked_at_closely(opened):
    projection = projection_of("globe", 47, 8)
    picture = look_at(opened["regular"], "t", {}, Window(-0.1, 0.1, -0.05, 0.05), projection)
    assert picture.view is not None
    latitude, longitude = picture.view.centres()
    assert float(latitude.min()) > 40
    assert float(torch.rad2deg(torch.as_tensor(0.2)).item()) > float(longitude.max() - longitude.min()) / 2
    np.testing.assert_allclose(picture.raster.values, smooth(latitude.numpy(), longitude.numpy()), atol=STEEPEST * 1.5)


def test_a_preview_has_fewer_pixels_of_the_same_map(opened):
    projection = projection_of("globe", 10, 20)
    fine = look_at(opened["icon"], "t", {}, None, projection)
    coarse = look_at(opened["icon"], "t", {}, None, projection, coarse=True)
    assert coarse.raster.values.size * 8 < fine.raster.values.size
    assert cell_at(opened["icon"].variable("t").mesh, 10, 20) >= 0
    np.testing.assert_allclose(np.nanmean(coarse.raster.values), np.nanmean(fine.raster.values), atol=0.3)


@pytest.mark.parametrize("name", GRIB_GRIDS)
def test_a_grid_of_a_grib_file_is_known_for_what_it_is(name, tmp_path):
    (variable,) = open_dataset(grib(tmp_path / "a.grib", name)).variables.values()
    assert (variable.mesh.kind, variable.mesh.shape) == GRIB_GRIDS[name][2:]


def test_cells_of_a_lambert_grid_in_grib_lie_where_proj_puts_them(tmp_path):
    opened = open_dataset(grib(tmp_path / "a.grib", "lambert"))
    (variable,) = opened.variables.values()
    values = opened.field(variable.name, {}).values
    plane = pyproj.Proj("+proj=lcc +lat_1=38.5 +lat_2=38.5 +lat_0=38.5 +lon_0=262.5 +R=6371229")
    x, y = plane(LAMBERT["longitudeOfFirstGridPointInDegrees"], LAMBERT["latitudeOfFirstGridPointInDegrees"])
    for row, column in ((0, 0), (0, 19), (14, 0), (14, 19), (7, 11)):
        longitude, latitude = plane(x + column * 26_000, y + row * 25_000, inverse=True)
        cell = cell_at(variable.mesh, latitude, longitude)
        assert (cell, values.ravel()[cell]) == (row * 20 + column, row * 20 + column)
