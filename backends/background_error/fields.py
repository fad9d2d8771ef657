"""From the correlation of places to that of states with several fields, one after the other."""

from torch import Tensor

from backends.background_error.base import BackgroundError


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
