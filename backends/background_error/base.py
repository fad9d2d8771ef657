"""The one interface of all background error covariances B."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.observing.operators import LinearOperator

#: Eigenvalues below minus this share of the largest are no rounding: the matrix is no covariance.
ROUNDING = 1e-12
#: What observations see of B is formed in blocks of about this many elements (32 MB).
BLOCK = 4_000_000
#: B is applied to the rows of H instead of being formed between grid points where that takes so many times more elements
#: than states have: one application on a grid of 200 rows takes about as long as 100 elements for each of its points.
APPLIED = 100


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigenvalues of B in descending order, before the floor, and the floor.

    `negative` counts those that are negative beyond rounding: a matrix that has any is no covariance.
    """

    eigenvalues: Tensor
    floor: float

    @property
    def negative(self) -> int:
        """Number of eigenvalues that are negative beyond rounding."""
        return int((self.eigenvalues < -ROUNDING * self.eigenvalues[0]).sum())

    @property
    def condition(self) -> float:
        """Largest over smallest eigenvalue after the floor; infinite where the smallest is not positive."""
        smallest = max(float(self.eigenvalues[-1]), self.floor)
        return float(self.eigenvalues[0]) / smallest if smallest > 0 else float("inf")


class BackgroundError(ABC):
    """A covariance of background errors, as an operator on states of `size` points.

    Everything takes leading batch dimensions. The square root may have more columns than rows: control vectors have
    `control_size` elements, and B = U Uᵀ for U = `sqrt`.
    """

    size: int
    control_size: int

    @abstractmethod
    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""

    @abstractmethod
    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n), of control vectors of shape (..., control_size)."""

    @abstractmethod
    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""

    @abstractmethod
    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""

    @abstractmethod
    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b, two lists of grid points, shape (len(a), len(b))."""

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x, shape (..., n); not every B has an inverse."""
        del state
        raise InputError(f"{type(self).__name__} has no inverse; use a solver in observation or control space")

    def spectrum(self) -> Spectrum | None:
        """Return the eigenvalues where they are known without the dense matrix."""
        return None

    # What follows holds for every B; a family with more structure does it faster.

    def observed(self, operator: LinearOperator) -> Tensor:
        """Return H B Hᵀ, shape (p, p), some rows at a time."""
        touched = operator.index.shape[1] * len(operator.nodes)
        if touched > APPLIED * self.size:
            blocks = operator.blocks(max(1, BLOCK // self.size))
            return torch.cat([operator(self.apply(some.dense())) for some in blocks])
        blocks = operator.blocks(max(1, BLOCK // max(1, touched)))
        return torch.cat([self.covariance_between(some, operator) for some in blocks])

    def spread(self, operator: LinearOperator, weights: Tensor) -> Tensor:
        """Return B Hᵀ w, shape (..., n), of weights w of shape (..., p)."""
        return self.apply(operator.adjoint(weights))

    def cross(self, operator: LinearOperator, points: Tensor) -> Tensor:
        """Return H B at the given grid points, shape (p, len(points)), some rows or columns at a time."""
        if len(operator.nodes) * len(points) > APPLIED * self.size * max(1, len(operator)):
            blocks = operator.blocks(max(1, BLOCK // self.size))
            return torch.cat([self.apply(some.dense())[:, points] for some in blocks])
        chunks = points.split(max(1, BLOCK // max(1, len(operator.nodes))))
        return torch.cat([operator.interpolate(self.between(operator.nodes, chunk)) for chunk in chunks], dim=1)

    def covariance_between(self, a: LinearOperator, b: LinearOperator) -> Tensor:
        """Return the covariances of what two operators observe, such as interpolations to points: (len(a), len(b))."""
        return b.interpolate(a.interpolate(self.between(a.nodes, b.nodes)).T).T

    def sample(self, draws: int, generator: torch.Generator) -> Tensor:
        """Draw errors from N(0, B), shape (draws, n)."""
        like = self.variance()
        white = torch.randn(draws, self.control_size, generator=generator, dtype=torch.float64)
        return self.sqrt(white.to(like))

    def dense(self) -> Tensor:
        """Return B as a matrix (n, n); for small n and for tests."""
        everything = torch.arange(self.size, device=self.variance().device)
        return self.between(everything, everything)
