"""Small files of observations with known content, written by the standard libraries."""

from pathlib import Path

import eccodes
import numpy as np

from backends.observations.table import Table, build


def cut(source: Path, path: Path, messages: int) -> Path:
    """Write the first messages of a BUFR file."""
    with source.open("rb") as file, path.open("wb") as out:
        for _ in range(messages):
            handle = eccodes.codes_bufr_new_from_file(file)
            eccodes.codes_write(handle, out)
            eccodes.codes_release(handle)
    return path


def message(file, category: int, template: list[int], values: dict[str, object]) -> None:
    """Write one BUFR message of one report; what is not named is missing."""
    handle = eccodes.codes_bufr_new_from_samples("BUFR4")
    eccodes.codes_set(handle, "masterTablesVersionNumber", 28)
    eccodes.codes_set(handle, "dataCategory", category)
    eccodes.codes_set_array(handle, "unexpandedDescriptors", template)
    for key, value in {"year": 2021, "month": 5, "day": 16, "hour": 12, "minute": 30, **values}.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set(handle, "pack", 1)
    eccodes.codes_write(handle, file)
    eccodes.codes_release(handle)


def mixed_bufr(path: Path) -> Path:
    """Write one aircraft report and one of two satellite channels, the second without a value."""
    with path.open("wb") as file:
        template = [1008, 301011, 301013, 301021, 7010, 12101, 11001, 11002]
        aircraft = {
            "aircraftRegistrationNumberOrOtherIdentification": "EU0001",
            "flightLevel": 10000.0,
            "airTemperature": 220.5,
        }
        place = {"second": 0, "latitude": 50.0, "longitude": 10.0, "windSpeed": 20.0, "windDirection": 270}
        message(file, 4, template, {**aircraft, **place})
        template = [1007, 301011, 301013, 301021, 5042, 12063, 5042, 12063]
        place = {"satelliteIdentifier": 4, "second": 0, "latitude": -30.0, "longitude": 20.0}
        message(file, 21, template, {**place, "#1#channelNumber": 7, "#1#brightnessTemperature": 251.5, "#2#channelNumber": 8})
    return path


def table(rows: int = 6, **columns: object) -> Table:
    """Return temperatures of one station an hour apart at 850 hPa, with other columns in the place of some."""
    usual = {
        "time": np.datetime64("2020-01-01T00", "s") + np.arange(rows) * np.timedelta64(3600, "s"),
        "latitude": 50.0,
        "longitude": 10.0,
        "level": 85_000.0,
        "level_kind": 1,
        "variable": "air_temperature",
        "value": 280.0 + np.arange(rows),
        "report_type": "TEMP",
        "station": "10393",
        "report": np.arange(rows),
    }
    return build("a file", "none", **{**usual, **columns})
