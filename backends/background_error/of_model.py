"""Covariances on the grid of a model: its climate's, localised, and one with a Gaussian correlation of a chosen length."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.ensemble import EnsembleBackgroundError
from backends.background_error.fields import SeparateFields, SharedCorrelation
from backends.background_error.separable import SeparableCorrelation, axis_root
from backends.background_error.sphere import MAX_LENGTH_KM, ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.geometry.grid import LatLonGrid

#: Length of the Gaussian localisation as a part of each axis. Of 0.1, 0.15 and 0.2 the second brings the covariance of 120
#: states of Kolmogorov flow nearest to that of 2,000, of 200 states the third; shorter and longer ones are worse.
LENGTH = 0.15
#: The same on the sphere, as a part of the way from pole to pole: 4,000 km would be best for 100 states of shallow water, and
#: this is nearly as good and the longest that is a correlation there.
LENGTH_KM = MAX_LENGTH_KM


def gaussian_covariance(dynamics: Dynamics, variance: Tensor, length: float) -> BackgroundError:
    """Return D^½ C D^½ with C = exp(−d²/2L²), d the distance between places of a model.

    On a periodic axis C is summed over all images, on the sphere d is the great-circle distance; fields of a model are not
    correlated with each other.

    Parameters
    ----------
    dynamics
        Knows distances and how its states are laid out; see :func:`localised_covariance`.
    variance
        The diagonal of D, shape (n,).
    length
        L in the model's unit of distance; on the sphere at most 3,000 km.

    Raises
    ------
    InputError
        If L is not positive or too long for the sphere, or the model has no distances.
    """
    if not (math.isfinite(length) and length > 0):
        raise InputError(f"the correlation length L of B must be a positive number; came {length:g}")
    places, fields = correlation_of_places(dynamics, variance, length), fields_of_state(dynamics)
    # Where the climate never varies, errors are as good as zero, too.
    sigma = variance.clamp(min=torch.finfo(variance.dtype).tiny).sqrt()
    return ScaledBackgroundError(SeparateFields(places, fields) if fields > 1 else places, sigma)


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
    return SeparableCorrelation([axis_root(*axis) for axis in zip(axes, periodic, parts, strict=True)], like)


def _spacings(dynamics: Dynamics, axes: Sequence[int], device: torch.device) -> list[float]:
    """Return the distance between neighbours along each axis."""
    neighbours = torch.tensor([math.prod(axes[axis + 1 :]) for axis in range(len(axes))], device=device)
    apart = dynamics.distance(torch.zeros_like(neighbours), neighbours)
    if apart is None:
        raise InputError(f"{dynamics.name} has no distances between its components, so correlations cannot have a length there")
    return [float(h) for h in apart]
