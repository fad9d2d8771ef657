"""The part of a map that a person sees, and how directions on the Earth lie on it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.fields.picture import Picture
from backends.fields.raster import Window
from backends.geometry.projections import LatLon, Projection

#: Degrees by which a place is moved to find where north and east are on the map.
NUDGE = 1e-3


@dataclass(frozen=True)
class Seen:
    """A window of a projected map, in its own x and y, and how many pixels it fills."""

    projection: Projection
    window: Window
    width: int
    height: int

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in x and y."""
        w = self.window
        return (w.east - w.west) / self.width, (w.north - w.south) / self.height

    def lattice(self, step: int) -> tuple[Tensor, Tensor]:
        """Return x (nx,) and y (ny,), increasing, of points about `step` pixels apart."""
        w, nx, ny = self.window, max(2, self.width // step), max(2, self.height // step)
        x = w.west + (torch.arange(nx, dtype=torch.float64) + 0.5) * (w.east - w.west) / nx
        y = w.south + (torch.arange(ny, dtype=torch.float64) + 0.5) * (w.north - w.south) / ny
        return x, y

    def holds(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return which points lie in the window; none that is NaN does."""
        w = self.window
        return (x >= w.west) & (x <= w.east) & (y >= w.south) & (y <= w.north)

    def steps(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return how x and y, in pixels, change per degree of arc to the east and to the north, each (..., 2)."""
        latitude = latitude.clamp(-90 + 2 * NUDGE, 90 - 2 * NUDGE)
        shrunk = torch.deg2rad(latitude).cos()
        pixel = torch.tensor(self.pixel, dtype=torch.float64)

        def moved(north: float, east: float) -> Tensor:
            there = self.projection.forward(latitude + NUDGE * north, longitude + NUDGE * east / shrunk)
            return torch.stack(there, dim=-1)

        here = moved(0, 0)

        def derivative(north: float, east: float) -> Tensor:
            # On one side of a place there may be the seam or the edge of the map.
            sides = torch.stack([moved(north, east) - here, here - moved(-north, -east)])
            lengths = torch.nan_to_num(sides.norm(dim=-1), nan=torch.inf)
            return torch.where((lengths[0] <= lengths[1])[..., None], sides[0], sides[1]) / NUDGE / pixel

        return derivative(0, 1), derivative(1, 0)


def seen_of(picture: Picture, window: Window | None, width: int, height: int) -> Seen:
    """Return what is seen of the map of a picture; all that it shows where no window is given."""
    raster = picture.raster
    if picture.view is not None:
        projection, whole = picture.view.projection, picture.view.window
    else:
        projection = LatLon((raster.west + raster.east) / 2)
        whole = Window(raster.west, raster.east, max(raster.south, -90.0), min(raster.north, 90.0))
    return Seen(projection, whole if window is None else window.within(whole), width, height)
