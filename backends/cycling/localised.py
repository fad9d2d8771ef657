"""The climatological covariance of a large state: a sample covariance, localised in space."""

import math

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.correlation import gaussian
from backends.background_error.ensemble import EnsembleBackgroundError
from backends.dynamics.base import Dynamics

#: Length of the localisation along each axis, as a part of the axis. A Gaussian of a tenth has fallen to 0.14 a fifth away:
#: far enough for the structures of the testbeds, near enough that 200 states do not correlate what is far apart.
LENGTH = 0.1


class GridLocalisation(BackgroundError):  # noqa: N818, it is no exception
    """A separable correlation on the axes of a grid, the same for all fields of a state and fully correlated between them.

    L = 1 1ᵀ ⊗ C_1 ⊗ C_2 …, with Gaussian correlations of grid distance along each axis, summed over all images where it
    is periodic. A Schur product with it keeps the covariances between fields at one place.

    Parameters
    ----------
    shape
        Points of a field, slowest axis first.
    periodic
        Of each axis.
    fields
        Number of fields.
    length
        Of the Gaussian, as a part of each axis.
    like
        Whose device and precision it has.
    """

    def __init__(self, shape: tuple[int, ...], periodic: tuple[bool, ...], fields: int, length: float, like: Tensor) -> None:
        self.shape, self.fields = shape, fields
        self._points = math.prod(shape)
        self.size, self.control_size = fields * self._points, self._points
        self._correlations = [_axis(n, wraps, length).to(like) for n, wraps in zip(shape, periodic, strict=True)]
        self._roots = [_root(correlation) for correlation in self._correlations]

    def apply(self, state: Tensor) -> Tensor:
        """Return L x, shape (..., n)."""
        return self._spread(self._along(self._gathered(state), self._correlations))

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n), of controls for one field, which all fields share."""
        return self._spread(self._along(control, self._roots))

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., points of one field)."""
        return self._along(self._gathered(state), [root.mT for root in self._roots])

    def variance(self) -> Tensor:
        """Return ones, shape (n,)."""
        return torch.ones(self.size, dtype=self._correlations[0].dtype, device=self._correlations[0].device)

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements in rows a and columns b, whatever fields they are of."""
        a, b = a % self._points, b % self._points
        result = torch.ones(len(a), len(b), dtype=self._correlations[0].dtype, device=a.device)
        for correlation, n in zip(reversed(self._correlations), reversed(self.shape), strict=True):
            result *= correlation[(a % n)[:, None], b % n]
            a, b = a // n, b // n
        return result

    def _gathered(self, state: Tensor) -> Tensor:
        """Return the sum of all fields, (..., points)."""
        return state.unflatten(-1, (self.fields, self._points)).sum(-2)

    def _spread(self, field: Tensor) -> Tensor:
        return field.unsqueeze(-2).expand(*field.shape[:-1], self.fields, self._points).flatten(-2)

    def _along(self, field: Tensor, matrices: list[Tensor]) -> Tensor:
        """Return a field (..., points) multiplied by a matrix along each axis."""
        shaped = field.unflatten(-1, self.shape)
        for axis, matrix in enumerate(matrices, start=-len(self.shape)):
            shaped = torch.movedim(torch.movedim(shaped, axis, -1) @ matrix.mT, -1, axis)
        return shaped.flatten(-len(self.shape))


def localised_covariance(dynamics: Dynamics, states: Tensor, length: float = LENGTH) -> BackgroundError:
    """Return the sample covariance of states (K, n) of a model, localised on its grid.

    Parameters
    ----------
    dynamics
        With attributes `shape` of the state, slowest first, and `periodic` of each axis; an axis in front of two others
        counts the fields.
    states
        That the covariance is estimated from.
    length
        Of the localisation, as a part of each axis.
    """
    shape: tuple[int, ...] = getattr(dynamics, "shape", (dynamics.size,))
    periodic: tuple[bool, ...] = getattr(dynamics, "periodic", (True,) * len(shape))
    fields = shape[0] if len(shape) == 3 else 1
    if len(shape) == 3:
        shape, periodic = shape[1:], periodic[1:]
    return EnsembleBackgroundError(states, GridLocalisation(shape, periodic, fields, length, states))


def _axis(points: int, wraps: bool, length: float) -> Tensor:
    """Return the correlation matrix along an axis, (n, n), one on the diagonal."""
    place = torch.arange(points, dtype=torch.float64) / points
    apart = place[:, None] - place
    images = range(-3, 4) if wraps else (0,)
    correlation = torch.stack([gaussian((apart + k) / length) for k in images]).sum(0)
    return correlation / correlation[0, 0]


def _root(correlation: Tensor) -> Tensor:
    """Return the symmetric square root; eigenvalues that rounding has made negative count as zero."""
    eigenvalues, Q = torch.linalg.eigh(correlation.double())
    return ((Q * eigenvalues.clamp(min=0).sqrt()) @ Q.T).to(correlation)
