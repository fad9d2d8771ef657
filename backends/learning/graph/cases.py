"""Cases: irregular places on a periodic line, a field there, and noisy observations of some of the nodes."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.learning.graph.fields import Fields
from backends.learning.graph.graph import Graph, displacements, nearest_neighbours


@dataclass(frozen=True, eq=False)
class Cases:
    """E lines of n nodes each; places are in mean node spacings, so that a line is n long.

    Attributes
    ----------
    places
        Shape (E, n), ascending along the line as they are drawn; nothing needs that.
    truth
        Shape (E, n).
    observed
        Which nodes are observed, shape (E, n).
    values
        Observations, zero where there are none, shape (E, n).
    """

    places: Tensor
    truth: Tensor
    observed: Tensor
    values: Tensor

    @property
    def domain(self) -> float:
        """Length of the line."""
        return float(self.places.shape[-1])

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, kept: slice) -> "Cases":
        """Return some of the lines."""
        return Cases(self.places[kept], self.truth[kept], self.observed[kept], self.values[kept])

    def apart(self) -> Tensor:
        """Return the place of node j minus that of node i, the shorter way round, (E, i, j)."""
        places = self.places[..., None]
        return displacements(places, places, self._period)[..., 0]

    def graph(self, neighbours: int) -> Graph:
        """Return the graph of nearest neighbours of all lines."""
        return nearest_neighbours(self.places[..., None], neighbours, self._period)

    @property
    def _period(self) -> Tensor:
        return self.places.new_tensor([self.domain])


@dataclass(frozen=True)
class Draws:
    """What cases are drawn from.

    Attributes
    ----------
    fields
        The kind of truth.
    jitter
        How far a node may lie from its regular place, as a part of half a spacing: at 1 neighbours may touch.
    share
        Least and greatest share of the nodes that is observed; each case has its own, at least one node, and never all.
    sigma
        σ_o, standard deviation of the observation errors.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    fields: Fields
    jitter: float = 0.8
    share: tuple[float, float] = (0.2, 0.5)
    sigma: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.jitter <= 1:
            raise InputError(f"the jitter of the places must be from 0 to 1; came {self.jitter:g}")
        if not 0 < self.share[0] <= self.share[1] < 1:
            raise InputError(f"the share of nodes observed must be a range between 0 and 1; came {list(self.share)}")
        if not self.sigma > 0:
            raise InputError(f"the standard deviation σ_o of observation errors must be positive; came {self.sigma:g}")

    def draw(self, cases: int, nodes: int, generator: torch.Generator, even: bool = False) -> Cases:
        """Draw cases of so many nodes, float64 on the CPU, which the generator is on too.

        With `even` the shares observed are not drawn but spread evenly over their range, from the first case to the last: so
        few long lines are observed like many short ones.
        """
        E, n = cases, nodes

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, dtype=torch.float64)

        places = torch.arange(n) + self.jitter * (uniform(E, n) - 0.5)
        truth = self.fields.draw(places, n, generator)
        low, high = self.share
        part = (torch.arange(E)[:, None] + 0.5) / E if even else uniform(E, 1)
        count = ((low + (high - low) * part) * n).round().clamp(1, n - 1)
        observed = uniform(E, n).argsort(1).argsort(1) < count
        noise = self.sigma * torch.randn(E, n, generator=generator, dtype=torch.float64)
        return Cases(places, truth, observed, torch.where(observed, truth + noise, 0.0))
