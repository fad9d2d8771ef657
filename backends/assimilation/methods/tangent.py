"""The tangent-linear model M′ along a trajectory and its adjoint: from the Jacobian, or by automatic differentiation."""

from functools import cached_property
from typing import TypeGuard

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics
from backends.dynamics.runge_kutta import RungeKuttaModel

#: Up to so many components M′ is formed as a matrix where it is applied often: all its rows in one backward pass cost about
#: as much as two or three applications, and products with the matrix almost nothing.
MATRIX_LIMIT = 128
#: Rows of M′ are formed in blocks of about this many numbers (32 MB).
BLOCK = 4_000_000


def knows_jacobian(model: Dynamics) -> TypeGuard[RungeKuttaModel]:
    """Return whether M′ comes as a matrix from the Jacobian: then a forecast remembers all that is needed, at no cost."""
    return isinstance(model, RungeKuttaModel) and model.size <= MATRIX_LIMIT


class TangentLinear:
    """M′ of one forecast, linearised along the trajectories of E experiments.

    A small model that knows its Jacobian gives M′ as a matrix. Of others it comes from their own code.

    Both directions are reverse mode: M′ᵀ is the gradient of the end state, and as M′ᵀu is linear in u, its gradient by u is
    M′ again. Forward mode (``torch.func.jvp``) gives the same numbers, but took 3 to 8 times longer for Lorenz-96 on a CPU,
    because it runs sums and products with plain numbers in Python; ``torch.func.linearize`` took 0.2 s to trace a single step.

    Parameters
    ----------
    model, steps, time
        The forecast.
    state
        Where it begins, shape (E, n); experiments do not depend on each other.

    Attributes
    ----------
    end
        M(x), shape (E, n).
    """

    def __init__(self, model: Dynamics, state: Tensor, steps: int, time: float) -> None:
        self._small = state.shape[-1] <= MATRIX_LIMIT
        self._stages: Tensor | None = None
        if knows_jacobian(model):
            self._model = model
            self.end, self._stages = model.stages(state, steps, time)
            return
        with torch.enable_grad():
            # A view of a copy: even a forecast of no steps then has an end that differs from its beginning.
            self._begin = state.detach().clone().requires_grad_()
            self._end = model.advance(self._begin.view_as(self._begin), steps, time)
        self.end = self._end.detach()

    def __call__(self, change: Tensor) -> Tensor:
        """Return M′ δx, shape (E, n)."""
        if self._small:
            return (self.matrix @ change[..., None])[..., 0]
        weights, pulled = self._pulled
        return torch.autograd.grad(pulled, weights, change, retain_graph=True)[0]

    def adjoint(self, weights: Tensor) -> Tensor:
        """Return M′ᵀ w, shape (E, n)."""
        if self._small:
            return (weights[..., None, :] @ self.matrix)[..., 0, :]
        return torch.autograd.grad(self._end, self._begin, weights, retain_graph=True)[0]

    @cached_property
    def matrix(self) -> Tensor:
        """M′ as a matrix, shape (E, n, n): row i holds the derivatives of component i of the end."""
        if self._stages is not None:
            return self._model.tangent(self._stages)
        E, n = self._begin.shape
        rows = torch.eye(n, dtype=self.end.dtype, device=self.end.device)[:, None].expand(n, E, n)
        parts = [
            torch.autograd.grad(self._end, self._begin, some, retain_graph=True, is_grads_batched=True)[0]
            for some in rows.split(max(1, BLOCK // (E * n)))
        ]
        return torch.cat(parts).transpose(0, 1)

    @cached_property
    def _pulled(self) -> tuple[Tensor, Tensor]:
        """Any weights u, and M′ᵀu as a function of them."""
        with torch.enable_grad():
            weights = torch.zeros_like(self._end, requires_grad=True)
            (pulled,) = torch.autograd.grad(self._end, self._begin, weights, create_graph=True)
        return weights, pulled


def propagated(covariance: Tensor, tangent: TangentLinear) -> Tensor:
    """Return M′ P M′ᵀ, shape (E, n, n), of a covariance (n, n) or (E, n, n)."""
    M = tangent.matrix
    P = M @ covariance @ M.mT
    # An analysis does not reduce what rounding leaves antisymmetric: a chaotic model would amplify it without end.
    return 0.5 * (P + P.mT)
