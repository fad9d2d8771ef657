"""Tables of observations as text: columns, units and times are found out, or named by a person, and faults are told."""

from pathlib import Path

import numpy as np
import pytest

from backends.errors import InputError
from backends.observations import parquet
from backends.observations.columns import Columns, guess_columns
from backends.observations.readers import csv, pieces, read
from backends.observations.readers.csv import header_of, read_columns
from backends.observations.readers.csv_preview import may_be_table, preview
from backends.observations.schema import PASSED, REJECTED
from backends.observations.units import to_si
from tests.backends.observation_files import CSV


def texts(times: np.ndarray) -> list[str]:
    return [str(time)[:16] for time in times]


def test_csv_with_units_in_its_header(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(CSV)
    table = read(path)
    by = {name: table.take(table.variable.is_in([name])) for name in table.variable.counts()}
    assert by["air_temperature"].value == pytest.approx([285.65])
    assert by["wind_speed"].value == pytest.approx([10 * 1852 / 3600, 20 * 1852 / 3600])
    assert by["relative_humidity"].value == pytest.approx([0.8])
    assert by["wind_speed"].station.texts() == ["10393", "10015"]
    assert texts(by["wind_speed"].time) == ["2021-05-16T12:00", "2021-05-16T13:00"]
    assert by["wind_speed"].height.tolist() == [115.0, 4.0]


def test_csv_with_one_value_a_row(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "time,lat,lon,pressure,variable,value,background,error,qc\n"
        "2020010112,50,10,850,T,280.5,280,1,passed\n2020010113,50,350,500,u wind,12,10,2,rejected\n"
    )
    table = read(path)
    assert table.variable.texts() == ["air_temperature", "eastward_wind"]
    assert table.level.tolist() == [85_000.0, 50_000.0]
    assert table.background_departure.tolist() == [0.5, 2.0]
    assert table.quality.tolist() == [PASSED, REJECTED]
    assert texts(table.time) == ["2020-01-01T12:00", "2020-01-01T13:00"]
    assert table.longitude.tolist() == [10.0, -10.0]


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_levels_of_one_sounding_are_one_report(tmp_path, monkeypatch, rows):
    monkeypatch.setattr(csv, "ROWS", rows)
    monkeypatch.setattr(csv, "_gathered", lambda batches: (b.slice(k, rows) for b in batches for k in range(0, len(b), rows)))
    path = tmp_path / "x.csv"
    lines = [f"{station},{time},52.2,14.1,{level},{300 - level / 10},5" for station, time, level in (
        ("10393", "2021-05-16T00:00", 1000), ("10393", "2021-05-16T00:00", 850), ("10393", "2021-05-16T00:00", 500),
        ("10393", "2021-05-16T12:00", 1000), ("10393", "2021-05-16T12:00", 500), ("10394", "2021-05-16T12:00", 500),
    )]  # fmt: skip
    path.write_text("\n".join(["station,time,lat,lon,plev,T,wind_speed", *lines, ""]))
    table = read(path)
    warm = table.take(table.variable.is_in(["air_temperature"]))
    assert warm.report.tolist() == [0, 0, 0, 1, 1, 2]
    assert table.take(table.variable.is_in(["wind_speed"])).report.tolist() == warm.report.tolist()


def test_rows_of_the_surface_are_reports_of_their_own(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("lat,lon,T [K]\n50,10,280\n50,10,281\n")
    assert read(path).report.tolist() == [0, 1]


def long_csv(path: Path, last: str) -> Path:
    """Write 90,000 rows, more than pyarrow hands over at once, each with a station and a time of its own thousand."""
    lines = [f"{k / 1000:.3f},10,s{k // 1000},{280 + k % 7},2021-05-16T00:{k // 1000 % 60:02d}" for k in range(90_000)]
    path.write_text("\n".join(["lat,lon,station,t,time", *lines, f"90,10,last,280,{last}\n"]))
    return path


def test_a_long_table_is_read_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(csv, "ROWS", 30_000)
    told: list[tuple[int, int]] = []
    parts = list(pieces(long_csv(tmp_path / "x.csv", "2021-05-17T06:00+02:00"), lambda *done: told.append(done)))
    assert len(parts) > 1
    assert len(told) == len(parts)
    assert told[-1] == (told[0][1],) * 2
    parquet.write_pieces(parts, tmp_path / "x.parquet")
    table = parquet.read(tmp_path / "x.parquet")
    rows = np.arange(90_001)
    np.testing.assert_array_equal(table.report, rows)
    np.testing.assert_allclose(table.latitude, rows / 1000)
    assert table.value[:-1].tolist() == (280 + rows[:-1] % 7).tolist()
    assert table.station.texts() == [*[f"s{k // 1000}" for k in rows[:-1]], "last"]
    assert texts(table.time[[61_999, 90_000]]) == ["2021-05-16T00:01", "2021-05-17T04:00"]
    assert table.units == {"air_temperature": "K"}


def test_a_time_that_is_none_is_named_with_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(csv, "ROWS", 30_000)
    with pytest.raises(InputError, match=r"column time of x\.csv must hold times .*; row 90001 has 'noon'"):
        list(pieces(long_csv(tmp_path / "x.csv", "noon")))


def test_times_may_be_written_in_several_ways_in_one_column(tmp_path):
    path = tmp_path / "x.csv"
    times = ["2021-05-16T12:00:00.5", "2021051612", "202105161230", " 20210516", "", "nan", "2021-05-16 14:00+02:00"]
    path.write_text("lat,lon,t,time\n" + "".join(f"50,10,280,{time}\n" for time in times))
    noon = "2021-05-16T12:00"
    assert texts(read(path).time) == [noon, noon, "2021-05-16T12:30", "2021-05-16T00:00", "NaT", "NaT", noon]


def test_a_person_may_say_what_the_columns_are(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a\tb\tc\td\n50\t10\t7.5\tx\n")
    with pytest.raises(InputError, match="none of the formats"):
        read(path)
    assert header_of(path) == ["a", "b", "c", "d"]
    columns = Columns({"latitude": "a", "longitude": "b", "station": "d"}, {"c": "ozone"}, {"c": "ppb"})
    table = read_columns(path, columns)
    assert (table.value.tolist(), table.units["ozone"], table.station.texts()) == ([7.5], "ppb", ["x"])


def test_the_beginning_of_a_table_is_shown_as_it_is_written(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('\ufeffa;"b";c\n1;"two; three";\x1b\n\n4\n' + "5;6;7;8\n" * 9)
    shown = preview(path)
    assert may_be_table(path)
    assert shown.header == ("a", "b", "c")
    assert shown.rows == (("1", "two; three", "?"), ("4", "", ""), *[("5", "6", "7")] * 3)


@pytest.mark.parametrize(
    ("name", "text"), [("x.csv", b"a,b\n"), ("x.md", b"a,b,c\n"), ("x.csv", b"\xff,\xfe,c\n"), ("x.csv", b"")]
)
def test_other_files_are_no_tables(tmp_path, name, text):
    (tmp_path / name).write_bytes(text)
    assert not may_be_table(tmp_path / name)
    assert not may_be_table(tmp_path)


def test_units_are_checked_before_a_file_is_read():
    Columns({"pressure level": "p"}, {"t": "air_temperature", "o": "ozone"}, {"p": "hPa", "t": "degF", "o": "DU"}).check_units()
    with pytest.raises(InputError, match="column p must have a unit that can be turned into Pa; came 'm'"):
        Columns({"pressure level": "p"}, {}, {"p": "m"}).check_units()


@pytest.mark.parametrize(
    ("header", "role", "variables"),
    [
        (["valid", "lat", "lon", "tmpf", "sknt"], {"time": "valid"}, {"tmpf": "air_temperature", "sknt": "wind_speed"}),
        (["Breite", "Länge", "Lufttemperatur [°C]"], {"longitude": "Länge"}, {"Lufttemperatur [°C]": "air_temperature"}),
        (["lat", "lon", "plev", "air_temperature"], {"pressure level": "plev"}, {"air_temperature": "air_temperature"}),
        (["LAT", "LON", "mslp_hPa"], {}, {"mslp_hPa": "air_pressure_at_mean_sea_level"}),
    ],
)
def test_columns_are_guessed(header, role, variables):
    guessed = guess_columns(header)
    assert role.items() <= guessed.roles.items()
    assert guessed.variables == variables


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("lat,lon,t\n50,ten,280\n", "column lon of x.csv must hold numbers"),
        ("lat,lon,t,time\n50,10,280,yesterday\n", "column time of x.csv must hold times"),
        ("lat,lon,t [hPa]\n50,10,280\n", "air_temperature of x.csv must have a unit that can be turned into K; came 'hPa'"),
        ("lat,lon,t\n50,10,12.5\n", "air_temperature of x.csv has no unit, and values of about 12.5, not K"),
        ("lat,lon,p\n50,10,1013\n", "air_pressure of x.csv has no unit, and values of about 1013, not Pa"),
        ("lat,lon,t\n50,10\n50,10,280,9\n", "x.csv cannot be read as CSV"),
        ("lat,lon,t\n", "x.csv holds no observations: there are no rows below its header"),
    ],
)
def test_csv_that_cannot_be_read_is_named(tmp_path, text, match):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=match):
        read(path)


def test_columns_that_are_not_there_are_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("lat,lon,t\n50,10,280\n")
    with pytest.raises(InputError, match="there is no column zz; there are lat, lon, t"):
        read_columns(path, Columns({"latitude": "lat", "longitude": "zz"}, {"t": "air_temperature"}))
    with pytest.raises(InputError, match="which column is longitude"):
        read_columns(path, Columns({"latitude": "lat"}, {"t": "air_temperature"}))


@pytest.mark.parametrize(
    ("value", "text", "wanted", "expected"),
    [
        (0, "°C", "K", 273.15),
        (32, "degF", "K", 273.15),
        (1013.25, "hPa", "Pa", 101325),
        (50, "%", "1", 0.5),
        (3, "m s**-1", "m s-1", 3),
    ],
)
def test_units(value, text, wanted, expected):
    assert to_si(np.array([value]), text, wanted, "x") == pytest.approx([expected])
