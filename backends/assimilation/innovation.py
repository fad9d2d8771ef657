"""The innovation covariance S = H B Hᵀ + R, factorised once; what the analysis, its diagnostics and the likelihood share."""

import math
from functools import cached_property

import torch
from torch import Tensor

from backends.errors import InputError


class InnovationCovariance:
    """S = H B Hᵀ + R of p observations; leading dimensions are settings or cases.

    Everything p x p is in double precision: in single precision the Cholesky factorisation fails for long correlation
    lengths.

    Parameters
    ----------
    background
        H B Hᵀ, shape (..., p, p).
    observation
        R, shape (..., p, p).
    used
        Shape (..., p), boolean. Rows and columns of observations that are not used become those of the identity, and
        count nowhere.

    Raises
    ------
    InputError
        If S is not positive definite in the arithmetic used.
    """

    def __init__(self, background: Tensor, observation: Tensor, used: Tensor) -> None:
        self.background, self.observation, self.used = background.double(), observation.double(), used
        total = self.background + self.observation
        if not bool(used.all()):
            both = used[..., :, None] & used[..., None, :]
            total = torch.where(both, total, torch.eye(total.shape[-1], dtype=total.dtype, device=total.device))
        self.total = total
        self.factor, failed = torch.linalg.cholesky_ex(total)
        if bool((failed > 0).any()):
            raise InputError(
                "H B Hᵀ + R is numerically singular or not positive definite: raise σ_o or the floor α, shorten L, or use "
                "fewer observations"
            )

    @property
    def count(self) -> Tensor:
        """Number of observations used, shape (...)."""
        return self.used.sum(-1)

    def solve(self, innovation: Tensor) -> Tensor:
        """Return S⁻¹ d, shape (..., p); zero at observations that are not used."""
        d = torch.where(self.used, innovation.double(), 0.0)
        if self.factor.ndim == 2:
            shape = d.shape
            return torch.cholesky_solve(d.reshape(math.prod(shape[:-1]), shape[-1]).T, self.factor).T.reshape(shape)
        return torch.cholesky_solve(d[..., None], self.factor)[..., 0]

    def twice_minimum(self, innovation: Tensor) -> Tensor:
        """Return χ² = 2 J_min = dᵀ S⁻¹ d, shape (...)."""
        return (torch.where(self.used, innovation.double(), 0.0) * self.solve(innovation)).sum(-1)

    def negative_log_likelihood(self, innovation: Tensor) -> Tensor:
        """Return −log p(d) = ½ dᵀ S⁻¹ d + ½ log det S + ½ p log 2π, shape (...)."""
        half_log_det = self.factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return 0.5 * self.twice_minimum(innovation) + half_log_det + 0.5 * math.log(2 * math.pi) * self.count.double()

    @cached_property
    def signal(self) -> Tensor:
        """Degrees of freedom for signal of each observation, the diagonal of H K = H B Hᵀ S⁻¹, shape (..., p).

        They sum to DFS = tr(H K) (Rodgers, 2000). Zero at observations that are not used.
        """
        masked = torch.where(self.used[..., :, None] & self.used[..., None, :], self.background, 0.0)
        inverse = torch.cholesky_inverse(self.factor)
        return (masked * inverse).sum(-1)
