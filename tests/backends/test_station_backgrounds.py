"""What may be a background at stations: a plane fitted to the observations, or the climate of the month."""

import numpy as np
import pytest
import torch
import xarray as xr

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.readers import open_dataset
from backends.stations.bufr import read_stations
from backends.stations.climate import climate_background
from backends.stations.regression import fit_regression
from tests.backends.test_station_tables import a_table

# The regression


def some_stations(p: int, seed: int = 1, west: float = 6.0) -> list[torch.Tensor]:
    u = torch.rand(3, p, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return [47 + 8 * u[0], west + 9 * u[1], 1500 * u[2].square()]


def test_a_plane_is_recovered_exactly():
    def plane(latitude, longitude, height):
        return 300 - 0.6 * latitude + 0.2 * longitude - 0.0065 * height

    fitted = fit_regression(*some_stations(30), plane(*some_stations(30)))
    elsewhere = some_stations(20, seed=2)
    torch.testing.assert_close(fitted.predict(*elsewhere), plane(*elsewhere), rtol=0, atol=1e-10)


def test_least_squares_as_numpy_solves_it():
    stations, elsewhere = some_stations(40), some_stations(10, seed=2)
    values = 280 + torch.randn(40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def design(places):
        return np.stack([np.ones(len(places[0])), *(column.numpy() for column in places)], axis=1)

    coefficients = np.linalg.lstsq(design(stations), values.numpy())[0]
    fitted = fit_regression(*stations, values)
    np.testing.assert_allclose(fitted.predict(*elsewhere).numpy(), design(elsewhere) @ coefficients, rtol=1e-11)
    residual = values - fitted.predict(*stations)
    np.testing.assert_allclose(design(stations).T @ residual.numpy(), 0, atol=1e-8)


def test_stations_on_both_sides_of_the_dateline():
    latitude, longitude, height = some_stations(30, west=175.0)
    values = latitude + 2 * longitude
    fitted = fit_regression(latitude, (longitude + 180) % 360 - 180, height, values)
    torch.testing.assert_close(fitted.predict(latitude, longitude, height), values)


def test_float32_and_integers_are_computed_in_float64():
    stations = [column.float() for column in some_stations(30)]
    fitted = fit_regression(*stations, torch.arange(30))
    assert fitted.coefficients.dtype == fitted.predict(*stations).dtype == torch.float64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, o, h, y: (a[:4], o[:4], h[:4], y[:4]), "at least 5 stations; came 4"),
        (lambda a, o, h, y: (a, o, torch.full_like(h, 12.0), y), "all 30 have the same height"),
        (lambda a, o, h, y: (a, o, 3 * a - 2 * o, y), "independent of each other"),
        (lambda a, o, h, y: (a, o, h, y[:7]), r"one value per station; came \(7,\) for 30"),
        (lambda a, o, h, y: (a, o[:7], h, y), r"came shapes \(30,\), \(7,\) and \(30,\)"),
        (lambda a, o, h, y: (a, o, h, y * torch.nan), "must be finite; 30 are not"),
        (lambda a, o, h, y: (a, o / 0, h, y), "longitudes of a regression must be finite"),
    ],
)
def test_a_regression_that_is_not_determined_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        fit_regression(*change(*some_stations(30), torch.ones(30, dtype=torch.float64)))


# The climate


def known(latitude, longitude, month, level):
    """Return a field that is linear in latitude, smooth in longitude, and of another value in each month and on each level."""
    return 1000.0 * month + level + 10 * latitude + 30 * np.cos(np.deg2rad(longitude))


def climate(months=(1, 7), levels=(850, 500), level_units="hPa", units="m**2 s**-2", step=0.5, **attributes) -> FieldDataset:
    latitude, longitude = np.arange(90, -90.1, -2.5), np.arange(0, 360, step)
    scale = 100 if level_units == "Pa" else 1
    values = [[known(latitude[:, None], longitude[None], m, level) for level in levels] for m in months]
    data = xr.Dataset(
        {"z": (("time", "level", "latitude", "longitude"), np.array(values), {"units": units, "long_name": "Geopotential"})},
        {
            "time": np.array([f"2000-{m:02d}-01" for m in months], dtype="datetime64[ns]"),
            "level": ("level", np.array(levels) * scale, {"units": level_units, "axis": "Z"}),
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
        },
    )
    data["z"].attrs.update(attributes)
    return FieldDataset("climate.nc", "NetCDF", [data])


@pytest.mark.parametrize("level_units", ["hPa", "millibars", "Pa", ""])
def test_the_climate_is_read_at_the_stations(level_units):
    table = a_table()
    background = climate_background(table, climate(level_units=level_units))
    np.testing.assert_allclose(background, known(table.latitude, table.longitude, 1, 500), atol=2e-3)


@pytest.mark.parametrize(("time", "month"), [("2008-12-08", 1), ("2008-05-31", 7), ("2008-02-01", 1), ("2008-09-30", 7)])
def test_the_nearest_month_counts_round_the_year(time, month):
    table = a_table(time=np.datetime64(time, "s"))
    expected = known(table.latitude, table.longitude, month, 500)
    np.testing.assert_allclose(climate_background(table, climate()), expected, atol=2e-3)


def test_equally_near_months_are_averaged():
    table = a_table(time=np.datetime64("2008-04-10", "s"))
    expected = known(table.latitude, table.longitude, 4, 500)
    np.testing.assert_allclose(climate_background(table, climate()), expected, atol=2e-3)


@pytest.mark.parametrize(
    ("changes", "dataset", "message"),
    [
        ({"level": None}, {}, "a climate is read on pressure levels"),
        ({"level": 300.0}, {}, "not given at 300 hPa; it has 850 hPa, 500 hPa"),
        ({}, {"levels": (1, 500), "level_units": "K"}, "not given at 500 hPa"),
        ({}, {"units": "m"}, "must be in m2 s-2; its unit is 'm'"),
        ({}, {"standard_name": "geopotential_height"}, "has no geopotential on levels; it has geopotential_height"),
    ],
)
def test_a_climate_that_does_not_fit_is_refused(changes, dataset, message):
    with pytest.raises(InputError, match=message):
        climate_background(a_table(**changes), climate(**dataset))


def test_the_radiosondes_are_near_the_climate_of_january(real_data):
    table = read_stations(real_data / "temp-radiosondes.bufr", "geopotential", 500)
    departure = table.values - climate_background(table, open_dataset(real_data / "eraint_uvz.nc"))
    # Half of the variance of December days round the January mean, and no offset of a level or a month (over 1,000).
    assert abs(departure.mean()) < 300
    assert departure.std() < 0.5 * table.values.std()
