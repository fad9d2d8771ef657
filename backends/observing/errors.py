"""Observation errors: the matrix R."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class ObservationError:
    """R with standard deviations σ_o, correlated between observations or not.

    Attributes
    ----------
    sigma
        Standard deviation σ_o of each observation's error, shape (p,), in the unit of the observations.
    correlation
        Correlation matrix, shape (p, p), or None where errors are independent.

    Raises
    ------
    InputError
        If a σ_o is not positive: R must be invertible, an observation without error has no place in J_o.
    """

    sigma: Tensor
    correlation: Tensor | None = None

    def __post_init__(self) -> None:
        check_sigma_o(float(self.sigma.detach().min()) if len(self.sigma) else 1.0)

    def matrix(self) -> Tensor:
        """Return R, shape (p, p)."""
        if self.correlation is None:
            return torch.diag_embed(self.sigma.square())
        return self.correlation * self.sigma[:, None] * self.sigma

    def variance(self) -> Tensor:
        """Return the diagonal of R, shape (p,)."""
        return self.sigma.square()

    def solve(self, residual: Tensor) -> Tensor:
        """Return R⁻¹ r, shape (..., p)."""
        scaled = residual / self.sigma
        if self.correlation is not None:
            shape = scaled.shape
            flat = scaled.reshape(math.prod(shape[:-1]), shape[-1])
            scaled = torch.linalg.solve(self.correlation, flat.T).T.reshape(shape)
        return scaled / self.sigma

    def draw(self, unit: Tensor) -> Tensor:
        """Return errors with covariance R from independent standard normal numbers, shape (..., p)."""
        if self.correlation is not None:
            unit = unit @ torch.linalg.cholesky(self.correlation).T
        return unit * self.sigma

    def weighted(self, weight: Tensor) -> "ObservationError":
        """Return the errors with σ_o divided by √weight, weights in (0, 1], shape (p,): what a robust cost does."""
        return ObservationError(self.sigma / weight.sqrt(), self.correlation)

    def __getitem__(self, which: Tensor) -> "ObservationError":
        correlation = None if self.correlation is None else self.correlation[which][:, which]
        return ObservationError(self.sigma[which], correlation)


def check_sigma_o(sigma: float) -> None:
    """Raise InputError unless σ_o is a positive number."""
    if not (math.isfinite(sigma) and sigma > 0):
        raise InputError(
            f"the observation error σ_o must be a positive number, because R is inverted in the cost and two observations at "
            f"one place could not both be met without it; came {sigma:g}"
        )


def correlated(distance: Tensor, length: float) -> Tensor | None:
    """Return the correlations exp(−d / L_o) of observation errors at distances d (p, p); None for L_o = 0.

    Exponential correlations are positive definite along a line, round a circle and on the sphere. Distances may be
    infinite: such errors are independent.

    Raises
    ------
    InputError
        If L_o is negative, or two errors would be perfectly correlated because their observations are at one place.
    """
    if not (math.isfinite(length) and length >= 0):
        raise InputError(f"the correlation length L_o of observation errors must not be negative; came {length:g}")
    if length == 0:
        return None
    off = ~torch.eye(len(distance), dtype=torch.bool, device=distance.device)
    if bool(((distance < 1e-9) & off).any()):
        raise InputError(
            "two observations are at the same place, so correlated errors (L_o > 0) would make R singular; set L_o to zero or "
            "move one of them"
        )
    return torch.exp(-distance / length)
