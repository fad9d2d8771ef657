"""Networks that have been trained, found again by the id of their run."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from backends.errors import InputError
from backends.experiments.run import from_yaml, of_kind
from backends.experiments.training.settings import TrainingSettings
from backends.home import home_folder
from backends.jobs.context import Checkpoint
from backends.learning.state import unpack
from backends.learning.task import Task
from backends.learning.trainer import load_weights

#: No header of a checkpoint is longer.
LONGEST_HEADER = 1_000_000


class Trained(NamedTuple):
    """The settings that a network was trained with, and its task with the weights as they were last."""

    settings: TrainingSettings
    task: Task


def trained(run_id: str, folder: Path) -> Trained:
    """Return what a run has trained so far; `folder` is that of the data.

    Raises
    ------
    InputError
        If there is no such run, its checkpoint is damaged, or its data cannot be read.
    """
    if not re.fullmatch(r"[0-9a-f]{4,40}", run_id):
        raise InputError(f"the id of a run consists of the digits 0 to 9 and the letters a to f; came {run_id!r:.60}")
    content = Checkpoint(home_folder() / "checkpoints" / run_id).latest()
    if content is None:
        raise InputError(f"there is no checkpoint of the run {run_id!r}; look up the id of one that was trained here")
    tensors, facts = unpack(content)
    if "settings" not in facts:
        raise InputError(f"the checkpoint of the run {run_id!r} does not say what it was trained with")
    settings = of_kind(from_yaml(facts["settings"]), TrainingSettings)
    task = settings.make(folder)
    load_weights(task, tensors, facts)
    task.network.eval()
    return Trained(settings, task)


def runs_of(*tasks: str) -> Iterator[str]:
    """Yield the ids of the runs that have trained one of some tasks, the newest first, by the headers of their checkpoints."""
    for path in sorted((home_folder() / "checkpoints").glob("*/newest"), key=lambda path: -path.stat().st_mtime_ns):
        if _task_of(path) in tasks:
            yield path.parent.name


def _task_of(path: Path) -> str:
    """Return the task of a checkpoint; nothing if it is damaged."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            return str(json.loads(file.read(min(length, LONGEST_HEADER)))["__metadata__"]["task"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
