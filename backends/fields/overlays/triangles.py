"""The triangles of an unstructured grid on a map: their edges, and what becomes of them when they are drawn without care."""

from dataclasses import dataclass

import numpy as np
import torch

from backends.fields.meshes import TriangleMesh
from backends.fields.meshes.mesh import on_sphere
from backends.fields.overlays.seen import Seen
from backends.geometry.projections.lines import project_lines

#: Triangles in view whose edges are drawn, at most: more would cover the field.
MOST = 5000
#: Triangles across the seam that are drawn, at most.
MOST_ACROSS = 2000
#: Pixels between the places at which triangles are looked for that are larger than the window.
STEP = 24
#: Degrees of a great circle that are drawn as a straight line, and pieces of an edge at most.
STRAIGHT, PIECES = 2.0, 16


@dataclass(frozen=True, eq=False)
class Triangles:
    """Triangles over a map.

    Attributes
    ----------
    edges
        x and y (m, 2), triangles separated by NaN; empty where they are not asked for or too many.
    seen
        Triangles in view.
    careless
        Corners (k, 3, 2) of those that lie across the map's seam, as they were projected one by one; None if not asked for.
    values
        Of the field in these, (k,).
    across
        How many there are across the seam.
    """

    edges: np.ndarray
    seen: int
    careless: np.ndarray | None = None
    values: np.ndarray | None = None
    across: int = 0


def triangles(values: np.ndarray, mesh: TriangleMesh, seen: Seen, edges: bool, careless: bool) -> Triangles:
    """Return the edges of triangles, great circles cut at the seam, and those that a careless program draws across the map.

    Such a program projects the three corners and fills what is between them: a triangle from 179°E to 179°W then reaches
    across all longitudes instead of across two degrees.
    """
    visible = in_view(mesh, seen)
    lines = np.empty((0, 2))
    if edges and len(visible) <= MOST:
        lines = project_lines(seen.projection, torch.from_numpy(_outlines(mesh, visible))).numpy()
    if not careless:
        return Triangles(lines, len(visible))
    across = across_seam(mesh, seen)
    drawn = across[:: -(-len(across) // MOST_ACROSS) or 1]
    corners = (torch.from_numpy(places[drawn]) for places in (mesh.corner_latitude, mesh.corner_longitude))
    projected = torch.stack(seen.projection.forward(*corners), dim=-1).numpy()
    shown = np.isfinite(projected).all((1, 2))
    return Triangles(lines, len(visible), projected[shown], np.ravel(values)[drawn[shown]], len(across))


def in_view(mesh: TriangleMesh, seen: Seen) -> np.ndarray:
    """Return the numbers of triangles whose centre is in view, or that hold some of the places in view."""
    latitude, longitude = mesh.places()
    centres = seen.projection.forward(torch.from_numpy(latitude), torch.from_numpy(longitude))
    inside = np.flatnonzero(seen.holds(*(c.numpy() for c in centres)))
    if len(inside) > MOST:
        return inside
    x, y = seen.lattice(STEP)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    north, east = seen.projection.inverse(columns, rows)
    return np.setdiff1d(np.r_[inside, mesh.locate(north.numpy(), east.numpy()).ravel()], [-1])


def across_seam(mesh: TriangleMesh, seen: Seen) -> np.ndarray:
    """Return the numbers of triangles that lie across the meridian at which the map is cut open."""
    seam = seen.projection.seam
    if seam is None:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.ptp((mesh.corner_longitude - seam) % 360, axis=1) > 180)


def _outlines(mesh: TriangleMesh, numbers: np.ndarray) -> np.ndarray:
    """Return the closed outlines, longitudes and latitudes (m, 2), separated by NaN."""
    corners = on_sphere(mesh.corner_latitude[numbers], mesh.corner_longitude[numbers])
    ends = np.roll(corners, -1, axis=1)
    longest = np.degrees(2 * np.arcsin(np.linalg.norm(ends - corners, axis=-1).max(initial=0.0) / 2))
    pieces = int(np.clip(np.ceil(longest / STRAIGHT), 1, PIECES))
    share = np.linspace(0, 1, pieces, endpoint=False)[:, None]
    points = (1 - share) * corners[:, :, None] + share * ends[:, :, None]  # (k, 3, pieces, 3)
    points = points.reshape(len(numbers), 3 * pieces, 3)
    points = np.concatenate([points, points[:, :1]], axis=1)
    north = np.degrees(np.arctan2(points[..., 2], np.hypot(points[..., 0], points[..., 1])))
    east = np.degrees(np.arctan2(points[..., 1], points[..., 0]))
    gap = np.full((len(numbers), 1, 2), np.nan)
    return np.concatenate([np.stack([east, north], axis=-1), gap], axis=1).reshape(-1, 2)
