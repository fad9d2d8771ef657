"""B on a vertical plane: separable, the Kronecker product of a vertical and a horizontal factor."""

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError, Spectrum
from backends.background_error.correlation import Correlation, check_floor, check_sigma_b, plain
from backends.geometry.plane import VerticalPlane
from backends.observing.operators import LinearOperator

FLOORS = ("spectral", "added")


class KroneckerBackgroundError(BackgroundError):
    """B = σ_b² (C_z ⊗ C_x), eigenvalues floored at α λ_max.

    Each factor is eigendecomposed, the 4800 x 4800 matrix is never formed. A Gaussian of the scaled distance is
    separable exactly; for other correlations the product is a choice.

    Parameters
    ----------
    plane
        The domain, (nz, nx) points.
    correlation_x, correlation_z
        Of horizontal and vertical distance, with lengths L_x and L_z in km.
    sigma
        Standard deviation σ_b; like the lengths, a tensor where derivatives are wanted.
    floor
        α ≥ 0.
    kind
        ``spectral``: eigenvalues max(λ, α λ_max); ``added``: λ + α λ_max, which is white variance added to B.
    """

    def __init__(
        self,
        plane: VerticalPlane,
        correlation_x: Correlation,
        correlation_z: Correlation,
        sigma: float | Tensor,
        floor: float = 1e-6,
        kind: str = "spectral",
    ) -> None:
        check_sigma_b(plain(sigma))
        check_floor(floor)
        assert kind in FLOORS
        self.plane, self.size = plane, plane.size
        self.control_size = plane.size
        self._variance = torch.as_tensor(sigma, dtype=plane.x.dtype, device=plane.x.device) ** 2
        # Eigendecompositions in double precision whatever the states have: the small eigenvalues are differences of large ones.
        self._cx, self._cz = (
            correlation((axis[:, None] - axis).abs().double())
            for correlation, axis in ((correlation_x, plane.x), (correlation_z, plane.z))
        )
        (lx, qx), (lz, qz) = torch.linalg.eigh(self._cx.detach()), torch.linalg.eigh(self._cz.detach())
        self._qx, self._qz = qx.to(plane.x), qz.to(plane.x)
        self._raw = (plain(self._variance) * lz[:, None] * lx).to(plane.x)
        self.floor = floor * float(self._raw.max())
        self._kind = kind
        self._differentiable = any(part.requires_grad for part in (self._variance, self._cx, self._cz))
        raised = self._raw + self.floor if kind == "added" else self._raw.clamp(min=self.floor) if floor > 0 else self._raw
        self._eigenvalues = raised

    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""
        return self._back(self._forth(state) * self._eigenvalues)

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v = Q Λ^{1/2} v, shape (..., n); controls are coefficients of the eigenvectors."""
        shaped = control.reshape(*control.shape[:-1], *self.plane.shape)
        return self._back(shaped * self._eigenvalues.clamp(min=0).sqrt())

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x = Λ^{1/2} Qᵀ x, shape (..., n)."""
        return (self._forth(state) * self._eigenvalues.clamp(min=0).sqrt()).flatten(-2)

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x, shape (..., n); with α = 0 only as exact as the smallest eigenvalues are."""
        return self._back(self._forth(state) / self._eigenvalues)

    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""
        return ((self._qz.square() @ self._eigenvalues) @ self._qx.square().T).flatten()

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b."""
        eye = a.new_zeros(len(b), self.size, dtype=self._qx.dtype).scatter_(1, b[:, None], 1.0)
        return self.apply(eye)[:, a].T

    def observed(self, operator: LinearOperator) -> Tensor:
        """Return H B Hᵀ, shape (p, p), in double precision.

        The rows of H are products h_z ⊗ h_x, so without a floor this is the element-wise product of two small matrices,
        σ_b² (h_z C_z h_zᵀ) ∘ (h_x C_x h_xᵀ). The floor changes the eigenvalues of few modes, or of all but few; a sum over
        the few restores it exactly. Derivatives leave the floor aside.
        """
        assert operator.rows.factors is not None
        fz, fx = (factor.double() for factor in operator.rows.factors)
        if self.floor == 0:
            return self._separable(fz, fx)
        white = (fz @ fz.T) * (fx @ fx.T)
        if self._kind == "added":
            return self._separable(fz, fx) + self.floor * white
        low = self._raw < self.floor
        few = low if int(low.sum()) <= self.size // 2 else ~low
        iz, ix = few.nonzero(as_tuple=True)
        modes = (fz @ self._qz.double())[:, iz] * (fx @ self._qx.double())[:, ix]
        change = (modes * (self.floor - self._raw[few].double())) @ modes.T
        if few is not low and not self._differentiable:
            return self.floor * white - change
        separable = self._separable(fz, fx)
        exact = separable.detach() + change if few is low else self.floor * white - change
        return separable + (exact - separable.detach())

    def _separable(self, fz: Tensor, fx: Tensor) -> Tensor:
        return self._variance * ((fz @ self._cz @ fz.T) * (fx @ self._cx @ fx.T))

    def cross(self, operator: LinearOperator, points: Tensor) -> Tensor:
        """Return H B at the given grid points, shape (p, len(points))."""
        return self.apply(operator.dense())[:, points]

    def eigen(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return Q_z, Q_x with eigenvectors as columns, and the floored eigenvalues (n_z, n_x)."""
        return self._qz, self._qx, self._eigenvalues

    def spectrum(self) -> Spectrum:
        """Return all nz · nx eigenvalues."""
        return Spectrum(self._raw.flatten().sort(descending=True).values, self.floor)

    def _forth(self, state: Tensor) -> Tensor:
        """Return the coefficients of the eigenvectors, shape (..., nz, nx)."""
        shaped = state.reshape(*state.shape[:-1], *self.plane.shape)
        return self._qz.T @ shaped @ self._qx

    def _back(self, coefficients: Tensor) -> Tensor:
        return (self._qz @ coefficients @ self._qx.T).flatten(-2)
