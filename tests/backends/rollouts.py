"""Worlds and models whose forecasts can be told on paper."""

from collections.abc import Iterator

import torch
from torch import Tensor

from backends.dynamics.base import Norm
from backends.rollout.models import ForecastModel
from backends.rollout.world import Starts, World


class FixedWorld(World):
    """The truth of start s at step k has the value s + k everywhere; the climate is −1."""

    dt, time_unit, unit, layout, quantities, spectrum = 0.5, "h", "K", "components", {}, None

    def __init__(self, size: int, fields: int = 1, norm: Norm | None = None) -> None:
        self.size, self.shape, self.fields = size, (size,), fields
        self.norm = norm or Norm(torch.full((size,), 1 / size).double(), torch.ones(size).double())

    def single(self) -> "FixedWorld":
        return FixedWorld(self.size, self.fields, Norm(self.norm.area.float(), self.norm.scale.float()))

    def starts(self, count: int, steps: int, generator: torch.Generator) -> Starts:
        states = torch.arange(count).double()[:, None].expand(-1, self.size)
        return Starts(states, torch.zeros(count).long(), torch.arange(count))

    def truth(self, starts: Starts, steps: int, every: int = 1) -> Iterator[Tensor]:
        yield from (starts.states + k for k in range(0, steps + 1, every))

    def climate(self, steps: Tensor) -> Tensor:
        return torch.full((len(steps), self.size), -1.0).double()


class Doubling(ForecastModel):
    """Each step multiplies the state: with a large factor it soon overflows."""

    name = "doubling"

    def __init__(self, factor: float, label: str = "doubling", size: int | None = None) -> None:
        self.factor, self.label, self.size = factor, label, size

    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        return states * self.factor**steps
