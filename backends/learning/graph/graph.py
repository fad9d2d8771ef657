"""Graphs of nearest neighbours between places, on periodic domains or open ones, of any number of dimensions."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError

#: Most displacements that are held at once while neighbours are looked for.
AT_ONCE = 2**22


@dataclass(frozen=True, eq=False)
class Graph:
    """Directed edges, k of which arrive at each node; several graphs are one whose parts have no edge between them.

    Attributes
    ----------
    senders
        The k nodes that each node hears, shape (nodes, k).
    displacement
        Place of the sender minus place of the receiver, the shorter way round where the domain is periodic, (nodes, k, d).
    """

    senders: Tensor
    displacement: Tensor

    def to(self, like: Tensor) -> "Graph":
        """Return the same with the device and precision of a tensor."""
        return Graph(self.senders.to(like.device), self.displacement.to(like))


def displacements(origins: Tensor, places: Tensor, period: Tensor | None = None) -> Tensor:
    """Return places minus origins, the shorter way round.

    Parameters
    ----------
    origins
        Shape (..., m, d).
    places
        Shape (..., n, d).
    period
        Length of each dimension of a periodic domain, shape (d,), infinite in a dimension that is open; None: all are open.

    Returns
    -------
    Shape (..., m, n, d), from −period/2 to period/2.
    """
    apart = places[..., None, :, :] - origins[..., :, None, :]
    if period is None:
        return apart
    turns = (apart / period).round()
    # Where the domain is open there are no turns, and 0 times infinity would be no number.
    return apart - torch.where(turns == 0, 0.0, turns * period)


def nearest_neighbours(places: Tensor, neighbours: int, period: Tensor | None = None) -> Graph:
    """Return the graph in which each node hears its nearest other nodes; E sets of places give one graph of E parts.

    Parameters
    ----------
    places
        Shape (E, n, d): on a line d is 1, on a plane 2. Node i of set e is node e n + i of the graph.
    neighbours
        k, edges that arrive at a node. Of equally distant nodes any may be taken.
    period
        As for :func:`displacements`.

    Raises
    ------
    InputError
        If k is not from 1 to n − 1.
    """
    E, n, d = places.shape
    if not 1 <= neighbours < n:
        raise InputError(f"the nearest neighbours of a node among {n} must be from 1 to {n - 1}; came {neighbours}")
    found, between = [], []
    rows = max(1, AT_ONCE // (E * n * d))
    for first in range(0, n, rows):
        apart = displacements(places[:, first : first + rows], places, period)  # (E, rows, n, d)
        distance2 = apart.square().sum(-1)
        row = torch.arange(distance2.shape[1], device=places.device)
        distance2[:, row, first + row] = torch.inf
        nearest = distance2.topk(neighbours, largest=False).indices  # (E, rows, k)
        found.append(nearest)
        between.append(apart.gather(2, nearest[..., None].expand(*nearest.shape, d)))
    offset = n * torch.arange(E, device=places.device)[:, None, None]
    return Graph((torch.cat(found, 1) + offset).flatten(0, 1), torch.cat(between, 1).flatten(0, 1))
