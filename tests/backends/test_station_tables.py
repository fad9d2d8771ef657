"""One report for each station, and the table that they make: what cannot be real, or is there twice, is left out."""

import numpy as np
import pandas as pd
import pytest

from backends.errors import InputError
from backends.stations.selection import offers, select
from backends.stations.table import StationTable


def reports(*rows: tuple, variable: str = "air_temperature", level: float = np.nan) -> pd.DataFrame:
    """Return a table of reports from (station, minute past 11, latitude, longitude, height, value)."""
    table = pd.DataFrame(rows, columns=["station", "minute", "latitude", "longitude", "height", "value"])
    time = pd.Timestamp("2021-05-16 11:00") + pd.to_timedelta(table.pop("minute"), unit="min")
    return table.assign(report=range(len(rows)), time=time.astype("datetime64[s]"), variable=variable, level=level)


def a_table(**changes) -> StationTable:
    p = 3
    content = {
        "source": "a.bufr",
        "variable": "geopotential",
        "title": "geopotential at 500 hPa",
        "units": "m2 s-2",
        "time": np.datetime64("2008-12-08T12", "s"),
        "station": ("1", "2", "3"),
        "latitude": np.array([-33.3, 10.0, 71.25]),
        "longitude": np.array([-179.5, 0.5, 179.9]),
        "height": np.zeros(p),
        "values": np.full(p, 55_000.0),
        "dropped": 0,
        "level": 500.0,
    }
    return StationTable(**{**content, **changes})


def test_of_two_reports_of_a_station_the_one_nearest_to_the_nominal_time_is_kept():
    rows = [("A", minute, 50, 10, 0, value) for minute, value in ((30, 281.0), (50, 282.0), (40, 284.0))]
    table = select(reports(*rows[:2], ("B", 60, 51, 10, 0, 283.0), rows[2]), "x", "air_temperature", None)
    assert (table.station, table.values.tolist(), table.dropped) == (("A", "B"), [282.0, 283.0], 2)
    assert table.time == np.datetime64("2021-05-16T12:00")


def test_of_two_stations_at_a_place_the_first_is_kept():
    rows = ("A", 50, 50, 190, 0, 281.0), ("B", 60, 50, -170, 0, 282.0), ("C", 60, 50, -169, 0, 283.0)
    table = select(reports(*rows), "x", "air_temperature", None)
    assert (table.station, table.longitude.tolist(), table.dropped) == (("A", "C"), [-170.0, -169.0], 1)


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("air_temperature", [1e30, -5.0, np.nan, np.inf, 15.0, 9999.0]),
        ("air_pressure_at_mean_sea_level", [1013.25, 0.0, 1e30, -1.0]),
        ("geopotential", [1e30, -1e5]),
    ],
)
def test_values_that_cannot_be_real_are_dropped_and_counted(variable, bad):
    good = {"air_temperature": 280.0, "air_pressure_at_mean_sea_level": 101_325.0, "geopotential": 54_000.0}[variable]
    rows = [(f"bad {k}", 60, 50 + k / 10, 10, 0, value) for k, value in enumerate(bad)]
    table = select(reports(("good", 60, 40, 10, 0, good), *rows, variable=variable), "x", variable, None)
    assert (table.station, table.dropped) == (("good",), len(bad))


def test_reports_without_a_place_or_time_are_dropped_and_counted():
    rows = [("good", 60, 40, 10, 0, 280.0)]
    rows += [("a", 60, np.nan, 10, 0, 280.0), ("b", 60, 41, 720, 0, 280.0), ("c", 60, 95, 10, 0, 280.0)]
    rows += [("d", 60, 42, 10, np.nan, 280.0), ("e", 60, 43, 10, 1e6, 280.0), ("f", np.nan, 44, 10, 0, 280.0)]
    table = select(reports(*rows), "x", "air_temperature", None)
    assert (table.station, table.dropped) == (("good",), 6)
    assert offers(reports(*rows))[0].stations == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variable": "wind_speed"}, "must be one of air_temperature, .*; came 'wind_speed'"),
        ({"station": ()}, "has no station that observed geopotential at 500 hPa"),
        ({"values": np.zeros(2)}, r"values of a\.bufr must have shape \(3,\); came \(2,\)"),
        ({"height": np.array([0, np.nan, 0])}, r"height of a\.bufr must be finite; 1 of 3"),
        ({"latitude": np.array([0.0, 0.0, 91.0])}, "latitude of .* must lie between -90 and 90; came 0 to 91"),
        ({"longitude": np.array([0.0, 0.0, 181.0])}, "longitude of .* must lie between -180 and 180"),
        ({"height": np.array([0.0, 0.0, 1e5])}, "height of .* must lie between -500 and 9000"),
        ({"time": np.datetime64("NaT", "s")}, "need a time"),
        ({"dropped": -1}, "must not be negative; came -1"),
        ({"level": 0.0}, "must be positive, in hPa; came 0"),
    ],
)
def test_a_table_that_is_wrong_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        a_table(**changes)
