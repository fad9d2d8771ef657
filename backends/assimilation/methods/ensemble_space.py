"""What ensemble filters see of observations, and functions of the matrix Y R⁻¹ Yᵀ that their analyses are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Observed


def standardised(members: Tensor, observed: Observed) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return mean and deviations of an ensemble (E, N, n), in state space and in units of σ_o among the observations.

    Returns
    -------
    mean, X
        x̄ and the members minus it, shapes (E, 1, n) and (E, N, n).
    Y, d
        H X and y − H x̄, both divided by σ_o, shapes (E, N, p) and (E, p). Zero in experiments whose states have stopped being
        finite, or whose squares do: one of these in a batch of eigenproblems would fail the analyses of all others.
    """
    mean = members.mean(-2, keepdim=True)
    X = members - mean
    sigma = observed.error.sigma
    Y = observed.operator(X) / sigma
    d = (observed.values - observed.operator(mean)[:, 0]) / sigma
    finite = torch.isfinite(Y.square().sum((-2, -1)) + d.square().sum(-1))[:, None]
    return mean, X, torch.where(finite[..., None], Y, 0.0), torch.where(finite, d, 0.0)


@dataclass(frozen=True, eq=False)
class Gram:
    """Y Yᵀ of deviations Y (E, N, p), by the eigenvectors that can have eigenvalues other than zero.

    Attributes
    ----------
    vectors
        V with orthonormal columns, shape (E, N, r), r = min(N, p).
    values
        Their eigenvalues, the squares of Y's singular values, shape (E, r).
    """

    vectors: Tensor
    values: Tensor

    @classmethod
    def of(cls, Y: Tensor) -> Self:
        """Return that of Y, shape (E, N, p)."""
        if Y.shape[-1] < Y.shape[-2]:  # few observations: the short side of Y decides what a singular value problem costs
            vectors, s, _ = torch.linalg.svd(Y, full_matrices=False)
            return cls(vectors, s.square())
        values, vectors = torch.linalg.eigh(Y @ Y.mT)
        return cls(vectors, values.clamp(min=0))

    def apply(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Return f(Y Yᵀ) x, shape (E, N, k); the function is given eigenvalues, (E, r) or (E, 1)."""
        V, values = self.vectors, function(self.values)[..., None]
        if V.shape[-1] == V.shape[-2]:
            return V @ (values * (V.mT @ x))
        null = function(torch.zeros_like(self.values[..., :1]))[..., None]
        return null * x + V @ ((values - null) * (V.mT @ x))
