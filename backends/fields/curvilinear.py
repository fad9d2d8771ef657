"""Grids that are no plain latitudes and longitudes: what a file says of them, and the mesh that they make."""

from functools import lru_cache

import numpy as np
import xarray as xr
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from backends.errors import InputError
from backends.fields.meshes import HealpixMesh, Mesh, NearestMesh, ProjectedMesh, TriangleMesh
from backends.fields.meshes.reduced import rows_of

#: The file's dimensions of a grid, and the grid.
Found = tuple[tuple[str, ...], Mesh]

KINDS = {
    "rotated_latitude_longitude": "rotated pole",
    "lambert_conformal_conic": "Lambert conformal",
    "polar_stereographic": "polar stereographic",
    "stereographic": "stereographic",
    "mercator": "Mercator",
    "geostationary": "geostationary",
    "lambert_azimuthal_equal_area": "Lambert azimuthal equal area",
    "albers_conical_equal_area": "Albers equal area",
    "transverse_mercator": "transverse Mercator",
}
#: What GRIB calls the grids whose places ecCodes gives one by one, in rows and columns.
GRIB_KINDS = {
    "rotated_ll": "rotated pole",
    "rotated_gg": "rotated Gaussian",
    "lambert": "Lambert conformal",
    "polar_stereographic": "polar stereographic",
    "mercator": "Mercator",
}
#: Places at which a projection has to agree with the file's latitudes and longitudes.
COMPARED = 50


def degrees(coordinate: xr.DataArray) -> np.ndarray:
    """Return a coordinate in degrees, float64, infinities as NaN; ICON's files have radians."""
    values = coordinate.values.astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return np.rad2deg(values) if str(coordinate.attrs.get("units", "")).lower().startswith("rad") else values


def healpix_of(array: xr.DataArray, source: xr.Dataset) -> Found | None:
    """Return the HEALPix grid that a grid mapping, or the attributes of the cells' numbers, describe; None if none do.

    Known are ``grid_mapping_name = healpix`` with ``healpix_nside`` (or ``refinement_level``) and ``healpix_order`` (or
    ``indexing_scheme``), and a coordinate with ``grid_name = healpix``, ``level`` or ``nside``, and ``indexing_scheme``.

    Raises
    ------
    InputError
        If its size does not fit the variable's.
    """
    mapping = _mapping(array, source)
    views = [] if mapping is None else [mapping.attrs]
    views += [coordinate.attrs for coordinate in array.coords.values()]
    for attributes in views:
        if "healpix" not in (attributes.get("grid_mapping_name"), attributes.get("grid_name")):
            continue
        level = attributes.get("refinement_level", attributes.get("level"))
        nside = attributes.get("healpix_nside", attributes.get("nside", None if level is None else 2 ** int(level)))
        order = str(attributes.get("healpix_order", attributes.get("indexing_scheme", "ring")))
        dim = next(
            (str(d) for d in array.dims if d in ("cell", "cells", "pix", "values", "ncells", "cell_ids")), str(array.dims[-1])
        )
        size = array.sizes[dim]
        if nside is None or 12 * int(nside) ** 2 != size:
            raise InputError(
                f"variable {array.name!r} has {size} values along {dim!r}; a whole HEALPix grid of nside {nside} was expected"
            )
        return (dim,), HealpixMesh(int(nside), order.startswith("nest"))
    return None


def projected_of(array: xr.DataArray, source: xr.Dataset, pair: tuple[xr.DataArray, xr.DataArray] | None) -> Found | None:
    """Return the rectangle of a projection that a CF grid mapping describes; None if there is none.

    Where the file has latitudes and longitudes too, and the projection does not lead to them, they are trusted.

    Raises
    ------
    InputError
        If the mapping is not understood and there are no latitudes and longitudes to go by.
    """
    mapping = _mapping(array, source)
    if mapping is None or mapping.attrs.get("grid_mapping_name") in ("latitude_longitude", "healpix"):
        return None
    name = str(mapping.attrs.get("grid_mapping_name", ""))
    x, y = _axis(array, "x"), _axis(array, "y")
    if x is None or y is None:
        return None
    try:
        crs = CRS.from_cf(dict(mapping.attrs))
        mesh = ProjectedMesh(crs, _in_units(x, mapping), _in_units(y, mapping), KINDS.get(name, name or "projected"))
        dims = str(y.dims[0]), str(x.dims[0])
        if pair is None or pair[0].ndim != 2 or _agree(mesh, pair[0].transpose(*dims), pair[1].transpose(*dims)):
            return dims, mesh
    except (CRSError, ProjError, KeyError, TypeError, ValueError) as problem:
        if pair is None:
            raise InputError(
                f"the projection {name!r} of variable {array.name!r} is not understood: {problem!s:.200}"
            ) from problem
    return None


def _mapping(array: xr.DataArray, source: xr.Dataset) -> xr.DataArray | None:
    named = array.attrs.get("grid_mapping", array.encoding.get("grid_mapping"))
    return source[named] if isinstance(named, str) and named in source.variables else None


def _axis(array: xr.DataArray, name: str) -> xr.DataArray | None:
    """Return the coordinate along x or y of a projection, one-dimensional and evenly ordered, if there is one."""
    standard = {f"projection_{name}_coordinate", {"x": "grid_longitude", "y": "grid_latitude"}[name]}
    for dim in array.dims:
        coordinate = array.coords.get(dim)
        if coordinate is None or coordinate.size < 2:
            continue
        if coordinate.attrs.get("standard_name") in standard or str(dim).lower() in {name, {"x": "rlon", "y": "rlat"}[name]}:
            steps = np.diff(coordinate.values.astype(np.float64))
            return coordinate if (steps > 0).all() or (steps < 0).all() else None
    return None


def _in_units(axis: xr.DataArray, mapping: xr.DataArray) -> np.ndarray:
    """Return a projection's coordinate in metres, or degrees; satellites have angles of their scan instead."""
    values = axis.values.astype(np.float64)
    units = str(axis.attrs.get("units", ""))
    if units in ("km", "kilometer", "kilometers", "kilometre", "kilometres"):
        return values * 1000
    if units in ("rad", "radian", "radians", "1") and mapping.attrs.get("grid_mapping_name") == "geostationary":
        return values * float(mapping.attrs["perspective_point_height"])
    return values


def _agree(mesh: ProjectedMesh, latitude: xr.DataArray, longitude: xr.DataArray) -> bool:
    north, east = degrees(latitude).ravel(), degrees(longitude).ravel()
    chosen = np.linspace(0, len(north) - 1, COMPARED).astype(int)
    chosen = chosen[np.isfinite(north[chosen])]
    return bool((mesh.locate(north[chosen], east[chosen]) == chosen).all())


def unstructured(latitude: xr.DataArray, longitude: xr.DataArray, source: xr.Dataset) -> Found:
    """Return the grid of places in a row: reduced Gaussian, triangles where corners are known, otherwise mere points."""
    north, east = degrees(latitude), degrees(longitude)
    if not np.isfinite(north).any():
        raise InputError(f"the latitudes {latitude.name!r} are all missing")
    dims = (str(latitude.dims[0]),)
    corners = [_corners(coordinate, source) for coordinate in (latitude, longitude)]
    if corners[0] is not None and corners[1] is not None and np.isfinite(north).all():
        return dims, _triangles(_Arrays(north, east, corners[0], corners[1]))
    rows = rows_of(north, east) if np.isfinite(north).all() and np.isfinite(east).all() else None
    return dims, rows or _points(_Arrays(north, east), "points")


def curvilinear(array: xr.DataArray, latitude: xr.DataArray, longitude: xr.DataArray) -> Found:
    """Return the grid of a variable's places in rows and columns that are given one by one."""
    north, east = degrees(latitude), degrees(longitude)
    if not (np.isfinite(north) & np.isfinite(east)).any():
        raise InputError(f"the latitudes {latitude.name!r} are all missing")
    kind = GRIB_KINDS.get(str(array.attrs.get("GRIB_gridType", "")), "curvilinear")
    return tuple(map(str, latitude.dims)), _points(_Arrays(north, east), kind)


def _corners(coordinate: xr.DataArray, source: xr.Dataset) -> np.ndarray | None:
    named = str(coordinate.attrs.get("bounds", coordinate.encoding.get("bounds", f"{coordinate.name}_vertices")))
    bounds = source.variables.get(named)
    if bounds is None or bounds.ndim != 2 or bounds.shape[1] != 3:
        return None
    # Corners have the unit of the places where they name none.
    units = bounds.attrs.get("units", coordinate.attrs.get("units", ""))
    return degrees(xr.DataArray(bounds.values, attrs={"units": units}))


class _Arrays(tuple[np.ndarray, ...]):
    """Arrays that are compared by their content, so that variables of a file share one mesh, and its tree."""

    def __new__(cls, *arrays: np.ndarray) -> "_Arrays":
        return super().__new__(cls, arrays)

    def __hash__(self) -> int:
        return hash(tuple((a.shape, a.tobytes()) for a in self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Arrays) and all(
            np.array_equal(a, b, equal_nan=True) for a, b in zip(self, other, strict=True)
        )


@lru_cache(maxsize=4)
def _triangles(arrays: _Arrays) -> TriangleMesh:
    return TriangleMesh(*arrays)


@lru_cache(maxsize=4)
def _points(arrays: _Arrays, kind: str) -> NearestMesh:
    return NearestMesh(arrays[0], arrays[1], kind)
