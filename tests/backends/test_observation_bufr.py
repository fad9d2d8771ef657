"""BUFR files of all kinds of observations: each value where it belongs."""

import numpy as np
import pytest

from backends.errors import InputError
from backends.observations.readers import read
from backends.observations.schema import CHANNEL, HEIGHT, PRESSURE
from tests.backends.observation_files import cut, mixed_bufr

TEMP, AIRCRAFT = "temp-radiosondes.bufr", "aircraft.bufr"


def test_aircraft_and_satellites_come_out_as_they_went_in(tmp_path):
    table = read(mixed_bufr(tmp_path / "mixed.bufr"))
    assert table.variable.texts() == ["air_temperature", "eastward_wind", "northward_wind", "brightness_temperature"]
    assert table.value == pytest.approx([220.5, 20.0, 0.0, 251.5], abs=1e-5)
    assert table.level_kind.tolist() == [HEIGHT] * 3 + [CHANNEL]
    assert table.level.tolist() == [10_000.0] * 3 + [7.0]
    assert table.report_type.texts() == ["AIREP"] * 3 + ["RAD"]
    assert table.station.texts() == ["EU0001"] * 3 + ["satellite 4"]
    assert table.latitude == pytest.approx([50.0] * 3 + [-30.0])
    assert str(table.time[0]) == "2021-05-16T12:30:00"


def test_a_real_sounding(real_data, tmp_path):
    """Station 71907 of the first message, read off the file with bufr_dump."""
    table = read(cut(real_data / TEMP, tmp_path / "temp.bufr", messages=2))
    first = table.take(table.station.is_in(["71907"]) & (table.level == 85_000))
    values = dict(zip(first.variable.texts(), first.value.tolist(), strict=True))
    assert values["geopotential"] == pytest.approx(12470.0)
    assert set(values) >= {"air_temperature", "dew_point_temperature", "eastward_wind"}
    assert (first.level_kind == PRESSURE).all()
    assert (first.latitude[0], first.height[0], str(first.time[0])) == (pytest.approx(58.47), 26.0, "2008-12-08T12:00:00")


def test_real_aircraft(real_data, tmp_path):
    """The first message, read off the file with bufr_dump: EU6349 at 7620 m, 230.8 K, wind 29 m/s from 168°."""
    table = read(cut(real_data / AIRCRAFT, tmp_path / "air.bufr", messages=3))
    one = table.take(table.station.is_in(["EU6349"]))
    assert one.level.tolist() == [7620.0] * 3
    speed, direction = 29.0, np.deg2rad(168.0)
    assert one.value == pytest.approx([230.8, -speed * np.sin(direction), -speed * np.cos(direction)])


def test_progress_is_counted_in_messages_and_may_end_the_reading(real_data, tmp_path):
    path = cut(real_data / AIRCRAFT, tmp_path / "air.bufr", messages=5)
    told = []
    read(path, lambda done, of: told.append((done, of)))
    assert told == [(k, 5) for k in range(5)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(path, stop)


def test_what_is_no_file_of_observations_is_named(tmp_path):
    (tmp_path / "empty.bufr").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no observations")
    for name, match in (
        ("empty.bufr", "empty.bufr is empty"),
        ("none", "no file none"),
        ("notes.txt", "that can be read: BUFR"),
    ):
        with pytest.raises(InputError, match=match):
            read(tmp_path / name)
