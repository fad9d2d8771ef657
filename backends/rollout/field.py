"""Learned emulators of fields on maps as forecast models: with what forces them taken from the archive."""

import numpy as np
import torch
from torch import Tensor

from backends.errors import InputError
from backends.learning.dynamics.archive import Archive
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
        If the archive is another one, or has several fields.
    """

    name = "network"

    def __init__(self, task: FieldEmulator, world: ArchiveWorld, label: str) -> None:
        archive = task.archive
        if world.fields > 1:
            keys = ", ".join(field.key for field in world.record.fields)
            raise InputError(f"{label} forecasts 2 m temperature alone: give the start `fields` of one; came {keys}")
        if not _same(archive, world):
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


def _same(archive: Archive, world: ArchiveWorld) -> bool:
    """Return whether a network was trained on an archive: on as many maps, with the same values to the rounding of files."""
    if len(archive) != len(world) or archive.field.shape[1:] != world.shape:
        return False
    stored = torch.from_numpy(world.record.read(np.arange(len(world))))[:, 0]
    scaled = (stored.double() - archive.mean) / archive.scale
    return torch.allclose(scaled.float(), archive.field, rtol=0, atol=1e-4)
