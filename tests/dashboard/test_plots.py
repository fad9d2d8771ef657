"""Plot functions, styles and texts: pure functions, tested without a server."""

import dataclasses
import math

import holoviews as hv
import numpy as np
import pytest

from backends.fields.field import statistics
from backends.fields.picture import rasterise
from backends.fields.raster import Raster
from backends.fields.readers import open_dataset
from backends.pictures.coastlines import coastlines
from backends.pictures.field import place_label
from dashboard.plots.maps import aspect, extent, field_map
from dashboard.plots.series import series_plot
from dashboard.theme import DIVERGING, FieldStyle, limits, limits_of, number, short_time, style_of, units_label
from tests.files import known, regional


@pytest.fixture
def opened(tmp_path):
    return open_dataset(regional(tmp_path / "a.nc"))


def test_a_map_has_north_up_and_every_value_in_its_place(opened):
    image = field_map(rasterise(opened.field("t", {})), FieldStyle(), (290, 340), "Temperature", "K")
    for latitude, longitude in ((30.0, -20.0), (60.0, 20.0), (44.0, 8.0)):
        drawn = image[longitude, latitude]
        assert drawn == pytest.approx(known(np.array([latitude]), np.array([longitude]))[0, 0], rel=1e-6)


def test_a_map_keeps_the_limits_it_is_given_and_names_its_unit(opened):
    figure = hv.render(field_map(rasterise(opened.field("t", {})), FieldStyle(), (290, 340), "T", "K"), backend="bokeh")
    bar = figure.right[0]
    assert (bar.color_mapper.low, bar.color_mapper.high, bar.title) == (290, 340, "K")
    assert (figure.x_range.start, figure.x_range.end, figure.y_range.start, figure.y_range.end) == (-21, 21, 29, 61)


def test_a_global_map_ends_at_the_poles():
    globe = Raster(np.zeros((3, 6), np.float32), -180.2, 179.8, -90.2, 90.2)
    assert extent(globe) == (-180.2, 179.8, -90, 90)
    assert aspect(globe) == pytest.approx(2.0)


def test_a_regional_map_has_the_true_scale_of_its_middle_latitude():
    britain = Raster(np.zeros((33, 49), np.float32), -10, 2, 50, 58)
    assert aspect(britain) == pytest.approx(12 * math.cos(math.radians(54)) / 8)


@pytest.mark.parametrize(("west", "east"), [(-12.0, 4.0), (348.0, 364.0)])
def test_coastlines_lie_on_the_branch_of_the_map(west, east):
    lines = coastlines(west, east, 48, 60)
    land = lines[~np.isnan(lines[:, 0])]
    # Land's End and the north of Scotland are drawn, on either branch.
    for latitude, longitude in ((50.07, -5.71), (58.64, -3.07)):
        away = np.hypot(land[:, 1] - latitude, (land[:, 0] - (longitude if west < 0 else longitude + 360)) * 0.6)
        assert away.min() < 0.2


@pytest.mark.parametrize("area", [(-180.2, 179.8, -90, 90), (-20, 60, 30, 80), (150, 210, -50, 80)])
def test_no_coastline_runs_across_the_map(area):
    lines = coastlines(*area)
    assert np.nanmax(np.abs(np.diff(lines[:, 0]))) < 10


def test_coastlines_across_the_dateline():
    lines = coastlines(150, 210, -50, -30)
    assert np.nanmin(np.hypot(lines[:, 0] - 174.8, lines[:, 1] + 41.3)) < 0.5  # Wellington


def test_series_in_the_colours_of_their_places(opened):
    series = [opened.series("t", 40, 10, {}), opened.series("t", 50, -10, {})]
    overlay = series_plot(series, ("#D55E00", "#0072B2"), 2, "Temperature", "K")
    curves = list(overlay.Curve)
    assert [hv.Store.lookup_options("bokeh", c, "style").kwargs["color"] for c in curves] == ["#D55E00", "#0072B2"]
    np.testing.assert_array_equal(curves[1]["series_value"], series[1].values)
    assert np.datetime64(overlay.VLine.I.data) == np.datetime64("2020-01-01T12:00")
    assert place_label(series[1]) == "50.00°N 10.00°W"


def variable(opened, **changes):
    return dataclasses.replace(opened.variable("t"), **{"long_name": "", "standard_name": "", "name": "x", **changes})


def test_variables_have_their_own_styles(opened):
    temperature = style_of(variable(opened, long_name="2 metre temperature"))
    wind = style_of(variable(opened, standard_name="eastward_wind"))
    rain = style_of(variable(opened, long_name="Total precipitation"))
    assert wind.symmetric
    assert wind.palette == DIVERGING
    assert rain.from_zero
    assert len({temperature.palette, wind.palette, rain.palette, style_of(variable(opened)).palette}) == 4


@pytest.mark.parametrize(
    ("style", "values", "expected"),
    [
        (FieldStyle(), [265.68, 291.56], (265, 292)),
        (FieldStyle(symmetric=True), [-3.1, 7.8], (-8, 8)),
        (FieldStyle(from_zero=True), [0.4, 9.6], (0, 9.6)),
        (FieldStyle(), [5.0, 5.0], (5.0, 5.5)),
        (FieldStyle(), [math.nan, math.nan], (0, 1)),
    ],
)
def test_limits_hold_the_usual_values_on_round_numbers(style, values, expected):
    low, high = limits(style, statistics(np.array(values)))
    assert (low, high) == pytest.approx(expected, abs=0.11)


@pytest.mark.parametrize(
    ("units", "label"),
    [("m**2 s**-2", "m² s⁻²"), ("m s-1", "m s⁻¹"), ("degK", "K"), ("kg m^-2", "kg m⁻²"), ("%", "%"), ("", ""), ("gpm", "gpm")],
)
def test_units_are_written_as_in_print(units, label):
    assert units_label(units) == label


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (273.1549, "273.2"), (-0.5, "−0.5"), (101325.0, "101,325"), (53_214.0, "53,214"), (-1.2e-5, "−1.2·10⁻⁵"),
        (9999.96, "10,000"), (4e8, "4·10⁸"), (math.nan, "–"), (0, "0"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_and_a_true_minus(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.52e-5, "25.2 µs"), (0.6934, "693 ms"), (0.9996, "1 s"), (1.041, "1.04 s"), (1234.5, "1,234 s")]
)
def test_times_have_the_unit_that_suits_them(seconds, text):
    assert short_time(seconds) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1012.5, 7, "1012.5"), (120_000.0, 7, "120,000"), (101_325.5, 7, "101,325.5"), (1e-5, 7, "1·10⁻⁵"), (1234.0, 3, "1234")],
)
def test_numbers_may_have_more_or_fewer_digits(value, digits, text):
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.000"),
        (-0.25, "−0.2500"),
        (0.0, "0.000"),
        (1234.0, "1234"),
        (9999.9, "10,000"),
        (1e-5, "1·10⁻⁵"),
        (100.04, "100.0"),
    ],
)
def test_numbers_of_a_column_keep_their_zeros(value, text):
    assert number(value, zeros=True) == text


def test_limits_are_not_a_step_further_than_a_round_value_that_rounding_has_moved():
    edges = np.linspace(-3.0, np.nextafter(3.0, np.inf), 41)
    assert limits_of(FieldStyle(symmetric=True), edges) == (-3.0, 3.0)
    assert limits_of(FieldStyle(), np.array([0.1 + 0.2, 2.3])) == (0.3, 2.3)
