"""Reading files: what is in them comes out at the right place, and what is broken is named."""

import shutil
from weakref import WeakSet

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields.readers import open_dataset
from tests.files import TIMES, dataset, known, regional, write

REGION = np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0)


def at(field, latitude: float, longitude: float) -> float:
    row, column = field.variable.grid.nearest(latitude, longitude)
    return float(field.values[row, column])


@pytest.mark.parametrize("format", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT", "NETCDF4_CLASSIC"])
def test_netcdf_of_every_kind(tmp_path, format):
    opened = open_dataset(write(tmp_path / "a.nc", dataset(*REGION), format=format))
    variable = opened.variable("t")
    assert (opened.format, variable.units, variable.title) == ("NetCDF", "K", "Temperature")
    np.testing.assert_allclose(opened.field("t", {"time": 2}).values, known(*REGION) + 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (np.arange(-90, 91, 5.0), np.arange(-180, 180, 5.0)),
        (np.arange(90, -91, -5.0), np.arange(0, 360, 5.0)),
        (np.arange(90, -91, -5.0), np.arange(0, 361, 5.0)),  # the first meridian repeated as the last
        (np.arange(-88.0, 89.0, 4.0), np.arange(2.5, 360, 5.0)),
    ],
    ids=["-180..175", "north first, 0..355", "0..360", "half steps"],
)
def test_the_globe_on_any_branch_comes_out_the_same(tmp_path, latitude, longitude):
    grid = (opened := open_dataset(write(tmp_path / "a.nc", dataset(latitude, longitude)))).variable("t").grid
    assert grid.periodic
    assert -180 <= float(grid.longitude[0]) < -174
    field = opened.field("t", {})
    np.testing.assert_allclose(field.values, known(grid.latitude.numpy(), grid.longitude.numpy()), rtol=1e-6)


def test_a_domain_across_the_dateline_stays_in_one_piece(tmp_path):
    longitude = np.r_[np.arange(150.0, 180.0, 2.0), np.arange(-180.0, -149.0, 2.0)]
    opened = open_dataset(write(tmp_path / "a.nc", dataset(REGION[0], longitude)))
    grid = opened.variable("t").grid
    assert (float(grid.longitude[0]), float(grid.longitude[-1])) == (150.0, 210.0)
    assert at(opened.field("t", {}), 40, -170) == pytest.approx(290 + 20 * np.cos(np.deg2rad(170)), rel=1e-6)


def test_longitude_before_latitude(tmp_path):
    opened = open_dataset(write(tmp_path / "a.nc", dataset(*REGION).transpose("lon", "time", "lat")))
    np.testing.assert_allclose(opened.field("t", {"time": 1}).values, known(*REGION) + 1, rtol=1e-6)
    assert opened.variable("t").dims == ("lon", "time", "lat")
    assert opened.series("t", 40.3, 9.2, {}).values.tolist() == pytest.approx(
        [290 + 20 * np.cos(np.deg2rad(10)) + k for k in range(4)]
    )


def test_names_count_where_attributes_are_missing(tmp_path):
    data = dataset(*REGION).rename(lat="nav_lat", lon="nav_lon")
    for name in ("nav_lat", "nav_lon"):
        data[name].attrs.clear()
    assert open_dataset(write(tmp_path / "a.nc", data)).variable("t").grid.shape == (16, 21)


def test_packed_values_and_fill_values_are_decoded(tmp_path):
    data = dataset(*REGION)
    data["t"] = data["t"].where(data["lat"] > 40)
    packing = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 280.0, "_FillValue": -32768}
    opened = open_dataset(write(tmp_path / "a.nc", data, encoding={"t": packing}))
    statistics = opened.statistics("t")
    assert statistics.missing == 4 * 6 * 21
    assert statistics.max == pytest.approx(250 + 60 + 20 + 3, abs=0.01)


def test_levels_members_and_other_dimensions_are_told_apart(tmp_path):
    data = dataset(*REGION)
    more = data["t"].expand_dims(number=[0, 1, 2], level=[850, 500], quantile=[0.1, 0.9]).copy()
    more["level"].attrs.update(units="millibars")
    axes = {a.name: a for a in open_dataset(write(tmp_path / "a.nc", more.to_dataset(name="t"))).variable("t").axes}
    assert {name: a.role for name, a in axes.items()} == {
        "number": "member",
        "level": "level",
        "quantile": "other",
        "time": "time",
    }
    assert axes["level"].labels == ("850 hPa", "500 hPa")
    assert axes["number"].labels == ("member 0", "member 1", "member 2")
    assert axes["quantile"].labels == ("quantile 0.1", "quantile 0.9")
    assert axes["time"].labels[1] == "2020-01-01 06:00 UTC"


def test_forecast_steps_become_valid_times(tmp_path):
    data = dataset(*REGION).rename(time="step")
    data["step"] = TIMES - TIMES[0]
    data = data.assign_coords(time=TIMES[0])
    axis = open_dataset(write(tmp_path / "a.nc", data)).variable("t").axis("time")
    assert axis.labels == tuple(f"2020-01-01 {h:02d}:00 UTC" for h in (0, 6, 12, 18))


def test_units_that_only_look_like_a_time_are_left_as_numbers(tmp_path):
    data = dataset(*REGION).assign_coords(time=("time", [0, 1, 2, 3], {"units": "months since the flood"}))
    axis = open_dataset(write(tmp_path / "a.nc", data)).variable("t").axis("time")
    assert (axis.times, axis.labels[1]) == (None, "time 1 months since the flood")


def test_a_series_is_read_at_the_nearest_grid_point(tmp_path):
    series = open_dataset(regional(tmp_path / "a.nc")).series("t", 41.2, 340.7, {})
    assert (series.latitude, series.longitude) == (42.0, -20.0)
    assert series.values.tolist() == pytest.approx([292 + 20 * np.cos(np.deg2rad(20)) + k for k in range(4)], rel=1e-6)


def test_a_mean_over_time(tmp_path):
    opened = open_dataset(regional(tmp_path / "a.nc"))
    mean = opened.mean_field("t", opened.variable("t").axis("time"), {})
    np.testing.assert_allclose(mean.values, known(*REGION) + 1.5, rtol=1e-6)
    assert mean.caption == "mean over time"


def test_slices_give_the_statistics_of_the_whole(tmp_path, monkeypatch):
    path = regional(tmp_path / "a.nc")
    whole = open_dataset(path)
    statistics, series, usual = whole.statistics("t"), whole.series("t", 40, 0, {}), whole.usual_range("t", {"time": 0})
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    sliced = open_dataset(path)
    assert vars(sliced.statistics("t")) == pytest.approx(vars(statistics))
    assert sliced.series("t", 40, 0, {}).values.tolist() == series.values.tolist()
    here = sliced.usual_range("t", {"time": 3})  # of this field alone; the warmest time is the last
    assert (here.min, here.max) == (usual.min + 3, usual.max)


def test_of_all_that_is_kept_what_was_asked_for_longest_ago_makes_room(tmp_path, monkeypatch):
    like = dataset(*REGION)
    first = open_dataset(write(tmp_path / "a.nc", like.assign(u=like.t + 1)))
    second = open_dataset(write(tmp_path / "b.nc", like.assign(t=like.t + 2)))
    size = 4 * like.t.size
    fields = {(first, "t"): 0, (first, "u"): 1, (second, "t"): 2}

    def kept() -> list[bool]:
        return [opened._stored.loaded(name) for opened, name in fields]

    monkeypatch.setattr("backends.fields.stored.KEPT_BYTES", 2 * size)
    monkeypatch.setattr("backends.fields.stored._everywhere", WeakSet([first._stored, second._stored]))
    for (opened, name), warmer in fields.items():
        np.testing.assert_allclose(opened.field(name, {}).values, known(*REGION) + warmer, rtol=1e-6)
        first.field("t", {})
    assert kept() == [True, False, True]
    np.testing.assert_allclose(first.field("u", {}).values, known(*REGION) + 1, rtol=1e-6)
    assert kept() == [True, True, False]


# What cannot be read ----------------------------------------------------------------------------------------------


def broken_files(folder):
    good = regional(folder / "good.nc")
    classic = write(folder / "classic.nc", dataset(*REGION), format="NETCDF3_CLASSIC")
    content = good.read_bytes()
    files = {
        "empty.nc": (b"", "empty.nc is empty"),
        "text.nc": (b"hello, I am a text file\n" * 9, "none of the formats that can be read: NetCDF, GRIB, Zarr"),
        "cut.nc": (content[: len(content) // 2], "damaged or incomplete NetCDF file"),
        "cut-classic.nc": (classic.read_bytes()[:3000], "damaged or incomplete NetCDF file"),
        "header-only.grib": (b"GRIB\x00\x00\x54\x01", "damaged or incomplete GRIB file"),
    }
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    return {folder / name: says for name, (_, says) in files.items()}


def test_broken_files_are_named(tmp_path):
    for path, says in broken_files(tmp_path).items():
        with pytest.raises(InputError, match=says):
            open_dataset(path)


def test_a_truncated_grib_is_named(tmp_path, real_data):
    cut = tmp_path / "cut.grib"
    cut.write_bytes((real_data / "era5-2mt-2019-03-uk.grib").read_bytes()[:10_000])
    with pytest.raises(InputError, match=r"cut\.grib is a damaged or incomplete GRIB file"):
        open_dataset(cut)


def test_a_file_without_latitude_and_longitude_is_named(tmp_path):
    data = xr.Dataset({"a": (("x", "y"), np.zeros((3, 4)))})
    with pytest.raises(InputError, match="no variable with latitudes and longitudes"):
        open_dataset(write(tmp_path / "a.nc", data))


def test_a_grid_that_is_not_understood_is_named(tmp_path):
    values = np.zeros((3, 4))
    data = xr.Dataset(
        {"a": (("y", "x"), values)},
        {"lat": (("y", "x"), values, {"units": "degrees_north"}), "lon": ("x", values[0], {"units": "degrees_east"})},
    )
    with pytest.raises(InputError, match=r"latitude has dimensions \(y, x\), longitude \(x\); expected one dimension each"):
        open_dataset(write(tmp_path / "a.nc", data))


def test_what_is_asked_for_in_vain_is_named(tmp_path):
    opened = open_dataset(regional(tmp_path / "a.nc"))
    with pytest.raises(InputError, match=r"a\.nc has no variable 'q'; it has t"):
        opened.field("q", {})
    with pytest.raises(InputError, match="index 4 on axis 'time' does not exist; it has 4 entries"):
        opened.field("t", {"time": 4})
    with pytest.raises(InputError, match=r"there is no file b\.nc"):
        open_dataset(tmp_path / "b.nc")


def test_damage_that_shows_only_while_reading_is_named(tmp_path):
    path = tmp_path / "a.zarr"
    dataset(*REGION).to_zarr(path, zarr_format=2)
    opened = open_dataset(path)
    for chunk in (path / "t").glob("[0-9]*"):
        chunk.write_bytes(b"no such compression")
    with pytest.raises(InputError, match=r"variable 't' of a\.zarr cannot be read, the file may be damaged"):
        opened.field("t", {})
    shutil.rmtree(path)


# The real files ---------------------------------------------------------------------------------------------------


def test_era5_over_britain(real_data):
    opened = open_dataset(real_data / "era5-2mt-2019-03-uk.grib")
    variable = opened.variable("t2m")
    assert (variable.units, variable.shape, len(variable.axis("time"))) == ("K", (744, 33, 49), 744)
    # Dense reference: the message itself, decoded by ecCodes and placed by its own coordinates.
    import eccodes

    with (real_data / "era5-2mt-2019-03-uk.grib").open("rb") as file:
        message = eccodes.codes_grib_new_from_file(file)
        values, lats, lons = (eccodes.codes_get_array(message, key) for key in ("values", "latitudes", "longitudes"))
        eccodes.codes_release(message)
    field = opened.field("t2m", {"time": 0})
    for k in (0, 17, 800, 1616):
        assert at(field, lats[k], lons[k]) == pytest.approx(values[k], rel=1e-6)


def test_the_ensemble_has_members_levels_and_times(real_data):
    variable = open_dataset(real_data / "era5-levels-members.grib").variable("t")
    assert [a.labels[-1] for a in variable.axes] == ["member 9", "2017-01-02 12:00 UTC", "500 hPa"]
    assert variable.grid.periodic


def test_several_hypercubes_in_one_grib(real_data):
    opened = open_dataset(real_data / "ecmwf-open-data-2024-01-01.grib2")
    assert set(opened.variables) == {"st", "gh", "r", "tp"}
    field = opened.field("gh", {"isobaricInhPa": 4})
    assert field.caption == "2024-01-01 00:00 UTC · 200 hPa"
    # Higher over the tropics than over the winter pole, and by a few hundred to two thousand metres.
    assert 800 < at(field, 5, -60) - at(field, 85, 0) < 2500


def test_monthly_means_without_dates(real_data):
    opened = open_dataset(real_data / "eraint_uvz.nc")
    assert opened.variable("u").axis("time").labels == ("month 1", "month 7")
    # The January jet off Japan at 200 hPa, at its place: strong westerlies there and in no other quarter of the globe.
    jet = opened.field("u", {"month": 0, "level": 0})
    assert at(jet, 33, 140) > 55 > at(jet, -33, 140)
