"""The climatological covariance of a large state: a sample covariance, localised on the grid of its model."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.correlation import Correlation, gaussian
from backends.background_error.ensemble import EnsembleBackgroundError
from backends.background_error.sphere import MAX_LENGTH_KM, SphereCorrelation, SphereGeometry
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.geometry.grid import LatLonGrid

#: Length of the Gaussian localisation as a part of each axis. Of 0.1, 0.15 and 0.2 the second brings the covariance of 120
#: states of Kolmogorov flow nearest to that of 2,000, of 200 states the third; shorter and longer ones are worse.
LENGTH = 0.15
#: The same on the sphere, as a part of the way from pole to pole: 4,000 km would be best for 100 states of shallow water, and
#: this is nearly as good and the longest that is a correlation there.
LENGTH_KM = MAX_LENGTH_KM
#: Images of a periodic axis count until they are this many lengths away, where a Gaussian is below 1e-17.
REACH = 9
#: From this length on, as a part of a periodic axis, the sum over images is the same everywhere to 1e-30.
FLAT = 2.0
#: Directions of an axis with eigenvalues below this share of the largest are left out of square roots.
NEGLIGIBLE = 1e-12


class SeparableCorrelation(BackgroundError):  # noqa: N818  a covariance of errors, no exception
    """C = C_1 ⊗ C_2 ⊗ …, a correlation along each axis of a grid, each given by its root: C_i = U_i U_iᵀ.

    Long correlations need few directions: control vectors have one element for each of their products.

    Parameters
    ----------
    roots
        U_i of each axis, (n_i, columns), in double precision, that of the slowest index first.
    like
        Whose device and precision states have.
    """

    def __init__(self, roots: Sequence[Tensor], like: Tensor) -> None:
        self._roots = [root.to(like) for root in roots]
        self._adjoints = [root.mT for root in self._roots]
        self.shape = tuple(len(root) for root in self._roots)
        self._controls = tuple(root.shape[1] for root in self._roots)
        self.size, self.control_size = math.prod(self.shape), math.prod(self._controls)

    def apply(self, state: Tensor) -> Tensor:
        """Return C x, shape (..., n)."""
        return self.sqrt(self.sqrt_adjoint(state))

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n)."""
        return _along(control, self._controls, self._roots)

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        return _along(state, self.shape, self._adjoints)

    def variance(self) -> Tensor:
        """Return the diagonal of C, shape (n,)."""
        result = self._roots[0].new_ones(1)
        for root in self._roots:
            result = torch.outer(result, root.square().sum(1)).flatten()
        return result

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of C in rows a and columns b."""
        result = self._roots[0].new_ones(len(a), len(b))
        for root in reversed(self._roots):
            a, i = a // len(root), a % len(root)
            b, j = b // len(root), b % len(root)
            result *= root[i] @ root[j].mT
        return result


class SharedCorrelation(BackgroundError):  # noqa: N818  a covariance of errors, no exception
    """1 1ᵀ ⊗ C: one correlation of places for several fields, which are fully correlated with each other at one place.

    As a localisation it tapers by distance alone and keeps covariances between fields. Its rank is that of C.

    Parameters
    ----------
    places
        C, of one field.
    fields
        Their number; states have them one after the other.
    """

    def __init__(self, places: BackgroundError, fields: int) -> None:
        self.places, self.fields = places, fields
        self.size, self.control_size = fields * places.size, places.control_size

    def apply(self, state: Tensor) -> Tensor:
        """Return L x, shape (..., n)."""
        return self._spread(self.places.apply(self._gathered(state)))

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n): the same in all fields."""
        return self._spread(self.places.sqrt(control))

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        return self.places.sqrt_adjoint(self._gathered(state))

    def variance(self) -> Tensor:
        """Return the diagonal of L, shape (n,)."""
        return self.places.variance().repeat(self.fields)

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of L in rows a and columns b, whatever fields they are of."""
        return self.places.between(a % self.places.size, b % self.places.size)

    def _gathered(self, state: Tensor) -> Tensor:
        return state.unflatten(-1, (self.fields, self.places.size)).sum(-2)

    def _spread(self, field: Tensor) -> Tensor:
        return field.unsqueeze(-2).expand(*field.shape[:-1], self.fields, self.places.size).flatten(-2)


def localised_covariance(dynamics: Dynamics, states: Tensor) -> BackgroundError:
    """Return the sample covariance of states of a model, localised by a Gaussian of distance on its grid.

    Parameters
    ----------
    dynamics
        Says by what attributes it has how its states are laid out: `shape`, slowest axis first, which is (n,) if it has none;
        `fields`, the names of its fields where it has several, which the first axis then counts; and of the axes of a
        field either `latitudes` and `longitudes` in degrees, or `periodic`, whether each closes on itself. Without these a
        model is a ring, as Lorenz (1996) is.
    states
        What the covariance is estimated from, shape (K, n).

    Raises
    ------
    InputError
        If the states are not of the size of the model, or there are fewer than two.
    """
    if states.ndim != 2 or states.shape[1] != dynamics.size:
        raise InputError(f"states of {dynamics.name} must have shape (K, {dynamics.size}); came {tuple(states.shape)}")
    return EnsembleBackgroundError(states, localisation(dynamics, states))


def localisation(dynamics: Dynamics, like: Tensor) -> BackgroundError:
    """Return the correlation that covariances of a model are tapered by, with the device and precision of `like`."""
    places, fields = correlation_of_places(dynamics, like), fields_of_state(dynamics)
    return SharedCorrelation(places, fields) if fields > 1 else places


def fields_of_state(dynamics: Dynamics) -> int:
    """Return how many fields the states of a model have, one after the other."""
    return len(getattr(dynamics, "fields", ("",)))


def correlation_of_places(dynamics: Dynamics, like: Tensor, length: float | None = None) -> BackgroundError:
    """Return the Gaussian correlation between the places of one field of a model.

    Parameters
    ----------
    dynamics
        Laid out as :func:`localised_covariance` says.
    like
        Whose device and precision the result has.
    length
        L in the model's unit of distance; None: :data:`LENGTH` of each axis, :data:`LENGTH_KM` on the sphere.

    Raises
    ------
    InputError
        If L is too long for the sphere, or the model has no distances.
    """
    if hasattr(dynamics, "latitudes") and hasattr(dynamics, "longitudes"):
        grid = LatLonGrid(dynamics.latitudes, dynamics.longitudes).to(like.device, like.dtype)
        return SphereCorrelation(SphereGeometry(grid), Correlation("gaussian", LENGTH_KM if length is None else length))
    shape: tuple[int, ...] = getattr(dynamics, "shape", (dynamics.size,))
    axes = shape[1:] if fields_of_state(dynamics) > 1 else shape
    periodic: tuple[bool, ...] = getattr(dynamics, "periodic", (True,) * len(axes))
    if length is None:
        parts = [LENGTH] * len(axes)
    else:
        parts = [length / (n * h) for n, h in zip(axes, _spacings(dynamics, axes, like.device), strict=True)]
    return SeparableCorrelation([_axis(*axis) for axis in zip(axes, periodic, parts, strict=True)], like)


def _spacings(dynamics: Dynamics, axes: Sequence[int], device: torch.device) -> list[float]:
    """Return the distance between neighbours along each axis."""
    neighbours = torch.tensor([math.prod(axes[axis + 1 :]) for axis in range(len(axes))], device=device)
    apart = dynamics.distance(torch.zeros_like(neighbours), neighbours)
    if apart is None:
        raise InputError(f"{dynamics.name} has no distances between its components, so correlations cannot have a length there")
    return [float(h) for h in apart]


def _axis(points: int, periodic: bool, length: float) -> Tensor:
    """Return U with U Uᵀ the Gaussian correlation matrix of an axis in double precision, as many columns as matter.

    On a periodic axis it is summed over all images and scaled: a Gaussian of the shorter way round has negative eigenvalues.
    Its eigenvectors are waves there, so that the matrix need not be formed, however long the axis is.
    """
    place = torch.arange(points, dtype=torch.float64) / points
    if not periodic:
        values, vectors = torch.linalg.eigh(gaussian((place[:, None] - place) / length))
        kept = values > NEGLIGIBLE * values[-1]
        return vectors[:, kept] * values[kept].sqrt()
    length = min(length, 3.0)  # beyond, the correlation is one everywhere, to far less than rounding
    reach = 3 + math.ceil(9 * length)
    images = torch.arange(-reach, reach + 1, dtype=torch.float64)
    row = gaussian((place + images[:, None]) / length).sum(0)
    values = torch.fft.rfft(row / row[0]).real
    wave = (values > NEGLIGIBLE * values.max()).nonzero()[:, 0]
    alone = (wave == 0) | (2 * wave == points)  # all others are a pair, cosine and sine
    size = (values[wave] * torch.where(alone, 1.0, 2.0) / points).sqrt()
    angle = 2 * math.pi * place[:, None] * wave
    return torch.cat([size * angle.cos(), (size * angle.sin())[:, ~alone]], dim=1)


def _along(field: Tensor, shape: tuple[int, ...], matrices: Sequence[Tensor]) -> Tensor:
    """Return fields (..., n) of the given shape multiplied by a matrix along each axis, flat again."""
    shaped = field.unflatten(-1, shape)
    for axis, matrix in enumerate(matrices, start=-len(shape)):
        shaped = (shaped.movedim(axis, -1) @ matrix.mT).movedim(-1, axis)
    return shaped.flatten(-len(shape))
