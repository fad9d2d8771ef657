"""Quantities that follow from the variables of a file: wind speed, potential temperature, vorticity and others.

They are found by the names of what they need and computed when they are looked at, as much as is looked at. MetPy has the
thermodynamics and minds the units; vorticity and divergence are our own (:mod:`backends.fields.vorticity`), as MetPy's know
neither the poles nor that a grid closes round the Earth.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from backends.errors import InputError
from backends.fields.accumulated import leads, per_step
from backends.fields.directions import angles, rows_are_known, turned
from backends.fields.field import Variable
from backends.fields.grids import Layout
from backends.fields.lazy import Part, Read, computed
from backends.fields.meshes import RegularMesh
from backends.fields.roles import Role, combinations, is_turned
from backends.fields.vorticity import divergence, vorticity

#: Standard gravity, m s⁻² (WMO): a geopotential height is a geopotential over it.
GRAVITY = 9.80665


@dataclass(frozen=True)
class Recipe:
    """How a quantity follows from others.

    Attributes
    ----------
    title, standard_name, units
        What comes out.
    needs
        What it is made of.
    compute
        Takes the values with their units (pint), in the order of `needs`, and the pressure first where `pressure` is set.
        Where `on_rows` is set it takes plain values in m s⁻¹, (..., ny, nx), with latitudes and longitudes.
    pressure
        Whether the pressure of the level is needed too.
    on_rows
        Whether it needs neighbours on a latitude–longitude grid.
    directed
        Whether winds must be eastward and northward: those along the rows of a turned grid are turned first.
    turned_only
        Whether it is what becomes of winds along the rows of a turned grid, and of no others.
    """

    title: str
    standard_name: str
    units: str
    needs: tuple[Role, ...]
    compute: Callable[..., Any]
    pressure: bool = False
    on_rows: bool = False
    directed: bool = False
    turned_only: bool = False


def _metpy(name: str) -> Callable[..., Any]:
    """Return a function of MetPy, which is imported when it is called: that takes seconds."""

    def call(*quantities: Any) -> Any:
        import metpy.calc

        with np.errstate(invalid="ignore", divide="ignore"):
            return getattr(metpy.calc, name)(*quantities)

    return call


def _height(geopotential: Any) -> Any:
    from metpy.units import units

    return geopotential / units.Quantity(GRAVITY, "m/s**2")


def _depression(temperature: Any, dew_point: Any) -> Any:
    return temperature.to("kelvin") - dew_point.to("kelvin")


RECIPES: dict[str, Recipe] = {
    "eastward_wind": Recipe(
        "Eastward wind", "eastward_wind", "m s-1", ("u", "v"), lambda u, _: u, directed=True, turned_only=True
    ),
    "northward_wind": Recipe(
        "Northward wind", "northward_wind", "m s-1", ("u", "v"), lambda _, v: v, directed=True, turned_only=True
    ),
    "wind_speed": Recipe("Wind speed", "wind_speed", "m s-1", ("u", "v"), _metpy("wind_speed")),
    "wind_direction": Recipe(
        "Wind direction, from", "wind_from_direction", "degree", ("u", "v"), _metpy("wind_direction"), directed=True
    ),
    "vorticity": Recipe(
        "Relative vorticity", "atmosphere_upward_relative_vorticity", "1e-5 s-1", ("u", "v"),
        lambda *fields: 1e5 * vorticity(*fields), on_rows=True,
    ),
    "divergence": Recipe(
        "Divergence", "divergence_of_wind", "1e-5 s-1", ("u", "v"),
        lambda *fields: 1e5 * divergence(*fields), on_rows=True,
    ),
    "geopotential_height": Recipe("Geopotential height", "geopotential_height", "m", ("phi",), _height),
    "potential_temperature": Recipe(
        "Potential temperature", "air_potential_temperature", "K", ("t",), _metpy("potential_temperature"), pressure=True
    ),
    "relative_humidity": Recipe(
        "Relative humidity", "relative_humidity", "percent", ("t", "td"), _metpy("relative_humidity_from_dewpoint")
    ),
    "relative_humidity_from_q": Recipe(
        "Relative humidity", "relative_humidity", "percent", ("t", "q"),
        _metpy("relative_humidity_from_specific_humidity"), pressure=True,
    ),
    "dew_point_depression": Recipe("Dew-point depression", "dew_point_depression", "K", ("t", "td"), _depression),
}  # fmt: skip


def derive(
    variables: Mapping[str, Variable], arrays: Mapping[str, xr.DataArray], layouts: Mapping[str, Layout], read: Read
) -> Iterator[tuple[str, xr.DataArray, Layout]]:
    """Return name, lazy array and layout of all that can be derived from a file's variables.

    What the file has itself, by its standard name and on the same grid and levels, is left out.
    """
    for name, recipe in RECIPES.items():
        for inputs in combinations(variables, recipe.needs):
            first = inputs[0]
            pressure = _pressure(arrays[first.name]) if recipe.pressure else None
            if _is_there(recipe, first, variables) or (recipe.pressure and pressure is None):
                continue
            if recipe.on_rows and not isinstance(first.mesh, RegularMesh):
                continue
            if (recipe.turned_only and not is_turned(first)) or (recipe.directed and not _can_be_directed(*inputs)):
                continue
            made = _array(recipe, inputs, arrays[first.name], layouts[first.name], read, pressure)
            yield f"{name}({','.join(v.name for v in inputs)})", made, layouts[first.name]
    for variable in variables.values():
        array = arrays[variable.name]
        along = leads(variable, array)
        if along is not None:
            yield f"per_step({variable.name})", per_step(variable, array, along, read), layouts[variable.name]


def _can_be_directed(u: Variable, v: Variable) -> bool:
    return not is_turned(u) or (rows_are_known(u) and u.units == v.units)


def _is_there(recipe: Recipe, like: Variable, variables: Mapping[str, Variable]) -> bool:
    alike = (v for v in variables.values() if v.dims == like.dims and v.shape == like.shape and v.mesh.key == like.mesh.key)
    return any(v.standard_name == recipe.standard_name for v in alike)


def _pressure(array: xr.DataArray) -> xr.DataArray | None:
    """Return the coordinate that holds the pressure of each level, or of the only one."""
    known = ("pa", "hpa", "mb", "mbar", "millibar", "millibars")
    found = (c for c in array.coords.values() if str(c.attrs.get("units", "")).lower() in known and c.ndim <= 1)
    return next(found, None)


def _array(
    recipe: Recipe, inputs: tuple[Variable, ...], like: xr.DataArray, lay: Layout, read: Read, pressure: xr.DataArray | None
) -> xr.DataArray:
    dims = tuple(map(str, like.dims))

    def compute(part: Part) -> np.ndarray:
        if recipe.on_rows:
            return _on_rows(recipe, inputs, lay, read, part, like.sizes)
        fields = [read(v.name, part) for v in inputs]
        if recipe.directed and is_turned(inputs[0]):
            fields = _turned(inputs[0], fields, lay, part, dims)
        quantities = [_quantity(given, v.units, v.title) for given, v in zip(fields, inputs, strict=True)]
        if pressure is not None:
            left = [dim for dim in dims if isinstance(part[dim], slice)]
            values = pressure.isel({dim: part[str(dim)] for dim in pressure.dims}).values
            shaped = values.reshape([-1 if dim in pressure.dims else 1 for dim in left]) if values.ndim else values
            quantities.insert(0, _quantity(shaped, str(pressure.attrs["units"]), "pressure"))
        return _in_units(recipe, quantities)

    attributes = {
        "long_name": recipe.title,
        "standard_name": recipe.standard_name,
        "units": "%" if recipe.units == "percent" else recipe.units,
        "derived_from": ", ".join(v.name for v in inputs),
    }
    attributes |= {key: text for key, text in inputs[0].attributes.items() if key == "GRIB_typeOfLevel"}
    apart = tuple(dim for dim in dims if dim not in lay.dims)
    return computed(like, compute, apart, attributes)


def _turned(like: Variable, wind: list[np.ndarray], lay: Layout, part: Part, dims: tuple[str, ...]) -> list[np.ndarray]:
    """Return eastward and northward wind of a part of winds along x and y, whose dimensions are in the file's order."""
    left = [dim for dim in dims if isinstance(part[dim], slice)]
    angle = angles(like, lay.dims, part)
    angle = angle.expand_dims([dim for dim in left if dim not in angle.dims]).transpose(*left)
    u, v = wind
    return list(turned(u, v, angle.values))


def _on_rows(
    recipe: Recipe, inputs: tuple[Variable, ...], lay: Layout, read: Read, part: Part, sizes: Mapping[Hashable, int]
) -> np.ndarray:
    """Compute on whole fields, from south to north and west to east, and return the part in the file's order."""
    whole = {dim: slice(None) if dim in lay.dims else k for dim, k in part.items()}
    left = [str(dim) for dim in sizes if isinstance(whole[str(dim)], slice)]
    fields = [_quantity(lay.arrange(read(v.name, whole), left), v.units, v.title).to("m/s").magnitude for v in inputs]
    grid = inputs[0].grid
    result = recipe.compute(*fields, grid.latitude.numpy(), grid.longitude.numpy())
    for axis, dim, order in zip((-2, -1), lay.dims, lay.order or (), strict=True):
        # A meridian that the file repeats has no place in the order and is never looked at.
        back = np.zeros(sizes[dim], dtype=np.int64)
        back[order] = np.arange(len(order))
        result = result.take(back, axis=axis)
    others = [dim for dim in left if dim not in lay.dims]
    result = result.transpose([(*others, *lay.dims).index(dim) for dim in left])
    return result[tuple(part[dim] if dim in lay.dims else slice(None) for dim in left)]


def _quantity(values: np.ndarray, text: str, what: str) -> Any:
    import pint
    from metpy.units import units

    try:
        return units.Quantity(np.asarray(values), re.sub(r"(?<=[a-zA-Z])(?=-?\d)", "**", text.replace("**", "")))
    except (pint.errors.PintError, ValueError) as problem:
        raise InputError(f"the unit {text!r} of {what} is not known, so nothing can be derived from it") from problem


def _in_units(recipe: Recipe, quantities: list[Any]) -> np.ndarray:
    import pint

    try:
        return np.asarray(recipe.compute(*quantities).m_as(recipe.units), dtype=np.float32)
    except (pint.errors.PintError, ValueError) as problem:
        units = ", ".join(str(q.units) for q in quantities)
        raise InputError(f"{recipe.title} cannot be computed from values in {units}: {problem}") from problem
