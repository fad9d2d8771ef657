"""B from an ensemble, localised, and the hybrid of a static and an ensemble B."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.errors import InputError
from backends.observing.operators import LinearOperator


class EnsembleBackgroundError(BackgroundError):
    """B = L ∘ X Xᵀ / (N − 1): the sample covariance of N members, localised by a Schur product.

    The square root has a control vector per member (Lorenc, 2003, Q. J. R. Meteorol. Soc. 129, 3183–3203):
    U v = Σ_k x_k / √(N − 1) ∘ L^{1/2} v_k.

    Parameters
    ----------
    members
        Shape (N, n), N ≥ 2; the mean is taken off.
    localisation
        A correlation L on the same grid.

    Raises
    ------
    InputError
        If there are fewer than two members, or the sizes differ.
    """

    def __init__(self, members: Tensor, localisation: BackgroundError) -> None:
        if members.ndim != 2 or len(members) < 2:
            raise InputError(f"a covariance needs at least two members; came shape {tuple(members.shape)}")
        if members.shape[1] != localisation.size:
            raise InputError(f"members have {members.shape[1]} points, the localisation {localisation.size}")
        self.anomalies = (members - members.mean(0)) / (len(members) - 1) ** 0.5
        self.localisation = localisation
        self.size = localisation.size
        self.control_size = len(members) * localisation.control_size

    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""
        return (self.anomalies * self.localisation.apply(self.anomalies * state[..., None, :])).sum(-2)

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n)."""
        per_member = control.unflatten(-1, (len(self.anomalies), self.localisation.control_size))
        return (self.anomalies * self.localisation.sqrt(per_member)).sum(-2)

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        return self.localisation.sqrt_adjoint(self.anomalies * state[..., None, :]).flatten(-2)

    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""
        return self.anomalies.square().sum(0) * self.localisation.variance()

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b."""
        return self.localisation.between(a, b) * (self.anomalies[:, a].T @ self.anomalies[:, b])


class HybridBackgroundError(BackgroundError):
    """B = Σ_k β_k² B_k; with a static and an ensemble B, the hybrid of Hamill and Snyder (2000) with weights β_s², β_e².

    Parameters
    ----------
    parts
        Covariances on one grid.
    weights
        β_k² ≥ 0, one per part.
    """

    def __init__(self, parts: Sequence[BackgroundError], weights: Sequence[float]) -> None:
        self.parts = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight > 0]
        if not self.parts:
            raise InputError(f"the weights of a hybrid B must not all be zero; came {list(weights)}")
        self.size = self.parts[0][0].size
        self.control_size = sum(part.control_size for part, _ in self.parts)

    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""
        return self._sum(weight * part.apply(state) for part, weight in self.parts)

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n), of control vectors that are those of the parts one after the other."""
        pieces = control.split([part.control_size for part, _ in self.parts], dim=-1)
        return self._sum(weight**0.5 * part.sqrt(v) for (part, weight), v in zip(self.parts, pieces, strict=True))

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        return torch.cat([weight**0.5 * part.sqrt_adjoint(state) for part, weight in self.parts], dim=-1)

    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""
        return self._sum(weight * part.variance() for part, weight in self.parts)

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b."""
        return self._sum(weight * part.between(a, b) for part, weight in self.parts)

    def cross(self, operator: LinearOperator, points: Tensor) -> Tensor:
        """Return H B at the given grid points, shape (p, len(points))."""
        return self._sum(weight * part.cross(operator, points) for part, weight in self.parts)

    @staticmethod
    def _sum(terms: Iterable[Tensor]) -> Tensor:
        return torch.stack(list(terms)).sum(0)
