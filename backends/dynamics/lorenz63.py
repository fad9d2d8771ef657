"""Lorenz (1963): three variables of convection, the smallest chaotic weather."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.base import check_positive
from backends.dynamics.runge_kutta import RungeKuttaModel


@dataclass(eq=False)
class Lorenz63(RungeKuttaModel):
    """ẋ = σ(y − x), ẏ = x(ρ − z) − y, ż = xy − βz; Lorenz (1963, J. Atmos. Sci. 20, 130–141), equations 25–27.

    Attributes
    ----------
    sigma, rho, beta
        Prandtl number, Rayleigh number over its critical value, and aspect ratio of the cells.
    dt
        Step of the Runge–Kutta scheme.
    start_sigma
        √2, as in the experiments that scores are published for.
    device, dtype
        Of the first guess.
    """

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8 / 3
    dt: float = 0.01
    start_sigma: float = 2**0.5
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "lorenz63"
    components = ("x", "y", "z")

    def __post_init__(self) -> None:
        check_positive(dt=self.dt)
        self.size = 3
        linear = [[-self.sigma, self.rho, 0], [self.sigma, -1, 0], [0, 0, -self.beta]]
        turned = [[0, 0, 0], [0, 0, 1], [0, -1, 0]]
        first = [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
        rows = [[*a, *b, *c] for a, b, c in zip(linear, turned, first, strict=True)]
        self._matrices = torch.tensor(rows, dtype=self.dtype, device=self.device)
        self._on_host = np.array(rows, dtype=np.float64)
        # f′ = A + x T + (0, −z, y)ᵀ e_xᵀ: all but A is linear in the state.
        slope = torch.zeros(3, 3, 3, dtype=self.dtype, device=self.device)
        slope[0, 1, 2], slope[0, 2, 1] = -1, 1
        slope[1, 2, 0], slope[2, 1, 0] = 1, -1
        self._slope = slope.flatten(1)
        self._constant = self._matrices[:, :3].T.flatten()
        self.transient, self.spacing = round(10 / self.dt), round(1 / self.dt)

    def tendency(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return ẋ, shape (..., 3)."""
        del time
        # One product with three matrices side by side gives the linear terms, (0, −z, y), and (x, x, x), which multiplies it.
        return torch.addcmul(*(state @ self._matrices.to(state)).chunk(3, dim=-1))

    def host_tendency(self, state: np.ndarray, time: float = 0.0) -> np.ndarray:
        """Return ẋ, shape (..., 3), in NumPy."""
        del time
        matrices = self._on_host if state.dtype == self._on_host.dtype else self._on_host.astype(state.dtype)
        parts = state @ matrices
        return parts[..., :3] + parts[..., 3:6] * parts[..., 6:]

    def jacobian(self, state: Tensor) -> Tensor:
        """Return f′, shape (..., 3, 3)."""
        return (state @ self._slope.to(state) + self._constant.to(state)).unflatten(-1, (3, 3))

    def start(self) -> Tensor:
        """Return (1.509, −1.531, 25.46), a point near the attractor that many papers begin at."""
        return torch.tensor([1.509, -1.531, 25.46], dtype=self.dtype, device=self.device)
