"""The mean of a calendar month, against xarray's groupby and by hand."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields import dataset as datasets
from backends.fields import stored
from backends.fields.climatology import calendar_months, same_month
from backends.fields.dataset import FieldDataset

#: Ten-day steps from December 2018 into March 2021, with one month of which there is no second year.
TIMES = np.datetime64("2018-12-05", "ns") + 10 * np.arange(84) * np.timedelta64(1, "D")


@pytest.fixture
def decades() -> xr.Dataset:
    """Random values every ten days at two levels."""
    values = np.random.default_rng(5).normal(280, 10, (len(TIMES), 2, 3, 4)).astype("f4")
    values[7, 0, 1, 1] = np.nan
    return xr.Dataset(
        {"t": (("time", "level", "lat", "lon"), values, {"units": "K", "long_name": "Temperature"})},
        {
            "time": TIMES, "level": ("level", [850, 500], {"units": "hPa"}),
            "lat": ("lat", [10.0, 20.0, 30.0], {"units": "degrees_north"}),
            "lon": ("lon", [0.0, 10.0, 20.0, 30.0], {"units": "degrees_east"}),
        },
    )  # fmt: skip


@pytest.mark.parametrize("kept", [True, False])
def test_the_mean_of_a_calendar_month_is_that_of_xarray(decades, kept, monkeypatch):
    if not kept:
        monkeypatch.setattr(stored, "KEPT_VALUES", 0)
    opened = FieldDataset("a file", "NetCDF", [decades])
    axis = opened.variable("t").axis("time")
    monthly = decades["t"].groupby("time.month").mean("time", skipna=False)
    for index in (0, 20, 83):
        found = opened.mean_field("t", axis, {"time": index, "level": 1}, *same_month(axis, index))
        month = int(decades["time.month"][index])
        np.testing.assert_allclose(found.values, monthly.sel(month=month, level=500), rtol=1e-6)
    with_hole = opened.mean_field("t", axis, {"level": 0}, *same_month(axis, 7))  # February 2019
    assert np.isnan(with_hole.values).sum() == 1


def test_a_month_is_told_with_its_times_and_years(decades):
    axis = FieldDataset("a file", "NetCDF", [decades]).variable("t").axis("time")
    indices, words = same_month(axis, 4)
    days = [str(TIMES[k])[:10] for k in indices]
    assert days[:3] == ["2019-01-04", "2019-01-14", "2019-01-24"]
    assert {day[:7] for day in days} == {"2019-01", "2020-01", "2021-01"}
    assert words == f"mean of {len(days)} times in January, 2019 to 2021"
    assert calendar_months(axis)[[0, 4]].tolist() == [12, 1]


def test_times_that_are_no_dates_have_no_month(decades):
    numbers = decades.assign_coords(time=("time", np.arange(len(TIMES)), {"axis": "T"}))
    axis = FieldDataset("a file", "NetCDF", [numbers]).variable("t").axis("time")
    assert not calendar_months(axis).any()
    with pytest.raises(InputError, match="needs dates; came time 3"):
        same_month(axis, 3)


def test_a_mean_of_too_many_values_says_so(decades, monkeypatch):
    monkeypatch.setattr(stored, "KEPT_VALUES", 0)
    monkeypatch.setattr(datasets, "MOST_MEANT", 1000)
    opened = FieldDataset("a file", "NetCDF", [decades])
    with pytest.raises(InputError, match="a mean over 84 fields of Temperature takes 1,008 values; at most 1,000 are read"):
        opened.mean_field("t", opened.variable("t").axis("time"), {})
