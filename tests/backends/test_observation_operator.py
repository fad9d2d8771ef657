"""H of real grids: fields of known formula come out exactly where bilinear, log-linear and linear interpolation are exact."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.observations.operator import equivalents
from backends.observations.schema import HEIGHT, NO_LEVEL, PRESSURE
from tests.backends.observation_files import table

LEVELS = np.array([1000.0, 850.0, 500.0, 100.0])
TIMES = np.array(["2020-01-01T00", "2020-01-01T06"], "datetime64[ns]")


def known(latitude, longitude, pascals, hours):
    """Return a field that is linear in latitude, longitude, log p and time."""
    return 200 + latitude + 0.5 * longitude + 3 * np.log(pascals) + 2 * hours


def dataset(units: str = "K", level_units: str = "hPa", factor: float = 1.0, offset: float = 0.0) -> FieldDataset:
    return FieldDataset("x.nc", "NetCDF", [source(units, level_units, factor, offset)])


def source(units: str = "K", level_units: str = "hPa", factor: float = 1.0, offset: float = 0.0) -> xr.Dataset:
    latitude, longitude = np.arange(60.0, 29.0, -2.0), np.arange(-20.0, 21.0, 2.5)
    hours = np.array([0.0, 6.0])[:, None, None, None]
    values = known(latitude[:, None], longitude, 100 * LEVELS[:, None, None], hours) * factor + offset
    coordinates = {
        "time": TIMES,
        "level": ("level", LEVELS, {"units": level_units, "axis": "Z"}),
        "lat": ("lat", latitude, {"units": "degrees_north"}),
        "lon": ("lon", longitude, {"units": "degrees_east"}),
    }
    return xr.Dataset({"t": (("time", "level", "lat", "lon"), values, {"units": units})}, coordinates)


def somewhere(count: int = 40, **columns):
    rng = np.random.default_rng(5)
    seconds = rng.integers(0, 21_600, count)
    columns = {"level": rng.uniform(1e4, 1e5, count), **columns}
    made = table(count, latitude=rng.uniform(30, 60, count), longitude=rng.uniform(-20, 20, count), **columns)
    return made.with_columns(time=np.datetime64("2020-01-01", "s") + seconds * np.timedelta64(1, "s"))


def expected(made, hours=None):
    hours = (made.time - np.datetime64("2020-01-01", "s")).astype("f8") / 3600 if hours is None else hours
    return known(made.latitude, made.longitude, made.level.astype("f8"), hours)


def test_linear_fields_are_interpolated_exactly():
    made = somewhere()
    result = equivalents(made, dataset(), "t")
    np.testing.assert_allclose(result.values, expected(made), atol=2e-4)  # fields are float32
    assert (result.outside, result.beyond, result.early_or_late, result.missing) == (0, 0, 0, 0)


def test_the_nearest_time_is_taken():
    made = somewhere()
    hours = np.where(made.time < np.datetime64("2020-01-01T03"), 0.0, 6.0)
    np.testing.assert_allclose(equivalents(made, dataset(), "t", "nearest").values, expected(made, hours), atol=2e-4)


def test_many_times_and_levels_take_no_memory_for_each_observation():
    made = somewhere(20_000)
    fields = many_times()
    tracemalloc.start()
    for in_time in ("nearest", "linear"):
        equivalents(made, fields, "t", in_time)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # a weight for each time would be 320 MB


def many_times() -> FieldDataset:
    """Return the same with 2,000 times, of which observations of six hours lie between two."""
    hours = np.arange(2000) * np.timedelta64(6, "h")
    data = source().isel(time=np.arange(2000) % 2).assign_coords(time=TIMES[0] + hours)
    return FieldDataset("x.nc", "NetCDF", [data])


def test_other_units_are_turned_into_those_of_the_observations():
    made = somewhere()
    np.testing.assert_allclose(equivalents(made, dataset("degC", offset=-273.15), "t").values, expected(made), atol=2e-4)
    heights = somewhere(variable="geopotential")
    np.testing.assert_allclose(equivalents(heights, dataset("m"), "t").values, 9.80665 * expected(heights), rtol=1e-5)


def test_what_lies_outside_is_counted_once_and_missing():
    made = table(6, latitude=[20.0, 50.0, 50.0, np.nan, 50.0, 50.0], level=[5e4, 5e3, 5e4, 5e4, 5e4, 1e5])
    made.time[:] = np.datetime64("2020-01-01T03")
    made.time[2] = np.datetime64("2020-01-02")
    result = equivalents(made, dataset(), "t")
    assert np.isnan(result.values).tolist() == [True, True, True, True, False, False]
    assert (result.outside, result.beyond, result.early_or_late, result.missing) == (2, 1, 1, 0)


def test_observations_at_levels_have_no_equivalent_of_a_field_at_none():
    """Soil, or two metres: what a radiosonde measures at 500 hPa is not there, what a station measures is."""
    made = table(3, latitude=50.0, longitude=10.0, level=[5e4, np.nan, 20.0], level_kind=[PRESSURE, NO_LEVEL, HEIGHT])
    made.time[:] = np.datetime64("2020-01-01")
    data = source().isel(level=1, drop=True)
    result = equivalents(made, FieldDataset("x.nc", "NetCDF", [data]), "t")
    assert np.isfinite(result.values).tolist() == [False, True, False]
    assert (result.beyond, result.beyond_words) == (2, "at levels, which the field has not")


def test_at_the_only_level_of_a_field_count_those_that_are_there():
    made = table(
        4, latitude=50.0, longitude=10.0, level=[8.5e4, 5e4, np.nan, 8.5e4], level_kind=[PRESSURE] * 2 + [NO_LEVEL, HEIGHT]
    )
    made.time[:] = np.datetime64("2020-01-01")
    result = equivalents(made, FieldDataset("x.nc", "NetCDF", [source().isel(level=[1])]), "t")
    assert np.isfinite(result.values).tolist() == [True, False, False, False]
    assert (result.beyond, result.beyond_words) == (3, "not at 850 hPa")


def test_heights_are_no_pressures():
    made = table(2, latitude=50.0, longitude=10.0, level=[5e4, 5e4], level_kind=[PRESSURE, HEIGHT])
    made.time[:] = np.datetime64("2020-01-01")
    assert np.isfinite(equivalents(made, dataset(), "t").values).tolist() == [True, False]


@pytest.mark.parametrize(
    ("made", "fields", "match"),
    [
        (table(), dataset("Pa"), "must have a unit that can be turned into K; came 'Pa'"),
        (table(), dataset(level_units="m"), "the levels on axis level must be pressures; came 1000 m"),
        (table(level=np.nan, level_kind=0), dataset(), "is on pressure levels; the observations of air_temperature are not"),
        (table(0), dataset(), "of one variable at a time; came observations of nothing"),
    ],
)
def test_what_cannot_be_compared_is_named(made, fields, match):
    with pytest.raises(InputError, match=match):
        equivalents(made, fields, "t")


def test_real_radiosondes_at_another_month(real_data, tmp_path):
    """Geometry alone: the geopotential of January's climate at radiosondes of December is near what they measured."""
    from backends.fields.readers import open_dataset
    from backends.observations.readers import read
    from backends.observations.selection import Selection
    from tests.backends.observation_files import cut

    sondes = read(cut(real_data / "temp-radiosondes.bufr", tmp_path / "x.bufr", messages=40))
    sondes = sondes.take(Selection(variables=("geopotential",), level_kind="pressure", levels=(2e4, 8.5e4)).mask(sondes))
    climate = open_dataset(real_data / "eraint_uvz.nc")
    with pytest.raises(InputError, match="the times on axis month must be dates, or one be chosen; came month 1"):
        equivalents(sondes, climate, "z")
    result = equivalents(sondes, climate, "z", selection={"month": 0})
    departure = sondes.value - result.values
    assert np.isfinite(departure).sum() > 100
    assert np.nanmedian(np.abs(departure)) < 1500  # 150 m, where levels are km apart
