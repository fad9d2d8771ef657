"""Files that are whole but odd: they open, or one sentence says what is wrong."""

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.readers import open_dataset
from tests.backends.damage import LATITUDE, LONGITUDE, grib
from tests.files import TIMES, dataset, known, write

FIELD = known(LATITUDE[::-1], LONGITUDE)


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize(
    ("calendar", "labels"),
    [
        ("noleap", ("2020-01-01 06:00", "2020-02-28 12:00", "2020-03-01 00:00", "2021-01-01 00:00")),
        ("360_day", ("2020-01-01 06:00", "2020-02-29 12:00", "2020-02-30 00:00", "2021-01-06 00:00")),
        ("julian", ("2020-01-01 06:00", "2020-02-28 12:00", "2020-02-29 00:00", "2020-12-31 00:00")),
    ],
)
def test_times_of_other_calendars_are_dates_of_theirs(calendar, labels, trusted, tmp_path):
    # Nothing but the unit says that it is a time.
    data = dataset(LATITUDE, LONGITUDE).rename(time="when")
    data = data.assign_coords(when=("when", [0.25, 58.5, 59, 365], {"units": "days since 2020-01-01", "calendar": calendar}))
    opened = open_dataset(write(tmp_path / "a.nc", data), trusted=trusted)
    axis = opened.variable("t").axis("time")
    assert (axis.name, axis.times) == ("when", None)
    assert axis.labels == tuple(f"{label}, {calendar} calendar" for label in labels)
    field = opened.field("t", {"when": 2})
    np.testing.assert_allclose(field.values, FIELD + 2, rtol=1e-6)
    assert field.caption == f"{labels[2]}, {calendar} calendar"


def test_days_of_the_usual_calendar_are_times(tmp_path):
    data = dataset(LATITUDE, LONGITUDE).rename(time="when")
    data = data.assign_coords(when=("when", [0, 58, 59, 365], {"units": "days since 2020-01-01"}))
    axis = open_dataset(write(tmp_path / "a.nc", data)).variable("t").axis("time")
    assert axis.labels[2:] == ("2020-02-29 00:00 UTC", "2020-12-31 00:00 UTC")


def test_levels_that_occur_twice_are_all_there(tmp_path):
    data = dataset(LATITUDE, LONGITUDE).isel(time=0).expand_dims(level=[850.0, 850.0, 500.0]).copy(deep=True)
    data["t"][1] += 5
    opened = open_dataset(write(tmp_path / "a.nc", data))
    axis = opened.variable("t").axis("level")
    assert len(axis) == 3
    np.testing.assert_allclose(opened.field("t", {axis.name: 1}).values, FIELD + 5, rtol=1e-6)


def test_a_coordinate_that_is_missing_everywhere_is_named(tmp_path):
    data = dataset(LATITUDE, LONGITUDE)
    data["lat"] = ("lat", np.full(len(LATITUDE), np.nan), {"units": "degrees_north"})
    with pytest.raises(InputError, match="latitudes or longitudes of variable 't' have missing values"):
        open_dataset(write(tmp_path / "a.nc", data))


def test_a_message_without_any_value_is_missing_everywhere(tmp_path):
    import eccodes

    path = grib(tmp_path / "a.grib", steps=1)
    with path.open("rb") as file:
        message = eccodes.codes_grib_new_from_file(file)
    eccodes.codes_set(message, "bitmapPresent", 1)
    eccodes.codes_set_values(message, np.full(FIELD.size, eccodes.codes_get_double(message, "missingValue")))
    path.write_bytes(eccodes.codes_get_message(message))
    eccodes.codes_release(message)
    statistics = open_dataset(path).statistics("t2m")
    assert (statistics.count, statistics.missing) == (0, FIELD.size)


def test_variables_in_unlike_units_keep_their_own(tmp_path):
    data = dataset(LATITUDE, LONGITUDE)
    data["c"] = data["t"] - 273.15
    data["c"].attrs = {"units": "degC"}
    opened = open_dataset(write(tmp_path / "a.nc", data))
    assert [opened.variable(name).units for name in ("t", "c")] == ["K", "degC"]


def test_odd_names_and_attributes_stay_as_they_are(tmp_path):
    names = ["Temperatur in °C (größte)", "t.2m-max", "名前", "t<b>&'"]
    data = dataset(LATITUDE, LONGITUDE)
    for name in names:
        data[name] = data["t"].assign_attrs(long_name=f"<i>{name}</i>", flags=np.array([1, 2], "i4"))
    opened = open_dataset(write(tmp_path / "a.nc", data))
    for name in names:
        variable = opened.variable(name)
        assert (variable.title, variable.attributes["flags"]) == (f"<i>{name}</i>", "[1, 2]")
        np.testing.assert_allclose(opened.field(name, {"time": 1}).values, FIELD + 1, rtol=1e-6)


def test_a_variable_of_texts_is_left_out(tmp_path):
    data = dataset(LATITUDE, LONGITUDE)
    data["remark"] = ("time", np.array([f"step {k}" for k in range(len(TIMES))], dtype=object))
    assert list(open_dataset(write(tmp_path / "a.nc", data)).variables) == ["t"]
