"""What background errors are learned from and judged with: samples, unseen cases, and what is known of the true statistics."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from backends.errors import InputError
from backends.learning.variational.cases import Cases
from backends.learning.variational.plane import ArchiveDraws


@dataclass(frozen=True, eq=False)
class FactorErrors:
    """B = F Fᵀ of all cases of a batch, F of shape (n, m), with any number of columns; it need not have an inverse."""

    factor: Tensor

    def sqrt(self, control: Tensor) -> Tensor:
        """Return F v, (E, ..., n)."""
        return control @ self.factor.mT

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Fᵀ x, (E, ..., m)."""
        return state @ self.factor

    def inverse(self, state: Tensor) -> Tensor:
        """Raise InputError: a covariance that is given by a factor may be singular."""
        del state
        raise InputError(f"B = F Fᵀ has no inverse; use its control space, of {self.factor.shape[1]} elements")

    def between(self, points: Tensor) -> Tensor:
        """Return the elements of B between grid points (E, k) of each case, (E, k, k)."""
        rows = self.factor[points]
        return rows @ rows.mT

    def of(self, some: Tensor) -> "FactorErrors":
        """Return itself: all cases share it."""
        del some
        return self

    def to(self, like: Tensor) -> "FactorErrors":
        """Return it with the device and precision of a tensor."""
        return FactorErrors(self.factor.to(like))


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Pairs of neighbouring points, (m, 2), and how far they are apart, (m,): what correlation lengths are read from."""

    pairs: Tensor
    spacing: Tensor


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of background errors, and cases that nothing is learned from.

    Attributes
    ----------
    trained
        Truth minus background, shape (K, n), float64, with mean zero over the samples.
    backgrounds, truths
        Of cases to validate and test with, shape (T, n), float64.
    count, sigma_o
        Least and most observations of a case, each at a grid point of its own, and σ_o.
    neighbours
        Of the grid.
    point
        The grid point of the single observation whose increment is shown.
    references
        Other covariances that 3D-Var is done with, by the last word of their scores, as factors (n, m); the true B, where it is
        known, is "exact".
    best
        Cases to the analysis increments with the least RMSE, (E, n), where they are known.
    """

    trained: Tensor
    backgrounds: Tensor
    truths: Tensor
    count: tuple[int, int]
    sigma_o: float
    neighbours: Neighbours
    point: int
    references: dict[str, Tensor]
    best: Callable[[Cases], Tensor] | None = None

    def unseen(self) -> Tensor:
        """Return the errors of the unseen cases, (T, n)."""
        return self.truths - self.backgrounds

    @cached_property
    def factor(self) -> Tensor:
        """F of the covariance of the samples, (n, min(K, n)): the B of the NMC method."""
        return sample_factor(self.trained)

    def cases(self, count: int, seed: int) -> Cases:
        """Return unseen cases with observations from a seed, in double precision; their B is that of the samples (NMC)."""
        errors = FactorErrors(self.factor)
        draws = ArchiveDraws(self.truths, self.backgrounds, errors, self.count, self.sigma_o)
        drawn = draws.draw(count, torch.Generator().manual_seed(seed)).to(torch.empty(0, dtype=torch.float64))
        return replace(drawn, errors=errors)


def sample_factor(errors: Tensor) -> Tensor:
    """Return F with F Fᵀ = Σ e eᵀ / K of errors (K, n), shape (n, min(K, n))."""
    _, values, vectors = torch.linalg.svd(errors, full_matrices=False)
    return vectors.mT * (values / len(errors) ** 0.5)


def factor_of(covariance: Tensor, floor: float = 1e-10) -> Tensor:
    """Return F with F Fᵀ = B, (n, n), of a covariance (n, n); eigenvalues are floored at α λ_max."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=float(floor * values[-1])).sqrt()


def single_observation(background: Tensor, point: int, innovation: float, sigma_o: float, factor: Tensor) -> Cases:
    """Return a case with one observation at a grid point (n,), whose innovation is given; its B is F Fᵀ."""
    one = background.new_zeros(1, 1)
    return Cases(
        truth=background[None],
        background=background[None],
        nodes=torch.full((1, 1, 1), point),
        weights=one[..., None] + 1,
        values=one + background[point] + innovation,
        used=torch.ones(1, 1, dtype=torch.bool),
        sigma=background.new_full((1,), sigma_o),
        errors=FactorErrors(factor),
        conditions=background.new_zeros(1, 0),
    )
