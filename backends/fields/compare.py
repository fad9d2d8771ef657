"""Two fields and their difference, on the grid and in the unit of the first."""

from dataclasses import dataclass

import numpy as np
import torch

from backends.errors import InputError
from backends.fields.areas import cell_areas
from backends.fields.circular import direction, is_circular, vectors, wrapped
from backends.fields.field import Field
from backends.fields.meshes import Mesh, ProjectedMesh, RegularMesh
from backends.observations.units import unit
from backends.observing.operators import LinearOperator

#: Of a cell: places so near to a point of another grid are that point, whose coordinates have been rounded otherwise.
TRACE = 1e-3


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two fields on the grid of the first.

    Attributes
    ----------
    first
        The field that another one is compared with.
    second
        The other one, as it is.
    values
        The other one on the first one's grid and in its unit; NaN where it does not reach.
    difference
        First minus second; of directions in [−180, 180).
    how
        How it came there: ``same grid``, ``bilinear``, ``nearest cell``.
    bias, rmse
        Mean and root mean square of the difference, weighted by area; NaN where nothing is common to both.
    """

    first: Field
    second: Field
    values: np.ndarray
    difference: np.ndarray
    how: str
    bias: float
    rmse: float


def compare(first: Field, second: Field) -> Comparison:
    """Compare two fields.

    Raises
    ------
    InputError
        If their units are of different kinds.
    """
    given, meshes = second.values, (second.variable.mesh, first.variable.mesh)
    circular = is_circular(first.variable) and is_circular(second.variable)
    # Between 350° and 10° lies 0°, not 180°.
    parts = [regrid(part, *meshes) for part in (vectors(given) if circular and meshes[0].key != meshes[1].key else [given])]
    values, how = parts[0]
    if len(parts) == 2:
        values = direction(values, parts[1][0])
    values = _in_unit(values, second, first)
    difference = first.values.astype(np.float64) - values
    difference = (wrapped(difference) if circular else difference).astype(np.float32)
    there = np.isfinite(difference).ravel()
    weight = np.where(there, cell_areas(first.variable.mesh).ravel(), 0.0)
    total = float(weight.sum())
    known = np.where(there, difference.ravel(), 0.0).astype(np.float64)
    bias, square = ((float((weight * part).sum()) / total if total else np.nan) for part in (known, known**2))
    return Comparison(first, second, values, difference, how, bias, float(np.sqrt(square)))


def regrid(values: np.ndarray, source: Mesh, target: Mesh) -> tuple[np.ndarray, str]:
    """Return a field on another grid, NaN outside its own, and how.

    Bilinear from latitude–longitude grids, and from those that are regular in a projection; from others each cell takes the
    value of the one that its middle lies in.
    """
    if source.key == target.key:
        return values, "same grid"
    latitude, longitude = target.places()
    if isinstance(source, ProjectedMesh):
        index, weight = source.between(latitude, longitude)
        near = values.ravel()[index]
        there = np.isfinite(near)
        sums = np.where(there, near * weight, 0.0).sum(1), np.where(there, 0.0, weight).sum(1)
        return _known(*sums).reshape(target.shape), "bilinear"
    cells = source.locate(latitude, longitude)
    nearest = np.where(cells >= 0, values.ravel()[cells], np.nan).astype(np.float64)
    if not isinstance(source, RegularMesh):
        return nearest.reshape(target.shape), "nearest cell"
    grid = source.grid.to(torch.device("cpu"), torch.float64)
    south, north = float(grid.latitude[0]), float(grid.latitude[-1])
    trace = TRACE * (north - south) / (len(grid.latitude) - 1)
    latitude = np.where((latitude >= south - trace) & (latitude <= north + trace), latitude.clip(south, north), latitude)
    inside = (cells >= 0) & (latitude >= south) & (latitude <= north)
    # Between the last row of a global grid and the pole there is nothing to interpolate between.
    result = nearest if grid.periodic else np.full_like(nearest, np.nan)
    if not grid.periodic:
        west, east = float(grid.longitude[0]), float(grid.longitude[-1])
        trace = TRACE * (east - west) / (len(grid.longitude) - 1)
        across = (longitude - west + trace) % 360 - trace
        inside &= across <= east - west + trace
        longitude = west + across.clip(0, east - west)
    at = torch.from_numpy(np.stack([latitude[inside], (longitude[inside] + 180) % 360 - 180], axis=1))
    if len(at):
        state = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64).ravel())
        operator, missing = LinearOperator(grid.interpolation(at)), ~torch.isfinite(state)
        result[inside] = _known(operator(state.masked_fill(missing, 0.0)).numpy(), operator(missing.double()).numpy())
    return result.reshape(target.shape), "bilinear"


def _known(total: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return interpolated values from the sum of what is there; NaN where more than a trace of the weight is on what is not.

    A place that is a point of the other grid but for the rounding of coordinates has weights of about 1e-5 on its neighbours;
    at coasts these are missing.
    """
    return np.where(missing < TRACE, total / np.where(missing < TRACE, 1 - missing, 1.0), np.nan)


def _in_unit(values: np.ndarray, second: Field, first: Field) -> np.ndarray:
    given, wanted = second.variable.units, first.variable.units
    if given == wanted:
        return values
    known, asked = unit(given), unit(wanted)
    if known is None or asked is None or known.units != asked.units:
        raise InputError(
            f"fields that are compared must have the same kind of unit; {first.variable.title} is in {wanted!r}, "
            f"{second.variable.title} in {given!r}"
        )
    return (known.factor * values + known.offset - asked.offset) / asked.factor
