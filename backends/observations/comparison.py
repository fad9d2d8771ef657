"""Observations beside a field of any opened dataset: which of its variables fits, H(x), and the map that lies under them."""

import re
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
from backends.observations.nearness import FAR, middle, nearest, pressures, span
from backends.observations.one_variable import OneVariable
from backends.observations.operator import InTime, equivalents
from backends.observations.schema import GRAVITY, VARIABLES
from backends.observations.table import Table
from backends.observations.units import to_si, unit

WINDS = ("eastward_wind", "northward_wind")
#: What else files call some of the others, as a further branch of a pattern.
SHORT = {"geopotential": r"|\bz\b|\bgh\b|\bhgt\b", "wind_from_direction": r"|\b1?0?wdir\b", "relative_humidity": r"|\brh?\b"}
#: Quantities of one unit that are not one another, by what occurs in their names; the first that fits counts.
SORTS = (
    (r"soil|ground", "soil"),
    (r"dew.?point|\b2?d2m?\b", "dew point"),
    (r"brightness", "brightness"),
    (r"virtual", "virtual"),
    (r"potential.temp|\btheta", "potential"),
    (r"sea.?surface|\bsst\b|sea.water|\bsea.temp", "sea surface"),
    (r"skin|\bsurface.temp|\bskt\b|\blake|\bice\b", "surface"),
    (r"sea.?level|\bmslp?\b|\bprmsl\b", "sea level"),
)


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
    warning
        How far the field is from them in time, where that is far; otherwise empty.
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
    warning: str
    under: Raster
    caption: str
    field: Field

    def under_on(self, projection: Projection, area: Window) -> Raster:
        """Return the pixels of the field on an area of a projected map."""
        return draw(self.field.values, self.field.variable.mesh, view_of(self.field.variable.mesh, projection, area))


def fitting(dataset: FieldDataset, observed: str, units: str) -> list[str]:
    """Return the variables of a dataset that may be what is observed: of its unit and sort, the likeliest first."""
    said = observed.replace("_", " ")
    title = VARIABLES[observed].title if observed in VARIABLES else said
    called = "|".join(re.escape(text) for text in (said, title.removesuffix("s"))) + SHORT.get(observed, "")
    kind, wanted = quantity(said, units).kind, _sort(said)
    found: list[tuple[int, str]] = []
    for name, variable in dataset.variables.items():
        given = unit(variable.units)
        same = given is not None and (given.units == units or (observed == "geopotential" and given.units == "m"))
        turned = observed in WINDS and not isinstance(variable.mesh, RegularMesh) and variable.standard_name != observed
        if given is None or not same or turned:  # along the rows of a grid it is another wind than that observed
            continue
        words = f"{variable.standard_name} {variable.long_name} {name}".replace("_", " ").lower()
        if variable.standard_name == observed:
            found.append((-2, name))
        elif observed not in VARIABLES:
            found.append((0, name))
        elif _sort(words) == wanted and (
            quantity(words, given.units).kind == kind if kind != "other" else bool(re.search(called, words))
        ):
            found.append((-1, name))
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]


def _sort(words: str) -> str:
    """Return which of the temperatures or pressures it is that has such names; empty where they do not say."""
    return next((sort for pattern, sort in SORTS if re.search(pattern, words)), "")


def compare(of: OneVariable, dataset: FieldDataset, name: str, in_time: InTime) -> Comparison:
    """Return observations with H(x) of a field.

    Raises
    ------
    InputError
        As of :func:`backends.observations.operator.equivalents`, or if no observation has an equivalent.
    """
    variable = dataset.variable(name)
    found = equivalents(of.table, dataset, name, in_time)
    reasons = {
        "outside its area": found.outside,
        found.beyond_words: found.beyond,
        "before or after its times": found.early_or_late,
        "where it is missing": found.missing,
    }
    words = ", ".join(f"{n:,} {why}" for why, n in reasons.items() if n)
    if not np.isfinite(found.values).any():
        raise InputError(f"no observation can be compared with {variable.title} of {dataset.label}: {words}")
    table = of.table.with_columns(background=found.values.astype("f4"))
    warning = far_in_time(variable, table.take(np.isfinite(found.values)), in_time)
    under, caption, field = _under(of, dataset, name)
    return Comparison(OneVariable(table, of.row, of.where, of.area), dataset, name, words, warning, under, caption, field)


def far_in_time(variable: Variable, table: Table, in_time: InTime) -> str:
    """Return how many observations are far from the nearest time of a field, in words; empty where none is.

    Between times a linear interpolation is near at all of them.
    """
    axis, known = variable.axis("time"), table.time[~np.isnat(table.time)].astype("datetime64[s]")
    times = variable.time if axis is None else axis.times
    if times is None or not len(known) or (in_time == "linear" and np.size(times) > 1):
        return ""
    line = np.sort(np.atleast_1d(times).astype("datetime64[s]"))
    after = np.searchsorted(line, known).clip(0, len(line) - 1)
    apart = np.minimum(np.abs(line[after] - known), np.abs(line[(after - 1).clip(0)] - known))
    far = apart[apart > FAR]
    if not len(far):
        return ""
    half = np.median(far.astype("i8")).astype("i8").astype("timedelta64[s]")
    return (
        f"{len(far):,} of {len(table):,} observations are more than {span(FAR)} from the field in time, by {span(half)} in the "
        "median: much of their O−B is the weather that changed in between."
    )


def _under(of: OneVariable, dataset: FieldDataset, name: str) -> tuple[Raster, str, Field]:
    """Return the pixels of the field nearest to the middle of the observations, on the map's branch of longitude."""
    variable, table = dataset.variable(name), of.table
    observed, selection = middle(table.time), {}
    for axis in variable.axes:
        if axis.role == "time" and axis.times is not None and observed is not None:
            selection[axis.name] = nearest(axis.times, observed)
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
    levels = pressures(axis)
    if levels is None:
        levels = np.array([v if isinstance(v, int | float) else np.nan for v in axis.values], "f8")
    return int(np.nanargmin(np.abs(levels - level))) if np.isfinite(levels).any() else 0


def _in_unit(values: np.ndarray, variable: Variable, wanted: str) -> np.ndarray:
    known = unit(variable.units)
    if wanted == "m2 s-2" and known is not None and known.units == "m":
        return (GRAVITY * to_si(values, variable.units, "m", variable.title)).astype("f4")
    return to_si(values, variable.units, wanted, variable.title).astype("f4")
