"""Wind barbs and streamlines of an eastward and a northward wind, on any map, thinned to what is seen."""

from dataclasses import dataclass

import numpy as np
import torch

from backends.fields.meshes import Mesh
from backends.fields.overlays.seen import Seen

#: Knots in a metre per second.
KNOTS = 3600 / 1852
#: Pixels: between two barbs; length of a staff, of a full barb, between barbs on the staff.
SPACING, STAFF, BARB, BETWEEN = 44, 26, 11, 4.0
#: Speeds of a pennant, a full barb and a half barb, in the unit that is shown.
PENNANT, FULL, HALF = 50, 10, 5
#: Pixels between the points that streamlines are drawn among, and how close they come.
STREAM_STEP, DENSITY = 9, 1.6


@dataclass(frozen=True, eq=False)
class WindMarks:
    """Lines in x and y of the map (m, 2), pieces separated by NaN; filled triangles (k, 3, 2); places of calms (c, 2)."""

    lines: np.ndarray
    filled: np.ndarray
    calms: np.ndarray


def barbs(u: np.ndarray, v: np.ndarray, mesh: Mesh, seen: Seen, factor: float = KNOTS) -> WindMarks:
    """Return wind barbs as they are drawn on weather charts (WMO-No. 485): pennant 50, full barb 10, half barb 5.

    The staff points to where the wind comes from, turned by the direction that north has on the map there; the barbs are on
    the side of low pressure, which is the other one on the southern hemisphere.

    Parameters
    ----------
    u, v
        Eastward and northward wind, m s⁻¹, of the shape of `mesh`.
    mesh
        The grid; barbs stand on its points.
    seen
        The part of the map.
    factor
        From m s⁻¹ to the unit that barbs count.
    """
    cells = _thinned(mesh, seen)
    latitude, longitude = (places[cells] for places in mesh.places())
    u, v = (np.asarray(values, "f8").ravel()[cells] for values in (u, v))
    north_of, east_of = torch.from_numpy(latitude), torch.from_numpy(longitude)
    place = torch.stack(seen.projection.forward(north_of, east_of), dim=1).numpy()
    _, north = (vector.numpy() for vector in seen.steps(north_of, east_of))
    known = np.isfinite(u) & np.isfinite(v) & np.isfinite(place).all(1) & np.isfinite(north).all(1)
    speed = np.hypot(u, v) * factor
    steps = np.where(known, np.floor(speed / HALF + 0.5), 0).astype(int) * HALF
    calm = known & (steps == 0)
    upright = north / np.maximum(np.hypot(*north.T), 1e-300)[:, None]
    eastward = np.stack([upright[:, 1], -upright[:, 0]], axis=1)
    # From the place to where the wind comes from, in pixels.
    staff = -(u[:, None] * eastward + v[:, None] * upright) / np.maximum(np.hypot(u, v), 1e-300)[:, None]
    # Seen along the staff, north of the equator barbs are on the right.
    side = np.stack([staff[:, 1], -staff[:, 0]], axis=1) * np.where(latitude < 0, -1, 1)[:, None]
    lines: list[np.ndarray] = []
    filled: list[np.ndarray] = []
    for k in np.flatnonzero(known & ~calm):
        strokes, pennants = _barb(int(steps[k]))
        frame = np.stack([staff[k], side[k]])
        lines += [place[k] + (stroke @ frame) * seen.pixel for stroke in strokes]
        filled += [place[k] + (pennant @ frame) * seen.pixel for pennant in pennants]
    return WindMarks(_joined(lines), np.array(filled).reshape(-1, 3, 2), place[calm])


def _barb(steps: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return strokes and triangles of a barb in pixels along the staff and to the side; `steps` is rounded to half barbs."""
    pennants, rest = divmod(steps, PENNANT)
    fulls, halves = divmod(rest, FULL)
    strokes, filled = [np.array([[0.0, 0.0], [STAFF, 0.0]])], []
    at = float(STAFF)
    for _ in range(pennants):
        filled.append(np.array([[at, 0.0], [at, BARB], [at - 1.5 * BETWEEN, 0.0]]))
        at -= 1.5 * BETWEEN + 1
    for _ in range(fulls):
        strokes.append(np.array([[at, 0.0], [at + 0.35 * BARB, BARB]]))
        at -= BETWEEN
    if halves:
        if not pennants and not fulls:
            at -= BETWEEN  # a half barb by itself does not stand at the end, where it could be taken for a full one
        strokes.append(np.array([[at, 0.0], [at + 0.175 * BARB, BARB / 2]]))
    return strokes, filled


def _thinned(mesh: Mesh, seen: Seen) -> np.ndarray:
    """Return numbers of cells, each at most once, about `SPACING` pixels apart on the map."""
    x, y = seen.lattice(SPACING)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    latitude, longitude = seen.projection.inverse(columns, rows)
    cells = np.unique(mesh.locate(latitude.numpy(), longitude.numpy()))
    return cells[cells >= 0]


def streamlines(u: np.ndarray, v: np.ndarray, mesh: Mesh, seen: Seen) -> WindMarks:
    """Return lines along the wind, with a triangle on each that points where it blows; arguments as of :func:`barbs`.

    The wind is carried over to the map by the map's own derivatives, so that the lines are those that air would follow also
    where the map distorts angles. Matplotlib spaces and integrates them.
    """
    from matplotlib.figure import Figure

    x, y = seen.lattice(STREAM_STEP)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    latitude, longitude = seen.projection.inverse(columns, rows)
    cells = mesh.locate(latitude.numpy(), longitude.numpy())
    east, north = (vector.numpy() for vector in seen.steps(latitude, longitude))
    u, v = (np.where(cells >= 0, np.asarray(values, "f8").ravel()[cells], np.nan)[..., None] for values in (u, v))
    flow = np.ma.masked_invalid(u * east + v * north)
    if flow.mask.all():
        return WindMarks(np.empty((0, 2)), np.empty((0, 3, 2)), np.empty((0, 2)))
    axes = Figure().add_subplot()
    across, up = np.arange(len(x)) * float(STREAM_STEP), np.arange(len(y)) * float(STREAM_STEP)
    density = (DENSITY * across[-1] / 700, DENSITY * up[-1] / 700)
    drawn = axes.streamplot(across, up, flow[..., 0], flow[..., 1], density=density, arrowstyle="-", broken_streamlines=True)
    lines = [np.asarray(line) for line in drawn.lines.get_segments()]
    step = np.array([float(x[1] - x[0]), float(y[1] - y[0])]) / STREAM_STEP
    corner = np.array([float(x[0]), float(y[0])])
    heads = [_head(line) for line in lines if len(line) > 2]
    return WindMarks(
        _joined([corner + line * step for line in lines]),
        corner + np.array(heads).reshape(-1, 3, 2) * step,
        np.empty((0, 2)),
    )


def _head(line: np.ndarray, length: float = 9.0) -> np.ndarray:
    """Return the triangle (3, 2) in the middle of a line, in pixels, that points along it."""
    middle = len(line) // 2
    ahead = line[middle] - line[middle - 1]
    ahead = ahead / max(float(np.hypot(*ahead)), 1e-300)
    aside = np.array([-ahead[1], ahead[0]])
    tip, back = line[middle] + ahead * length / 2, line[middle] - ahead * length / 2
    return np.stack([tip, back + aside * length / 3, back - aside * length / 3])


def _joined(lines: list[np.ndarray]) -> np.ndarray:
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (line, gap)]) if lines else np.empty((0, 2))
