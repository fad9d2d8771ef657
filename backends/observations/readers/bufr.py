"""BUFR (WMO, Manual on Codes, FM 94), the form in which weather services exchange observations, through pdbufr.

Read are surface reports, soundings, aircraft, winds from satellite pictures, scatterometers and brightness temperatures.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.fields.damage import first_line
from backends.observations.coded import Coded
from backends.observations.readers.faults import DECODING_PROBLEMS
from backends.observations.readers.progress import Progress
from backends.observations.schema import CHANNEL, GRAVITY, HEIGHT, NO_LEVEL, PRESSURE
from backends.observations.table import Table, build, concatenate
from backends.observations.wind import components

FORMAT = "BUFR"

#: BUFR table A: the categories that are read, and the types of their reports.
REPORT_TYPES = {0: "SYNOP", 1: "SHIP", 2: "TEMP", 3: "SATEM", 4: "AIREP", 5: "SATOB", 12: "SCATT", 21: "RAD"}
SURFACE, RADIANCES = (0, 1, 12), (3, 21)
#: Heights above ground, m, of a thermometer screen. A value at 5 cm is the grass minimum's, one at 20 m a lighthouse's.
SCREEN_HEIGHTS = (1.25, 2.5)

_IDENTIFIERS = (
    *("WIGOS_station_id", "shortStationName", "shipOrMobileLandStationIdentifier", "stationOrSiteName"),
    *("aircraftFlightNumber", "aircraftRegistrationNumberOrOtherIdentification", "aircraftTailNumber"),
)
_HEIGHTS = ("heightOfStationGroundAboveMeanSeaLevel", "heightOfStation")
_SENSOR_HEIGHTS = ("heightOfSensorAboveLocalGroundOrDeckOfMarinePlatform", "heightAboveStation")
_CHANNELS = ("channelNumber", "tovsOrAtovsOrAvhrrInstrumentationChannelNumber", "satelliteChannelNumber")
_ALTITUDES = ("height", "flightLevel", "nonCoordinateHeight")
_VALUES = (
    *("airTemperature", "airTemperatureAt2M", "dewpointTemperature", "dewpointTemperatureAt2M", "relativeHumidity"),
    *("pressureReducedToMeanSeaLevel", "pressure", "nonCoordinatePressure", "brightnessTemperature"),
    *("nonCoordinateGeopotential", "nonCoordinateGeopotentialHeight", "geopotentialHeight"),
    *("windSpeed", "windDirection", "windSpeedAt10M", "windDirectionAt10M", "horizontalVisibility", "cloudCoverTotal"),
)
_NUMBERS = ("dataCategory", "latitude", "longitude", *_HEIGHTS, *_SENSOR_HEIGHTS, *_CHANNELS, *_ALTITUDES, *_VALUES)
_KEYS = ("count", "data_datetime", "WMO_station_id", "satelliteIdentifier", *_IDENTIFIERS, *_NUMBERS)

#: A table of reports, of one category or several: one array per key, numbers as float64.
_Rows = dict[str, np.ndarray]


def claims(path: Path, head: bytes) -> bool:
    """Return whether the file begins like a BUFR file; some carry a short telecommunication header before it."""
    del path
    return b"BUFR" in head[:64]


def read(path: Path, progress: Progress) -> Table:
    """Decode a BUFR file, which takes seconds; messages of other categories are passed over undecoded.

    Progress is counted in messages.

    Raises
    ------
    InputError
        If the file ends in the middle of a message, or a message cannot be decoded.
    """
    rows, stations = _decoded(path, progress)
    category = rows["dataCategory"]
    parts = [_surface(*_of(rows, stations, np.isin(category, SURFACE)), path.name)]
    parts.append(_aloft(*_of(rows, stations, ~np.isin(category, (*SURFACE, *RADIANCES))), path.name))
    parts.append(_radiances(*_of(rows, stations, np.isin(category, RADIANCES)), path.name))
    return concatenate(parts)


def _decoded(path: Path, progress: Progress) -> tuple[_Rows, Coded]:
    """Return what pdbufr makes of the file, and the station of each row."""
    import pyproj  # noqa: F401  before ecCodes, which brings projections of its own: loaded after it, pyproj ends the process

    import eccodes  # isort: skip
    import pdbufr

    columns: dict[str, list[Any]] = {name: [] for name in ("time", "report", *_NUMBERS)}
    names: list[str] = []
    reports: dict[tuple[object, ...], int] = {}
    try:
        # pdbufr takes a cut message for the end of the file; counting the messages first notices it.
        with path.open("rb") as file:
            count = eccodes.codes_count_in_file(file)
        if not count:
            raise InputError(f"{path.name} holds no complete BUFR message")
        stream = pdbufr.stream_bufr(
            _messages(path, count, progress),
            columns=list(_KEYS),
            filters={"dataCategory": list(REPORT_TYPES)},
            prefilter_headers=True,
            required_columns=False,
        )
        for row in stream:
            station, time = _station(row), row.get("data_datetime")
            # The header of a report is repeated on each of its rows; a message may hold reports of many stations.
            header = (row.get("count"), station, time, row.get("latitude"), row.get("longitude"))
            columns["report"].append(reports.setdefault(header, len(reports)))
            columns["time"].append(time)
            names.append(station)
            for name in _NUMBERS:
                value = row.get(name)
                columns[name].append(value if isinstance(value, int | float) else np.nan)
    except InputError:
        raise
    except eccodes.CodesInternalError as problem:
        raise InputError(f"{path.name} is a damaged or incomplete BUFR file: {first_line(problem)}") from problem
    except (*DECODING_PROBLEMS, TypeError, AttributeError) as problem:
        raise InputError(f"{path.name} holds BUFR messages that cannot be decoded: {first_line(problem)}") from problem
    rows = {name: np.array(columns[name], "f8") for name in _NUMBERS}
    rows["time"] = np.array(columns["time"], "datetime64[s]")
    rows["report"] = np.array(columns["report"], "i4")
    return rows, Coded.of(names)


def _messages(path: Path, count: int, progress: Progress) -> Iterator[Any]:
    from pdbufr.high_level_bufr.bufr import BufrFile

    with BufrFile(path) as file:
        for number, message in enumerate(file):
            progress(number, count)
            yield message


def _station(row: dict[str, Any]) -> str:
    """Return the WMO number with five digits, else another identifier, else the place."""
    number = row.get("WMO_station_id")
    if number is not None:
        return f"{int(number):05d}"
    for key in _IDENTIFIERS:
        text = str(row.get(key) or "").strip()
        if text:
            return text
    if row.get("satelliteIdentifier") is not None:
        return f"satellite {row['satelliteIdentifier']}"
    latitude, longitude = (row.get(name) for name in ("latitude", "longitude"))
    return f"{latitude:.4f}°N {longitude:.4f}°E" if latitude is not None and longitude is not None else "unknown place"


def _of(rows: _Rows, stations: Coded, which: np.ndarray) -> tuple[_Rows, Coded]:
    return {name: column[which] for name, column in rows.items()}, stations.take(which)


def _surface(rows: _Rows, stations: Coded, source: str) -> Table:
    sensor = _first(rows, _SENSOR_HEIGHTS)
    # Older templates give no height of the sensor: temperatures are then those of the screen.
    screen = np.isnan(sensor) | ((sensor >= SCREEN_HEIGHTS[0]) & (sensor <= SCREEN_HEIGHTS[1]))

    def on_screen(name: str) -> np.ndarray:
        return np.where(screen & ~np.isnan(rows[name]), rows[name], rows[f"{name}At2M"])

    u, v = components(_first(rows, ("windSpeed", "windSpeedAt10M")), _first(rows, ("windDirection", "windDirectionAt10M")))
    values = {
        "air_temperature": on_screen("airTemperature"),
        "dew_point_temperature": on_screen("dewpointTemperature"),
        "relative_humidity": rows["relativeHumidity"] / 100,
        "air_pressure": rows["nonCoordinatePressure"],
        "air_pressure_at_mean_sea_level": rows["pressureReducedToMeanSeaLevel"],
        "eastward_wind": u,
        "northward_wind": v,
        "visibility_in_air": rows["horizontalVisibility"],
        "cloud_area_fraction": rows["cloudCoverTotal"] / 100,
    }
    return _long(rows, stations, source, np.full(len(sensor), np.nan), NO_LEVEL, values)


def _aloft(rows: _Rows, stations: Coded, source: str) -> Table:
    """Return soundings and reports at single levels: at pressures, and where there is none at heights."""
    height = _first(rows, ("nonCoordinateGeopotentialHeight", "geopotentialHeight"))
    u, v = components(rows["windSpeed"], rows["windDirection"])
    values = {
        "geopotential": np.where(
            np.isnan(rows["nonCoordinateGeopotential"]), GRAVITY * height, rows["nonCoordinateGeopotential"]
        ),
        "air_temperature": rows["airTemperature"],
        "dew_point_temperature": rows["dewpointTemperature"],
        "relative_humidity": rows["relativeHumidity"] / 100,
        "eastward_wind": u,
        "northward_wind": v,
    }
    # Levels of soundings are given to 0.1 hPa or coarser; what comes of packing them differs beyond that.
    pressure, altitude = rows["pressure"].round(-1), _first(rows, _ALTITUDES)
    at_pressure = ~np.isnan(pressure)
    parts = []
    for which, level, kind in ((at_pressure, pressure, PRESSURE), (~at_pressure & ~np.isnan(altitude), altitude, HEIGHT)):
        there, names = _of(rows, stations, which)
        of_them = {name: column[which] for name, column in values.items() if not (kind == HEIGHT and name == "geopotential")}
        parts.append(_long(there, names, source, level[which], kind, of_them))
    return concatenate(parts)


def _radiances(rows: _Rows, stations: Coded, source: str) -> Table:
    values = {"brightness_temperature": rows["brightnessTemperature"]}
    return _long(rows, stations, source, _first(rows, _CHANNELS), CHANNEL, values)


def _first(rows: _Rows, keys: tuple[str, ...]) -> np.ndarray:
    """Return in each row the first of several keys that is there."""
    value = rows[keys[0]]
    for key in keys[1:]:
        value = np.where(np.isnan(value), rows[key], value)
    return value


def _long(rows: _Rows, stations: Coded, source: str, level: np.ndarray, kind: int, values: dict[str, np.ndarray]) -> Table:
    """Return one row for each report, level and variable, with the first value that the rows of these have."""
    types = Coded(
        np.array([list(REPORT_TYPES).index(int(c)) for c in rows["dataCategory"]], np.int32), tuple(REPORT_TYPES.values())
    )
    parts = []
    for name, value in values.items():
        there = np.flatnonzero(np.isfinite(value))
        order = there[np.lexsort((there, level[there], rows["report"][there]))]
        changed = (np.diff(rows["report"][order], prepend=-1) != 0) | (np.diff(level[order], prepend=np.nan) != 0)
        if kind == NO_LEVEL:
            changed = np.diff(rows["report"][order], prepend=-1) != 0
        first = np.sort(order[changed])
        parts.append(
            build(
                source,
                FORMAT,
                time=rows["time"][first],
                latitude=rows["latitude"][first],
                longitude=rows["longitude"][first],
                height=_first(rows, _HEIGHTS)[first],
                level=level[first],
                level_kind=kind,
                variable=name,
                value=value[first],
                report_type=types.take(first),
                station=stations.take(first),
                report=rows["report"][first],
            )
        )
    return concatenate(parts)
