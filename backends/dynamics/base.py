"""The one interface of all models M."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class Norm:
    """How errors of states are measured where components are not alike: area weights (n,), sum 1, and factors (n,)."""

    area: Tensor
    scale: Tensor


class Dynamics(ABC):
    """A model that carries states (..., n) forward in time; leading dimensions are batch, gradients pass through.

    Attributes
    ----------
    name
        What experiment files call it.
    size
        Number of components n.
    dt
        Length of one step, in `time_unit`.
    components
        Names of the components where they are few, such as x, y, z; empty for fields.
    time_unit, distance_unit
        Units of time and of :meth:`distance`; empty where there is none.
    start_sigma
        Standard deviation of the errors of the first guess, in the unit of the state.
    transient, spacing
        Steps until a state drawn at the start is typical of the model, and between states that are nearly independent.
    """

    name: ClassVar[str]
    components: tuple[str, ...] = ()
    time_unit: ClassVar[str] = ""
    distance_unit: ClassVar[str] = ""
    size: int
    dt: float
    start_sigma: float
    transient: int
    spacing: int

    @abstractmethod
    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step of `dt` later; `time` matters only where the forcing depends on it."""

    @abstractmethod
    def start(self) -> Tensor:
        """Return the state x₀ that experiments begin near, shape (n,)."""

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw states near x₀, shape (count, n): from N(x₀, σ² I) with σ = `start_sigma` unless a model knows better."""
        x0 = self.start()
        noise = torch.randn(count, self.size, generator=generator, dtype=x0.dtype, device=x0.device)
        return x0 + self.start_sigma * noise

    def distance(self, a: Tensor, b: Tensor) -> Tensor | None:
        """Return the distances between components a and b (whole numbers that broadcast), or None where there is no space."""
        del a, b
        return None

    def norm(self) -> Norm | None:
        """Return how errors are measured, √(Σ area (scale · error)²), or None for the root mean over all components."""
        return None

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps that begin at `time`."""
        for k in range(steps):
            state = self.step(state, time + k * self.dt)
        return state

    def trajectory(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state and those after each step, shape (steps + 1, ..., n)."""
        states = [state]
        for k in range(steps):
            states.append(self.step(states[-1], time + k * self.dt))
        return torch.stack(states)


def check_positive(**values: float) -> None:
    """Raise InputError unless all values, given by their names, are positive finite numbers."""
    for name, value in values.items():
        if not 0 < value < float("inf"):
            raise InputError(f"{name} must be a positive number; came {value:g}")


def periodic_distance(a: Tensor, b: Tensor, points: int) -> Tensor:
    """Return the distance between points a and b of a ring, in grid spacings."""
    apart = (a - b).abs() % points
    return torch.minimum(apart, points - apart)
