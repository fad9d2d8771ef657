"""Contour lines of a field on any grid, with their labels, on any map."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import torch
from contourpy import LineType, contour_generator
from scipy.spatial import cKDTree

from backends.fields.meshes import Mesh, RegularMesh
from backends.fields.meshes.mesh import on_sphere
from backends.fields.overlays.seen import Seen
from backends.geometry.grid import LatLonGrid
from backends.geometry.projections.lines import project_lines

#: Rows and columns that are contoured, at most; more could not be seen.
MOST_ROWS, MOST_COLUMNS = 320, 640
#: A line of fewer pixels has no label; labels are so many pixels apart, and no more than so many.
LABELLED, APART, MOST_LABELS = 90, 70, 40
#: Points of an unstructured grid that a value between them is made of, and rows of the grid that they are brought to.
NEIGHBOURS, BROUGHT_TO = 4, 181
KEPT_WEIGHTS = 4


@dataclass(frozen=True, eq=False)
class Contours:
    """Lines in x and y of the map, (m, 2), pieces separated by NaN; those of negative levels apart.

    `levels` are all that were asked for, `labels` are x, y and the level of each.
    """

    levels: np.ndarray
    lines: np.ndarray
    negative: np.ndarray
    labels: list[tuple[float, float, float]]


def contours(values: np.ndarray, mesh: Mesh, levels: np.ndarray, seen: Seen) -> Contours:
    """Return the contour lines of what is seen of a field.

    They are found among rows and columns of the grid itself, straight between its points, then put on the map. Fields
    without rows and columns are brought to a grid of one degree first, from the four nearest points each.

    Parameters
    ----------
    values
        Of the shape of `mesh`; no line crosses missing ones.
    mesh
        The grid.
    levels
        Increasing.
    seen
        The part of the map; finer grids than it can show are thinned.
    """
    if len(mesh.shape) != 2:
        values, mesh = _on_rows(values, mesh)
    values, latitude, longitude = _part(values, mesh, seen)
    if min(values.shape) < 2:
        return Contours(levels, np.empty((0, 2)), np.empty((0, 2)), [])
    generator = contour_generator(z=np.ma.masked_invalid(values), line_type=LineType.ChunkCombinedNan)
    parts: dict[bool, list[np.ndarray]] = {False: [], True: []}
    labels: list[tuple[float, float, float, float]] = []
    for level in levels:
        points = generator.lines(float(level))[0][0]
        if points is None:
            continue
        places = _places(points, latitude, longitude, isinstance(mesh, RegularMesh))
        on_map = project_lines(seen.projection, torch.from_numpy(places)).numpy()
        parts[bool(level < 0)] += [on_map, np.full((1, 2), np.nan)]
        labels += [(*place, float(level)) for place in _middles(on_map, seen)]
    joined = {sign: np.concatenate(lines) if lines else np.empty((0, 2)) for sign, lines in parts.items()}
    return Contours(levels, joined[False], joined[True], _spread(labels, seen))


def _part(values: np.ndarray, mesh: Mesh, seen: Seen) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values, latitudes and longitudes of what is seen, thinned; closed round the Earth."""
    latitude, longitude = (places.reshape(mesh.shape) for places in mesh.places())
    if isinstance(mesh, RegularMesh) and mesh.grid.periodic:
        values = np.concatenate([values, values[:, :1]], axis=1)
        latitude = np.concatenate([latitude, latitude[:, :1]], axis=1)
        longitude = np.concatenate([longitude, longitude[:, :1] + 360], axis=1)
    coarse = tuple(max(1, n // 120) for n in values.shape)
    x, y = seen.projection.forward(
        *(torch.from_numpy(np.ascontiguousarray(a[:: coarse[0], :: coarse[1]])) for a in (latitude, longitude))
    )
    there = seen.holds(x.numpy(), y.numpy())
    rows, columns = (
        _thinned(np.flatnonzero(there.any(1 - axis)) * coarse[axis], coarse[axis], values.shape[axis], most)
        for axis, most in ((0, MOST_ROWS), (1, MOST_COLUMNS))
    )
    chosen = np.ix_(rows, columns)
    return values[chosen], latitude[chosen], longitude[chosen]


def _thinned(inside: np.ndarray, step: int, count: int, most: int) -> np.ndarray:
    """Return the indices round those that are inside, no more than `most`, and the last one of all where it belongs there."""
    first, last = (max(0, inside[0] - step), min(count - 1, inside[-1] + 2 * step)) if len(inside) else (0, count - 1)
    return np.unique(np.r_[np.arange(first, last, max(1, -(-(last - first) // most))), last])


def _places(points: np.ndarray, latitude: np.ndarray, longitude: np.ndarray, regular: bool) -> np.ndarray:
    """Return longitudes and latitudes (k, 2) of points given by column and row, between rows and columns."""
    if regular:
        east = np.interp(points[:, 0], np.arange(longitude.shape[1]), longitude[0])
        north = np.interp(points[:, 1], np.arange(latitude.shape[0]), latitude[:, 0])
        gaps = np.isnan(points).any(1)
        east[gaps] = north[gaps] = np.nan
        return np.stack([east, north], axis=1)
    vectors = on_sphere(latitude, longitude)
    low = np.nan_to_num(np.floor(points)).astype(int)
    column, row = np.minimum(low, np.array(latitude.shape[::-1]) - 2).T
    a, b = (points[:, 0] - column)[:, None], (points[:, 1] - row)[:, None]
    lower = (1 - a) * vectors[row, column] + a * vectors[row, column + 1]
    upper = (1 - a) * vectors[row + 1, column] + a * vectors[row + 1, column + 1]
    x, y, z = ((1 - b) * lower + b * upper).T
    return np.rad2deg(np.stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))], axis=1))


def _middles(lines: np.ndarray, seen: Seen) -> list[tuple[float, float, float]]:
    """Return length, x and y of the middle of each piece that is seen and long enough for a label."""
    found = []
    inside = seen.holds(lines[:, 0], lines[:, 1])
    begins = np.flatnonzero(inside & ~np.r_[False, inside[:-1]])
    ends = np.flatnonzero(inside & ~np.r_[inside[1:], False]) + 1
    for begin, end in zip(begins, ends, strict=True):
        piece = lines[begin:end]
        along = np.r_[0, np.cumsum(np.hypot(*(np.diff(piece, axis=0) / seen.pixel).T))]
        if along[-1] >= LABELLED:
            middle = piece[np.searchsorted(along, along[-1] / 2)]
            found.append((float(along[-1]), float(middle[0]), float(middle[1])))
    return found


def _spread(labels: list[tuple[float, float, float, float]], seen: Seen) -> list[tuple[float, float, float]]:
    """Return labels of the longest lines first, none too near to another."""
    kept: list[tuple[float, float, float]] = []
    dx, dy = seen.pixel
    for _, x, y, level in sorted(labels, reverse=True):
        if len(kept) < MOST_LABELS and all(np.hypot((x - a) / dx, (y - b) / dy) > APART for a, b, _ in kept):
            kept.append((x, y, level))
    return kept


_weights: OrderedDict[str, tuple[np.ndarray, np.ndarray]] = OrderedDict()


def _on_rows(values: np.ndarray, mesh: Mesh) -> tuple[np.ndarray, RegularMesh]:
    """Return a field of points on a grid of one degree, by weights inverse to the squared distance; missing outside."""
    latitude = np.linspace(-90, 90, BROUGHT_TO)
    target = LatLonGrid(torch.from_numpy(latitude), torch.arange(-180, 180, 1.0, dtype=torch.float64))
    if mesh.key not in _weights:
        known = np.stack(mesh.places(), axis=1)
        there = np.flatnonzero(np.isfinite(known).all(1))
        north, east = (places.numpy() for places in (target.nodes().latitude, target.nodes().longitude))
        inside = mesh.locate(north, east) >= 0
        away, found = cKDTree(on_sphere(*known[there].T)).query(on_sphere(north, east), k=min(NEIGHBOURS, len(there)))
        weight = np.where(inside[:, None], 1 / np.maximum(away, 1e-9) ** 2, np.nan)
        _weights[mesh.key] = there[found], weight / weight.sum(1, keepdims=True)
        while len(_weights) > KEPT_WEIGHTS:
            _weights.popitem(last=False)
    cells, weight = _weights[mesh.key]
    return (values.ravel()[cells] * weight).sum(1).reshape(target.shape), RegularMesh(target)
