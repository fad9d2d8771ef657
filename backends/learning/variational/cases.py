"""A batch of variational problems, each with its own background, observations, R and B, and what they cost."""

from dataclasses import dataclass, fields, replace
from typing import Protocol, Self

import torch
from torch import Tensor

#: Matrices of what observations see of B are formed in blocks of about this many elements (80 MB).
BLOCK = 10_000_000


class Errors(Protocol):
    """A covariance of background errors of each case of a batch; states (E, ..., n)."""

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, (E, ..., n), of control vectors (E, ..., m), where B = U Uᵀ."""

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, (E, ..., m)."""

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x, (E, ..., n)."""

    def between(self, points: Tensor) -> Tensor:
        """Return the elements of B between grid points (E, k) of each case, (E, k, k)."""

    def of(self, some: Tensor) -> Self:
        """Return the covariances of some of the cases, given by their numbers."""

    def to(self, like: Tensor) -> Self:
        """Return them with the device and precision of a tensor."""


@dataclass(frozen=True, eq=False)
class Cases:
    """E problems: minimise J(x) = ½ (x − x_b)ᵀ B⁻¹ (x − x_b) + ½ (y − H x)ᵀ R⁻¹ (y − H x).

    Cases may have different numbers of observations: `used` says which of P places are taken.

    Attributes
    ----------
    truth, background
        Shape (E, n).
    nodes, weights
        H: grid points that each observation is interpolated from, (E, P, k), and with what weights.
    values
        y, shape (E, P); zero where there is none.
    used
        Which observations there are, (E, P), boolean.
    sigma
        σ_o, shape (E,); R = σ_o² I.
    errors
        B.
    conditions
        What a network may be told of B, R and the number of observations, (E, c), each of order one; c may be 0.
    """

    truth: Tensor
    background: Tensor
    nodes: Tensor
    weights: Tensor
    values: Tensor
    used: Tensor
    sigma: Tensor
    errors: Errors
    conditions: Tensor

    def __len__(self) -> int:
        return len(self.background)

    def of(self, some: Tensor) -> "Cases":
        """Return some of the cases, given by their numbers."""
        chosen = {f.name: getattr(self, f.name)[some] for f in fields(self) if f.name != "errors"}
        return Cases(**chosen, errors=self.errors.of(some))

    def to(self, like: Tensor) -> "Cases":
        """Return the same with the device and precision of a tensor."""
        moved = {
            f.name: value.to(like) if value.is_floating_point() else value.to(like.device)
            for f in fields(self)
            if f.name != "errors" and isinstance(value := getattr(self, f.name), Tensor)
        }
        return replace(self, **moved, errors=self.errors.to(like))

    def observed(self, states: Tensor) -> Tensor:
        """Return H x, (E, P), of states (E, n), or (E, K, P) of (E, K, n); zero where there is no observation."""
        between = states.shape[1:-1]
        index, weights = self.nodes.flatten(1), self.weights * self.used[..., None]
        for _ in between:
            index, weights = index[:, None], weights[:, None]
        index = index.expand(*states.shape[:-1], -1)
        return (states.gather(-1, index).unflatten(-1, self.nodes.shape[1:]) * weights).sum(-1)

    def observed_adjoint(self, values: Tensor) -> Tensor:
        """Return Hᵀ y, (E, n), of values (E, P)."""
        spread = (values[..., None] * self.weights * self.used[..., None]).flatten(1)
        return spread.new_zeros(self.background.shape).scatter_add(1, self.nodes.flatten(1), spread)

    def innovation(self) -> Tensor:
        """Return d = y − H x_b, (E, P); zero where there is no observation."""
        return (self.values - self.observed(self.background)) * self.used

    def observation_cost(self, misfit: Tensor) -> Tensor:
        """Return J_o, (E,), of y − H x, (E, P)."""
        return 0.5 * misfit.square().sum(-1) / self.sigma.square()

    def costs(self, increment: Tensor) -> tuple[Tensor, Tensor]:
        """Return J_b and J_o, (E,), of increments (E, n)."""
        jb = 0.5 * (increment * self.errors.inverse(increment)).sum(-1)
        return jb, self.observation_cost(self.innovation() - self.observed(increment))

    def control_costs(self, control: Tensor) -> tuple[Tensor, Tensor]:
        """Return J_b = ½ vᵀv and J_o, (E,), of control vectors (E, m): increments U v."""
        jb = 0.5 * control.square().sum(-1)
        return jb, self.observation_cost(self.innovation() - self.observed(self.errors.sqrt(control)))

    def minimum(self) -> Tensor:
        """Return the exact control vectors, (E, m): Uᵀ Hᵀ S⁻¹ d, S = H B Hᵀ + R, by a factorisation of S."""
        E, P, k = self.nodes.shape
        at_once = max(1, BLOCK // (P * k) ** 2)
        if at_once < E:
            return torch.cat([self.of(some).minimum() for some in torch.arange(E).split(at_once)])
        nodes, weights = self.nodes.flatten(1), (self.weights * self.used[..., None]).flatten(1)
        S = self.errors.between(nodes) * weights[:, :, None] * weights[:, None, :]
        S = S.reshape(E, P, k, P, k).sum((2, 4)) + torch.diag_embed(self.sigma.square()[:, None].expand(E, P))
        root = torch.linalg.cholesky(S)
        solved = torch.cholesky_solve(self.innovation()[..., None], root)[..., 0]
        return self.errors.sqrt_adjoint(self.observed_adjoint(solved))
