"""Observations on a projected map: where they come to lie, and what a click or a box on the map means on the Earth."""

from weakref import WeakKeyDictionary

import numpy as np
import torch

from backends.fields.raster import Window
from backends.geometry.projections import Geostationary, Orthographic, Projection
from backends.observations.density import PIECE, Places
from backends.observations.linked import Linked
from backends.observations.one_variable import REACH, OneVariable
from backends.observations.selection import Selection

#: Part of their width that a map leaves free round observations.
MARGIN = 0.06
#: Points along each side of a box that are put back on the Earth.
SAMPLED = 65

#: The places on the last map of each, for who pans, zooms and filters there.
_kept: WeakKeyDictionary[OneVariable, tuple[Projection, Places]] = WeakKeyDictionary()


def places_on(of: OneVariable, projection: Projection) -> Places:
    """Return the places of observations in x and y of a map, `y` increasing, without those that it does not show."""
    kept = _kept.get(of)
    if kept is not None and kept[0] == projection:
        return kept[1]
    where, n = of.where, 0
    x, y, shown = np.empty(len(where.x), "f4"), np.empty(len(where.x), "f4"), np.empty(len(where.x), "i4")
    for first in range(0, len(where.x), PIECE):
        part = slice(first, first + PIECE)
        north, east = (torch.from_numpy(v[part].astype(np.float64)) for v in (where.y, where.x))
        across, up = (v.numpy() for v in projection.forward(north, east))
        there = np.flatnonzero(np.isfinite(across) & np.isfinite(up))
        of_these = slice(n, n := n + len(there))
        x[of_these], y[of_these], shown[of_these] = across[there], up[there], first + there
    x, y, row = x[:n], y[:n], where.row if n == len(where.x) else where.row[shown[:n]]
    if not (y[1:] >= y[:-1]).all():  # parallels are no straight lines there
        order = np.argsort(y, kind="stable").astype("i4")
        x, y, row = x[order], y[order], row[order]
    found = Places(x, y, row)
    _kept[of] = projection, found
    return found


def area_on(of: OneVariable, projection: Projection) -> Window:
    """Return what a map shows at first: the part that observations fill; all of a globe, or where they are all round it."""
    left, right, bottom, top = projection.bounds
    where = places_on(of, projection)
    if isinstance(projection, Orthographic | Geostationary) or of.area.east - of.area.west >= 360 or not len(where.x):
        return Window(left, right, bottom, top)
    west, east, south, north = (float(v) for v in (where.x.min(), where.x.max(), where.y.min(), where.y.max()))
    margin = MARGIN * max(east - west, north - south, 0.02)
    return Window(west - margin, east + margin, south - margin, north + margin).within(Window(left, right, bottom, top))


def find_on(
    of: OneVariable, projection: Projection, selection: Selection, latitude: float, longitude: float, looked_at: Window
) -> int | None:
    """Return the row, in the whole table, of the selected observation that lies nearest on the map; None if none is near.

    Parameters
    ----------
    of, projection, selection
        What is shown, where, and what of it.
    latitude, longitude
        Of the click, degrees.
    looked_at
        The part of the map, in its x and y, that is on the screen, which says what is near.
    """
    x, y = (float(v) for v in projection.forward(*torch.tensor([latitude, longitude], dtype=torch.float64)))
    where, reach = places_on(of, projection), REACH * (looked_at.north - looked_at.south)
    near = where.within(Window(x - reach, x + reach, y - reach, y + reach))
    near = near[Linked(of.table.take(where.row[near]), selection).rows("place")]
    if not len(near):
        return None
    return int(of.row[where.row[near[np.hypot(where.x[near] - x, where.y[near] - y).argmin()]]])


def box_of(projection: Projection, drawn: Window) -> tuple[float, float, float, float] | None:
    """Return west, east, south, north, degrees, of all that a box on the map holds; None if it lies beside the Earth.

    The box of degrees is the smallest that holds it, and runs all round where a pole is inside.
    """
    x, y = (
        torch.linspace(a, b, SAMPLED, dtype=torch.float64) for a, b in ((drawn.west, drawn.east), (drawn.south, drawn.north))
    )
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    # Towards a horizon degrees are close together: what is furthest lies on it.
    edge = (1 - 1e-9) * projection.outline()
    inside = (edge[:, 0] >= drawn.west) & (edge[:, 0] <= drawn.east) & (edge[:, 1] >= drawn.south) & (edge[:, 1] <= drawn.north)
    columns, rows = torch.cat([columns.flatten(), edge[inside, 0]]), torch.cat([rows.flatten(), edge[inside, 1]])
    latitude, longitude = (v.numpy() for v in projection.inverse(columns, rows))
    there = np.isfinite(latitude)
    if not there.any():
        return None
    south, north = float(latitude[there].min()), float(latitude[there].max())
    poles = [_holds(drawn, projection, pole) for pole in (-90.0, 90.0)]
    if any(poles):
        return -180.0, 180.0, -90.0 if poles[0] else south, 90.0 if poles[1] else north
    along = np.sort(longitude[there] % 360)
    gaps = np.diff(np.r_[along, along[0] + 360])
    start = int(gaps.argmax())
    west = (float(along[(start + 1) % len(along)]) + 180) % 360 - 180
    return west, west + 360 - float(gaps[start]), south, north


def _holds(drawn: Window, projection: Projection, pole: float) -> bool:
    x, y = (float(v) for v in projection.forward(*torch.tensor([pole, 0.0], dtype=torch.float64)))
    return drawn.west <= x <= drawn.east and drawn.south <= y <= drawn.north


def outline_of(box: tuple[float, float, float, float]) -> torch.Tensor:
    """Return the closed edge of a box of degrees (west, east, south, north), longitudes and latitudes (k, 2)."""
    west, east, south, north = box
    east += 360 if east < west else 0
    share = torch.linspace(0, 1, 2 * SAMPLED, dtype=torch.float64)
    across, up = west + share * (east - west), south + share * (north - south)
    sides = (
        (across, torch.full_like(across, south)),
        (torch.full_like(up, east), up),
        (across.flip(0), torch.full_like(across, north)),
        (torch.full_like(up, west), up.flip(0)),
    )
    return torch.cat([torch.stack(side, dim=1) for side in sides])
