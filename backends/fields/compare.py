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
        # A cell without weight must not make the value missing: 0 · NaN is NaN.
        parts = np.where(weight == 0, 0.0, values.ravel()[index] * weight)
        return parts.sum(1).reshape(target.shape), "bilinear"
    cells = source.locate(latitude, longitude)
    nearest = np.where(cells >= 0, values.ravel()[cells], np.nan).astype(np.float64)
    if not isinstance(source, RegularMesh):
        return nearest.reshape(target.shape), "nearest cell"
    grid = source.grid.to(torch.device("cpu"), torch.float64)
    south, north = float(grid.latitude[0]), float(grid.latitude[-1])
    inside = (cells >= 0) & (latitude >= south) & (latitude <= north)
    # Between the last row of a global grid and the pole there is nothing to interpolate between.
    result = nearest if grid.periodic else np.full_like(nearest, np.nan)
    if not grid.periodic:
        west, east = float(grid.longitude[0]), float(grid.longitude[-1])
        inside &= (longitude - west) % 360 <= east - west
    at = torch.from_numpy(np.stack([latitude[inside], (longitude[inside] + 180) % 360 - 180], axis=1))
    if len(at):
        state = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64).ravel())
        result[inside] = LinearOperator(grid.interpolation(at))(state).numpy()
    return result.reshape(target.shape), "bilinear"


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
