"""What forecasts: models of dynamics, true, wrong or learned, and the two that anything must beat."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.rollout.world import Starts, World

#: Numbers of states that go forward together on a processor, about a megabyte: 50 states of 64 x 64 points at once take 1.3
#: times as long as some of them after the other, 32 of shallow water 1.4 times, single ones 1.4 and 1.8 times.
BLOCK = 100_000


class ForecastModel(ABC):
    """A model that carries ensembles forward from their starts; gradients pass through it.

    Attributes
    ----------
    name, label
        Of the kind, and what pages and tables call it.
    size
        Number of components of its states, or None where it takes any.
    """

    name: str
    label: str
    size: int | None = None

    @abstractmethod
    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        """Return states (S, N, n), forecasts `lead` steps ahead of their starts, after further steps of the world."""


class FromDynamics(ForecastModel):
    """A model of a testbed.

    Parameters
    ----------
    dynamics
        True, wrong or learned.
    world
        What it forecasts: the model's steps must fit into that of the world.
    label, name
        What it is called, and of what kind it is.

    Raises
    ------
    InputError
        If its steps do not fit, or its states have another size.
    """

    def __init__(self, dynamics: Dynamics, world: World, label: str, name: str = "dynamics") -> None:
        self.name = name
        self.dynamics, self.label, self.size, self._dt = dynamics, label, dynamics.size, world.dt
        self._steps = round(world.dt / dynamics.dt)
        if self._steps < 1 or abs(self._steps * dynamics.dt - world.dt) > 1e-9 * world.dt:
            raise InputError(
                f"the step of {label}, {dynamics.dt:g}, must divide that of the truth, {world.dt:g}, into whole steps"
            )
        if dynamics.size != world.size:
            raise InputError(f"{label} forecasts states of {dynamics.size} components; those of the start have {world.size}")

    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        """Return the states later, by the model; on a processor some at a time, as many as its caches hold."""
        time, steps = (int(starts.steps[0]) + lead) * self._dt, steps * self._steps
        if states.device.type != "cpu" or states.numel() <= BLOCK:
            return self.dynamics.advance(states, steps, time)
        some = states.reshape(-1, states.shape[-1]).split(max(1, BLOCK // states.shape[-1]))
        return torch.cat([self.dynamics.advance(part, steps, time) for part in some]).reshape(states.shape)


class Persistence(ForecastModel):
    """Everything stays as it is at the start."""

    name = "persistence"

    def __init__(self, label: str = "persistence") -> None:
        self.label = label

    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        """Return the states as they are."""
        del starts, lead, steps
        return states


class Climatology(ForecastModel):
    """What is usual at the time that is forecast, whatever the start."""

    name = "climatology"

    def __init__(self, world: World, label: str = "climatology") -> None:
        self.label, self._world = label, world

    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        """Return the climate at the valid time, the same for all members."""
        return self._world.climate(starts.steps + lead + steps)[:, None].expand_as(states)
