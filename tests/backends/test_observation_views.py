"""What maps and views of observations show, against counts and means made by hand or row by row."""

from dataclasses import replace

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.raster import Window
from backends.observations import overview as overviews
from backends.observations import parquet, statistics
from backends.observations import picture as pictures
from backends.observations.card import card
from backends.observations.coded import Coded
from backends.observations.density import Places, counts, extent, means, pixels, places, worst
from backends.observations.linked import Linked, without
from backends.observations.one_variable import one_variable, put_in_order
from backends.observations.overview import overview
from backends.observations.picture import MOST_POINTS, picture
from backends.observations.schema import LEVEL_KINDS, PASSED, REJECTED
from backends.observations.selection import Selection
from tests.backends.observation_files import random_table, table, take_pieces

EARTH = Window(-180.0, 180.0, -90.0, 90.0)


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch):
    """Take millions for a few dozens: what is right of several pieces is right of one."""
    take_pieces(monkeypatch)


def scattered(rows: int = 5000):
    """Return places and values all over the Earth, south to north."""
    random = np.random.default_rng(3)
    latitude, longitude = np.sort(random.uniform(-90, 90, rows)), random.uniform(-180, 180, rows)
    return latitude, longitude, random.normal(size=rows).astype("f4")


@pytest.mark.parametrize("window", [EARTH, Window(-30.0, 60.0, 20.0, 80.0), Window(10.0, 12.0, -3.0, 3.0)])
def test_pixels_count_what_numpy_counts(window):
    latitude, longitude, values = scattered()
    where = places(latitude, longitude, window.west if window is EARTH else -180.0)
    edges = [np.linspace(window.south, window.north, 13), np.linspace(window.west, window.east, 21)]
    expected = np.histogram2d(latitude, longitude, edges)[0]
    raster = counts(where, window, 20, 12)
    np.testing.assert_array_equal(raster.values, expected)
    assert (raster.west, raster.north) == (window.west, window.north)
    total = np.histogram2d(latitude, longitude, edges, weights=values)[0]
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(means(where, values, window, 20, 12).values, total / expected, rtol=1e-4, atol=1e-5)


def test_missing_values_and_places_are_not_counted():
    latitude, longitude = np.array([0.0, 10.0, 10.0, np.nan]), np.array([0.0, 10.0, np.nan, 5.0])
    where = places(latitude, longitude, -180.0)
    assert counts(where, EARTH, 4, 2).values.sum() == 2
    values = np.array([np.nan, 3.0], "f4")
    np.testing.assert_array_equal(np.unique(means(where, values, EARTH, 4, 2).values), [3.0, np.nan])


def test_edges_of_a_window_belong_to_it():
    where = Places(np.array([-180.0, 180.0], "f4"), np.array([-90.0, 90.0], "f4"), np.arange(2))
    np.testing.assert_array_equal(counts(where, EARTH, 2, 2).values, [[1, 0], [0, 1]])


def test_the_worst_class_of_a_pixel_is_shown():
    where = places(np.array([1.0, 1.0, 50.0]), np.array([1.0, 2.0, 100.0]), -180.0)
    drawn = worst(where, np.array([PASSED, REJECTED, PASSED]), EARTH, 2, 2).values
    np.testing.assert_array_equal(drawn, [[np.nan, np.nan], [np.nan, REJECTED]])


def test_a_map_is_cut_open_where_nothing_is():
    window = extent(np.array([-10.0, 10.0]), np.array([170.0, -170.0]))
    assert 160 < window.west < 170
    assert 190 < window.east < 200
    x = places(np.array([-10.0, 10.0]), np.array([170.0, -170.0]), window.west).x
    np.testing.assert_allclose(x, [170, 190])
    assert extent(np.array([np.nan]), np.array([np.nan])) == EARTH
    assert extent(*scattered()[:2]).west == -180
    assert extent(np.array([50.0]), np.array([10.0])) == Window(8.0, 12.0, 48.0, 52.0)


def test_few_are_points_and_many_are_pixels():
    latitude, longitude, values = scattered()
    t = table(5000, latitude=latitude, longitude=longitude, value=values)
    of = one_variable(t, "air_temperature")
    chosen = np.ones(5000, bool)
    many = picture(of.table, of.where, chosen, "value", of.area, (300, 150))
    assert many.raster is not None
    assert many.raster.values.shape == (50, 100)  # three pixels of the screen each
    chosen[MOST_POINTS:] = False
    few = picture(of.table, of.where, chosen, "value", of.area, (300, 150))
    assert few.raster is None
    np.testing.assert_array_equal(few.values, of.table.value[few.rows])
    assert picture(of.table, of.where, chosen, "number", of.area, (300, 150)).raster.values.sum() == MOST_POINTS
    assert pixels(10**7) == 1


def test_many_in_few_places_are_drawn_as_large_as_points():
    """Twenty soundings of 250 levels: pixels of three on the screen would hardly be seen."""
    places = np.arange(5000) % 20
    of = one_variable(
        table(5000, latitude=3.0 * places - 30, longitude=7.0 * places - 60, value=1.0 + places), "air_temperature"
    )
    chosen = np.ones(5000, bool)
    for colour in ("value", "number", "quality"):
        drawn = picture(of.table, of.where, chosen, colour, of.area, (300, 150)).raster.values
        assert drawn.shape == (30, 60)
        assert np.count_nonzero(drawn > 0 if colour == "number" else np.isfinite(drawn)) == 20


def two_variables(rows: int = 4000):
    """Return a table in which two variables take turns, in no order of latitude; a few lie nowhere."""
    latitude, longitude, values = scattered(rows)
    mixed = np.random.default_rng(4).permutation(rows)
    latitude[:3] = np.nan
    return table(
        rows, latitude=latitude[mixed], longitude=longitude[mixed], value=values, background=values - 1, report=np.arange(rows),
        variable=Coded(np.arange(rows, dtype=np.int32) % 2, ("air_temperature", "relative_humidity")),
    )  # fmt: skip


def test_a_table_in_the_order_for_maps_is_not_copied_for_each_variable(tmp_path):
    parquet.write(two_variables(), tmp_path / "t.parquet")
    as_it_is = parquet.read(tmp_path / "t.parquet")
    assert as_it_is.error.strides == (0,)  # no row has one, and nothing is kept for them
    assert np.isnan(as_it_is.error).all()
    ordered = put_in_order(parquet.read(tmp_path / "t.parquet"))
    for name in ("air_temperature", "relative_humidity"):
        of, alike = one_variable(ordered, name), one_variable(as_it_is, name)
        assert np.shares_memory(of.table.value, ordered.value)
        assert of.area == alike.area
        for column in ("value", "latitude", "report", "background"):
            np.testing.assert_array_equal(getattr(of.table, column), getattr(alike.table, column))
            np.testing.assert_array_equal(getattr(ordered, column)[of.row], getattr(of.table, column))


@pytest.mark.parametrize("colour", ["background", "quality", "number", "value"])
def test_a_part_of_a_map_shows_what_is_chosen_of_the_rows_there(colour, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_POINTS", 10)
    of = one_variable(two_variables(), "air_temperature")
    chosen, window = of.table.report % 3 > 0, Window(-60.0, 80.0, -20.0, 50.0)
    t, x, y = of.table, of.table.longitude.astype("f4"), of.table.latitude.astype("f4")
    inside = chosen & (x >= -60) & (x <= 80) & (y >= -20) & (y <= 50)
    drawn = picture(t, of.where, chosen, colour, window, (3, 3))
    assert drawn.count == inside.sum() > 100
    shown = drawn.raster.values[0, 0]  # of all rows there, as three pixels of the screen are one
    departure = t.value - t.background
    expected = {
        "background": departure[inside].mean(), "quality": t.quality[inside].max(), "number": inside.sum(),
        "value": t.value[inside].mean(),
    }  # fmt: skip
    assert shown == pytest.approx(expected[colour], rel=1e-5)


def test_statistics_are_the_same_in_pieces():
    values, group = np.random.default_rng(5).normal(280, 3, 500), np.arange(500) % 4 - 1
    values[::50] = np.nan
    for k, found in enumerate(statistics.grouped_summary(values, group, 3)):
        of = values[(group == k) & np.isfinite(values)]
        assert (found.n, found.min, found.max) == (len(of), of.min(), of.max())
        assert (found.mean, found.std) == (pytest.approx(of.mean(), rel=1e-12), pytest.approx(of.std(), rel=1e-12))


def test_a_click_finds_the_nearest_that_is_selected():
    t = table(4, latitude=[50.0, 50.1, 50.2, 80.0], longitude=10.0, quality=[1, 3, 1, 1])
    of = one_variable(t.take(np.array([2, 0, 1, 3])), "air_temperature")
    assert of.find(Selection(), 50.11, 10.0, EARTH) == 2
    assert of.find(Selection(qualities=("passed",)), 50.11, 10.0, EARTH) == 0
    assert of.find(Selection(), 0.0, 10.0, EARTH) is None


def test_views_filter_each_other_but_not_themselves():
    t = table(6, quality=[1, 1, 3, 1, 1, 1], background=np.full(6, 280.0), report_type=Coded.of(["TEMP"] * 4 + ["AIREP"] * 2))
    selection = Selection(qualities=("passed",), report_types=("TEMP",), within=("background", 1.0, 4.0))
    linked = Linked(t, selection)
    np.testing.assert_array_equal(np.flatnonzero(linked.rows()), [1, 3])  # O−B is 0, 1, 2, 3, 4, 5 K
    np.testing.assert_array_equal(np.flatnonzero(linked.rows("quality")), [1, 2, 3])
    np.testing.assert_array_equal(np.flatnonzero(linked.rows("value")), [0, 1, 3])
    assert without(selection, "value") == replace(selection, within=None)
    found = overview(t, linked)
    assert (found.rows, found.chosen) == (6, 2)
    assert found.report_types == {"TEMP": 2}
    assert found.statistics["background"][0].mean == 2
    assert found.statistics["background"][1].n == 2
    assert found.histograms["background"][1].sum() == 3
    assert "analysis" not in found.histograms


def test_a_range_is_half_open_and_checked():
    t = table(3)
    np.testing.assert_array_equal(Selection(within=("value", 280.0, 281.0)).mask(t), [True, False, False])
    with pytest.raises(InputError, match="must be of one of value, background, analysis; came 'other'"):
        Selection(within=("other", 0.0, 1.0))
    with pytest.raises(InputError, match="must begin with the least; came 2 to 1"):
        Selection(within=("value", 2.0, 1.0))


def test_levels_have_counts_and_departures():
    t = table(4, level=[100000.0, 50000.0, 50000.0, np.nan], background=[279.0, 280.0, 280.0, 280.0], quality=[1, 1, 3, 1])
    levels = overview(t, Linked(t, Selection())).levels
    assert levels.kind == "pressure"
    assert levels.counts.sum() == 3
    at = np.searchsorted(levels.edges, 50000.0) - 1
    d = levels.departures[at]
    assert (d.background.n, d.background.mean, d.background_passed.n, d.background_passed.mean) == (2, 1.5, 1, 1.0)
    assert overview(table(2, level=np.nan, level_kind=0), Linked(table(2), Selection())).levels is None


def test_a_layer_stands_where_its_departures_are(monkeypatch):
    """1000 and 980 hPa lie in one layer; 1013 hPa has no departure, and the layer of 500 hPa is in the middle of nothing."""
    monkeypatch.setattr(overviews, "PIECE", 2)
    t = table(5, level=[1e5, 9.8e4, 1.013e5, 5e4, 7e4], background=[279.0, 280.0, np.nan, 280.0, np.nan], analysis=np.nan)
    levels = overview(t, Linked(t, Selection())).levels
    at = dict(zip(np.searchsorted(levels.edges, [9.9e4, 5e4, 7e4]) - 1, [9.9e4, 5e4, np.nan], strict=True))
    for layer, level in at.items():
        np.testing.assert_allclose(levels.at[layer], level)


def test_counts_piece_by_piece_are_those_of_numpy_over_all(monkeypatch):
    monkeypatch.setattr(overviews, "PIECE", 7)
    t = random_table(200)
    t.time[:10] = np.datetime64("NaT")
    t.background[::3] = np.nan
    called: list[None] = []
    found = overview(t, Linked(t, Selection(box=(-180.0, 180.0, 0.0, 90.0))), lambda: called.append(None))
    assert len(called) > 200 // 7
    north = t.latitude >= 0
    for name, passed in (("value", False), ("background", True)):
        values = t.value if name == "value" else t.value.astype("f8") - t.background
        values = values[north & np.isfinite(values) & ((t.quality == PASSED) | (not passed))].astype("f8")
        known = found.statistics[name][passed]
        assert known.n == len(values)
        assert [known.min, known.max] == [values.min(), values.max()]
        np.testing.assert_allclose([known.mean, known.std], [values.mean(), values.std()], rtol=1e-12)
    begins, counted = found.times
    assert counted.sum() == np.count_nonzero(north & ~np.isnat(t.time))
    step = begins[1] - begins[0]
    of_third = north & (t.time >= begins[3]) & (t.time < begins[3] + step)
    assert counted[3] == np.count_nonzero(of_third)
    of_kind = north & np.isfinite(t.level) & (t.level_kind == LEVEL_KINDS.index(found.levels.kind))
    np.testing.assert_array_equal(found.levels.counts, np.histogram(t.level[of_kind], found.levels.edges)[0])
    departures = (t.value.astype("f8") - t.analysis)[of_kind & (t.level >= found.levels.edges[-2])]
    last = found.levels.departures[-1].analysis
    np.testing.assert_allclose([last.n, last.mean, last.std], [len(departures), departures.mean(), departures.std()])
    assert found.qualities.tolist() == np.bincount(t.quality[north], minlength=4).tolist()
    tropics = north & (t.latitude <= 20) & t.report_type.is_in(["TEMP"])
    mean = (t.value.astype("f8") - t.analysis)[tropics].mean()
    assert found.regions["tropics", "TEMP"].analysis.mean == pytest.approx(mean, rel=1e-12)


def test_a_gross_error_does_not_hide_the_rest_of_a_histogram():
    value = np.r_[np.random.default_rng(0).normal(280, 1, 5000), 1e6]
    edges, counted = overview(t := table(5001, value=value), Linked(t, Selection())).histograms["value"]
    assert edges[-1] < 300
    assert counted.sum() >= 4980


def test_a_card_has_a_profile_of_soundings_and_a_series_of_stations():
    sounding = table(3, level=[100000.0, 85000.0, 50000.0], report=7)
    shown = card(sounding, 1)
    assert (shown.against, len(shown.table), shown.row) == ("level", 3, 1)
    np.testing.assert_array_equal(shown.lines.level, [50000, 85000, 100000])
    through_time = card(table(5), 2)
    assert (through_time.against, len(through_time.lines), len(through_time.table)) == ("time", 5, 1)
