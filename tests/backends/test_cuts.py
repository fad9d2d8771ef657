"""Zonal means, Hovmöller diagrams, sections, profiles and regions, against xarray and closed forms, on any grid."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields import cuts, stored
from backends.fields.areas import cell_areas
from backends.fields.cuts import great_circle, mean_cut, profiles, section
from backends.fields.groups import by_latitude, by_longitude, of_region
from backends.fields.isolation.opened import RemoteArray
from backends.fields.readers import open_dataset
from backends.fields.regions import Box, Polygon
from backends.geometry.sphere import EARTH_RADIUS_KM
from tests import grids
from tests.files import write

LEVELS = [1000.0, 850.0, 300.0]


@pytest.fixture(params=["kept", "sliced"])
def opened(request, tmp_path, monkeypatch):
    """A global file, north to south and 0 to 360, on three levels and four times, with gaps; and what xarray sees in it."""
    if request.param == "sliced":
        monkeypatch.setattr(stored, "KEPT_VALUES", 0)
    latitude, longitude = np.arange(90, -91, -10.0), np.arange(0, 360, 15.0)
    values = np.random.default_rng(3).normal(size=(4, 3, len(latitude), len(longitude))).astype(np.float32)
    values[values > 2] = np.nan
    data = xr.Dataset(
        {"t": (("time", "level", "latitude", "longitude"), values)},
        {
            "time": np.datetime64("2020-01-01", "ns") + np.arange(4) * np.timedelta64(6, "h"),
            "level": ("level", LEVELS, {"units": "hPa"}),
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
        },
    )
    return open_dataset(write(tmp_path / "a.nc", data)), data.t.sortby("latitude")


def test_the_zonal_mean_on_levels_is_that_of_xarray(opened):
    dataset, t = opened
    variable = dataset.variable("t")
    cut = mean_cut(dataset, "t", by_latitude(variable.mesh), variable.axis("level"), {"time": 2})
    np.testing.assert_allclose(cut.across, t.latitude)
    np.testing.assert_allclose(cut.values, t.isel(time=2).mean("longitude"), rtol=1e-5)


def test_a_hovmoller_diagram_is_the_weighted_mean_of_a_band(opened):
    dataset, t = opened
    variable = dataset.variable("t")
    cut = mean_cut(dataset, "t", by_longitude(variable.mesh, 20, 60), variable.axis("time"), {"level": 1})
    band = t.isel(level=1).sel(latitude=slice(20, 60))
    expected = band.weighted(np.cos(np.deg2rad(band.latitude))).mean("latitude")
    np.testing.assert_allclose(cut.across % 360, np.roll(t.longitude, 12))
    np.testing.assert_allclose(cut.values, expected.roll(longitude=12), rtol=1e-5)


def test_a_section_reads_no_more_at_once_than_it_may(opened, monkeypatch):
    dataset, _ = opened
    sizes = []
    if not dataset.keeps("t"):
        read = RemoteArray._read
        monkeypatch.setattr(RemoteArray, "_read", lambda self, key: sizes.append((part := read(self, key)).size) or part)
    monkeypatch.setattr(cuts, "AT_ONCE", 200)  # a level has 19 × 24 values, of which the line leads past some 13 × 15
    variable = dataset.variable("t")
    cut = section(dataset, "t", (-60, -100), (60, 100), variable.axis("level"), {"time": 1})
    monkeypatch.undo()
    whole = section(dataset, "t", (-60, -100), (60, 100), variable.axis("level"), {"time": 1})
    np.testing.assert_array_equal(cut.values, whole.values)
    assert not sizes or (max(sizes) < 19 * 24 and len(sizes) == 3)


def test_longitudes_of_a_latitude_band_lie_on_any_branch(opened):
    dataset, t = opened
    variable = dataset.variable("t")
    cut = mean_cut(dataset, "t", by_latitude(variable.mesh, -30, 30), variable.axis("time"), {})
    expected = t.isel(level=0).sel(longitude=[330, 345, 0, 15, 30]).mean("longitude")
    np.testing.assert_allclose(cut.values, expected, rtol=1e-5)


def test_profiles_are_the_columns_of_the_cells(opened):
    dataset, t = opened
    places = [(51.0, -31.0), (-88.0, 100.0)]
    found = profiles(dataset, "t", places, dataset.variable("t").axis("level"), {"time": 1})
    for k, (latitude, longitude) in enumerate(places):
        expected = t.isel(time=1).sel(latitude=latitude, longitude=longitude % 360, method="nearest")
        np.testing.assert_array_equal(found[:, k], expected)


def test_a_section_along_a_meridian_goes_through_its_cells(opened):
    dataset, t = opened
    cut = section(dataset, "t", (-40, 45), (40, 45), dataset.variable("t").axis("level"), {"time": 3})
    np.testing.assert_allclose(cut.longitude, 45)
    assert cut.across[-1] == pytest.approx(EARTH_RADIUS_KM * np.deg2rad(80))
    expected = t.isel(time=3).sel(longitude=45).sel(latitude=cut.latitude, method="nearest")
    between = np.abs(cut.latitude % 10 - 5) > 1e-6  # right between two rows either may be taken
    np.testing.assert_array_equal(cut.values[:, between], expected[:, between])


def test_regions_are_weighted_by_area(opened):
    dataset, t = opened
    variable = dataset.variable("t")
    for region in (Box(-20, 50, -5, 45), Polygon(((-20, -5), (50, -5), (50, 45), (-20, 45)))):
        cut = mean_cut(dataset, "t", of_region(variable.mesh, region), variable.axis("time"), {"level": 2})
        part = t.isel(level=2).sel(latitude=slice(-5, 45), longitude=[345, 0, 15, 30, 45])
        expected = part.weighted(np.cos(np.deg2rad(part.latitude))).mean(["latitude", "longitude"])
        np.testing.assert_allclose(cut.values[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("make", [grids.gaussian, grids.reduced, grids.curvilinear, grids.lambert], ids=lambda m: m.__name__)
def test_the_zonal_mean_on_other_grids(make, tmp_path):
    """sin φ alone is kept: the field's waves have no mean over a circle; a regional grid has the field sin φ from the start."""
    data = make()
    data["t"] = data.t.copy(data=np.broadcast_to(np.sin(np.deg2rad(data.lat)), data.t.shape)) if data.lat.ndim == 2 else data.t
    dataset = open_dataset(write(tmp_path / "a.nc", data))
    mesh = dataset.variable("t").mesh
    cut = mean_cut(dataset, "t", by_latitude(mesh), None, {"time": 0})
    sine = np.sin(np.deg2rad(cut.across))
    np.testing.assert_allclose(cut.values[0], sine if data.lat.ndim == 2 else 270 + 25 * sine, atol=0.05)


def test_a_great_circle_over_the_pole():
    latitude, longitude, distance = great_circle((60, 10), (60, -170), 7)
    np.testing.assert_allclose(latitude, [60, 70, 80, 90, 80, 70, 60], atol=1e-9)
    np.testing.assert_allclose(longitude[[0, 1, -1]] % 360, [10, 10, 190])
    np.testing.assert_allclose(distance, EARTH_RADIUS_KM * np.deg2rad(10 * np.arange(7)))
    with pytest.raises(InputError, match="neither the same nor opposite"):
        great_circle((10, 20), (-10, -160), 5)


def test_a_polygon_holds_what_lies_inside_also_across_the_dateline():
    triangle = Polygon(((170, 0), (200, 0), (185, 30)))
    latitude, longitude = np.array([10, 10, 10, -1, 29, 29, np.nan]), np.array([185, -175, 160, 185, -175, -170, 185])
    np.testing.assert_array_equal(triangle.holds(latitude, longitude), [True, True, False, False, True, False, False])
    with pytest.raises(InputError, match="three corners"):
        Polygon(((0, 0), (1, 1)))


def test_areas_of_a_lambert_grid_are_those_of_the_cells_on_the_sphere(tmp_path):
    """A conformal map of scale k has cells of area 1 / k²: 1 on its standard parallel, and larger than that nowhere."""
    dataset = open_dataset(write(tmp_path / "a.nc", grids.lambert()))
    mesh = dataset.variable("t").mesh
    latitude = mesh.places()[0].reshape(mesh.shape)[:, mesh.shape[1] // 2]
    areas = cell_areas(mesh).reshape(mesh.shape)[2:-2, mesh.shape[1] // 2]
    n = np.sin(np.deg2rad(38.5))
    colatitude = np.deg2rad(90 - np.array([*latitude[2:-2], 38.5]))
    scale = np.sin(colatitude[-1]) / np.sin(colatitude) * (np.tan(colatitude / 2) / np.tan(colatitude[-1] / 2)) ** n
    expected = (26e3 * 25e3 / 6371229.0**2) / scale[:-1] ** 2
    np.testing.assert_allclose(areas, expected, rtol=2e-3)


def test_a_band_without_cells_is_named(opened):
    dataset, _ = opened
    with pytest.raises(InputError, match="no cell of the grid lies from 21 to 22°N"):
        by_longitude(dataset.variable("t").mesh, 21, 22)
    with pytest.raises(InputError, match="must be below its northern one"):
        by_longitude(dataset.variable("t").mesh, 30, 20)
