"""The one table of observations: what goes in comes out, through selections, statistics and Parquet."""

from collections import Counter

import numpy as np
import pytest

from backends.errors import InputError
from backends.observations import parquet
from backends.observations.coded import Coded, joined
from backends.observations.nearest import nearest, profile, series
from backends.observations.rows import Following
from backends.observations.schema import PASSED, REJECTED, UNKNOWN
from backends.observations.selection import Selection
from backends.observations.statistics import departures
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
