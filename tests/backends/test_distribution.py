"""Histograms, spectra and quality of fields, against closed forms, numpy and xarray."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.distribution import histogram, map_power, sphere_power, zonal_power
from backends.fields.fills import without_fills
from backends.fields.picture import look_at
from backends.fields.quality import OUTLYING, Scan, quality
from backends.fields.readers import open_dataset
from tests import grids
from tests.files import TIMES, write


def globe(path, values, latitude, longitude):
    """Return the field of values on a grid, by way of a file."""
    data = xr.Dataset(
        {"t": (("lat", "lon"), values, {"units": "K"})},
        {"lat": ("lat", latitude, {"units": "degrees_north"}), "lon": ("lon", longitude, {"units": "degrees_east"})},
    )
    return open_dataset(write(path, data)).field("t", {})


EVEN = np.linspace(-90, 90, 61)
EAST = np.arange(0, 360, 3.0)
NORTH, ALONG = np.deg2rad(EVEN)[:, None], np.deg2rad(EAST)[None]


def test_the_share_of_a_bin_is_its_part_of_the_globe(tmp_path):
    field = globe(tmp_path / "a.nc", np.repeat(np.sin(NORTH), 120, axis=1), EVEN, EAST)
    found = histogram(field)
    assert found.count.sum() == 61 * 120
    # As much area lies between two sines of latitude as they are apart (Archimedes).
    np.testing.assert_allclose(np.cumsum(found.share)[3::4], (found.edges[4::4] + 1) / 2, atol=0.03)
    values = field.values[np.isfinite(field.values)]
    np.testing.assert_array_equal(found.count, np.histogram(values.astype(float), found.edges)[0])


def test_a_constant_field_is_one_bin_and_an_empty_one_is_named(tmp_path):
    assert histogram(globe(tmp_path / "a.nc", np.full((61, 120), 7.0), EVEN, EAST)).share.max() == 1
    with pytest.raises(InputError, match="every grid point is missing"):
        histogram(globe(tmp_path / "b.nc", np.full((61, 120), np.nan), EVEN, EAST))


def test_zonal_waves_have_half_the_square_of_their_amplitude(tmp_path):
    values = 280 + 3 * np.cos(4 * ALONG + NORTH) + 0.5 * np.sin(9 * ALONG) + 0 * NORTH
    found = zonal_power(globe(tmp_path / "a.nc", values, EVEN, EAST))
    expected = np.zeros(60)
    expected[3], expected[8] = 4.5, 0.125
    np.testing.assert_allclose(found.power, expected, atol=2e-5)


def test_rows_with_gaps_are_left_out(tmp_path):
    values = np.where(NORTH > 0, np.cos(2 * ALONG), 5 * np.cos(7 * ALONG))
    values[EVEN <= 0, 3] = np.nan
    assert zonal_power(globe(tmp_path / "a.nc", values, EVEN, EAST)).power[6] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rows", ["even", "gaussian", "between"])
def test_a_spherical_harmonic_has_its_power_at_its_total_wavenumber(rows, tmp_path):
    north = {"even": EVEN, "gaussian": grids.gaussian_latitudes(64), "between": np.arange(-88.5, 90, 3)}[rows]
    mu = np.sin(np.deg2rad(north))[:, None]
    # Y_3^2 ∝ (1 − μ²) μ cos 2λ, and P_2 = (3 μ² − 1) / 2, whose mean square over the sphere is 1/5.
    values = 10 * (1 - mu**2) * mu * np.cos(2 * ALONG) + (3 * mu**2 - 1) / 2
    found = sphere_power(globe(tmp_path / "a.nc", values, north, EAST))
    # ½ ∫ (1 − μ²)² μ² dμ = 8/105, and ½ for the wave along the circle.
    np.testing.assert_allclose(found.power[:4], [0, 0.2, 100 * 8 / 105 / 2, 0], atol=2e-5)
    assert found.power[4:].max() < 1e-8


def test_the_power_of_a_region_is_its_variance(tmp_path):
    values = np.random.default_rng(0).normal(size=(20, 31))
    smooth = sum(np.roll(values, k, axis=0) for k in range(6))
    field = globe(tmp_path / "a.nc", smooth, np.linspace(40, 50, 20), np.linspace(0, 15, 31))
    found = map_power(field)
    assert found.power.sum() == pytest.approx(field.values.var(), rel=0.2)  # without the corners
    six = np.cos(np.pi * 6 * (np.arange(31) + 0.5) / 31) + np.zeros((20, 1))  # half waves along the longer side
    grid = field.variable.grid
    waves = map_power(globe(tmp_path / "b.nc", six, grid.latitude.numpy(), grid.longitude.numpy()))
    np.testing.assert_allclose(waves.power, np.where(waves.wavenumber == round(6 / 31 * 20), 0.5, 0), atol=1e-6)
    with pytest.raises(InputError, match="goes all round it"):
        zonal_power(field)


def test_spectra_need_whole_fields_and_rows(tmp_path):
    field = globe(tmp_path / "a.nc", np.where(NORTH > 1.5, np.nan, 1.0) + 0 * ALONG, EVEN, EAST)
    for power in (sphere_power, map_power):
        with pytest.raises(InputError, match="values are missing"):
            power(field)
    reduced = open_dataset(write(tmp_path / "b.nc", grids.reduced())).field("t", {})
    with pytest.raises(InputError, match="no rows and columns"):
        map_power(reduced)


@pytest.mark.parametrize("fill", [1e20, 9.96921e36, -9999.0, 9.999e20])
def test_fill_values_are_told_from_data(fill, tmp_path):
    values = 270 + np.random.default_rng(0).normal(size=(61, 120))
    values[3, 4:7] = fill
    found = quality(globe(tmp_path / "a.nc", values, EVEN, EAST))
    if fill == 9.999e20:  # no number that anybody writes for missing: an outlier then
        assert found.fills == ()
        assert found.worst == pytest.approx((fill, EVEN[3], EAST[4]))
    else:
        assert found.fills == ((pytest.approx(fill), 3),)
        assert (found.outliers, found.median) == (0, pytest.approx(270, abs=0.1))


def test_fill_values_of_two_kinds_are_told_and_kept_out_of_the_colour_limits(tmp_path):
    values = 270 + np.random.default_rng(0).normal(size=(61, 120))
    least, greatest = values.min(), values.max()
    values[3, 4:7], values[20, 5] = -9999.0, 1e20
    globe(tmp_path / "a.nc", values, EVEN, EAST)
    opened = open_dataset(tmp_path / "a.nc")
    picture = look_at(opened, next(iter(opened.variables)), {})
    assert picture.fills == ((-9999.0, 3), (pytest.approx(1e20), 1))
    assert (picture.here.min, picture.here.max) == pytest.approx((-9999, 1e20))
    assert (picture.usual.min, picture.usual.max) == pytest.approx((least, greatest), abs=1e-3)
    assert without_fills(np.full(5, 9999.0))[0].count == 5  # nothing else is left


def test_a_pressure_of_9999_is_no_fill_value(tmp_path):
    values = np.linspace(9000, 9999, 61 * 120).reshape(61, 120)
    assert quality(globe(tmp_path / "a.nc", values, EVEN, EAST)).fills == ()


def test_outliers_are_those_that_a_robust_z_finds(tmp_path):
    values = np.random.default_rng(5).normal(size=(61, 120))
    values[10, 20], values[30, 40], values[0, 0], values[1, 1] = 30.0, -9.0, np.nan, np.inf
    found = quality(globe(tmp_path / "a.nc", values, EVEN, EAST))
    assert (found.missing, found.infinite, found.count) == (1, 1, 61 * 120 - 2)
    assert found.outliers == 2
    assert found.worst == pytest.approx((30.0, EVEN[10], EAST[20]))
    assert found.spread == pytest.approx(1, abs=0.03)
    assert OUTLYING * found.spread < 9
    assert quality(globe(tmp_path / "b.nc", np.full((61, 120), 7.0), EVEN, EAST)).constant


def test_a_scan_of_a_variable_is_that_of_all_its_values(tmp_path):
    values = 1e4 + np.random.default_rng(2).normal(size=(4, 61, 120))
    values[0, 5] = np.nan
    values[2], values[3] = np.nan, 3.5
    data = xr.Dataset(
        {"t": (("time", "lat", "lon"), values.astype("f4"))},
        {"time": TIMES, "lat": ("lat", EVEN, {"units": "degrees_north"}), "lon": ("lon", EAST, {"units": "degrees_east"})},
    )
    scan = Scan(open_dataset(write(tmp_path / "a.nc", data)), "t")
    while scan.step():
        pass
    every = data.t.values.astype(float)
    assert (scan.done, scan.of, scan.missing) == (4, 4, int(np.isnan(every).sum()))
    weight = np.where(np.isfinite(every), np.cos(np.deg2rad(EVEN))[:, None], 0.0)
    mean = np.nansum(weight * every) / weight.sum()
    assert scan.mean == pytest.approx(mean)
    assert scan.deviation == pytest.approx(np.sqrt(np.nansum(weight * (every - mean) ** 2) / weight.sum()))
    assert (scan.min, scan.max) == (3.5, np.nanmax(every))
    assert (scan.empty, scan.constant) == (["2020-01-01 12:00 UTC"], ["2020-01-01 18:00 UTC"])


def test_the_mean_of_a_map_is_weighted_by_area(tmp_path):
    """250 + 60 cos²φ over a sphere has the mean 250 + 40; of values that are missing, none counts."""
    latitude = np.arange(-89.5, 90.0, 1.0)
    values = 250 + 60 * np.cos(np.deg2rad(latitude))[:, None] ** 2 + np.zeros(36)
    data = xr.Dataset(
        {"t": (("lat", "lon"), values)},
        {
            "lat": ("lat", latitude, {"units": "degrees_north"}),
            "lon": ("lon", np.arange(0.0, 360.0, 10.0), {"units": "degrees_east"}),
        },
    )
    here = look_at(FieldDataset("a.nc", "NetCDF", [data]), "t", {}).here
    assert here.mean == pytest.approx(290, abs=0.01)
    assert (here.count, here.missing) == (180 * 36, 0)
    data["t"].values[latitude < 0] = np.nan
    here = look_at(FieldDataset("a.nc", "NetCDF", [data]), "t", {}).here
    assert here.mean == pytest.approx(290, abs=0.01)
    assert here.missing == 90 * 36
