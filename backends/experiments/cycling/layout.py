"""How the state of a testbed is laid out in space, for pictures."""

import math
from dataclasses import dataclass
from typing import Literal

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.shallow_water import ShallowWater


@dataclass(frozen=True)
class Layout:
    """Where the components of a state are.

    Attributes
    ----------
    kind
        `phase`: a few numbers; `ring`: points along a periodic line; `plane`: fields of cells.
    names
        Of the components (`phase`), or of the fields.
    units
        Of each of these.
    shape
        Points of one field, slowest first; of `phase` the number of components.
    extent
        Of a plane: west, east, south and north edges; otherwise empty.
    axes
        Labels of the axes, across first.
    true_to_scale
        Whether both axes have the same unit and a picture should keep their ratio.
    signed
        Whether the values of each field may be negative.
    """

    kind: Literal["phase", "ring", "plane"]
    names: tuple[str, ...]
    units: tuple[str, ...]
    shape: tuple[int, ...]
    extent: tuple[float, ...] = ()
    axes: tuple[str, ...] = ()
    true_to_scale: bool = False
    signed: tuple[bool, ...] = (True,)

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, east, south and north edges of a plane."""
        west, east, south, north = self.extent
        return west, east, south, north

    @property
    def size(self) -> int:
        """Points of one field."""
        return math.prod(self.shape)


def layout_of(model: Dynamics) -> Layout:
    """Return the layout of a model's states."""
    if model.components:
        return Layout("phase", model.components, ("",) * model.size, (model.size,))
    if isinstance(model, AdvectionDiffusion):
        extent = (0.0, model.width, 0.0, model.height)
        return Layout("plane", ("φ",), ("",), (model.nz, model.nx), extent, ("x [km]", "z [km]"), True, (False,))
    if isinstance(model, Kolmogorov):
        extent = (0.0, 2 * math.pi, 0.0, 2 * math.pi)
        return Layout("plane", ("ω",), ("",), (model.points, model.points), extent, ("x", "y"), True)
    if isinstance(model, ShallowWater):
        _, rows, columns = model.shape
        # Gaussian latitudes are nearly even; the rows next to the poles are not quite half a row away from them.
        edge = 90 * rows / (rows + 1)
        extent = (0.0, 360.0, -edge, edge)
        axes = ("longitude [°]", "latitude [°]")
        return Layout("plane", model.fields, ("m", "m/s", "m/s"), (rows, columns), extent, axes, False, (True,) * 3)
    return Layout("ring", ("x",), ("",), (model.size,), (), ("point",))
