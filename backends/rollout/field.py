"""Learned emulators of fields on maps as forecast models: with what forces them taken from the archive."""

import torch
from torch import Tensor

from backends.errors import InputError
from backends.learning.dynamics.field import FieldEmulator
from backends.rollout.archive import ArchiveWorld
from backends.rollout.models import ForecastModel
from backends.rollout.world import Starts


class EmulatedField(ForecastModel):
    """A network that takes a field one step on; forcing is that of the archive at each valid time.

    Where the forcing knows of the weather, such as wind and pressure, this is no forecast, and the label says "forced".

    Parameters
    ----------
    task
        The trained emulator.
    world
        What it forecasts; its archive must be the one that the emulator was trained on.
    label
        What it is called.

    Raises
    ------
    InputError
        If the archive is another one.
    """

    name = "network"

    def __init__(self, task: FieldEmulator, world: ArchiveWorld, label: str) -> None:
        archive = task.archive
        same = archive.field.shape == world.archive.field.shape and torch.equal(archive.field, world.archive.field)
        if not same:
            (ny, nx), (rows, columns) = archive.field.shape[1:], world.shape
            raise InputError(
                f"{label} was trained on another archive: {len(archive)} maps of {ny} x {nx} points; those of the start are "
                f"{len(world)} of {rows} x {columns}"
            )
        self.label = f"{label} (forced)" if task.forced else label
        self.size, self._shape = world.size, world.shape
        self._network = task.network.eval().requires_grad_(False)
        like = next(task.network.parameters())
        self._mean, self._scale, self._forcing = archive.mean, archive.scale, archive.forcing.to(like)

    def advance(self, states: Tensor, starts: Starts, lead: int, steps: int) -> Tensor:
        """Return the states later, by the network, in the precision of its weights."""
        S, N, n = states.shape
        field = ((states - self._mean) / self._scale).to(self._forcing).reshape(S * N, *self._shape)
        for k in range(steps):
            forcing = self._forcing[starts.steps + lead + k].repeat_interleave(N, 0)
            field = self._network(field, forcing)
        return self._mean + self._scale * field.reshape(S, N, n).to(states)
