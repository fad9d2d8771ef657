"""Observations beside a field of any opened dataset: which of its variables fits, H(x), and the map that lies under them."""

from dataclasses import dataclass, replace

import numpy as np

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Field, Variable, time_label
from backends.fields.meshes import RegularMesh
from backends.fields.picture import look_at
from backends.fields.quantities import quantity
from backends.fields.raster import Raster, Window
from backends.fields.views import draw, view_of
from backends.geometry.projections import Projection
from backends.observations.one_variable import OneVariable
from backends.observations.operator import InTime, equivalents
from backends.observations.schema import GRAVITY, VARIABLES
from backends.observations.units import to_si, unit

WINDS = ("eastward_wind", "northward_wind")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Observations with the model equivalents of a field.

    Attributes
    ----------
    of
        The observations, `background` replaced by H(x).
    dataset, variable
        What x is.
    without
        How many observations have no equivalent, in words; empty where all have.
    under
        The field at the time and level nearest to most of the observations, in their unit, as pixels of degrees.
    caption
        What it is called.
    field
        The same on its own grid.
    """

    of: OneVariable
    dataset: FieldDataset
    variable: str
    without: str
    under: Raster
    caption: str
    field: Field

    def under_on(self, projection: Projection, area: Window) -> Raster:
        """Return the pixels of the field on an area of a projected map."""
        return draw(self.field.values, self.field.variable.mesh, view_of(self.field.variable.mesh, projection, area))


def fitting(dataset: FieldDataset, observed: str, units: str) -> list[str]:
    """Return the variables of a dataset that may be what is observed: of its unit, the likeliest first."""
    kind = quantity(observed.replace("_", " "), units).kind
    found: list[tuple[int, str]] = []
    for name, variable in dataset.variables.items():
        given = unit(variable.units)
        same = given is not None and (given.units == units or (observed == "geopotential" and given.units == "m"))
        turned = observed in WINDS and not isinstance(variable.mesh, RegularMesh) and variable.standard_name != observed
        if given is not None and same and not turned:  # along the rows of a grid it is another wind than that observed
            words = f"{variable.standard_name} {variable.long_name} {name}".replace("_", " ")
            likely = 2 if variable.standard_name == observed else 1 if quantity(words, given.units).kind == kind else 0
            if likely or observed not in VARIABLES:
                found.append((-likely, name))
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]


def compare(of: OneVariable, dataset: FieldDataset, name: str, in_time: InTime) -> Comparison:
    """Return observations with H(x) of a field.

    Raises
    ------
    InputError
        As of :func:`backends.observations.operator.equivalents`, or if no observation has an equivalent.
    """
    found = equivalents(of.table, dataset, name, in_time)
    reasons = {
        "outside its area": found.outside,
        "above or below its levels": found.beyond,
        "before or after its times": found.early_or_late,
        "where it is missing": found.missing,
    }
    words = ", ".join(f"{n:,} {why}" for why, n in reasons.items() if n)
    if not np.isfinite(found.values).any():
        raise InputError(f"no observation can be compared with {dataset.variable(name).title} of {dataset.label}: {words}")
    table = of.table.with_columns(background=found.values.astype("f4"))
    under, caption, field = _under(of, dataset, name)
    return Comparison(OneVariable(table, of.row, of.where, of.area), dataset, name, words, under, caption, field)


def _under(of: OneVariable, dataset: FieldDataset, name: str) -> tuple[Raster, str, Field]:
    """Return the pixels of the field nearest to the middle of the observations, on the map's branch of longitude."""
    variable, table = dataset.variable(name), of.table
    selection = {}
    for axis in variable.axes:
        if axis.role == "time" and axis.times is not None and not np.isnat(table.time).all():
            middle = np.median(table.time[~np.isnat(table.time)].astype("i8"))
            selection[axis.name] = int(np.abs(axis.times.astype("datetime64[s]").astype("i8") - middle).argmin())
        elif axis.role == "level" and np.isfinite(table.level).any():
            selection[axis.name] = _nearest_level(axis, float(np.nanmedian(table.level)))
    picture = look_at(dataset, name, selection)
    raster = picture.raster
    shift = 360 * round(((of.area.west + of.area.east) - (raster.west + raster.east)) / 720)
    units = table.units[table.variable.names[table.variable.codes[0]]]
    values, in_unit = (_in_unit(v, variable, units) for v in (raster.values, picture.field.values))
    caption = picture.field.caption or (time_label(variable.time) if variable.time is not None else "")
    return (
        Raster(values, raster.west + shift, raster.east + shift, raster.south, raster.north),
        caption,
        replace(picture.field, values=in_unit),
    )


def _nearest_level(axis: Axis, level: float) -> int:
    known = unit(axis.labels[0].rpartition(" ")[2])
    factor = known.factor if known is not None and known.units == "Pa" else 1.0
    values = np.array([factor * v if isinstance(v, int | float) else np.nan for v in axis.values])
    return int(np.nanargmin(np.abs(values - level))) if np.isfinite(values).any() else 0


def _in_unit(values: np.ndarray, variable: Variable, wanted: str) -> np.ndarray:
    known = unit(variable.units)
    if wanted == "m2 s-2" and known is not None and known.units == "m":
        return (GRAVITY * to_si(values, variable.units, "m", variable.title)).astype("f4")
    return to_si(values, variable.units, wanted, variable.title).astype("f4")
