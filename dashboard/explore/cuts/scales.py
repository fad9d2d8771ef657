"""The axes of cuts: what is beside them, and which way they go."""

from backends.fields.cut_pictures import is_pressure, positions
from backends.fields.field import Axis
from dashboard.plots.cuts import Scale

LONGITUDE, LATITUDE = Scale("longitude"), Scale("latitude")


def scale_of(axis: Axis, log: bool = False) -> Scale:
    """Return the scale of an axis of a variable: pressures and times grow downwards; `log` is heeded for pressures alone."""
    if axis.times is not None:
        return Scale("time", "time (UTC)", "time", downward=True)
    pressure = is_pressure(axis)
    label = f"{'pressure p' if pressure else axis.name} [{axis.units}]" if axis.units else axis.name
    ticks = tuple(float(value) for value in positions(axis))
    downward = pressure or axis.role == "time"
    return Scale("number", label, "level" if axis.role == "level" else "at", downward, pressure and log, ticks)


def value_scale(name: str, units: str) -> Scale:
    """Return the scale of a variable's values."""
    return Scale("number", f"{name} [{units}]" if units else name, "value")
