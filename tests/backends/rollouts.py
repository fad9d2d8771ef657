"""Worlds and models whose forecasts can be told on paper, and networks that were trained for a moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from backends.cycling import climate
from backends.dynamics.base import Norm
from backends.experiments.cycling.race import climate_of
from backends.experiments.run import from_yaml
from backends.experiments.training.run import train
from backends.jobs.context import LocalContext
from backends.rollout.models import ForecastModel
from backends.rollout.world import Starts, World

TRAINING = """\
kind: training
task: advection-1d-emulator
points: 40
dt: 0.0125
width: [0.06, 0.12]
network: {name: NAME, width: 4}
learning_rate: 0.01
iterations: MANY
"""
LINE = {"name": "advection-1d", "points": 40, "dt": 0.0125, "waves": 5}


def trained_lines(tmp_path_factory: pytest.TempPathFactory, iterations: int = 60) -> Iterator[Path]:
    """Train two networks for the line for a moment, `a0001` that keeps the mass and `a0002` that does not; rougher climates."""
    folder = tmp_path_factory.mktemp("rollouts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSIMILAB_HOME", str(folder / "home"))
        patch.setattr(climate, "SAMPLED", (100, 4))
        for run, name in (("a0001", "conservative"), ("a0002", "free")):
            context = LocalContext(checkpoint=folder / "home" / "checkpoints" / run)
            train(from_yaml(TRAINING.replace("NAME", name).replace("MANY", str(iterations))), folder, context)
        climate_of.cache_clear()
        yield folder
        climate_of.cache_clear()


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
