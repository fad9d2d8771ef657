"""Rotation on the unit circle, the smallest moving system, and persistence, the wrong model to start learning from."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics
from backends.errors import InputError


@dataclass(eq=False)
class Circle(Dynamics):
    """x_k = (cos θ_k, sin θ_k) with θ_k = 2πk/n: each step turns the state by 2π/n about the origin.

    The rotation keeps |x|, so errors neither grow nor decay. With :attr:`persistence` a step changes nothing: the first
    guess of a model where only observations are known.

    Attributes
    ----------
    points
        Steps n of a full turn, at least 1.
    persistence
        Whether steps leave the state as it is.
    start_sigma
        Standard deviation of the errors of the first guess, a tenth of the radius.
    device, dtype
        Of the first guess.
    """

    points: int = 60
    persistence: bool = False
    start_sigma: float = 0.1
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "circle"
    components = ("x1", "x2")
    time_unit: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        if self.points < 1:
            raise InputError(f"a full turn of the circle needs at least 1 step; came {self.points}")
        self.size, self.dt = 2, 1.0
        # Few samples, a golden section of the turn apart, are spread over all of the circle.
        self.transient, self.spacing = 0, max(1, round(0.382 * self.points))

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., 2) one step later."""
        return self.advance(state, 1, time)

    def start(self) -> Tensor:
        """Return (1, 0)."""
        return torch.tensor([1.0, 0.0], dtype=self.dtype, device=self.device)

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., 2) after a number of steps, which are one rotation together."""
        del time
        if self.persistence:
            return state
        # Whole turns first: the angle keeps its digits however many steps they are.
        theta = 2 * math.pi * (steps % self.points) / self.points
        x1, x2 = state.unbind(-1)
        c, s = math.cos(theta), math.sin(theta)
        return torch.stack([c * x1 - s * x2, s * x1 + c * x2], dim=-1)
