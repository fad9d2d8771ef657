"""Directions: means, differences and interpolation across north, against unit vectors and by hand."""

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from backends.fields.circular import deviation, is_direction, through_vectors, wrapped
from backends.fields.compare import compare
from backends.fields.cuts import mean_cut
from backends.fields.dataset import FieldDataset
from backends.fields.ensemble import Ensemble
from backends.fields.groups import by_latitude
from backends.fields.picture import field_statistics, look_at
from backends.fields.quality import Scan, quality
from backends.fields.summary import summary
from backends.observations.linked import Linked
from backends.observations.one_variable import one_variable
from backends.observations.operator import equivalents
from backends.observations.overview import overview
from backends.observations.picture import picture
from backends.observations.selection import Selection
from backends.pictures.style import limits, style_of
from tests.backends.observation_files import table

LATITUDE, LONGITUDE = np.arange(-80.0, 81.0, 10.0), np.arange(0.0, 360.0, 10.0)


def directions(values, name="wind_from_direction", units="degree") -> FieldDataset:
    """Return a file of directions (time, lat, lon) on a globe."""
    data = xr.Dataset(
        {"dd": (("time", "lat", "lon"), np.broadcast_to(values, (len(values), 17, 36)).astype("f4"))},
        {
            "time": np.datetime64("2020-01-01", "ns") + np.arange(len(values)) * np.timedelta64(6, "h"),
            "lat": ("lat", LATITUDE, {"units": "degrees_north"}),
            "lon": ("lon", LONGITUDE, {"units": "degrees_east"}),
        },
    )
    data["dd"].attrs.update(standard_name=name, units=units)
    return FieldDataset("dd.nc", "NetCDF", [data])


def turning() -> FieldDataset:
    """Return 350° at even columns and 10° at odd ones, and the other way round six hours later."""
    row = np.where(np.arange(36) % 2 == 0, 350.0, 10.0)
    return directions(np.stack([np.tile(row, (17, 1)), np.tile(row[::-1], (17, 1))]))


def away(one, other):
    """Return how far directions are from another, degrees."""
    return np.abs(wrapped(np.asarray(one, "f8") - other))


def test_what_a_direction_is():
    assert is_direction("wind_from_direction", "degree")
    assert is_direction("Wind direction, from", "degrees")
    assert not is_direction("wind_from_direction", "rad")
    assert not is_direction("latitude", "degree")


def test_differences_are_the_shorter_way_round():
    np.testing.assert_array_equal(wrapped(np.array([350.0 - 10, 10.0 - 350, 180.0, -180.0, 5.0])), [-20, 20, -180, -180, 5])


def test_means_and_deviations_are_those_of_scipy():
    values = np.random.default_rng(1).normal(0, 30, (50, 7)) % 360
    mean = through_vectors(lambda part: part.mean(axis=0), values)
    assert away(mean, scipy.stats.circmean(values, 360, axis=0)).max() < 1e-9
    np.testing.assert_allclose(deviation(values), scipy.stats.circstd(values, 360, axis=0))
    assert np.isnan(through_vectors(np.mean, np.array([0.0, 180.0])))


def test_the_mean_of_a_field_its_rows_and_its_times_is_north():
    opened = turning()
    field = opened.field("dd", {})
    assert away(field_statistics(field).mean, 0) < 1e-3
    rows = mean_cut(opened, "dd", by_latitude(field.variable.mesh), None, {"time": 0})
    assert away(rows.values, 0).max() < 1e-3
    axis = field.variable.axis("time")
    assert away(opened.mean_field("dd", axis, {}).values, 0).max() < 1e-3


def test_two_times_differ_by_twenty_degrees():
    opened = turning()
    found = compare(opened.field("dd", {"time": 0}), opened.field("dd", {"time": 1}))
    assert np.unique(found.difference).tolist() == [-20, 20]
    assert (found.bias, found.rmse) == (pytest.approx(0, abs=1e-6), pytest.approx(20))


def test_another_grid_is_reached_through_north():
    first, opened = directions(np.full((1, 17, 36), 5.0)), turning()
    half = xr.Dataset(
        {"dd": (("lat", "lon"), np.full((17, 36), 5.0, "f4"), {"standard_name": "wind_from_direction", "units": "degree"})},
        {
            "lat": ("lat", LATITUDE, {"units": "degrees_north"}),
            "lon": ("lon", LONGITUDE + 5, {"units": "degrees_east"}),
        },
    )
    first = FieldDataset("half.nc", "NetCDF", [half])
    found = compare(first.field("dd", {}), opened.field("dd", {}))
    assert found.how == "bilinear"
    np.testing.assert_allclose(found.difference, 5.0, atol=1e-3)


def test_members_have_a_circular_mean_and_spread():
    variable = turning().variable("dd")
    members = np.stack([np.full((17, 36), 350.0), np.full((17, 36), 10.0)]).astype("f4")
    found = Ensemble(variable, variable.axes[0], members)
    assert away(found.mean(), 0).max() < 1e-3
    # R = cos 10°.
    np.testing.assert_allclose(found.spread(), np.rad2deg(np.sqrt(-2 * np.log(np.cos(np.deg2rad(10.0))))), rtol=1e-4)


def test_no_number_stands_where_there_is_none():
    opened = turning()
    field = opened.field("dd", {})
    found = quality(field)
    assert np.isnan([found.median, found.spread]).all()
    assert (found.outliers, found.worst) == (0, None)
    assert "359° and 1° are neighbours" in summary(field, "zonal").power
    scan = Scan(opened, "dd")
    while scan.step():
        pass
    assert np.isnan([scan.mean, scan.deviation]).all()
    assert (scan.min, scan.max) == (10, 350)


def test_colours_go_once_round_the_circle():
    opened = directions(np.full((1, 17, 36), 200.0) + np.arange(36))
    picture = look_at(opened, "dd", {})
    assert limits(style_of(picture.field.variable), picture.here) == (0, 360)
    other = directions(np.full((1, 17, 36), 2.0), units="rad").field("dd", {})
    assert limits(style_of(other.variable), field_statistics(other))[1] < 7


def test_observed_directions_depart_the_shorter_way():
    made = table(2, variable="wind_from_direction", value=np.array([350.0, 10.0]), background=[10.0, 350.0], analysis=350.0)
    np.testing.assert_allclose(made.background_departure, [-20, 20])
    np.testing.assert_allclose(made.analysis_departure, [0, 20])
    found = overview(made, Linked(made, Selection())).statistics
    assert (found["background"][0].mean, found["background"][0].std) == (pytest.approx(0), pytest.approx(20))
    assert np.isnan(found["value"][0].mean)
    assert found["value"][0].max == 350


def test_directions_are_interpolated_as_vectors():
    made = table(3, variable="wind_from_direction", latitude=0.0, longitude=[5.0, 15.0, 20.0], level=np.nan, level_kind=0)
    made.time[:] = np.datetime64("2020-01-01")
    found = equivalents(made, turning(), "dd").values
    assert away(found, [0, 0, 350]).max() < 1e-3


def test_pixels_of_observed_directions_are_means_of_vectors():
    values = np.where(np.arange(4000) % 2 == 0, 350.0, 10.0)
    made = table(4000, variable="wind_from_direction", latitude=50.0, longitude=10.0, value=values, background=360.0 - values)
    of = one_variable(made, "wind_from_direction")
    for colour, expected in (("value", 0.0), ("background", 0.0)):
        drawn = picture(of.table, of.where, np.ones(4000, bool), colour, of.area, (300, 150)).raster.values
        assert away(drawn[np.isfinite(drawn)], expected).max() < 1e-3
        assert np.isfinite(drawn).any()
    assert np.unique(of.table.background_departure).tolist() == [-20, 20]
