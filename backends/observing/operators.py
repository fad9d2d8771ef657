"""Observation operators H: how a state maps to what is observed."""

from functools import cached_property
from typing import Protocol, Self

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.domain import Rows, one_hot_rows

#: What may be done to an interpolated value, for teaching what nonlinear operators do to an analysis.
FUNCTIONS = ("square", "logarithm", "saturating")


class ObservationOperator(Protocol):
    """Maps states (..., n) to what is observed (..., p)."""

    linear: bool

    def __call__(self, state: Tensor) -> Tensor:
        """Return H(x), shape (..., p), of a state of shape (..., n)."""
        ...

    def __len__(self) -> int: ...

    def linearise(self, state: Tensor) -> "LinearOperator":
        """Return the tangent-linear operator at one state of shape (n,)."""
        ...

    def of(self, which: Tensor) -> Self:
        """Return the operator of some of the observations, given by their numbers."""
        ...


class LinearOperator:
    """A linear H given by sparse rows: interpolation to points, means over areas, vertical weighting functions."""

    linear = True

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.index, self.weight = rows.index, rows.weight

    def __len__(self) -> int:
        return len(self.rows)

    def __call__(self, state: Tensor) -> Tensor:
        """Return H x, shape (..., p), of a state of shape (..., n). A value is NaN where a point it needs is NaN."""
        if self._picked is not None:
            return state[..., self._picked]
        points = state[..., self.index]
        # A point without weight must not make the value missing: 0 · NaN is NaN.
        return torch.where(self.weight == 0, torch.zeros_like(points), points * self.weight).sum(-1)

    @cached_property
    def _picked(self) -> Tensor | None:
        """The grid points observed, (p,), where each observation is the value at one of them, as mostly in a cycle."""
        single = self.weight.shape[1] == 1 and bool((self.weight == 1).all())
        return self.index[:, 0] if single else None

    def adjoint(self, values: Tensor) -> Tensor:
        """Return Hᵀ y, shape (..., n), of values y of shape (..., p)."""
        spread = (values[..., None] * self.weight).flatten(-2)
        result = values.new_zeros(*values.shape[:-1], self.rows.size)
        return result.index_add_(-1, self.index.flatten(), spread)

    def linearise(self, state: Tensor) -> "LinearOperator":
        """Return itself."""
        del state
        return self

    def of(self, which: Tensor) -> "LinearOperator":
        """Return the rows of some of the observations, given by their numbers."""
        factors = self.rows.factors
        chosen = None if factors is None else (factors[0][which], factors[1][which])
        return LinearOperator(Rows(self.rows.size, self.index[which], self.weight[which], chosen))

    def blocks(self, count: int) -> list["LinearOperator"]:
        """Return the operator in parts of at most `count` observations each; itself where that is all of them."""
        if count >= len(self):
            return [self]
        return [self.of(some) for some in torch.arange(len(self), device=self.index.device).split(count)]

    def dense(self) -> Tensor:
        """Return H as a matrix (p, n)."""
        return one_hot_rows(self.rows.size, self.index, self.weight)

    def scaled(self, factor: Tensor) -> "LinearOperator":
        """Return the operator with row k multiplied by factor[k], shape (p,)."""
        factors = self.rows.factors
        scaled = None if factors is None else (factors[0] * factor[:, None], factors[1])
        return LinearOperator(Rows(self.rows.size, self.index, self.weight * factor[:, None], scaled))

    @cached_property
    def nodes(self) -> Tensor:
        """The m grid points that H touches, in ascending order, shape (m,)."""
        return self._unique[0]

    def interpolate(self, on_nodes: Tensor) -> Tensor:
        """Apply H to the columns of a matrix given at :attr:`nodes`: (m, k) to (p, k)."""
        return torch.einsum("pck,pc->pk", on_nodes[self._unique[1]], self.weight)

    @cached_property
    def _unique(self) -> tuple[Tensor, Tensor]:
        nodes, local = torch.unique(self.index, return_inverse=True)
        return nodes, local


class PointwiseOperator:
    """A nonlinear H: a linear one, and a function of each value it gives.

    With u = (Hx − x₀) / s the anomaly in units of a scale s, the observed value is

    - ``square``: s u², which cannot tell the sign of the anomaly;
    - ``logarithm``: s sign(u) log(1 + |u|), which compresses large values;
    - ``saturating``: s tanh u, which hardly notices values beyond the scale, like a satellite under thick cloud.

    Parameters
    ----------
    inner
        The linear operator.
    function
        One of :data:`FUNCTIONS`.
    reference, scale
        x₀ and s > 0, in the unit of the state.
    """

    linear = False

    def __init__(self, inner: LinearOperator, function: str, reference: float, scale: float) -> None:
        if function not in FUNCTIONS:
            raise InputError(
                f"the function of an observation operator must be one of {', '.join(FUNCTIONS)}; came {function!r}"
            )
        if not scale > 0:
            raise InputError(f"the scale of a nonlinear observation operator must be positive; came {scale:g}")
        self.inner, self.function, self.reference, self.scale = inner, function, reference, scale

    def __len__(self) -> int:
        return len(self.inner)

    def __call__(self, state: Tensor) -> Tensor:
        """Return H(x), shape (..., p), of a state of shape (..., n)."""
        return self._observe(self.inner(state))

    def linearise(self, state: Tensor) -> LinearOperator:
        """Return the tangent-linear operator at a state (n,): the rows of the linear one times the slope there."""
        values = self.inner(state)
        (slope,) = torch.func.vjp(self._observe, values)[1](torch.ones_like(values))  # each value depends on itself alone
        return self.inner.scaled(slope)

    def of(self, which: Tensor) -> "PointwiseOperator":
        """Return the operator of some of the observations, given by their numbers."""
        return PointwiseOperator(self.inner.of(which), self.function, self.reference, self.scale)

    def _observe(self, values: Tensor) -> Tensor:
        u = (values - self.reference) / self.scale
        if self.function == "square":
            return self.scale * u.square()
        if self.function == "logarithm":
            # Two halves, not sign(u) log(1 + |u|): the derivatives of sign and |u| at 0 would make the slope there 0, not 1.
            above, below = torch.log1p(u.clamp(min=0)), -torch.log1p((-u).clamp(min=0))
            return self.scale * torch.where(u >= 0, above, below)
        return self.scale * torch.tanh(u)


def tangent_linear(operator: ObservationOperator, state: Tensor, change: Tensor) -> Tensor:
    """Return H'(x) δx by forward-mode automatic differentiation, for states and changes of shape (..., n)."""
    return torch.func.jvp(operator, (state,), (change,))[1]


def adjoint(operator: ObservationOperator, state: Tensor, values: Tensor) -> Tensor:
    """Return H'(x)ᵀ y by reverse-mode automatic differentiation, for y of shape (..., p)."""
    return torch.func.vjp(operator, state)[1](values)[0]
