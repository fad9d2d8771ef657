"""Kinds of jobs: for each the function that does the work."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from backends.errors import InputError
from backends.jobs.context import JobContext

#: Settings as YAML, the data folder and a context in, a summary out that JSON can hold.
Task = Callable[[str, Path, JobContext], dict[str, Any]]

#: The function of each kind, ``module:name``; imported where it runs. No name ever comes from a user.
KINDS: dict[str, str] = {
    "cycling": "backends.experiments.cycling.job:run_job",
    "training": "backends.experiments.training.job:run_job",
    "rollout": "backends.experiments.rollout.job:run_job",
}


def task_of(kind: str) -> str:
    """Return where the function of a kind is.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise InputError(f"kind: must be {' or '.join(KINDS)}; came {kind!r:.60}")
    return KINDS[kind]


def resolve(place: str) -> Task:
    """Return the function at ``module:name``."""
    module, _, name = place.partition(":")
    task: Task = getattr(import_module(module), name)
    return task
