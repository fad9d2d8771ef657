"""Maps of a field in any projection: for each pixel the cell that it shows, found once and then only looked up."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch

from backends.device import compute_device
from backends.errors import InputError
from backends.fields.meshes import Extent, Mesh, extent_of
from backends.fields.raster import MAX_HEIGHT, MAX_WIDTH, Raster, Window
from backends.geometry.projections import (
    Geostationary,
    LambertConformal,
    LatLon,
    Mercator,
    Orthographic,
    PolarStereographic,
    Projection,
    Robinson,
)

#: Views whose cells are kept, at most 2.5 MB each.
KEPT_VIEWS = 24
#: Points of a grid that are projected to find the part of a map that it fills.
OUTLINED = 20_000
#: A preview while a globe is turned has this many times fewer pixels along each side.
COARSE = 3
#: Pixels of a map per entry of its read-out, along each side.
READOUT_STEP = 2


@dataclass(frozen=True)
class Choice:
    """A projection that a person can choose: its name, what the middle of the map can be set to, and how it is made."""

    label: str
    turns: tuple[str, ...]
    make: Callable[[float, float], Projection]


def _lambert(latitude: float, longitude: float) -> Projection:
    """Return the cone that is true to scale 15 degrees north and south of a latitude."""
    middle = float(np.copysign(np.clip(abs(latitude), 20, 70), latitude if latitude else 1))
    return LambertConformal(longitude, middle - 15, middle + 15)


PROJECTIONS: dict[str, Choice] = {
    "lat-lon": Choice("Latitude–longitude", (), lambda _, __: LatLon()),
    "globe": Choice("Globe (orthographic)", ("latitude", "longitude"), Orthographic),
    "robinson": Choice("Robinson", ("longitude",), lambda _, longitude: Robinson(longitude)),
    "north": Choice("North pole (stereographic)", ("longitude",), lambda _, longitude: PolarStereographic(1, longitude)),
    "south": Choice("South pole (stereographic)", ("longitude",), lambda _, longitude: PolarStereographic(-1, longitude)),
    "lambert": Choice("Lambert conformal", ("latitude", "longitude"), _lambert),
    "mercator": Choice("Mercator", ("longitude",), lambda _, longitude: Mercator(longitude)),
    "satellite": Choice("Geostationary satellite", ("longitude",), lambda _, longitude: Geostationary(longitude)),
}


def projection_of(name: str, latitude: float, longitude: float) -> Projection:
    """Return a projection by its key, with its middle as near to a place as it can be.

    Raises
    ------
    InputError
        If there is no such projection, or the place does not lie on the Earth.
    """
    if name not in PROJECTIONS:
        raise InputError(f"there is no projection {name!r}; there are {', '.join(PROJECTIONS)}")
    if not (abs(latitude) <= 90 and abs(longitude) <= 360):
        raise InputError(
            f"the middle of the map must lie within ±90 degrees of latitude and ±360 of longitude; came {latitude:g} and "
            f"{longitude:g}"
        )
    return PROJECTIONS[name].make(latitude, (longitude + 180) % 360 - 180)


@dataclass(frozen=True)
class View:
    """A part of a map and its pixels; equal views of equal grids are looked up once.

    `window` is in the projection's own x and y.
    """

    projection: Projection
    window: Window
    width: int
    height: int

    def centres(self, step: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latitudes and longitudes of the middles of every `step`-th pixel, rows upward; NaN beside the map."""
        w = self.window
        nx, ny = max(1, self.width // step), max(1, self.height // step)
        x = w.west + (torch.arange(nx, dtype=torch.float64) + 0.5) * (w.east - w.west) / nx
        y = w.south + (torch.arange(ny, dtype=torch.float64) + 0.5) * (w.north - w.south) / ny
        rows, columns = torch.meshgrid(y, x, indexing="ij")
        return self.projection.inverse(columns, rows)


_extents: WeakKeyDictionary[Mesh, Extent] = WeakKeyDictionary()
_kept: OrderedDict[tuple[str, View], torch.Tensor] = OrderedDict()
_lock = threading.Lock()


def covered(mesh: Mesh) -> Extent:
    """Return what a grid covers, found once for each grid."""
    if mesh not in _extents:
        _extents[mesh] = extent_of(mesh)
    return _extents[mesh]


def whole(mesh: Mesh, projection: Projection) -> Window:
    """Return what a map shows at first: all of it, or the part that a regional grid fills; of a globe always all."""
    extent = covered(mesh)
    if isinstance(projection, LatLon):
        return Window(extent.west, extent.east, extent.south, extent.north)
    left, right, bottom, top = projection.bounds
    everything = Window(left, right, bottom, top)
    if isinstance(projection, Orthographic | Geostationary) or extent.is_global:
        return everything
    latitude, longitude = (torch.from_numpy(np.ascontiguousarray(a[:: max(1, len(a) // OUTLINED)])) for a in mesh.places())
    x, y = projection.forward(latitude, longitude)
    there = torch.isfinite(x)
    if not bool(there.any()):
        return everything
    x, y = x[there], y[there]
    margin = 0.04 * max(float(x.max() - x.min()), float(y.max() - y.min()), 1e-3)
    around = Window(float(x.min()) - margin, float(x.max()) + margin, float(y.min()) - margin, float(y.max()) + margin)
    return around.within(everything)


def view_of(mesh: Mesh, projection: Projection, window: Window | None = None, coarse: bool = False) -> View:
    """Return the view of a window, by default of what a map shows at first, with as many pixels as a screen shows."""
    full = whole(mesh, projection) if isinstance(projection, LatLon) else Window(*_sides(projection))
    window = whole(mesh, projection) if window is None else window.within(full)
    aspect = (window.east - window.west) / (window.north - window.south)
    height = min(MAX_HEIGHT, MAX_WIDTH / aspect)
    scale = COARSE if coarse else 1
    return View(projection, window, max(2, round(aspect * height / scale)), max(2, round(height / scale)))


def _sides(projection: Projection) -> tuple[float, float, float, float]:
    left, right, bottom, top = projection.bounds
    return left, right, bottom, top


def draw(values: np.ndarray, mesh: Mesh, view: View) -> Raster:
    """Return the pixels of a field, each with the value of the cell that it shows; NaN beside the map and the grid.

    Parameters
    ----------
    values
        Of the shape of `mesh`.
    mesh
        The grid.
    view
        What is looked at.
    """
    index = _cells(mesh, view)
    flat = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32).ravel()).to(index.device)
    # One value more, missing, is what the pixels beside the grid show.
    pixels = torch.cat([flat, flat.new_full((1,), torch.nan)]).index_select(0, index)
    w = view.window
    return Raster(pixels.reshape(view.height, view.width).cpu().numpy(), w.west, w.east, w.south, w.north)


def _cells(mesh: Mesh, view: View) -> torch.Tensor:
    """Return for each pixel the number of its cell, int32 on the compute device; n for none."""
    key = (mesh.key, view)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    latitude, longitude = view.centres()
    numbers = mesh.locate(latitude.numpy(), longitude.numpy()).ravel()
    n = int(np.prod(mesh.shape))
    index = torch.from_numpy(np.where(numbers < 0, n, numbers).astype(np.int32)).to(compute_device())
    with _lock:
        _kept[key] = index
        while len(_kept) > KEPT_VIEWS:
            _kept.popitem(last=False)
    return index


def readout(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes (rows upward, float32, NaN beside the map) for what the pointer reads off."""
    latitude, longitude = view.centres(READOUT_STEP)
    return latitude.numpy().astype(np.float32), longitude.numpy().astype(np.float32)
