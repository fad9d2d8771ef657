"""Lorenz (1996): waves on a latitude circle, the usual testbed of ensemble filters."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.base import check_positive, periodic_distance
from backends.dynamics.runge_kutta import RungeKuttaModel
from backends.errors import InputError


@dataclass(eq=False)
class Lorenz96(RungeKuttaModel):
    """ẋ_i = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + F on a ring; Lorenz and Emanuel (1998, J. Atmos. Sci. 55, 399–414).

    The quadratic term conserves the energy ½ Σ x_i².

    Attributes
    ----------
    points
        Number of points n, at least 4.
    forcing
        F; 8 is chaotic.
    dt
        Step of the Runge–Kutta scheme; 0.05 corresponds to 6 hours of weather.
    start_sigma
        √0.001, as in the experiments that scores are published for.
    device, dtype
        Of the first guess.
    """

    points: int = 40
    forcing: float = 8.0
    dt: float = 0.05
    start_sigma: float = 0.001**0.5
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "lorenz96"
    distance_unit: ClassVar[str] = "points"

    def __post_init__(self) -> None:
        check_positive(dt=self.dt)
        if self.points < 4:
            raise InputError(f"the ring of Lorenz (1996) needs at least 4 points; came {self.points}")
        self.size = self.points
        self.transient, self.spacing = round(20 / self.dt), round(1 / self.dt)

    def tendency(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return ẋ, shape (..., n)."""
        del time
        # One copy with three points of overlap is faster than three rolls.
        ring = torch.cat([state[..., -2:], state, state[..., :1]], dim=-1)
        return (ring[..., 3:] - ring[..., :-3]) * ring[..., 1:-2] - state + self.forcing

    def host_tendency(self, state: np.ndarray, time: float = 0.0) -> np.ndarray:
        """Return ẋ, shape (..., n), in NumPy."""
        del time
        ring = np.concatenate([state[..., -2:], state, state[..., :1]], axis=-1)
        return (ring[..., 3:] - ring[..., :-3]) * ring[..., 1:-2] - state + self.forcing

    def jacobian(self, state: Tensor) -> Tensor:
        """Return f′, shape (..., n, n): four derivatives in each row."""
        n = self.points
        ahead, behind, before = (state.roll(shift, -1) for shift in (-1, 1, 2))
        values = torch.cat([behind, -behind, ahead - before, torch.full_like(state, -1.0)], dim=-1)
        row = torch.arange(n, device=state.device)
        places = torch.cat([n * row + (row + apart) % n for apart in (1, -2, -1, 0)])
        return state.new_zeros(*state.shape[:-1], n * n).index_copy_(-1, places, values).unflatten(-1, (n, n))

    def start(self) -> Tensor:
        """Return (1, 0, …, 0)."""
        x0 = torch.zeros(self.points, dtype=self.dtype, device=self.device)
        x0[0] = 1.0
        return x0

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return distances round the ring, in points."""
        return periodic_distance(a, b, self.points)
