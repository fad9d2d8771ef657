"""What every domain of a state offers, whether it is a line, a plane, the sphere or a set of stations."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from backends.errors import InputError

#: A place this close to another, as a fraction of the domain's size, counts as the same when clicked.
REACH = 0.02


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a sparse linear operator on states of `size` points.

    Attributes
    ----------
    size
        Number n of grid points.
    index, weight
        Shape (p, k): the grid points that each of the p rows touches, and with which weights. Rows that touch fewer
        than k points are filled up with zero weights.
    factors
        On a plane, where every row is the product of a row along z and a row along x: these, dense, shape (p, nz) and
        (p, nx). Otherwise None.
    """

    size: int
    index: Tensor
    weight: Tensor
    factors: tuple[Tensor, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.index)


class Domain(Protocol):
    """Where a state lives; places are tensors of shape (p, k), one row of coordinates per place.

    Attributes
    ----------
    names, units
        Of the k coordinates.
    shape
        Of a state as an array; `size` is the product.
    """

    names: ClassVar[tuple[str, ...]]
    units: ClassVar[tuple[str, ...]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a state as an array."""
        ...

    @property
    def size(self) -> int:
        """Number n of points of a state."""
        ...

    def coordinates(self) -> Tensor:
        """Return the places of all points of a state, in its order, shape (n, k)."""
        ...

    def area_weights(self) -> Tensor:
        """Return the share of each point in a mean over the domain, shape (n,), summing to one."""
        ...

    def uniform(self, u: Tensor) -> Tensor:
        """Return places (p, k), spread evenly over the domain, from numbers of the unit interval (p, 2)."""
        ...

    def regular(self, count: int) -> Tensor:
        """Return about `count` places at even distances, shape (p, k)."""
        ...

    def interpolation(self, places: Tensor) -> Rows:
        """Return the rows that interpolate a state linearly to places of shape (p, k).

        Raises
        ------
        InputError
            If a place lies outside the domain.
        """
        ...

    def area_means(self, places: Tensor, radius: float) -> Rows:
        """Return the rows that average a state over what is within a radius (in the domain's unit) of each place."""
        ...

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the distances between all places of `a` and all of `b`, shape (len(a), len(b))."""
        ...

    def apart(self, places: Tensor, place: Tensor) -> Tensor:
        """Return how far places are from one place, as fractions of the domain's size, shape (p,)."""
        ...


def bracket(axis: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each position the index of the axis point at or below it, and the fraction of the way to the next."""
    lower = (torch.searchsorted(axis.contiguous(), position.contiguous(), right=True) - 1).clamp(0, len(axis) - 2)
    fraction = (position - axis[lower]) / (axis[lower + 1] - axis[lower])
    return lower, fraction.clamp(0, 1)


def one_hot_rows(size: int, index: Tensor, weight: Tensor) -> Tensor:
    """Return rows given by index and weight, shape (p, k), as a dense matrix (p, size)."""
    return weight.new_zeros(len(index), size).scatter_add_(1, index, weight)


def rows_of(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return index and weight, shape (p, k), of a matrix (p, n) with at most k entries in a row that are not zero."""
    most = max(1, int((matrix != 0).sum(1).max())) if len(matrix) else 1
    index = (matrix != 0).to(matrix.dtype).topk(most, dim=1).indices
    return index, matrix.gather(1, index)


def outside(places: Tensor, wrong: Tensor, names: tuple[str, ...], span: str) -> InputError:
    """Return the error for the first place that lies outside a domain."""
    k = int(wrong.nonzero()[0, 0])
    where = ", ".join(f"{name} = {float(value):g}" for name, value in zip(names, places[k], strict=True))
    return InputError(f"observation {k + 1} at {where} lies outside the domain, which spans {span}")


def centres(count: int) -> Tensor:
    """Return the middles of `count` equal parts of the unit interval, shape (count,)."""
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count
