"""A covariance with the variances of the climate and a Gaussian correlation of a length that may be chosen."""

import math

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.sphere import ScaledBackgroundError
from backends.cycling.localised import correlation_of_places, fields_of_state
from backends.dynamics.base import Dynamics
from backends.errors import InputError


class SeparateFields(BackgroundError):  # noqa: N818  a covariance of errors, no exception
    """I ⊗ C: one correlation of places for several fields that are not correlated with each other.

    Parameters
    ----------
    places
        C, of one field.
    fields
        Their number; states have them one after the other.
    """

    def __init__(self, places: BackgroundError, fields: int) -> None:
        self.places, self.fields = places, fields
        self.size, self.control_size = fields * places.size, fields * places.control_size

    def apply(self, state: Tensor) -> Tensor:
        """Return (I ⊗ C) x, shape (..., n)."""
        return self.places.apply(state.unflatten(-1, (self.fields, self.places.size))).flatten(-2)

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n), of control vectors that are those of the fields one after the other."""
        return self.places.sqrt(control.unflatten(-1, (self.fields, self.places.control_size))).flatten(-2)

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        return self.places.sqrt_adjoint(state.unflatten(-1, (self.fields, self.places.size))).flatten(-2)

    def variance(self) -> Tensor:
        """Return the diagonal, shape (n,)."""
        return self.places.variance().repeat(self.fields)

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements in rows a and columns b: zero where their fields differ."""
        points = self.places.size
        here = self.places.between(a % points, b % points)
        return here * ((a // points)[:, None] == b // points).to(here)


def gaussian_covariance(dynamics: Dynamics, variance: Tensor, length: float) -> BackgroundError:
    """Return D^½ C D^½ with C = exp(−d²/2L²), d the distance between places of a model.

    On a periodic axis C is summed over all images, on the sphere d is the great-circle distance; fields of a model are not
    correlated with each other.

    Parameters
    ----------
    dynamics
        Knows distances and how its states are laid out; see :func:`~backends.cycling.localised.localised_covariance`.
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
