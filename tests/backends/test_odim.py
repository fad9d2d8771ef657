"""Radar composites lie where PROJ says, and no rain is not the same as no data."""

import h5py
import numpy as np
import pyproj
import pytest

from backends.errors import InputError
from backends.fields.meshes import cell_at
from backends.fields.readers import open_dataset
from tests.backends.damage import COMPOSITE, composite

NUMBERS = COMPOSITE["numbers"]
#: What the numbers mean, by the coding of the file: half a dBZ each from -32.5, 0 nothing detected, 255 no data.
VALUES = np.where(NUMBERS == 255, np.nan, np.where(NUMBERS == 0, -32.0, NUMBERS * 0.5 - 32.5))


def change(path, group="where", **attributes):
    """Change attributes of a group; None takes one away."""
    with h5py.File(path, "r+") as file:
        for key, value in attributes.items():
            if value is None:
                del file[group].attrs[key]
            else:
                file[group].attrs[key] = value
    return path


def test_values_missing_and_undetected_are_told_apart(tmp_path):
    opened = open_dataset(composite(tmp_path / "a.h5"))
    assert opened.format == "ODIM_H5"
    variable = opened.variable("DBZH")
    assert (variable.units, variable.mesh.kind, str(variable.time)) == ("dBZ", "polar stereographic", "2021-07-14T12:05:00")
    assert variable.attributes["nothing_detected"] == "-32.0"
    np.testing.assert_array_equal(opened.field("DBZH", {}).values, VALUES.astype("f4"))


def test_no_rain_is_zero_and_no_velocity_is_missing(tmp_path):
    rain = open_dataset(composite(tmp_path / "a.h5", quantity="RATE")).field("RATE", {}).values
    np.testing.assert_array_equal(rain, np.where(NUMBERS == 0, 0, VALUES).astype("f4"))
    speed = open_dataset(composite(tmp_path / "b.h5", quantity="VRADH")).field("VRADH", {}).values
    assert np.isnan(speed[(NUMBERS == 0) | (NUMBERS == 255)]).all()


@pytest.mark.parametrize("missing", [(), ("xscale", "yscale"), ("UL_lon", "UR_lon", "LR_lon")])
def test_pixels_lie_where_the_projection_puts_them(tmp_path, missing):
    path = change(composite(tmp_path / "a.h5"), **dict.fromkeys(missing))
    mesh = open_dataset(path).variable("DBZH").mesh
    to_places = pyproj.Proj(COMPOSITE["projdef"])
    rows, columns = NUMBERS.shape
    for row, column in ((0, 0), (0, columns - 1), (rows - 1, 0), (17, 5)):
        x = COMPOSITE["left"] + (column + 0.5) * 2000
        y = COMPOSITE["top"] - (row + 0.5) * 2000
        longitude, latitude = to_places(x, y, inverse=True)
        assert cell_at(mesh, latitude, longitude) == row * columns + column
        north, east = (places[row * columns + column] for places in mesh.places())
        assert (north, east) == pytest.approx((latitude, longitude), abs=1e-5)


def test_a_picture_in_longitudes_and_latitudes(tmp_path):
    corners = {"UL": (5, 55), "UR": (9, 55), "LL": (5, 49), "LR": (9, 49)}
    where = {f"{corner}_{axis}": float(v) for corner, at in corners.items() for axis, v in zip(("lon", "lat"), at, strict=True)}
    path = change(composite(tmp_path / "a.h5"), projdef="+proj=longlat +datum=WGS84", xscale=0.1, yscale=0.1, **where)
    opened = open_dataset(path)
    assert opened.variable("DBZH").mesh.kind == "regular latitude-longitude"
    np.testing.assert_array_equal(opened.field("DBZH", {}).values, VALUES[::-1].astype("f4"))
    assert opened.variable("DBZH").mesh.places()[0][0] == pytest.approx(49.05)


def test_datasets_of_several_times_are_one_variable(tmp_path):
    opened = open_dataset(composite(tmp_path / "a.h5", times=("121000", "120500", "121500")))
    (variable,) = opened.variables.values()
    assert variable.axis("time").labels == tuple(f"2021-07-14 12:{m} UTC" for m in ("05", "10", "15"))
    # Each dataset after the first has all its numbers one greater where there is any value.
    there = (NUMBERS > 0) & (NUMBERS < 255)
    for time, order in ((0, 1), (1, 0), (2, 2)):
        field = opened.field("DBZH", {"time": time}).values
        np.testing.assert_array_equal(field[there], (VALUES + 0.5 * order)[there].astype("f4"))


def test_pictures_of_one_time_keep_names_of_their_own(tmp_path):
    opened = open_dataset(composite(tmp_path / "a.h5", times=("120500", "120500")))
    assert list(opened.variables) == ["DBZH", "DBZH-2"]


def test_a_series_of_a_picture_too_large_to_keep_is_read_pixel_by_pixel(tmp_path, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    opened = open_dataset(composite(tmp_path / "a.h5", times=("120500", "121000")))
    north, east = (places[40 * 17 + 5] for places in opened.variable("DBZH").mesh.places())
    np.testing.assert_array_equal(opened.series("DBZH", north, east, {}).values, VALUES[17, 5] + np.array([0, 0.5]))


@pytest.mark.parametrize(
    ("group", "attributes", "says"),
    [
        ("what", {"object": "PVOL"}, r"a\.h5 is a radar file with PVOL; of ODIM_H5 composites are read"),
        ("where", {"projdef": "+proj=nowhere"}, r"projection \(projdef\) of a\.h5 is not understood"),
        ("where", {"projdef": None}, r"projection \(projdef\) of a\.h5 is not understood"),
        ("where", {"xsize": 7}, r"dataset1/data1/data of a\.h5 has the shape \(60, 40\); its where says \(60\.0, 7\.0\)"),
        ("where", {"xscale": 1000.0}, r"the corners of a\.h5 are 80 pixels of xscale 1000 apart; it has 40"),
        ("where", {"xscale": -1.0}, r"xscale of a\.h5 must be above 0"),
        ("where", {f"{c}_lat": None for c in ("UL", "UR", "LL", "LR")}, r"no corner of a\.h5 lies in its projection"),
        ("dataset1/data1/what", {"gain": "much"}, r"gain of a\.h5 must be a number; came 'much'"),
        ("dataset1/what", {"enddate": "tomorrow"}, r"the time of a\.h5 must be YYYYMMDD and HHmmss; came 'tomorrow120500'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, group, attributes, says):
    path = change(composite(tmp_path / "a.h5"), group, **attributes)
    with pytest.raises(InputError, match=says):
        open_dataset(path)
