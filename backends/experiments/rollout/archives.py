"""Archives that rollouts start from, read as the trainings of their emulators read them, so that the split is the same."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from backends.errors import InputError
from backends.experiments.rollout.settings import ArchiveStart
from backends.experiments.training.dynamics import ERA5Training, EuropeanTraining, coordinates
from backends.experiments.training.trained import trained
from backends.fields.catalogue import Catalogue
from backends.learning.dynamics.archive import Archive
from backends.learning.dynamics.field import FieldEmulator
from backends.rollout.archive import ArchiveWorld
from backends.rollout.field import EmulatedField


def archive_world(start: ArchiveStart, folder: Path, device: torch.device, dtype: torch.dtype) -> ArchiveWorld:
    """Return the world of an archive.

    Raises
    ------
    InputError
        If it cannot be read, or has too few times.
    """
    return ArchiveWorld(*_read(start.dataset, start.path, folder), device, dtype)


def emulated_field(run: str, world: ArchiveWorld, label: str, folder: Path) -> EmulatedField:
    """Return the network of a run as a model of an archive.

    Raises
    ------
    InputError
        If there is no such run, or it has trained something else or on another archive.
    """
    settings, task = trained(run, folder)
    if not isinstance(task, FieldEmulator):
        raise InputError(f"the run {run!r} has trained {settings.task}; an archive needs an emulator of fields")
    return EmulatedField(task, world, label)


@lru_cache(maxsize=2)
def _read(dataset: str, path: str, folder: Path) -> tuple[Archive, np.ndarray]:
    """Return the fields of an archive and their times; the newest are remembered."""
    training = ERA5Training(path=path) if dataset == "era5" else EuropeanTraining()
    data = Catalogue(folder).open(path if dataset == "era5" else "european-forecast")
    times, _, _ = coordinates(data, next(iter(data.variables)) if dataset == "era5" else "t2m")
    return training.make(folder).archive, times
