"""Differences of fields on unlike grids and in unlike units, and what an ensemble says, against closed forms."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields.compare import compare
from backends.fields.dataset import FieldDataset
from backends.fields.ensemble import ensemble
from tests.files import dataset, known
from tests.grids import healpix_ring, regular, smooth

FINE = np.arange(-60, 61, 2.0), np.arange(-180, 180, 2.0)
COARSE = np.arange(-90, 91, 5.0), np.arange(0, 360, 5.0)


def field(data, time=0):
    return FieldDataset("a file", "NetCDF", [data]).field("t", {"time": time})


def test_times_of_one_file_differ_by_what_is_known():
    data = dataset(*FINE)
    found = compare(field(data, 3), field(data, 1))
    np.testing.assert_allclose(found.difference, 2, rtol=1e-4)
    assert (found.how, round(found.bias, 3), round(found.rmse, 3)) == ("same grid", 2, 2)


def test_another_grid_is_interpolated_and_another_unit_converted():
    celsius = dataset(*COARSE)
    celsius["t"] = (celsius.t - 273.15).assign_attrs(units="degC", long_name="Temperature")
    found = compare(field(dataset(*FINE)), field(celsius))
    assert found.how == "bilinear"
    # Linear in latitude; along a parallel a chord of 5° lies 20 (1 − cos 2.5°) below the cosine at most.
    assert np.abs(found.difference).max() < 20 * (1 - np.cos(np.deg2rad(2.5))) * 1.05
    assert np.abs(found.values - known(*FINE)).max() < 0.02


def test_beyond_the_other_grid_there_is_no_difference_and_means_are_weighted_by_area():
    part = dataset(np.array([-10.0, 10.0, 30.0]), np.array([0.0, 20.0]))
    part["t"] = part.t * 0 + 250
    first = dataset(np.arange(-80, 81, 10.0), np.arange(-180, 180, 10.0))
    first["t"] = first.t * 0 + 251
    first["t"][:, first.lat == 30] += 1
    first["t"].attrs["units"] = part["t"].attrs["units"] = "K"
    found = compare(field(first), field(part))
    assert np.isfinite(found.difference).sum() == 5 * 3
    weight = np.cos(np.deg2rad([-10, 0, 10, 20, 30]))
    assert found.bias == pytest.approx(1 + weight[-1] / weight.sum(), rel=2e-3)


def test_other_grids_give_the_cell_that_a_place_lies_in():
    found = compare(field(regular()), field(healpix_ring()))
    assert found.how == "nearest cell"
    assert np.abs(found.difference).max() < 0.8 * 2.5  # kelvins a degree, and half of a cell's diagonal


def test_unlike_units_are_refused():
    other = dataset(*FINE)
    other["t"].attrs["units"] = "hPa"
    with pytest.raises(InputError, match="same kind of unit; Temperature is in 'K', Temperature in 'hPa'"):
        compare(field(dataset(*FINE)), field(other))


def test_mean_spread_and_probability_of_members():
    base = smooth(*np.meshgrid(*FINE, indexing="ij"))
    members = np.array([-1.0, 0.0, 1.0, 4.0])
    values = base + members[:, None, None]
    values[1, 5, 6] = np.nan
    data = xr.Dataset(
        {"t": (("number", "lat", "lon"), values, {"units": "K"})},
        {"lat": ("lat", FINE[0], {"units": "degrees_north"}), "lon": ("lon", FINE[1], {"units": "degrees_east"})},
    )
    found = ensemble(FieldDataset("a file", "NetCDF", [data]), "t", {"number": 2})
    np.testing.assert_allclose(found.mean()[7], base[7] + 1, rtol=1e-5)
    np.testing.assert_allclose(found.spread()[7], np.sqrt((4 + 1 + 0 + 9) / 3), rtol=1e-4)
    at = float(base[7, 8])
    assert (found.probability(at + 0.5)[7, 8], found.probability(at + 0.5, above=False)[7, 8]) == (50, 50)
    assert found.probability(at - 5)[7, 8] == 100
    assert all(np.isnan(part[5, 6]) for part in (found.mean(), found.spread(), found.probability(200.0)))
    with pytest.raises(InputError, match="has no ensemble"):
        ensemble(FieldDataset("a file", "NetCDF", [data.isel(number=0)]), "t", {})


@pytest.mark.parametrize("west", [4.9, -0.3])
def test_coordinates_that_are_rounded_otherwise_lose_neither_coast_nor_edge(west):
    latitude, longitude = 50 + 0.1 * np.arange(30), west + 0.1 * np.arange(40)
    one = dataset(latitude, longitude)
    one["t"] = one.t.where(one.lon > west + 1.15)  # the coast
    for source in (one, one.assign_coords(lat=one.lat.astype("f4"), lon=one.lon.astype("f4"))):
        shifted = source.assign_coords(lon=(source.lon + 360).astype(source.lon.dtype))
        for other in (source, shifted):
            found = compare(field(one), field(other))
            np.testing.assert_array_equal(np.isfinite(found.difference), np.isfinite(one.t[0]))
            assert np.nanmax(np.abs(found.difference)) < 0.02  # of 20 K over the sphere, a thousandth of a cell is less
