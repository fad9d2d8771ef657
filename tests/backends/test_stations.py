"""Observations at stations: what is in the files comes out once per station, checked."""

import os
import shutil
import sys
from pathlib import Path

import eccodes
import numpy as np
import pytest
import torch

from backends.errors import InputError
from backends.geometry.sphere import great_circle_distance
from backends.observations import cache, decode, parquet
from backends.observations.cache import cache_path
from backends.observations.readers import read
from backends.stations.bufr import contents, is_bufr, read_stations
from tests.backends.observation_files import cut

SYNOP, TEMP, AIRCRAFT = "dwd-synop-germany-2021-05-16T12.bufr", "temp-radiosondes.bufr", "aircraft.bufr"
SENSOR = "heightOfSensorAboveLocalGroundOrDeckOfMarinePlatform"
SURFACE_TEMPLATE = [301001, 301011, 301012, 301021, 7030, 7032, 12101, 7032, 12101, 12103, 10051]
SOUNDING_TEMPLATE = [301001, 301011, 301012, 301021, 7030, 107002, 7004, 10009, 12101, 1015, 11001, 11002, 8042]


ELSEWHERE = decode.decode_elsewhere


@pytest.fixture(autouse=True)
def decoded_here(monkeypatch):
    """Decode in this process, as another takes seconds to start."""
    monkeypatch.setattr(decode, "decode_elsewhere", lambda path, *_told, **_how: read(path))


def write_bufr(path: Path, reports: list[dict[str, float]], category: int = 0) -> Path:
    """Write one message per report with eccodes; what a report does not name is missing."""
    with path.open("wb") as file:
        for report in reports:
            handle = eccodes.codes_bufr_new_from_samples("BUFR4")
            eccodes.codes_set(handle, "masterTablesVersionNumber", 28)
            eccodes.codes_set(handle, "dataCategory", category)
            template = SOUNDING_TEMPLATE if category == 2 else SURFACE_TEMPLATE
            eccodes.codes_set_array(handle, "unexpandedDescriptors", template)
            when = {"year": 2021, "month": 5, "day": 16, "hour": 12, "minute": 0}
            place = {"heightOfStationGroundAboveMeanSeaLevel": 100.0, "blockNumber": 10}
            for key, value in {**when, **place, **report}.items():
                eccodes.codes_set(handle, key, value)
            eccodes.codes_set(handle, "pack", 1)
            eccodes.codes_write(handle, file)
            eccodes.codes_release(handle)
    return path


def surface(number: int, latitude: float, **values: float) -> dict[str, float]:
    return {"stationNumber": number, "latitude": latitude, "longitude": 10.0, f"#1#{SENSOR}": 2.0, **values}


@pytest.fixture
def small(tmp_path):
    reports = [
        surface(15, 54.0, **{"#1#airTemperature": 285.0, f"#2#{SENSOR}": 0.05, "#2#airTemperature": 293.0}),
        surface(
            20, 55.0, **{"#1#airTemperature": 280.0, "#2#airTemperature": 283.0, f"#1#{SENSOR}": 30.0, f"#2#{SENSOR}": 2.0}
        ),
        surface(33, 53.0, pressureReducedToMeanSeaLevel=100120.0),
    ]
    return write_bufr(tmp_path / "small.bufr", reports)


@pytest.fixture(scope="session")
def soundings(real_data):
    """The radiosondes, decoded once for all tests."""
    contents(real_data / TEMP)
    return real_data / TEMP


# Reading


def test_a_written_report_comes_out_as_it_went_in(small):
    table = read_stations(small, "air_temperature")
    assert table.station == ("10015", "10020")
    assert table.values == pytest.approx([285.0, 283.0])  # neither at 5 cm nor at 30 m above ground
    assert table.latitude == pytest.approx([54.0, 55.0])
    assert (table.title, table.units, table.dropped, table.level) == ("2 m temperature", "K", 0, None)
    assert table.time == np.datetime64("2021-05-16T12:00")


def test_soundings_offer_the_standard_levels(tmp_path):
    levels = {"#1#pressure": 50_000.0, "#2#pressure": 51_300.0, "#1#nonCoordinateGeopotentialHeight": 5500}
    path = write_bufr(tmp_path / "temp.bufr", [{"stationNumber": 1, "latitude": 50.0, "longitude": 10.0, **levels}], category=2)
    assert [(offer.title, offer.stations) for offer in contents(path)] == [("geopotential at 500 hPa", 1)]
    assert read_stations(path, "geopotential", 500).values == pytest.approx([5500 * 9.80665])


def test_bufr_is_recognised_by_its_beginning(tmp_path, small):
    header = tmp_path / "with-header.bin"
    header.write_bytes(b"\r\r\n123\r\r\nISMD01 EDZW 161200\r\r\n" + small.read_bytes())
    other = tmp_path / "other.bufr"
    other.write_bytes(b"GRIB" + bytes(100))
    assert [is_bufr(path) for path in (small, header, other, tmp_path, tmp_path / "none")] == [True, True, False, False, False]
    assert len(read_stations(header, "air_temperature")) == 2


def counted_with_eccodes(path: Path, wanted: str) -> int:
    """Return how many stations have a value at 2 m, going through all keys of all messages one by one."""
    found, missing = set(), (eccodes.CODES_MISSING_DOUBLE, eccodes.CODES_MISSING_LONG)
    with path.open("rb") as file:
        while (handle := eccodes.codes_bufr_new_from_file(file)) is not None:
            eccodes.codes_set(handle, "skipExtraKeyAttributes", 1)
            eccodes.codes_set(handle, "unpack", 1)
            keys, state = eccodes.codes_bufr_keys_iterator_new(handle), {}
            while eccodes.codes_bufr_keys_iterator_next(keys):
                full = eccodes.codes_bufr_keys_iterator_get_name(keys)
                key = full.rpartition("#")[2]
                if key == "subsetNumber":
                    state = {}
                elif key in ("blockNumber", "stationNumber", "shortStationName", "latitude", SENSOR, wanted):
                    state[key] = eccodes.codes_get(handle, full)
                    height = state.get(SENSOR, missing[0])
                    if key == wanted and state[key] not in missing and (height in missing or 1.25 <= height <= 2.5):
                        short = state.get("shortStationName", "").strip()
                        found.add(short or (state["blockNumber"], state["stationNumber"]))
            eccodes.codes_bufr_keys_iterator_delete(keys)
            eccodes.codes_release(handle)
    return len(found)


def test_as_many_stations_as_a_direct_count_finds(real_data):
    path = real_data / SYNOP
    table = read_stations(path, "air_temperature")
    assert len(table) == counted_with_eccodes(path, "airTemperature")
    assert [(offer.variable, offer.stations) for offer in contents(path)] == [
        ("air_temperature", len(table)),
        ("dew_point_temperature", len(read_stations(path, "dew_point_temperature"))),
        ("air_pressure_at_mean_sea_level", 184),
    ]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("air_temperature", 285.65), ("dew_point_temperature", 283.0), ("air_pressure_at_mean_sea_level", 99970.0)],
)
def test_helgoland(real_data, variable, value):
    """Read off the file with bufr_dump."""
    table = read_stations(real_data / SYNOP, variable)
    k = table.station.index("10015")
    assert table.values[k] == pytest.approx(value)
    assert (table.latitude[k], table.longitude[k], table.height[k]) == pytest.approx((54.17497, 7.89199, 4.4))
    assert table.time == np.datetime64("2021-05-16T12:00")


def test_no_two_stations_at_one_place(real_data):
    for variable in ("air_temperature", "air_pressure_at_mean_sea_level"):
        table = read_stations(real_data / SYNOP, variable)
        points = table.points()
        apart = great_circle_distance(points, points) + 1e9 * torch.eye(len(table))
        assert len(set(table.station)) == len(table)
        assert float(apart.min()) > 0.01


def test_radiosondes(soundings):
    table = read_stations(soundings, "geopotential", 500)
    k = table.station.index("71907")
    assert (len(table), table.time) == (413, np.datetime64("2008-12-08T12:00"))
    assert table.latitude[table.station.index("89009")] == -90  # the South Pole, of which ecCodes makes −90.00000000000001
    assert (table.latitude[k], table.longitude[k], table.height[k]) == pytest.approx((58.47, -78.08, 26.0))
    lower = read_stations(soundings, "geopotential", 850)
    assert lower.values[lower.station.index("71907")] == pytest.approx(12470.0)
    assert {offer.variable for offer in contents(soundings)} == {"geopotential", "air_temperature"}


def test_aircraft_are_no_stations(real_data, tmp_path):
    path = cut(real_data / AIRCRAFT, tmp_path / "aircraft.bufr", messages=20)
    assert contents(path) == ()
    with pytest.raises(InputError, match="it has neither surface reports nor soundings"):
        read_stations(path, "air_temperature")


# The cache


@pytest.fixture
def no_decoder(monkeypatch):
    """Make pdbufr impossible to import, so that decoding anything fails."""
    return lambda: monkeypatch.setitem(sys.modules, "pdbufr", None)


def test_a_file_is_decoded_once(small, no_decoder):
    first = read_stations(small, "air_temperature")
    no_decoder()
    again = read_stations(small, "air_temperature")
    np.testing.assert_array_equal(again.values, first.values)
    assert again.station == first.station
    assert len(read_stations(small, "air_pressure_at_mean_sea_level")) == 1


def test_files_are_decoded_in_another_process(small, no_decoder, monkeypatch):
    monkeypatch.setattr(decode, "decode_elsewhere", ELSEWHERE)
    no_decoder()
    assert len(read_stations(small, "air_temperature")) == 2


def test_a_changed_file_is_decoded_again(small, no_decoder):
    read_stations(small, "air_temperature")
    before = cache_path(small)
    os.utime(small, ns=(1, 1))
    assert cache_path(small) != before
    no_decoder()
    with pytest.raises(ImportError):
        read_stations(small, "air_temperature")


@pytest.mark.parametrize("damage", [b"", b"PAR1 and nothing else", "half"])
def test_a_damaged_cache_is_made_anew(small, damage):
    first = read_stations(small, "air_temperature")
    place = cache_path(small)
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2] if damage == "half" else damage)
    np.testing.assert_array_equal(read_stations(small, "air_temperature").values, first.values)
    assert len(parquet.read(place)) == 3


def test_a_cache_that_cannot_be_written_is_done_without(small, tmp_path, monkeypatch):
    (tmp_path / "observations").write_text("a file where the folder should be")
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path))
    assert len(read_stations(small, "air_temperature")) == 2


def test_nothing_unfinished_is_left(small):
    read_stations(small, "air_temperature")
    assert not list(cache_path(small).parent.glob(".*"))


def test_what_was_asked_for_longest_ago_makes_room(small, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path))
    files = [shutil.copy2(small, tmp_path / f"{name}.bufr") for name in "abc"]
    for k, file in enumerate(files[:2]):
        read_stations(file, "air_temperature")
        os.utime(cache_path(file), ns=(k, k))
    read_stations(files[0], "air_temperature")
    monkeypatch.setattr(cache, "MOST_BYTES", 2 * cache_path(files[0]).stat().st_size)
    read_stations(files[2], "air_temperature")
    assert [cache_path(file).is_file() for file in files] == [True, False, True]
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    read_stations(files[1], "air_temperature")
    assert [cache_path(file).is_file() for file in files] == [False, True, False]


def test_a_moved_copy_is_another_file(small, tmp_path):
    copy = shutil.copy2(small, tmp_path / "copy.bufr")
    assert cache_path(Path(copy)) != cache_path(small)


# What is broken or not there


def test_a_cut_file_is_named(small):
    small.write_bytes(small.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"^small\.bufr is a damaged or incomplete BUFR file"):
        read_stations(small, "air_temperature")


def test_a_real_file_cut_short_is_named(real_data, tmp_path):
    path = tmp_path / "cut.bufr"
    path.write_bytes((real_data / SYNOP).read_bytes()[:30_000])
    with pytest.raises(InputError, match=r"cut\.bufr"):
        contents(path)


def test_a_message_of_an_unknown_template_is_named(small):
    data = small.read_bytes()
    place = data.index(bytes([0b11000001, 0x01]))  # 301001
    small.write_bytes(data[:place] + bytes([0b11111111, 0xFF]) + data[place + 2 :])
    with pytest.raises(InputError, match=r"^small\.bufr (is a damaged|holds BUFR messages that cannot be decoded)"):
        read_stations(small, "air_temperature")


def test_files_that_are_none(tmp_path):
    text = tmp_path / "notes.bufr"
    text.write_text("no observations")
    with pytest.raises(InputError, match=r"notes\.bufr is not a BUFR file"):
        contents(text)
    with pytest.raises(InputError, match=r"there is no file none\.bufr"):
        contents(tmp_path / "none.bufr")


def test_what_the_file_holds_is_named(small):
    with pytest.raises(InputError, match=r"of dew_point_temperature; it has air_temperature, air_pressure_at_mean_sea_level$"):
        read_stations(small, "dew_point_temperature")
    with pytest.raises(InputError, match="no usable observation of air_temperature at 850 hPa"):
        read_stations(small, "air_temperature", 850)
    with pytest.raises(InputError, match=r"the variable must be one of .*; came 'wind'"):
        read_stations(small, "wind")


def test_the_levels_are_named(soundings):
    with pytest.raises(InputError, match="geopotential at 1000, 925, 850, 700, 500"):
        read_stations(soundings, "geopotential", 550)
