"""Which observations matter where: tapers of distance, found once for each network and radius."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.background_error.correlation import gaspari_cohn
from backends.dynamics.base import Dynamics
from backends.errors import InputError

#: Half-support of the taper in units of the radius r, as in DAPPER, so that radii of published experiments carry over.
HALF_SUPPORT = 1.82
#: Distances are looked at in blocks of about this many (32 MB).
BLOCK = 4_000_000


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The observations near each component: their numbers and weights, shape (n, m); weight 0 fills up rows."""

    index: Tensor
    weight: Tensor

    @property
    def count(self) -> int:
        """Most observations m near any component."""
        return self.index.shape[1]

    def of(self, part: slice) -> "Neighbours":
        """Return those of some components."""
        return Neighbours(self.index[part], self.weight[part])


def taper(distance: Tensor, radius: float) -> Tensor:
    """Return ρ of distances: Gaspari–Cohn with half-support 1.82 r, one everywhere for an infinite radius."""
    return gaspari_cohn(distance / (HALF_SUPPORT * radius)) if math.isfinite(radius) else torch.ones_like(distance)


class Neighbourhood:
    """The neighbours of the newest network and radius, which mostly are those of the cycle before."""

    def __init__(self) -> None:
        self._places: Tensor | None = None
        self._radius = math.nan

    def find(self, model: Dynamics, places: Tensor, radius: float) -> Neighbours:
        """Return the observations near each component.

        Parameters
        ----------
        model
            Knows the distances.
        places
            The component nearest to each observation, shape (p,).
        radius
            r in the model's unit of distance.

        Raises
        ------
        InputError
            If the model has no distances, or the radius is not positive.
        """
        if not radius > 0:
            raise InputError(f"the localisation radius must be positive; came {radius:g}")
        if self._places is None or self._radius != radius or not torch.equal(self._places, places):
            self._found = _search(model, places, radius)
            self._places, self._radius = places, radius
        return self._found


def _search(model: Dynamics, places: Tensor, radius: float) -> Neighbours:
    n, p = model.size, len(places)
    index = torch.zeros(n, 0, dtype=torch.long, device=places.device)
    weight = torch.zeros(n, 0, dtype=torch.float64, device=places.device)
    for points in torch.arange(n, device=places.device).split(max(1, BLOCK // max(1, p))):
        distance = model.distance(points[:, None], places)
        if distance is None:
            raise InputError(f"{model.name} has no distances between its components, so nothing can be localised there")
        rho = taper(distance.to(torch.float64), radius)
        m = int((rho > 0).sum(1).max()) if p else 0
        if m > index.shape[1]:
            index, weight = (torch.nn.functional.pad(found, (0, m - found.shape[1])) for found in (index, weight))
        # Written in place: results of each block that stayed between the large ones would keep their memory from being freed.
        weight[points, :m], index[points, :m] = rho.topk(m, dim=1)
    return Neighbours(index, weight)
