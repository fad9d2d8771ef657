"""One B for all cases of a batch, given by its eigenvectors: on a plane, or of any state that is small enough."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class PlaneErrors:
    """B = Q Λ Qᵀ with Q = Q_z ⊗ Q_x on a plane of (n_z, n_x) points; U is the symmetric root Q Λ^{1/2} Qᵀ.

    The root must be symmetric: control vectors are fields then, which convolutions can see.

    Attributes
    ----------
    qz, qx
        Eigenvectors as columns, (n_z, n_z) and (n_x, n_x).
    eigenvalues
        Positive, (n_z, n_x).
    """

    qz: Tensor
    qx: Tensor
    eigenvalues: Tensor

    def sqrt(self, control: Tensor) -> Tensor:
        """Return Q Λ^{1/2} Qᵀ v."""
        return self._scaled(control, self.eigenvalues.sqrt())

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return the same: the root is symmetric."""
        return self.sqrt(state)

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x."""
        return self._scaled(state, 1 / self.eigenvalues)

    def between(self, points: Tensor) -> Tensor:
        """Return the elements of B between grid points (E, k) of each case, (E, k, k).

        All but few eigenvalues are at the floor, which is white variance: the rest are summed one by one.
        """
        floor = self.eigenvalues.min()
        iz, ix = (self.eigenvalues > floor * (1 + 1e-9)).nonzero(as_tuple=True)
        nx = len(self.qx)
        modes = self.qz[points // nx][..., iz] * self.qx[points % nx][..., ix]
        same = (points[:, :, None] == points[:, None, :]).to(floor)
        return floor * same + (modes * (self.eigenvalues[iz, ix] - floor)) @ modes.mT

    def of(self, some: Tensor) -> "PlaneErrors":
        """Return itself: all cases share it."""
        del some
        return self

    def to(self, like: Tensor) -> "PlaneErrors":
        """Return it with the device and precision of a tensor."""
        return PlaneErrors(*(getattr(self, f.name).to(like) for f in fields(self)))

    def _scaled(self, state: Tensor, response: Tensor) -> Tensor:
        shaped = state.unflatten(-1, tuple(self.eigenvalues.shape))
        return (self.qz @ ((self.qz.T @ shaped @ self.qx) * response) @ self.qx.T).flatten(-2)


@dataclass(frozen=True, eq=False)
class DenseErrors:
    """B as a matrix (n, n), with its symmetric root and its inverse."""

    matrix: Tensor
    root: Tensor
    inverted: Tensor

    def sqrt(self, control: Tensor) -> Tensor:
        """Return B^{1/2} v."""
        return control @ self.root

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return the same: the root is symmetric."""
        return state @ self.root

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x."""
        return state @ self.inverted

    def between(self, points: Tensor) -> Tensor:
        """Return the elements of B between grid points (E, k) of each case, (E, k, k)."""
        return self.matrix[points[:, :, None], points[:, None, :]]

    def of(self, some: Tensor) -> "DenseErrors":
        """Return itself: all cases share it."""
        del some
        return self

    def to(self, like: Tensor) -> "DenseErrors":
        """Return it with the device and precision of a tensor."""
        return DenseErrors(*(getattr(self, f.name).to(like) for f in fields(self)))


def plane_errors(cz: Tensor, cx: Tensor, sigma: float, floor: float, added: bool = False) -> PlaneErrors:
    """Return σ_b² (C_z ⊗ C_x) with its eigenvalues floored at α λ_max, or with α λ_max added to them.

    Parameters
    ----------
    cz, cx
        Correlation matrices along the axes, in double precision.
    sigma, floor
        σ_b and α > 0.
    added
        Whether the floor is added.
    """
    (lz, qz), (lx, qx) = torch.linalg.eigh(cz), torch.linalg.eigh(cx)
    raw = sigma**2 * lz[:, None] * lx
    least = floor * raw.max()
    return PlaneErrors(qz, qx, raw + least if added else raw.clamp(min=float(least)))


def dense_errors(matrix: Tensor, floor: float) -> DenseErrors:
    """Return a covariance (n, n) in double precision with its eigenvalues floored at α λ_max, α > 0."""
    values, vectors = torch.linalg.eigh(matrix)
    values = values.clamp(min=float(floor * values[-1]))

    def power(p: float) -> Tensor:
        return (vectors * values**p) @ vectors.T

    return DenseErrors(power(1.0), power(0.5), power(-1.0))
