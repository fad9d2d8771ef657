"""The classical Runge–Kutta scheme, and the exact tangent-linear model of its steps where the Jacobian is known."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TypeVar, final

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.base import Dynamics

#: Jacobians of a forecast are held in blocks of about this many numbers (32 MB in double precision).
BLOCK = 4_000_000
#: States of up to so many numbers go forward in NumPy where they are on the host and no gradient is wanted: a call costs it a
#: fraction of what it costs torch, which is what a step of a small state consists of.
HOST_LIMIT = 20_000

Array = TypeVar("Array", Tensor, np.ndarray)


def runge_kutta(tendency: Callable[[Tensor, float], Tensor], state: Tensor, time: float, dt: float) -> Tensor:
    """Return the state one step later by the classical fourth-order Runge–Kutta scheme, for any shape.

    Parameters
    ----------
    tendency
        Returns ∂x/∂t of a state at a time.
    state, time, dt
        Where the step begins, when, and how long it is.
    """
    return _step(tendency, _add, state, time, dt)[0]


def _step(
    tendency: Callable[[Array, float], Array],
    add: Callable[[Array, Array, float], Array],
    state: Array,
    time: float,
    dt: float,
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """Return the state one step later, and the four states at which the tendency was taken; `add` returns x + a y."""
    half = 0.5 * dt
    k1 = tendency(state, time)
    second = add(state, k1, half)
    k2 = tendency(second, time + half)
    third = add(state, k2, half)
    k3 = tendency(third, time + half)
    fourth = add(state, k3, dt)
    k4 = tendency(fourth, time + dt)
    return add(state, add(k1 + k4, k2 + k3, 2.0), dt / 6), (state, second, third, fourth)


def _add(x: Tensor, y: Tensor, a: float) -> Tensor:
    return torch.add(x, y, alpha=a)  # one call instead of two


def _add_on_host(x: np.ndarray, y: np.ndarray, a: float) -> np.ndarray:
    return x + a * y


class RungeKuttaModel(Dynamics):
    """A model ẋ = f(x, t) that the Runge–Kutta scheme carries forward, with a known Jacobian f′.

    A subclass gives the tendency, for torch and for NumPy, and its Jacobian; the steps follow from them.
    """

    @abstractmethod
    def tendency(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return ẋ, shape (..., n)."""

    @abstractmethod
    def host_tendency(self, state: np.ndarray, time: float = 0.0) -> np.ndarray:
        """Return ẋ, shape (..., n), in NumPy."""

    @abstractmethod
    def jacobian(self, state: Tensor) -> Tensor:
        """Return f′, shape (..., n, n), at states (..., n): row i holds the derivatives of ẋ_i. It does not depend on time."""

    @final
    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        return runge_kutta(self.tendency, state, time, self.dt)

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps that begin at `time`."""
        if torch.is_grad_enabled() or not _is_small(state):
            return super().advance(state, steps, time)
        on_host = state.detach().numpy()
        with np.errstate(over="ignore", invalid="ignore"):  # a model that blows up is told by its states
            for k in range(steps):
                on_host, _ = _step(self.host_tendency, _add_on_host, on_host, time + k * self.dt, self.dt)
        return torch.from_numpy(on_host)

    def stages(self, state: Tensor, steps: int, time: float) -> tuple[Tensor, Tensor]:
        """Return the end of a forecast, (..., n), and the states at the stages of its K steps, (K, 4, ..., n)."""
        times = [time + k * self.dt for k in range(steps)]
        state = state.detach()
        if not times:
            return state, state.new_empty(0, 4, *state.shape)
        if not _is_small(state):
            return _visited(partial(_step, self.tendency, _add), torch.cat, state, times, self.dt)
        step = partial(_step, self.host_tendency, _add_on_host)
        with np.errstate(over="ignore", invalid="ignore"):
            end, stages = _visited(step, np.concatenate, state.numpy(), times, self.dt)
        return torch.from_numpy(end), torch.from_numpy(stages)

    def tangent(self, stages: Tensor) -> Tensor:
        """Return the matrix M′ of the tangent-linear model of a forecast, (..., n, n), from the states at its stages.

        The derivative of a step is I + Δt/6 (K₁ + 2 K₂ + 2 K₃ + K₄) with K₁ = f′(x₁) and K_s = f′(x_s) (I + c_s Δt K_{s−1}) at
        the states x_s of its stages. With the trajectory at hand the matrices of all steps are formed at once.
        """
        n = stages.shape[-1]
        M = torch.eye(n, dtype=stages.dtype, device=stages.device).expand(*stages.shape[2:], n)
        for some in stages.split(max(1, BLOCK // (4 * n * M[..., 0].numel()))):
            if len(some):
                M = _product(self._derivatives(some)) @ M
        return M

    def _derivatives(self, stages: Tensor) -> Tensor:
        """Return the derivative of each step, (K, ..., n, n), from the states of its stages, (K, 4, ..., n)."""
        n, dt = stages.shape[-1], self.dt
        first, second, third, fourth = self.jacobian(stages).transpose(0, 1).reshape(4, -1, n, n).unbind()
        K2 = torch.baddbmm(second, second, first, alpha=0.5 * dt)
        K3 = torch.baddbmm(third, third, K2, alpha=0.5 * dt)
        K4 = torch.baddbmm(fourth, fourth, K3, alpha=dt)
        M = torch.add(first + K4, K2 + K3, alpha=2) * (dt / 6)
        M.diagonal(dim1=-2, dim2=-1).add_(1.0)
        return M.view(len(stages), *stages.shape[2:], n)


def _is_small(state: Tensor) -> bool:
    return state.device.type == "cpu" and state.numel() <= HOST_LIMIT


def _visited(
    step: Callable[[Array, float, float], tuple[Array, tuple[Array, Array, Array, Array]]],
    join: Callable[[list[Array]], Array],
    state: Array,
    times: list[float],
    dt: float,
) -> tuple[Array, Array]:
    stages: list[Array] = []
    for time in times:
        state, visited = step(state, time, dt)
        stages += visited
    return state, join(stages).reshape(len(times), 4, *state.shape)


def _product(matrices: Tensor) -> Tensor:
    """Return M_K … M_2 M_1 of matrices (K, ..., n, n), neighbours in pairs."""
    while len(matrices) > 1:
        pairs = matrices[1::2] @ matrices[: len(matrices) - 1 : 2]
        matrices = torch.cat([pairs, matrices[-1:]]) if len(matrices) % 2 else pairs
    return matrices[0]
