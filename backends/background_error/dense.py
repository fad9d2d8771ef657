"""B as a matrix, where the state is small."""

from functools import cached_property

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError, Spectrum
from backends.background_error.correlation import check_floor
from backends.errors import InputError


class DenseBackgroundError(BackgroundError):
    """A B that is given as a matrix, eigenvalues floored at α λ_max.

    Parameters
    ----------
    matrix
        Symmetric, shape (n, n).
    floor
        α ≥ 0; with 0 the matrix stays as it is.
    """

    def __init__(self, matrix: Tensor, floor: float = 0.0) -> None:
        check_floor(floor)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise InputError(f"B must be a square matrix; came shape {tuple(matrix.shape)}")
        self.size = self.control_size = len(matrix)
        self._given, self._share = matrix, floor

    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""
        return state @ self._matrix

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v = Q Λ^{1/2} v, shape (..., n)."""
        return (control * self._eigenvalues.clamp(min=0).sqrt()) @ self._decomposed[1].T

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., n)."""
        return (state @ self._decomposed[1]) * self._eigenvalues.clamp(min=0).sqrt()

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x, shape (..., n).

        Raises
        ------
        InputError
            If an eigenvalue is not positive.
        """
        if float(self._eigenvalues.min()) <= 0:
            raise InputError("B has eigenvalues that are zero or negative and so no inverse; raise the floor α above 0")
        vectors = self._decomposed[1]
        return ((state @ vectors) / self._eigenvalues) @ vectors.T

    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""
        return self._matrix.diagonal()

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b."""
        return self._matrix[a][:, b]

    def spectrum(self) -> Spectrum:
        """Return all n eigenvalues."""
        return Spectrum(self._decomposed[0].flip(0), self._share * float(self._decomposed[0][-1]))

    @cached_property
    def _decomposed(self) -> tuple[Tensor, Tensor]:
        values, vectors = torch.linalg.eigh(self._given.detach())
        return values, vectors

    @cached_property
    def _eigenvalues(self) -> Tensor:
        values = self._decomposed[0]
        return values.clamp(min=self._share * float(values[-1])) if self._share else values

    @cached_property
    def _matrix(self) -> Tensor:
        if not self._share:
            return self._given
        vectors = self._decomposed[1]
        return (vectors * self._eigenvalues) @ vectors.T
