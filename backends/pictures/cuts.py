"""Cuts through a field as they are kept: zonal mean, section, Hovmöller diagram."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.fields.cut_pictures import is_pressure, positions
from backends.fields.cuts import Cut, Section
from backends.fields.field import Axis, statistics
from backends.pictures.cf import about, coordinate
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, PlanePanel, Table, labelled
from backends.pictures.style import ANALYSIS, limits, style_of, units_label

if TYPE_CHECKING:
    import xarray as xr


def cut(found: Cut, title: str, across: str, log: bool = False) -> Exhibit:
    """Return a cut as it is kept.

    Parameters
    ----------
    found
        The cut.
    title
        What it is, in a few words.
    across
        What lies across, with the unit.
    log
        Whether pressure is drawn logarithmically.
    """
    return Exhibit(
        lambda: _drawing(found, title, across, log),
        lambda: cut_data(found, title, across),
        {"csv": lambda: cut_table(found, across)},
    )


def _drawing(found: Cut, title: str, across: str, log: bool) -> Drawing:
    variable, along = found.variable, found.along
    quantity = labelled(variable.title, units_label(variable.units))
    if along is None:
        return Drawing(title, [LinePanel("", across, quantity, [Curve("_", ANALYSIS, found.across, found.values[0])])])
    style, times = style_of(variable), along.times is not None
    y = along.times if along.times is not None else positions(along)
    panel = PlanePanel(
        "", across, "time (UTC)" if times else labelled(along.name, along.units), quantity, found.across, y, found.values,
        style.palette, limits(style, statistics(found.values)), log=log and is_pressure(along),
        downward=times or is_pressure(along),
    )  # fmt: skip
    return Drawing(title, [panel])


def cut_data(found: Cut, title: str, across: str) -> "xr.Dataset":
    """Return a cut as labelled arrays; those of a section have places."""
    import xarray as xr

    variable, along = found.variable, found.along
    own = {"long_name": variable.title, **({"units": variable.units} if variable.units else {})}
    coordinates: dict[str, Any] = {"across": ("across", found.across, {"long_name": across})}
    if isinstance(found, Section):
        coordinates["lat"] = ("across", found.latitude, {"standard_name": "latitude", "units": "degrees_north"})
        coordinates["lon"] = ("across", found.longitude, {"standard_name": "longitude", "units": "degrees_east"})
    if along is None:
        held: dict[str, Any] = {variable.name: ("across", found.values[0], own)}
    else:
        dim = along.role if along.role in ("time", "level") else "along"
        held = {variable.name: ((dim, "across"), found.values, own)}
        coordinates[dim] = (dim, _values(along), coordinate(along, 0)[1])
    return xr.Dataset(held, coordinates, about(title))


def _values(along: Axis) -> np.ndarray:
    return positions(along) if along.times is None else along.times.astype("datetime64[ns]")


def cut_table(found: Cut, across: str) -> Table:
    """Return a row for each place across, a column for each index of the axis."""
    labels = found.along.labels if found.along is not None else (found.variable.name,)
    headings = [across, *(labelled(label, found.variable.units) for label in labels)]
    columns = [found.across, *found.values]
    if isinstance(found, Section):
        headings[1:1] = ["latitude [degrees north]", "longitude [degrees east]"]
        columns[1:1] = [found.latitude, found.longitude]
    return Table(headings, columns)
