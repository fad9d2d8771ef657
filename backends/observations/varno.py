"""The numbers of variables and observation types that the feedback files of DWD and ECMWF's ODB have in common.

Sources: COSMO, *Feedback File Definition* (tables ``varno`` and ``obstype``), and ECMWF's ODB governance.
"""

#: Variables that have a standard name; upper-air and 2 m temperature differ by their level alone.
VARIABLES = {
    1: "geopotential",
    2: "air_temperature",
    3: "eastward_wind",
    4: "northward_wind",
    7: "specific_humidity",
    8: "upward_air_velocity",
    11: "surface_temperature",
    29: "relative_humidity",
    39: "air_temperature",
    40: "dew_point_temperature",
    41: "eastward_wind",
    42: "northward_wind",
    56: "virtual_temperature",
    58: "relative_humidity",
    59: "dew_point_temperature",
    62: "visibility_in_air",
    71: "surface_snow_thickness",
    80: "precipitation_amount",
    110: "air_pressure",
    111: "wind_from_direction",
    112: "wind_speed",
    119: "brightness_temperature",
    162: "bending_angle",
    192: "reflectivity",
    193: "radial_wind",
    242: "wind_speed_of_gust",
    245: "zenith_total_delay",
    248: "refractivity",
    251: "air_pressure",
}
#: Types of observations.
REPORT_TYPES = (
    *("", "SYNOP", "AIREP", "SATOB", "DRIBU", "TEMP", "PILOT", "SATEM", "PAOB", "SCATT", "RAD", "GPSRO", "GPSGB", "RADAR"),
)


def variable_name(number: int) -> str:
    """Return the standard name of a variable, ``variable 91`` where it has none."""
    return VARIABLES.get(number, f"variable {number}")


def report_type(number: int) -> str:
    """Return the name of a type, ``type 30`` where it has none."""
    return REPORT_TYPES[number] if 0 < number < len(REPORT_TYPES) else f"type {number}"


def units_of_others(numbers: set[int]) -> dict[str, str]:
    """Return units for variables without a standard name: the files do not give them."""
    return {variable_name(number): "" for number in numbers if number not in VARIABLES}
