"""A training as a job, and on the command line: both are recorded, and leave a checkpoint that others go on from."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backends.errors import InputError
from backends.experiments.run import from_yaml, of_kind, to_yaml
from backends.experiments.training.run import train
from backends.experiments.training.settings import TrainingSettings
from backends.home import home_folder
from backends.jobs.context import Checkpoint, JobContext, LocalContext, as_bytes
from backends.jobs.job import Job, Point, State
from backends.jobs.mlflow_client import first_line
from backends.jobs.store import Store
from backends.jobs.thinning import Thinning

#: Most values of each metric that a run on the command line records.
MOST_RECORDED = 1000


def run_job(settings_yaml: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Train as a job."""
    return train(of_kind(from_yaml(settings_yaml), TrainingSettings), folder, context, context.job)


def run_recorded(settings: TrainingSettings, folder: Path, out: Path | None) -> dict[str, Any]:
    """Train in this process; record the run where a server records its own, and keep its checkpoint there.

    Raises
    ------
    InputError
        If the training cannot be run.
    """
    home = home_folder()
    job = Job(secrets.token_hex(6), "training", to_yaml(settings), State.RUNNING, created=time.time(), started=time.time())
    store = Store(home)
    store.create(job)
    points: list[Point] = []
    kept: dict[str, bytes] = {}
    thinning = Thinning(MOST_RECORDED)

    def listen(done: int, of: int, metrics: Mapping[str, float], note: str) -> None:
        nonlocal job
        job = replace(job, done=done, of=of, note=note)
        values = thinning.keep(done, of, metrics)
        if values:
            points.append(Point(done, values))

    folder_of = home / "checkpoints"
    earlier = folder_of / settings.resume if settings.resume else None
    context = _KeepingContext(out, listen, Checkpoint(folder_of / job.id, earlier), job.id, kept)
    state, problem = State.FAILED, ""
    summary: dict[str, Any] = {}
    try:
        summary = train(settings, folder, context, job.id)
        state = State.COMPLETED
    except InputError as fault:
        problem = str(fault)
        raise
    except KeyboardInterrupt:
        problem = "it was interrupted"
        raise
    except BaseException as defect:
        problem = f"{type(defect).__name__}: {first_line(defect)}"
        raise
    finally:
        job = replace(job, state=state, problem=problem, summary=summary, ended=time.time())
        store.finish(job, points + thinning.rest(), kept)
    return summary


class _KeepingContext(LocalContext):
    """The context of a run on the command line: files go to the folder and to the record."""

    def __init__(self, out: Path | None, listener: Any, checkpoint: Checkpoint, job: str, kept: dict[str, bytes]) -> None:
        super().__init__(out, listener)
        self.checkpoint, self.job, self._kept = checkpoint, job, kept

    def save(self, name: str, content: bytes | str) -> None:
        """Write into the folder, and keep it for the record."""
        super().save(name, content)
        self._kept[name] = as_bytes(content)
