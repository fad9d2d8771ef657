"""Lorenz (1963): three variables of convection, the smallest chaotic weather."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics, check_positive, runge_kutta


@dataclass(eq=False)
class Lorenz63(Dynamics):
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
    components: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    def __post_init__(self) -> None:
        check_positive(dt=self.dt)
        self.size = 3
        linear = [[-self.sigma, self.rho, 0], [self.sigma, -1, 0], [0, 0, -self.beta]]
        turned = [[0, 0, 0], [0, 0, 1], [0, -1, 0]]
        self._matrices = torch.tensor(
            [a + b for a, b in zip(linear, turned, strict=True)], dtype=self.dtype, device=self.device
        )
        self.transient, self.spacing = round(10 / self.dt), round(1 / self.dt)

    def tendency(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return ẋ, shape (..., 3)."""
        del time
        # One product with two matrices side by side gives the linear terms, and (0, −z, y), which x multiplies.
        both = state @ self._matrices.to(state)
        return torch.addcmul(both[..., :3], state[..., :1], both[..., 3:])

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., 3) one step later."""
        return runge_kutta(self.tendency, state, time, self.dt)

    def start(self) -> Tensor:
        """Return (1.509, −1.531, 25.46), a point near the attractor that many papers begin at."""
        return torch.tensor([1.509, -1.531, 25.46], dtype=self.dtype, device=self.device)
