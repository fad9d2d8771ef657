"""Formats besides BUFR and CSV: files of known content, written by the standard libraries, come out as they went in."""

import sys

import netCDF4
import numpy as np
import pytest

from backends.errors import InputError
from backends.observations.readers import read
from backends.observations.readers.odb import _table
from backends.observations.schema import CHANNEL, HEIGHT, NO_LEVEL, PASSED, PRESSURE, REJECTED, SUSPICIOUS, UNKNOWN
from tests.backends.observation_files import decoded_synop, feedback, ioda, odb


def texts(times: np.ndarray) -> list[str]:
    return [str(time)[:16] for time in times]


# Feedback files


def test_feedback(tmp_path):
    table = read(feedback(tmp_path / "ekf.nc"))
    assert table.format == "DWD feedback file"
    # Reports one after the other, each with its stretch of the body; the unused room is left out.
    assert table.value.tolist() == [280.0, 5.0, 7.0, 290.0, 250.0]
    assert table.report.tolist() == [0, 0, 0, 1, 2]
    assert table.variable.texts() == [
        "air_temperature",
        "eastward_wind",
        "variable 91",
        "air_temperature",
        "brightness_temperature",
    ]
    assert table.report_type.texts() == ["TEMP"] * 3 + ["SYNOP", "RAD"]
    assert table.station.texts() == ["10393"] * 3 + ["Q10", "METOP-1"]
    assert texts(table.time) == ["2020-01-01T10:30"] * 3 + ["2020-01-01T12:00", "2020-01-01T12:30"]
    assert table.level_kind.tolist() == [PRESSURE, PRESSURE, HEIGHT, NO_LEVEL, CHANNEL]
    assert table.longitude.tolist() == [10.0] * 3 + [-160.0, -30.0]
    assert table.quality.tolist() == [REJECTED, SUSPICIOUS, UNKNOWN, PASSED, PASSED]
    assert table.error == pytest.approx([1.5, 2.0, 0.1, 1.0, 0.5])
    assert table.background_departure == pytest.approx([0.5] * 5)  # neither the mean's first guess nor its spread
    assert table.analysis_departure == pytest.approx([0.25] * 5)


def test_feedback_of_our_own_races(tmp_path):
    """What a race exports is read back: O−B and O−A are those in the file."""
    import xarray as xr

    from backends.experiments.cycling.feedback import to_feedback
    from backends.experiments.cycling.run import run
    from backends.experiments.run import settings_from

    asked = {"kind": "cycling", "cycles": 5, "spinup": 1, "methods": [{"name": "3dvar"}], "dynamics": {"name": "lorenz63"}}
    path = tmp_path / "race.nc"
    to_feedback(run(settings_from(asked)), 0, path)
    table = read(path)
    with xr.open_dataset(path, decode_times=False) as data:
        np.testing.assert_array_equal(table.value, data.obs)
        np.testing.assert_array_equal(table.background, data.veri_data[0])
        np.testing.assert_array_equal(table.analysis, data.veri_data[1])
    assert (len(table), table.station.counts()) == (15, {"lorenz63": 15})


def test_reports_that_point_outside_the_body_are_named(tmp_path):
    import netCDF4

    path = feedback(tmp_path / "x.nc")
    with netCDF4.Dataset(path, "a") as file:
        file.variables["l_body"][0] = 4
    with pytest.raises(
        InputError, match=r"report 1 of x\.nc must have its observations in the body, 1 to 5; it has 4 from 3 on"
    ):
        read(path)


# DWD's NetCDF of decoded BUFR


def test_decoded_synop(tmp_path):
    table = read(decoded_synop(tmp_path / "synop.nc"))
    by = {name: table.take(table.variable.is_in([name])) for name in table.variable.counts()}
    assert by["air_temperature"].value == pytest.approx([285.65, 290.15], abs=0.006)
    assert by["air_temperature"].station.texts() == ["10015", "10865"]
    assert texts(by["air_temperature"].time) == ["2021-05-16T12:00", "2021-05-16T11:30"]
    assert by["air_temperature"].report_type.texts() == ["SYNOP", "SHIP"]
    assert by["relative_humidity"].value == pytest.approx([0.8, 1.0])
    assert by["relative_humidity"].station.texts() == ["10015", "ZUGSPITZE"]
    assert np.isnat(by["relative_humidity"].time).tolist() == [False, True]  # there is no 31 April
    assert by["eastward_wind"].value == pytest.approx([10.0, 0.0, 0.0], abs=1e-5)
    assert by["air_pressure_at_mean_sea_level"].value.tolist() == [99_970.0, 101_000.0]
    assert (table.level_kind == NO_LEVEL).all()


def test_decoded_soundings(tmp_path):
    import netCDF4

    path = tmp_path / "temp.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("BUFR_records", 1)
        file.createDimension("Loop_000_maxlen", 3)
        for name, value in (("MLAH", 50.0), ("MLOH", 10.0), ("section1_date", 20200101), ("section1_time", 103000)):
            file.createVariable(name, "f8", ("BUFR_records",))[:] = [value]
        for name, values in (
            ("MPN", [1e5, 85e3, 5e4]),
            ("MTDBT", [290.0, 280.0, 9.96921e36]),
            ("NHHHN", [9.96921e36, 1500, 5500]),
        ):
            file.createVariable(name, "f4", ("BUFR_records", "Loop_000_maxlen"), fill_value=9.96921e36)[:] = [values]
    table = read(path)
    assert table.report_type.counts() == {"TEMP": 4}
    assert table.level.tolist() == [1e5, 85e3, 85e3, 5e4]
    assert table.value == pytest.approx([290.0, 280.0, 1500 * 9.80665, 5500 * 9.80665])
    assert texts(table.time)[0] == "2020-01-01T10:30"


# IODA


def test_ioda_numbers_its_soundings(tmp_path):
    path = ioda(tmp_path / "obs.nc4")
    assert sorted(set(read(path).report.tolist())) == [0, 1]
    with netCDF4.Dataset(path, "a") as file:
        about = file.groups["MetaData"]
        about.createVariable("sequenceNumber", "i4", ("Location",))[:] = [7, 7]
    assert set(read(path).report.tolist()) == {0}


def test_ioda(tmp_path):
    table = read(ioda(tmp_path / "obs.nc4"))
    warm = table.take(table.variable.is_in(["air_temperature"]))
    assert warm.value == pytest.approx([283.15, 293.15])
    assert warm.error == pytest.approx([1.5, 2.0])  # a difference in °C is one in K
    assert warm.background_departure == pytest.approx([0.5, -1.0], abs=1e-4)
    assert warm.analysis_departure == pytest.approx([0.1, -0.2], abs=1e-4)
    assert warm.quality.tolist() == [PASSED, REJECTED]
    assert warm.level.tolist() == [85_000.0, 50_000.0]
    assert texts(warm.time) == ["2020-01-01T01:00", "NaT"]
    assert warm.station.texts() == ["10393", "94610"]
    bright = table.take(table.variable.is_in(["brightness_temperature"]))
    assert bright.level.tolist() == [5.0, 9.0, 5.0]
    assert bright.background.tolist() == [249.0, 261.0, 250.0]
    assert (bright.level_kind == CHANNEL).all()


# ODB-2


def test_odb(tmp_path):
    pytest.importorskip("pyodc", reason="pyodc is not among the requirements")
    table = read(odb(tmp_path / "x.odb"))
    assert table.variable.texts() == ["air_temperature", "eastward_wind", "brightness_temperature"]
    assert table.value.tolist() == [280.0, 5.0, 250.0]
    assert table.report.tolist() == [0, 0, 1]
    assert table.station.texts() == ["10393", "10393", "4"]
    assert texts(table.time) == ["2020-01-01T12:00"] * 2 + ["2020-01-01T03:30"]
    assert table.level_kind.tolist() == [PRESSURE, PRESSURE, CHANNEL]
    assert table.background_departure[:2].tolist() == [1.0, -2.0]
    assert np.isnan(table.analysis[2])
    assert table.quality.tolist() == [PASSED, REJECTED, UNKNOWN]


def test_odb_without_numbers_of_reports_has_those_of_its_headers():
    import pandas as pd

    header = {"statid": ["a", "a", "a", "b", None, None], "date": 20200101.0, "time": [120000.0, 120000.0, 180000.0] * 2}
    body = {"varno": 2, "obsvalue": 280.0, "vertco_type": 1, "vertco_reference_1": [9e4, 8e4, 9e4] * 2}
    data = pd.DataFrame({**header, "lat": 50.0, "lon": 10.0, **body})
    assert _table("x.odb", data).report.tolist() == [0, 0, 1, 2, 3, 4]


def test_what_to_install_is_said(tmp_path, monkeypatch):
    path = tmp_path / "x.odb"
    path.write_bytes(b"\xff\xffODA" + bytes(100))
    monkeypatch.setitem(sys.modules, "pyodc", None)
    with pytest.raises(InputError, match=r"x\.odb needs pyodc: install it with pip install"):
        read(path)
