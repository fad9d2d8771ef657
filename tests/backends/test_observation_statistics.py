"""Statistics of observations by hand and against pandas, and what of them is suspicious."""

import numpy as np
import pytest

from backends.errors import InputError
from backends.observations import suspicious
from backends.observations.coded import Coded
from backends.observations.schema import PASSED, REJECTED, SUSPICIOUS
from backends.observations.statistics import (
    STANDARD_EDGES,
    STANDARD_LEVELS,
    Summary,
    counts_by_level,
    counts_by_time,
    departures,
    grouped_departures,
    grouped_summary,
    histogram,
    level_groups,
    region_groups,
    summary,
)
from backends.observations.suspicious import duplicates, suspicious_places
from tests.backends.observation_files import random_table, table, take_pieces

NAN = float("nan")


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch):
    """Take millions for a few dozens: what is right of several pieces is right of one."""
    take_pieces(monkeypatch)


# Statistics


def test_departures_by_hand():
    """O−B = 1, −1, 3, missing; the third failed quality control."""
    made = table(4, value=[10.0, 20.0, 30.0, 40.0], background=[9.0, 21.0, 27.0, NAN], analysis=[10.0, 20.0, 29.0, 40.0])
    made.quality[:] = [PASSED, PASSED, REJECTED, SUSPICIOUS]
    result = departures(made)
    assert result.background == Summary(3, -1.0, 1.0, 3.0, pytest.approx(np.sqrt(8 / 3)))
    assert result.background_passed == Summary(2, -1.0, 0.0, 1.0, 1.0)
    assert result.analysis == Summary(4, 0.0, 0.25, 1.0, pytest.approx(np.sqrt(3 / 16)))
    assert result.analysis_passed == Summary(2, 0.0, 0.0, 0.0, 0.0)


def test_groups_are_summed_up_apart():
    rng = np.random.default_rng(1)
    values, group = rng.normal(1e5, 1.0, 500), rng.integers(-1, 4, 500)
    values[::17] = np.nan
    for k, one in enumerate(grouped_summary(values, group, 5)):
        mine = values[(group == k) & np.isfinite(values)]
        if k == 4:
            assert one.n == 0
            assert np.isnan(one.std)
        else:
            assert (one.n, one.min, one.max) == (len(mine), mine.min(), mine.max())
            assert (one.mean, one.std) == (pytest.approx(mine.mean()), pytest.approx(mine.std()))


def test_departures_in_layers_and_regions():
    made = table(4, level=[85_000.0, 50_000.0, 84_000.0, NAN], latitude=[50.0, 0.0, -20.0, -60.0], background=279.0)
    layers = level_groups(made, STANDARD_EDGES)
    # From the top: 10 hPa is layer 0, 1000 hPa the last.
    names = [100 * level for level in STANDARD_LEVELS[::-1]]
    assert [names[k] if k >= 0 else None for k in layers] == [85_000, 50_000, 85_000, None]
    assert [one.background.n for one in grouped_departures(made, layers, len(STANDARD_LEVELS))] == counts_by_level(
        made, STANDARD_EDGES
    ).tolist()
    regions = region_groups(made)
    assert regions.tolist() == [0, 1, 1, 2]
    assert [one.background.mean for one in grouped_departures(made, regions, 3)] == [1.0, 2.5, 4.0]


def test_each_standard_level_lies_in_its_own_layer():
    made = table(len(STANDARD_LEVELS), level=100.0 * np.array(STANDARD_LEVELS))
    assert level_groups(made, STANDARD_EDGES).tolist() == list(range(len(STANDARD_LEVELS)))[::-1]


def test_counts_by_time():
    made = table(4)
    made.time[:] = np.array(["2020-01-01T00:10", "2020-01-01T00:50", "2020-01-01T02:00", "NaT"], "datetime64[s]")
    begins, counts = counts_by_time(made, np.timedelta64(1, "h"))
    assert [str(t)[11:16] for t in begins] == ["00:00", "01:00", "02:00"]
    assert counts.tolist() == [2, 0, 1]
    with pytest.raises(InputError, match="take a longer one"):
        counts_by_time(table(2).with_columns(time=np.array(["1970", "2020"], "datetime64[s]")), np.timedelta64(1, "s"))


def test_a_histogram_counts_every_finite_value():
    edges, counts = histogram(np.array([0.0, 1.0, 1.0, NAN, np.inf, 2.0]), bins=4)
    assert (edges.tolist(), counts.tolist()) == ([0.0, 0.5, 1.0, 1.5, 2.0], [1, 0, 2, 1])
    assert histogram(np.array([NAN]))[1].sum() == 0
    assert summary(np.array([NAN])).n == 0


# What is suspicious


def test_duplicates_are_found_as_pandas_finds_them():
    import pandas as pd

    made = random_table(4000)
    made.time[:] = np.datetime64("2020-01-01", "s") + (np.arange(4000) % 7) * np.timedelta64(1, "h")
    made.level[:] = np.where(np.isnan(made.level), np.nan, np.round(made.level, -4))
    columns = {"t": made.time, "l": made.level, "k": made.level_kind, "v": made.variable.codes, "s": made.station.codes}
    expected = pd.DataFrame(columns).duplicated(keep=False).to_numpy()
    assert 100 < expected.sum() < 4000
    np.testing.assert_array_equal(duplicates(made), expected)


def test_stations_without_a_name_are_told_apart_by_their_place():
    made = table(3, station="", latitude=[1.0, 2.0, 1.0], time=np.datetime64("2020-01-01"))
    assert duplicates(made).tolist() == [True, False, True]


@pytest.mark.parametrize("rows", [3, 100])
def test_suspicious_places(rows, monkeypatch):
    monkeypatch.setattr(suspicious, "PIECE", rows)
    latitude = [50.0, 0.0, 7.0, 95.0, NAN, 50.2, 0.0, 10.0]
    longitude = [10.0, 0.0, 7.0, 10.0, 10.0, 10.0, 20.0, 400.0]
    station = ["moved", "a", "b", "c", "d", "moved", "still", "e"]
    made = table(8, latitude=latitude, longitude=longitude, station=station)
    assert suspicious_places(made).tolist() == [4, 2, 3, 1, 1, 4, 0, 1]


def test_names_are_gone_through_once_of_a_table_and_not_of_each_piece(monkeypatch):
    class Names(tuple):
        """Counts how often it is gone through."""

        times = 0

        def __iter__(self):
            Names.times += 1
            return super().__iter__()

    made = random_table(200)
    stations, types = (Coded(column.codes, Names(column.names)) for column in (made.station, made.report_type))
    made, found = made.with_columns(station=stations, report_type=types), {}
    for rows in (37, 1000):
        monkeypatch.setattr(suspicious, "PIECE", rows)
        Names.times = 0
        duplicates(made)
        suspicious_places(made)
        found[rows] = Names.times
    assert found[37] == found[1000] > 0


def test_neither_aircraft_nor_stations_at_the_dateline_have_moved():
    places = {"latitude": 10.0, "longitude": [179.99, -179.99, 0.0], "station": ["x", "x", "y"]}
    assert not suspicious_places(table(3, **places)).any()
    assert not suspicious_places(table(2, latitude=[1.0, 60.0], report_type="AIREP")).any()
