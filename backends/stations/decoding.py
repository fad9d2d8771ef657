"""From a BUFR file to a table of reports: one row for each report, variable and level."""

from pathlib import Path
from typing import TYPE_CHECKING

from backends.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the table. `level` is in hPa, NaN near the surface; `value` is NaN where a report leaves the variable out.
COLUMNS = ("report", "station", "time", "latitude", "longitude", "height", "variable", "level", "value")
#: The levels that every sounding reports, hPa (WMO, Manual on Codes).
STANDARD_LEVELS = (1000, 925, 850, 700, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 10)
#: Heights above ground, m, of a thermometer screen. A value at 5 cm is the grass minimum's, one at 20 m a lighthouse's.
SCREEN_HEIGHTS = (1.25, 2.5)
#: Standard acceleration of gravity, m s-2, which turns geopotential height into geopotential.
GRAVITY = 9.80665
#: BUFR table A: surface on land, surface at sea, vertical soundings other than by satellite.
SURFACE, SOUNDING = (0, 1), 2

_IDENTIFIERS = ("WIGOS_station_id", "shortStationName", "shipOrMobileLandStationIdentifier", "stationOrSiteName")
_HEIGHTS = ("heightOfStationGroundAboveMeanSeaLevel", "heightOfStation")
_SENSOR_HEIGHTS = ("heightOfSensorAboveLocalGroundOrDeckOfMarinePlatform", "heightAboveStation")
_VALUES = (
    "airTemperature",
    "airTemperatureAt2M",
    "dewpointTemperature",
    "dewpointTemperatureAt2M",
    "pressureReducedToMeanSeaLevel",
    "pressure",
    "nonCoordinateGeopotential",
    "nonCoordinateGeopotentialHeight",
    "geopotentialHeight",
)
_KEYS = (
    *("count", "dataCategory", "data_datetime", "WMO_station_id", "latitude", "longitude"),
    *_IDENTIFIERS,
    *_HEIGHTS,
    *_SENSOR_HEIGHTS,
    *_VALUES,
)
_PLACE = ["report", "station", "time", "latitude", "longitude", "height"]


def decode(path: Path) -> "pd.DataFrame":
    """Decode a BUFR file, which takes seconds.

    Messages other than surface reports and soundings are passed over undecoded.

    Returns
    -------
    pandas.DataFrame
        With the columns `COLUMNS`, in the order of the file; places and values as reported, not checked.

    Raises
    ------
    InputError
        If the file ends in the middle of a message, or a message cannot be decoded.
    """
    import pandas as pd

    rows = _rows(path)
    rows["station"] = _identifiers(rows)
    rows["time"] = pd.to_datetime(rows["data_datetime"]).astype("datetime64[s]")
    rows["height"] = _first(rows, _HEIGHTS)
    # pdbufr repeats the header of a report on each of its rows; a message may hold reports of many stations.
    header = ["count", "station", "time", "latitude", "longitude"]
    rows["report"] = rows.groupby(header, dropna=False, sort=False).ngroup()
    surface = _surface(rows[rows["dataCategory"].isin(SURFACE)])
    soundings = _soundings(rows[rows["dataCategory"] == SOUNDING])
    table = pd.concat([part for part in (surface, soundings) if len(part)] or [surface], ignore_index=True)
    return table[list(COLUMNS)]


def _rows(path: Path) -> "pd.DataFrame":
    """Return what pdbufr makes of the file, one column per key, numbers as float64."""
    import eccodes
    import pandas as pd
    import pdbufr

    from backends.fields.dataset import DECODING_PROBLEMS, first_line

    try:
        # pdbufr takes a cut message for the end of the file; counting the messages first notices it.
        with path.open("rb") as file:
            if not eccodes.codes_count_in_file(file):
                raise InputError(f"{path.name} holds no complete BUFR message")
        rows = pdbufr.read_bufr(
            str(path),
            columns=list(_KEYS),
            filters={"dataCategory": [*SURFACE, SOUNDING]},
            prefilter_headers=True,
            required_columns=False,
        )
    except InputError:
        raise
    except eccodes.CodesInternalError as problem:
        raise InputError(f"{path.name} is a damaged or incomplete BUFR file: {first_line(problem)}") from problem
    except (*DECODING_PROBLEMS, TypeError) as problem:
        raise InputError(f"{path.name} holds BUFR messages that cannot be decoded: {first_line(problem)}") from problem
    rows = rows.reindex(columns=list(_KEYS))
    for name in ("latitude", "longitude", *_HEIGHTS, *_SENSOR_HEIGHTS, *_VALUES):
        rows[name] = pd.to_numeric(rows[name], errors="coerce").astype("float64")
    return rows


def _identifiers(rows: "pd.DataFrame") -> "pd.Series":
    """Return a text for each row: the WMO number with five digits, else another identifier, else the place."""
    names = rows["WMO_station_id"].map(lambda number: f"{int(number):05d}", na_action="ignore").astype("string")
    for key in _IDENTIFIERS:
        text = rows[key].astype("string").str.strip()
        names = names.fillna(text.mask(text == ""))
    place = rows["latitude"].map("{:.4f}°N ".format) + rows["longitude"].map("{:.4f}°E".format)
    return names.fillna(place.astype("string"))


def _first(rows: "pd.DataFrame", keys: tuple[str, ...]) -> "pd.Series":
    """Return in each row the first of several keys that is there."""
    value = rows[keys[0]]
    for key in keys[1:]:
        value = value.fillna(rows[key])
    return value


def _surface(rows: "pd.DataFrame") -> "pd.DataFrame":
    sensor = _first(rows, _SENSOR_HEIGHTS)
    # Older templates give no height of the sensor: temperatures are then those of the screen.
    screen = sensor.isna() | sensor.between(*SCREEN_HEIGHTS)
    values = {
        "air_temperature": rows["airTemperature"].where(screen).fillna(rows["airTemperatureAt2M"]),
        "dew_point_temperature": rows["dewpointTemperature"].where(screen).fillna(rows["dewpointTemperatureAt2M"]),
        "air_pressure_at_mean_sea_level": rows["pressureReducedToMeanSeaLevel"],
    }
    return _long(rows.assign(level=float("nan"), **values), ["report"], list(values))


def _soundings(rows: "pd.DataFrame") -> "pd.DataFrame":
    rows = rows.assign(level=(rows["pressure"] / 100).round(1))
    rows = rows[rows["level"].isin(STANDARD_LEVELS)]
    height = _first(rows, ("nonCoordinateGeopotentialHeight", "geopotentialHeight"))
    values = {
        "geopotential": rows["nonCoordinateGeopotential"].fillna(GRAVITY * height),
        "air_temperature": rows["airTemperature"],
    }
    return _long(rows.assign(**values), ["report", "level"], list(values))


def _long(rows: "pd.DataFrame", key: list[str], variables: list[str]) -> "pd.DataFrame":
    """Return one row for each key and variable, with the first value that the rows of the key have."""
    keep = list(dict.fromkeys([*_PLACE, "level"]))
    others = [name for name in (*keep, *variables) if name not in key]
    once = rows.groupby(key, sort=False)[others].first().reset_index()
    return once.melt(id_vars=keep, value_vars=variables, var_name="variable", value_name="value")
