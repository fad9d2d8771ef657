"""Lines on the Earth drawn on a map: cut at its seam and at its edge."""

import torch
from torch import Tensor

from backends.geometry.projections.projection import Projection, wrapped

#: Halvings of a piece of line that leaves the map, to find where it does.
HALVINGS = 12
#: Degrees beside the seam at which a line that crosses it ends, so that each side is told apart.
BESIDE = 1e-6


def project_lines(projection: Projection, lines: Tensor) -> Tensor:
    """Return lines on a map.

    Parameters
    ----------
    projection
        Of the map.
    lines
        Longitudes and latitudes, degrees, (k, 2), pieces separated by rows of NaN, points so close that the straight line
        between them will do.

    Returns
    -------
    Tensor
        x and y, (m, 2), pieces separated by rows of NaN.
    """
    lines = lines.double()
    if projection.seam is not None:
        lines = _cut_at_seam(lines, projection.seam)
    return _cut_at_edge(projection, lines)


def graticule(step: float = 30.0) -> Tensor:
    """Return meridians and parallels every `step` degrees, longitudes and latitudes (k, 2), pieces separated by NaN."""
    pieces = []
    gap = torch.full((1, 2), torch.nan, dtype=torch.float64)
    for east in torch.arange(-180, 180, step, dtype=torch.float64):
        north = torch.arange(-90, 91, 2, dtype=torch.float64)
        pieces += [torch.stack([torch.full_like(north, float(east)), north], dim=1), gap]
    for north in torch.arange(-90 + step, 90, step, dtype=torch.float64):
        east = torch.arange(-180, 181, 2, dtype=torch.float64)
        pieces += [torch.stack([east, torch.full_like(east, float(north))], dim=1), gap]
    return torch.cat(pieces)


def _cut_at_seam(lines: Tensor, seam: float) -> Tensor:
    """Return lines with a gap wherever they cross a meridian, and ends on either side of it."""
    away = torch.remainder(lines[:, 0] - seam, 360)  # 0 to 360 from one side of the map to the other
    crosses = (away.diff().abs() > 180).nonzero()[:, 0]
    if not len(crosses):
        return lines
    before, after = away[crosses], away[crosses + 1]
    leaves_east = before > after
    past = torch.where(leaves_east, 360 - before, before)
    share = past / (past + torch.where(leaves_east, after, 360 - after)).clamp(min=1e-12)
    north = lines[crosses, 1] + share * (lines[crosses + 1, 1] - lines[crosses, 1])
    beside = BESIDE * torch.where(leaves_east, -1, 1).double()
    inserted = torch.stack(
        [
            torch.stack([seam + beside, north], dim=1),
            torch.full((len(crosses), 2), torch.nan, dtype=lines.dtype),
            torch.stack([seam - beside, north], dim=1),
        ],
        dim=1,
    )
    return _insert(lines, crosses, inserted)


def _cut_at_edge(projection: Projection, lines: Tensor) -> Tensor:
    """Return lines in x and y, those that leave the map up to where they do."""
    xy = _forward(projection, lines)
    shown, known = torch.isfinite(xy[:, 0]), torch.isfinite(lines[:, 0])
    leaves = ((shown[1:] != shown[:-1]) & known[1:] & known[:-1]).nonzero()[:, 0]
    if not len(leaves):
        return xy
    first = shown[leaves][:, None]
    inside = torch.where(first, lines[leaves], lines[leaves + 1])
    outside = torch.where(first, lines[leaves + 1], lines[leaves])
    outside[:, 0] = inside[:, 0] + wrapped(outside[:, 0] - inside[:, 0])
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        there = torch.isfinite(_forward(projection, middle)[:, :1])
        inside, outside = torch.where(there, middle, inside), torch.where(there, outside, middle)
    return _insert(xy, leaves, _forward(projection, inside)[:, None])


def _forward(projection: Projection, lines: Tensor) -> Tensor:
    return torch.stack(projection.forward(lines[:, 1], lines[:, 0]), dim=1)


def _insert(lines: Tensor, after: Tensor, rows: Tensor) -> Tensor:
    """Return lines with rows (k, r, 2) put in after the points of the given numbers (k,)."""
    count = rows.shape[1]
    order = torch.cat([torch.arange(len(lines)).double(), (after[:, None] + torch.linspace(0.25, 0.75, count)).flatten()])
    return torch.cat([lines, rows.flatten(0, 1)])[order.argsort()]
