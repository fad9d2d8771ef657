"""Which column of a CSV file is what: guessed from its header, corrected by a person."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backends.errors import InputError
from backends.observations.schema import VARIABLES
from backends.observations.units import to_si, unit

#: What else a column can be than a variable, and how its header is spelled, in lower case and without signs.
_ROLES: dict[str, tuple[str, ...]] = {
    "time": ("time", "datetime", "date", "valid", "validtime", "timestamp", "dateutc", "obstime", "zeit", "datum", "messdatum"),
    "latitude": ("latitude", "lat", "latdeg", "ylat", "breite", "geobreite", "nlat"),
    "longitude": ("longitude", "lon", "long", "lng", "londeg", "xlon", "laenge", "länge", "geolaenge", "elon"),
    "height": ("elevation", "stationheight", "stationelevation", "stationshoehe", "elev", "alt", "altitude"),
    "pressure level": ("level", "pressurelevel", "plevel", "plev", "lev"),
    "height level": ("heightlevel", "zlevel"),
    "station": (
        "station",
        "stationid",
        "statid",
        "id",
        "wmo",
        "wmoid",
        "stationname",
        "name",
        "stationsid",
        "icao",
        "callsign",
    ),
    "report_type": ("reporttype", "obstype", "type", "platform"),
    "variable": ("variable", "varname", "parameter", "element", "quantity"),
    "value": ("value", "obs", "observation", "obsvalue", "wert"),
    "error": ("error", "obserror", "sigma", "sigmao", "stddev", "uncertainty"),
    "quality": ("quality", "qc", "qcflag", "qualityflag", "flag"),
    "background": ("background", "firstguess", "hofx", "hxb", "fg", "model"),
    "analysis": ("analysis", "hxa", "ana"),
}
#: How variables are spelled besides their standard names.
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "air_temperature": ("temperature", "temp", "t", "t2m", "t2", "airtemp", "tair", "ta", "tt", "lufttemperatur", "tas"),
    "dew_point_temperature": ("dewpoint", "dewpointtemperature", "td", "td2m", "dwpt", "dewpt", "taupunkt"),
    "air_pressure": ("pressure", "p", "ps", "pres", "stationpressure", "surfacepressure", "luftdruck"),
    "air_pressure_at_mean_sea_level": ("mslp", "slp", "msl", "pmsl", "sealevelpressure", "prmsl", "psl"),
    "geopotential": ("z", "phi"),
    "eastward_wind": ("u", "u10", "u10m", "uwind", "windu"),
    "northward_wind": ("v", "v10", "v10m", "vwind", "windv"),
    "wind_speed": ("windspeed", "ff", "wspd", "ws", "wind", "windgeschwindigkeit"),
    "wind_from_direction": ("winddirection", "dd", "wdir", "wd", "winddir", "windrichtung"),
    "relative_humidity": ("rh", "relhum", "humidity", "hurs", "luftfeuchte"),
    "specific_humidity": ("q", "sphum", "huss"),
    "visibility_in_air": ("visibility", "vis", "vsby"),
    "precipitation_amount": ("precipitation", "precip", "rain", "rr", "tp"),
    "brightness_temperature": ("tb", "bt", "brightnesstemp"),
}
#: Names whose units are a part of them.
_WITH_UNITS = {
    "tmpf": ("air_temperature", "degF"),
    "tmpc": ("air_temperature", "degC"),
    "dwpf": ("dew_point_temperature", "degF"),
    "dwpc": ("dew_point_temperature", "degC"),
    "sknt": ("wind_speed", "kt"),
    "drct": ("wind_from_direction", "degree"),
    "relh": ("relative_humidity", "%"),
}
#: What a column can be besides a variable.
ROLES = tuple(_ROLES)
#: What is in the unit of the value beside it, and would say nothing certain beside several.
OF_ONE_VALUE = ("error", "background", "analysis")
_UNIT = re.compile(r"^(.*?)\s*[\[({]\s*([^\])}]*)\s*[\])}]\s*$")


@dataclass(frozen=True)
class Columns:
    """Which column is what.

    Attributes
    ----------
    roles
        Names of columns by what they are: ``time``, ``latitude``, ``longitude``, ``height``, ``pressure level``,
        ``height level``, ``station``, ``report_type``, ``error``, ``quality``, ``background``, ``analysis``; and
        ``variable`` and ``value`` where each row has the name of what it observes.
    variables
        Standard names (or others) of columns that hold one variable each, by the columns' names.
    units
        Units by the columns' names, as written; without one, values are SI, and levels hPa or m.
    """

    roles: Mapping[str, str]
    variables: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)

    def check(self, header: Sequence[str]) -> None:
        """Raise InputError if columns do not exist, cannot place a value on Earth, or are `OF_ONE_VALUE` beside several."""
        unknown = [role for role in self.roles if role not in _ROLES]
        if unknown:
            raise InputError(f"a column must be one of {', '.join(_ROLES)}, or a variable; came {', '.join(unknown)}")
        absent = [name for name in (*self.roles.values(), *self.variables) if name not in header]
        if absent:
            raise InputError(f"there is no column {', '.join(absent)}; there are {', '.join(header)}")
        missing = [role for role in ("latitude", "longitude") if role not in self.roles]
        if missing or not (self.variables or {"variable", "value"} <= set(self.roles)):
            needed = [*missing, *([] if self.variables else ["a variable, or variable and value"])]
            raise InputError(f"it must be known which column is {' and which is '.join(needed)}; there are {', '.join(header)}")

        unclear = [name for role, name in self.roles.items() if role in OF_ONE_VALUE]
        if unclear and len(self.variables) > 1:
            raise InputError(
                f"error, background and analysis can be given where there is one value; came {', '.join(unclear)} "
                f"beside {', '.join(self.variables)}"
            )

    def check_units(self) -> None:
        """Raise InputError if a unit is unknown or of another kind than what it is the unit of."""
        wanted = {name: VARIABLES[variable].units for name, variable in self.variables.items() if variable in VARIABLES}
        levels = {"pressure level": "Pa", "height level": "m"}
        wanted |= {self.roles[role]: units for role, units in levels.items() if role in self.roles}
        for name, units in wanted.items():
            if self.units.get(name):
                to_si(np.zeros(1), self.units[name], units, f"column {name}")

    @property
    def key(self) -> str:
        """A text that is the same for the same columns only."""
        return json.dumps([sorted(part.items()) for part in (self.roles, self.variables, self.units)])


def guess_columns(header: Sequence[str]) -> Columns:
    """Return which column is probably what, by common spellings in English and German, and the units in their names.

    ``T [°C]``, ``temp_degC`` and ``air_temperature`` are temperatures. What is not recognised is left out; nothing is
    raised, so that a person can fill in the rest.
    """
    roles: dict[str, str] = {}
    variables: dict[str, str] = {}
    units: dict[str, str] = {}
    for name in header:
        plain, written = _without_unit(name)
        if name.strip().lower() in _WITH_UNITS:
            plain, written = _WITH_UNITS[name.strip().lower()]
        variable, role = _match(plain, _all_spellings()), _match(plain, _ROLES)
        if role is not None and role not in roles and (variable is None or role == "pressure level"):
            roles[role] = name
        elif variable is not None and variable not in variables.values():
            variables[name] = variable
        else:
            continue
        if written:
            units[name] = written
    if {"variable", "value"} <= set(roles):
        # One value a row: a column of pressures is then the level.
        pressure = next((name for name, variable in variables.items() if variable == "air_pressure"), None)
        if pressure is not None and "pressure level" not in roles:
            roles["pressure level"] = pressure
        variables = {}
    if len(variables) > 1:
        roles = {role: name for role, name in roles.items() if role not in OF_ONE_VALUE}
    return Columns(roles, variables, units)


def standard_name(text: str) -> str:
    """Return the standard name of a variable as it is spelled, or the text itself."""
    return _match(text, _all_spellings()) or text


def _all_spellings() -> dict[str, tuple[str, ...]]:
    return {name: (name.replace("_", ""), *_SPELLINGS.get(name, ())) for name in VARIABLES}


def _match(text: str, spellings: Mapping[str, tuple[str, ...]]) -> str | None:
    plain = re.sub(r"[\W_]+", "", text.lower())
    return next((name for name, known in spellings.items() if plain in known), None)


def _without_unit(name: str) -> tuple[str, str]:
    """Return a header without its unit, and the unit: in brackets, or after the last underscore where that is one."""
    found = _UNIT.match(name)
    if found:
        return found[1], found[2]
    before, _, last = name.strip().rpartition("_")
    # A single letter after an underscore is rather a part of the name than a unit: wind_u, temp_k.
    if before and unit(last) is not None and (len(last) > 1 or last in "KC"):
        return before, last
    return name, ""
