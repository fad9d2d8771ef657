"""What the files say of themselves and of a field's place in time and height, by the CF conventions."""

from typing import Any

from backends.fields.cut_pictures import is_pressure
from backends.fields.field import Axis, Field

#: What the axes besides the horizontal ones are called.
NAMES = {"time": "time", "level": "level", "member": "member"}


def about(what: str, settings: str = "") -> dict[str, str]:
    """Return the global attributes of a file.

    Parameters
    ----------
    what
        Its title.
    settings
        The experiment that makes it again.
    """
    history = f"made by Assimilab with these settings:\n{settings}" if settings else "made by Assimilab"
    return {"Conventions": "CF-1.8", "title": what, "source": "Assimilab", "history": history}


def units_of(unit: str) -> dict[str, str]:
    """Return the attribute `units`; none where there is no unit."""
    return {"units": unit} if unit else {}


def place_of(field: Field) -> dict[str, Any]:
    """Return time, level and member of a field as scalar coordinates."""
    found: dict[str, Any] = {}
    if field.variable.time is not None:
        found["time"] = ((), field.variable.time.astype("datetime64[ns]"), {"standard_name": "time"})
    for axis in field.variable.axes:
        if axis.name in field.selection and axis.role in NAMES:
            found[NAMES[axis.role]] = ((), *coordinate(axis, field.selection[axis.name]))
    return found


def coordinate(axis: Axis, index: int) -> tuple[Any, dict[str, str]]:
    """Return one entry of an axis, and its attributes."""
    if axis.times is not None:
        return axis.times[index].astype("datetime64[ns]"), {"standard_name": "time"}
    attributes = {"units": axis.units} if axis.units else {}
    if axis.role == "member":
        attributes["standard_name"] = "realization"
    if axis.role == "level" and is_pressure(axis):
        attributes |= {"standard_name": "air_pressure", "positive": "down"}
    return axis.values[index], attributes
