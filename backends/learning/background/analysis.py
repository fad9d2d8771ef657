"""Variational analysis in the latent space of an autoencoder: x = x_b + D(z), J(z) = ½ zᵀz + J_o, for many cases at once."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.learning.variational.cases import Cases

Decoder = Callable[[Tensor], Tensor]

#: Damping after the first step that does not lower J, its factor at each further one, and at each that does.
DAMPING, RAISED, LOWERED = 1e-2, 10.0, 0.2
#: Damping beyond which no step lowers J: rounding is reached.
HIGHEST = 1e10


@dataclass(frozen=True, eq=False)
class LatentAnalysis:
    """Minima of J in latent space.

    Attributes
    ----------
    control
        z, shape (E, k).
    increment
        x_a − x_b, shape (E, n).
    jb, jo
        ½ zᵀz and J_o at the minimum, (E,).
    iterations
        Gauss–Newton steps until the gradient was small enough, (E,).
    """

    control: Tensor
    increment: Tensor
    jb: Tensor
    jo: Tensor
    iterations: Tensor


class LatentCost:
    """J(z) = ½ zᵀz + ½ ‖d − H D(z)‖² / (σ_o² + τ²) of each case, d the innovations: VAE-Var (Xiao et al., 2025).

    τ² is the variance of errors that the decoder does not reach: white, and so another part of R where observations are of
    grid points of their own. With τ = 0 this is VAE-Var as published. Its minimum is the mode of z; for that of x an earlier
    version (Xiao et al., 2024, arXiv:2405.13711) adds the logarithm of a determinant of D'.

    Parameters
    ----------
    cases
        The problems; their B is not used.
    decode
        D, latent variables (E, k) to increments (E, n).
    residual
        τ² ≥ 0; above zero H must observe grid points, each at most once in a case.
    """

    def __init__(self, cases: Cases, decode: Decoder, residual: float = 0.0) -> None:
        self.cases, self.decode, self.residual = cases, decode, residual
        self.innovation = cases.innovation()
        self._precision = 1 / (cases.sigma.square() + residual)

    def costs(self, control: Tensor) -> tuple[Tensor, Tensor]:
        """Return J_b and J_o, (E,) each, of latent variables (E, k)."""
        misfit = self.innovation - self.cases.observed(self.decode(control))
        return 0.5 * control.square().sum(-1), 0.5 * self._precision * misfit.square().sum(-1)

    def derivatives(self, control: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient of J, (E, k), and its Gauss–Newton Hessian I + Gᵀ G / (σ_o² + τ²), (E, k, k), G = H D'."""
        state, tangents = tangent_states(self.decode, control)
        misfit = self.innovation - self.cases.observed(state)
        G = self.cases.observed(tangents)  # (E, k, P): the transpose
        gradient = control - self._precision[:, None] * (G @ misfit[..., None])[..., 0]
        return gradient, torch.eye(control.shape[-1]).to(control) + self._precision[:, None, None] * (G @ G.mT)

    def increment(self, control: Tensor) -> Tensor:
        """Return D(z), and where τ > 0 what the misfit that is left tells of errors at the observed points, (E, n)."""
        reached = self.decode(control)
        if not self.residual:
            return reached
        misfit = self.innovation - self.cases.observed(reached)
        return reached + self.residual * self.cases.observed_adjoint(self._precision[:, None] * misfit)


def tangent_states(decode: Decoder, control: Tensor) -> tuple[Tensor, Tensor]:
    """Return D(z), (E, n), and the derivatives by each latent variable, (E, k, n), by forward differentiation."""
    directions = torch.eye(control.shape[-1]).to(control)

    def along(direction: Tensor) -> tuple[Tensor, Tensor]:
        state, tangent = torch.func.jvp(decode, (control,), (direction.expand_as(control),))  # type: ignore[misc]
        return state, tangent

    states, tangents = torch.func.vmap(along, out_dims=(0, 1))(directions)
    return states[0], tangents


def minimise(cost: LatentCost, start: Tensor, iterations: int = 100, tolerance: float = 1e-4) -> LatentAnalysis:
    """Minimise J of each case from latent variables (E, k) by damped Gauss–Newton steps (Levenberg, 1944; Marquardt, 1963).

    A case is finished when its gradient is `tolerance` of the first one; with a linear decoder
    after one step. A step that does not lower J is not taken, and the next one is damped.
    """
    z = start.clone()
    value = torch.stack(cost.costs(z)).sum(0)
    damping = torch.zeros_like(value)
    taken = torch.zeros(len(z), dtype=torch.long, device=z.device)
    first: Tensor | None = None
    for _ in range(iterations):
        gradient, hessian = cost.derivatives(z)
        norm = gradient.norm(dim=-1)
        first = norm if first is None else first
        going = (norm > tolerance * first) & (damping < HIGHEST)
        if not bool(going.any()):
            break
        taken += going
        damped = hessian + torch.diag_embed(damping[:, None] * hessian.diagonal(dim1=1, dim2=2))
        trial = z - torch.linalg.solve(damped, gradient[..., None])[..., 0]
        reached = torch.stack(cost.costs(trial)).sum(0)
        lower = (reached < value) & going
        z = torch.where(lower[:, None], trial, z)
        value = torch.where(lower, reached, value)
        damping = torch.where(lower, LOWERED * damping, (RAISED * damping).clamp(min=DAMPING))
        damping = torch.where(damping < 1e-8, 0.0, damping)
    return LatentAnalysis(z, cost.increment(z), *cost.costs(z), taken)
