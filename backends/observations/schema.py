"""What a row of the table of observations is: its columns, its variables, its classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Standard acceleration of gravity, m s-2, which turns geopotential height into geopotential.
GRAVITY = 9.80665

#: Classes of quality. *Suspicious* observations may be wrong and are not used without a reason; *rejected* ones failed a check.
QUALITIES = ("unknown", "passed", "suspicious", "rejected")
UNKNOWN, PASSED, SUSPICIOUS, REJECTED = range(len(QUALITIES))

#: What a level is: nothing (near the surface, or of the whole column), pressure in Pa, height above mean sea level in m,
#: number of a channel, or anything else, in the file's own unit.
LEVEL_KINDS = ("none", "pressure", "height", "channel", "other")
NO_LEVEL, PRESSURE, HEIGHT, CHANNEL, OTHER = range(len(LEVEL_KINDS))

#: What a level of each kind is called, the unit it is printed in, and the factor to that.
LEVELS: Mapping[str, tuple[str, str, float]] = MappingProxyType(
    {
        "pressure": ("pressure", "hPa", 0.01),
        "height": ("height", "m", 1.0),
        "channel": ("channel", "", 1.0),
        "other": ("level", "", 1.0),
        "none": ("", "", 1.0),
    }
)
#: What a person calls what has a histogram.
QUANTITY_NAMES: Mapping[str, str] = MappingProxyType({"value": "value", "background": "O−B", "analysis": "O−A"})

#: Types of reports, named as in the feedback files of DWD, and what a person calls them. Files may have others.
REPORT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "SYNOP": "stations on land",
        "SHIP": "ships and buoys",
        "DRIBU": "drifting buoys",
        "TEMP": "radiosondes",
        "PILOT": "wind soundings",
        "AIREP": "aircraft",
        "SATOB": "winds from satellite pictures",
        "SATEM": "satellite soundings",
        "SCATT": "scatterometers",
        "RAD": "satellite radiances",
        "GPSRO": "radio occultation",
        "GPSGB": "ground-based satellite navigation",
        "RADAR": "radar",
        "PAOB": "pressure bogus",
    }
)

#: Columns that are numbers, with their NumPy types. Single precision keeps a temperature to 0.03 mK and a pressure to
#: 0.01 Pa, and ten million rows below a gigabyte; places keep double precision, so that stations 1 m apart stay apart.
NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "time": "datetime64[s]",
        "latitude": "float64",
        "longitude": "float64",
        "height": "float32",
        "level": "float32",
        "level_kind": "uint8",
        "value": "float32",
        "error": "float32",
        "report": "int32",
        "quality": "uint8",
        "background": "float32",
        "analysis": "float32",
    }
)
#: Columns that are texts, kept as numbers into a list of the different ones.
TEXTS = ("variable", "report_type", "station")


@dataclass(frozen=True)
class Known:
    """What is known of a variable before any file is read: what a person calls it, and its SI unit."""

    title: str
    units: str


#: By CF standard name; others keep the file's name and unit.
VARIABLES: Mapping[str, Known] = MappingProxyType(
    {
        "air_temperature": Known("temperature", "K"),
        "dew_point_temperature": Known("dew point", "K"),
        "virtual_temperature": Known("virtual temperature", "K"),
        "surface_temperature": Known("surface temperature", "K"),
        "sea_surface_temperature": Known("sea surface temperature", "K"),
        "brightness_temperature": Known("brightness temperature", "K"),
        "air_pressure": Known("pressure", "Pa"),
        "air_pressure_at_mean_sea_level": Known("mean sea level pressure", "Pa"),
        "geopotential": Known("geopotential", "m2 s-2"),
        "eastward_wind": Known("eastward wind", "m s-1"),
        "northward_wind": Known("northward wind", "m s-1"),
        "upward_air_velocity": Known("vertical wind", "m s-1"),
        "wind_speed": Known("wind speed", "m s-1"),
        "wind_from_direction": Known("wind direction", "degree"),
        "wind_speed_of_gust": Known("gusts", "m s-1"),
        "relative_humidity": Known("relative humidity", "1"),
        "specific_humidity": Known("specific humidity", "kg kg-1"),
        "visibility_in_air": Known("visibility", "m"),
        "cloud_area_fraction": Known("cloud cover", "1"),
        "precipitation_amount": Known("precipitation", "kg m-2"),
        "surface_snow_thickness": Known("snow depth", "m"),
        "zenith_total_delay": Known("zenith total delay", "m"),
        "bending_angle": Known("bending angle", "rad"),
        "refractivity": Known("refractivity", "1"),
        "radial_wind": Known("radial wind", "m s-1"),
        "reflectivity": Known("reflectivity", "dBZ"),
    }
)


def title(variable: str) -> str:
    """Return what a person calls a variable."""
    return VARIABLES[variable].title if variable in VARIABLES else variable.replace("_", " ")
