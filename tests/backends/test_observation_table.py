"""The one table of observations: what goes in comes out, through selections, statistics and Parquet."""

from collections import Counter

import numpy as np
import pytest

from backends.errors import InputError
from backends.observations import parquet, suspicious
from backends.observations.coded import Coded, joined
from backends.observations.nearest import nearest, profile, series
from backends.observations.rows import Following
from backends.observations.schema import PASSED, REJECTED, SUSPICIOUS, UNKNOWN
from backends.observations.selection import Selection
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
from backends.observations.table import concatenate
from backends.observations.wind import components
from tests.backends.observation_files import random_table, table, take_pieces

NAN = float("nan")


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch):
    """Take millions for a few dozens: what is right of several pieces is right of one."""
    take_pieces(monkeypatch)


# The table


def test_rows_without_a_value_are_left_out():
    made = table(4, value=[1.0, np.nan, 1e300, 4.0], station=["a", "b", "c", "d"])
    assert (made.value.tolist(), made.station.texts(), made.report.tolist()) == ([1.0, 4.0], ["a", "d"], [0, 3])


def test_longitudes_beyond_the_dateline_lose_a_full_turn():
    assert table(4, longitude=[350.0, 180.0, -180.0, 500.0]).longitude.tolist() == [-10.0, 180.0, -180.0, 500.0]


def test_columns_of_other_lengths_are_named():
    with pytest.raises(InputError, match="column level of a file must have 6 rows; came 2"):
        table(6, level=[1.0, 2.0])


def test_variables_need_a_unit():
    with pytest.raises(InputError, match="need a unit each; odd have none"):
        table(variable="odd")
    assert table().units == {"air_temperature": "K"}


def test_tables_are_put_together():
    both = concatenate([table(2), table(1, variable="geopotential", station="other")])
    assert both.variable.texts() == ["air_temperature", "air_temperature", "geopotential"]
    assert both.station.texts() == ["10393", "10393", "other"]
    assert both.units == {"air_temperature": "K", "geopotential": "m2 s-2"}
    with pytest.raises(InputError, match="air_temperature of a file must have one unit; it has 'K' and 'degC'"):
        concatenate([table(2), table(1).with_columns(units={"air_temperature": "degC"})])


def test_codes_are_joined_by_their_texts():
    parts = [Coded.of(["b ", "a\0", "b"]), Coded.of([]), Coded.of(["c", "a"])]
    whole = joined(parts)
    assert whole.texts() == ["b", "a", "b", "c", "a"]
    assert whole.counts() == {"b": 2, "a": 2, "c": 1}
    assert whole.is_in(["a"]).tolist() == [False, True, False, False, True]


def test_texts_are_counted():
    texts = np.random.default_rng(2).choice(["a", "b", "c"], 200).tolist()
    assert Coded.of(texts).counts() == Counter(texts)


def test_what_is_alike_takes_no_memory_and_what_differs_at_last_is_kept(tmp_path):
    made = random_table(200)
    made.quality[:], made.level_kind[:] = PASSED, 1
    made.quality[-1] = REJECTED
    parquet.write(made, tmp_path / "x.parquet")
    again = parquet.read(tmp_path / "x.parquet")
    assert again.level_kind.strides == (0,)
    np.testing.assert_array_equal(again.quality, made.quality)


def test_parquet_keeps_everything(tmp_path):
    made = random_table(200)
    made.time[3] = np.datetime64("NaT")
    parquet.write(made, tmp_path / "x.parquet")
    again = parquet.read(tmp_path / "x.parquet")
    assert (again.source, again.format, again.units) == (made.source, made.format, made.units)
    for name in ("time", "latitude", "level", "level_kind", "value", "quality", "analysis"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name))
        assert getattr(again, name).dtype == getattr(made, name).dtype
    assert again.station.texts() == made.station.texts()


def test_an_empty_table_is_kept_too(tmp_path):
    parquet.write(table(0), tmp_path / "x.parquet")
    again = parquet.read(tmp_path / "x.parquet")
    assert len(again) == 0
    assert departures(again).background.n == 0
    assert not duplicates(again).any()
    assert nearest(again, 0, 0) is None


# Selections


def test_a_selection_asks_for_everything_it_names():
    made = random_table(60_000)
    start, end = np.datetime64("2020-01-01T06"), np.datetime64("2020-01-01T18")
    chosen = Selection(
        variables=("odd",), report_types=("TEMP",), stations=("a", "b"), start=start, end=end, box=(-20, 40, 0, 60),
        level_kind="pressure", levels=(2e4, 9e4), qualities=("passed", "unknown"),
    )  # fmt: skip
    rows = zip(
        made.variable.texts(), made.report_type.texts(), made.station.texts(), made.time, made.longitude, made.latitude,
        made.level_kind, made.level, made.quality, strict=True,
    )  # fmt: skip
    expected = [
        v == "odd" and t == "TEMP" and s in "ab" and start <= when <= end and -20 <= lon <= 40 and 0 <= lat <= 60
        and k == 1 and 2e4 <= p <= 9e4 and q in (UNKNOWN, PASSED)
        for v, t, s, when, lon, lat, k, p, q in rows
    ]  # fmt: skip
    assert sum(expected) > 3
    np.testing.assert_array_equal(chosen.mask(made), expected)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((170, -170, -90, 90), [1, 1, 0]),
        ((-180, 180, -90, 90), [1, 1, 1]),
        ((0, 360, -90, 90), [1, 1, 1]),
        ((350, 10, -5, 5), [0, 0, 1]),
    ],
)
def test_boxes_may_lie_across_the_dateline(box, inside):
    made = table(3, latitude=0.0, longitude=[175.0, -175.0, 0.0])
    assert Selection(box=box).mask(made).tolist() == [bool(one) for one in inside]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"level_kind": "depth"}, "kind of level must be one of none, pressure.*'depth'"),
        ({"qualities": ("good",)}, "a quality must be one of unknown, passed.*'good'"),
        ({"box": (0, 10, 50, 40)}, "from south to north; came 50 to 40"),
        ({"levels": (2.0, 1.0)}, "must begin with the least; came 2 to 1"),
        ({"start": np.datetime64("2021"), "end": np.datetime64("2020")}, "must not end before it begins"),
    ],
)
def test_impossible_selections_are_named(wrong, match):
    with pytest.raises(InputError, match=match):
        Selection(**wrong)


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


# What was clicked


def test_the_nearest_row_by_great_circles():
    made = table(4, latitude=[89.0, 89.0, 0.0, NAN], longitude=[0.0, 179.0, 179.9, 0.0])
    assert nearest(made, 89.5, 175.0) == 1
    assert nearest(made, 0.0, -179.9) == 2
    assert nearest(made, -45.0, 0.0) is None
    assert nearest(made, 89.5, 2.0, within=0.4) is None
    with pytest.raises(InputError, match="must be on Earth; came 91"):
        nearest(made, 91, 0)


def test_series_and_profile_of_a_row():
    hour = np.datetime64("2020-01-01T00", "s") + np.array([2, 1, 1, 1, 0]) * np.timedelta64(1, "h")
    made = table(5, time=hour, level=[85e3, 85e3, 50e3, 70e3, 85e3], report=[2, 1, 1, 1, 0], station=["a"] * 4 + ["b"])
    assert series(made, 0).value.tolist() == [281.0, 280.0]
    assert profile(made, 1).value.tolist() == [282.0, 283.0, 281.0]
    assert series(table(3, level=NAN, level_kind=0), 0).value.tolist() == [280.0, 281.0, 282.0]


def test_wind_comes_from_its_direction():
    u, v = components(np.array([10.0, 10.0, 0.0]), np.array([270.0, 0.0, NAN]))
    assert u.tolist() == pytest.approx([10.0, 0.0, 0.0])
    assert v.tolist() == pytest.approx([0.0, -10.0, 0.0])


def test_a_place_that_rounding_has_put_beyond_the_earth_lies_on_it():
    made = table(4, latitude=[-90.00000000000001, 90.0000004, 90.1, 5.0], longitude=[0.0, 180.0, 0.0, -180.00000000000003])
    assert made.latitude.tolist() == [-90.0, 90.0, 90.1, 5.0]
    assert made.longitude.tolist() == [0.0, 180.0, 0.0, -180.0]


def test_the_station_at_the_south_pole_is_on_earth(tmp_path):
    """ecCodes decodes its latitude, −9,000,000 · 10⁻⁵, as one beyond the pole."""
    from backends.observations.readers import read
    from tests.backends.observation_files import surface_bufr

    made = read(surface_bufr(tmp_path / "pole.bufr", [(-90.0, 0.0, 220.0)]))
    assert made.latitude.tolist() == [-90.0]
    assert suspicious_places(made).tolist() == [0]


def test_numbers_that_follow_each_other_are_indexed_as_an_array_of_them():
    following, array = Following(3, 7), np.arange(3, 10)
    for which in (slice(2, 5), slice(6, 2), slice(None), slice(None, None, 2), np.array([6, 0]), array % 2 == 0, 4):
        np.testing.assert_array_equal(np.asarray(following[which]), array[which])
    assert isinstance(following[2:5], Following)  # no array of millions for a part of them
    assert np.shares_memory(following.of(array), array)
    for outside in (7, -1):
        with pytest.raises(IndexError, match="there are 7 rows"):
            following[outside]
    np.testing.assert_array_equal(np.arange(100, 120)[following], array + 100)
