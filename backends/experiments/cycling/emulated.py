"""Trained networks as testbeds: found by the id of the run, or the newest one that there is."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from backends.dynamics.advection import Advection
from backends.dynamics.emulator import Emulator
from backends.dynamics.lorenz63 import Lorenz63
from backends.errors import InputError
from backends.experiments.training.dynamics import AdvectionEmulatorTraining, Lorenz63Training
from backends.experiments.training.trained import Trained, runs_of, trained
from backends.home import home_folder
from backends.learning.dynamics.advection import AdvectionEmulator
from backends.learning.dynamics.lorenz63 import RightHandSide

#: The trainings whose networks carry a state that is a vector.
TASKS = tuple(kind.model_fields["task"].default for kind in (AdvectionEmulatorTraining, Lorenz63Training))


def newest_run() -> str:
    """Return the id of the newest run that has trained a network which can be a testbed.

    Raises
    ------
    InputError
        If there is none.
    """
    for run in runs_of(*TASKS):
        return run
    raise InputError(f"no network has been trained that can be a testbed; run a training of {' or '.join(TASKS)} first")


def step_of(run: str) -> float:
    """Return the length of a step of the model that a run has learned.

    Raises
    ------
    InputError
        If there is no such run, it is damaged, or it has trained something else.
    """
    settings = _of(run).settings
    assert isinstance(settings, AdvectionEmulatorTraining | Lorenz63Training)  # which are the tasks that it looks for
    return settings.model().dt


def network_of(run: str) -> dict[str, Any]:
    """Return observations that suit what a run has learned: those of the testbed that it emulates.

    Raises
    ------
    InputError
        If there is no such run, it is damaged, or it has trained something else.
    """
    from backends.experiments.cycling.dynamics import AdvectionSettings, Lorenz63Settings

    kind = AdvectionSettings if isinstance(_of(run).task, AdvectionEmulator) else Lorenz63Settings
    return kind.NETWORK


def emulator(run: str, learned: bool, device: torch.device, dtype: torch.dtype) -> Emulator:
    """Return the network of a run as a model, or the model that it was trained to follow, with the same starts.

    Raises
    ------
    InputError
        If there is no such run, it is damaged, or it has trained something else.
    """
    task = _of(run).task
    if isinstance(task, AdvectionEmulator):
        old, bumps = task.model, task.bumps
        line = Advection(old.points, old.speed, old.dt, old.waves, device=device, dtype=dtype)
        return Emulator(
            task.step if learned else line.step,
            line,
            lambda count, generator: bumps.draw(count, line.points, generator),
            device,
            dtype,
        )
    assert isinstance(task, RightHandSide)
    m = task.model
    exact = Lorenz63(m.sigma, m.rho, m.beta, m.dt, device=device, dtype=dtype)
    return Emulator(task.step if learned else exact.step, exact, None, device, dtype)


def _of(run: str) -> Trained:
    """Return a run that has trained one of the tasks; the newest are remembered until they are trained further."""
    path = home_folder() / "checkpoints" / run / "newest"
    # What is wrong with a run that is not there, `trained` says.
    changed = path.stat().st_mtime_ns if run.isalnum() and path.is_file() else 0
    return _loaded(home_folder(), run, changed)


@lru_cache(maxsize=4)
def _loaded(home: Path, run: str, changed: int) -> Trained:
    del home, changed
    found = trained(run, Path())
    if found.settings.task not in TASKS:
        raise InputError(f"the run {run!r} has trained {found.settings.task}; a testbed needs one of {' or '.join(TASKS)}")
    found.task.network.eval().requires_grad_(False)
    return found
