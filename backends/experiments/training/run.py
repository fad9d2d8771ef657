"""Training an experiment's task to its end: steps, validations, pictures, checkpoints, and its summary."""

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from backends.device import compute_device, device_name
from backends.errors import InputError
from backends.experiments.run import to_yaml
from backends.experiments.training.settings import TrainingSettings
from backends.jobs.context import Cancelled, JobContext
from backends.learning.gallery import to_json
from backends.learning.state import unpack
from backends.learning.trainer import Trainer, load_weights, weights_of
from backends.memory import gradients_ask

#: Files that a training leaves.
WEIGHTS, GALLERY = "network.safetensors", "gallery.json"
#: Seconds of training until the first checkpoint, between checkpoints, between validations at least, and between pictures.
FIRST_CHECKPOINT, CHECKPOINT_EVERY, VALIDATE_EVERY, SHOW_EVERY = 1.0, 20.0, 1.0, 3.0
#: Validations and pictures take at most this share of the time each, unless nobody had seen any for so many seconds.
SHARE, LONGEST_WAIT = 0.05, 20.0


def train(settings: TrainingSettings, folder: Path, context: JobContext, run_id: str = "") -> dict[str, Any]:
    """Train, report as it goes, leave the weights and the gallery, and return the summary.

    Parameters
    ----------
    settings
        What and how.
    folder
        The data folder.
    context
        Where reports, pictures and checkpoints go, and where a checkpoint may be that the training goes on from.
    run_id
        What the record knows the run by.

    Raises
    ------
    InputError
        If the data or the checkpoint cannot be read, there is no memory for a batch, or the loss is not finite any more.
    """
    task = settings.make(folder)
    facts = {"settings": to_yaml(settings)}
    trainer = Trainer(task, settings.schedule(), settings.seed, facts)
    earlier = context.checkpoint.latest()
    if settings.resume and earlier is None:
        raise InputError(f"there is no checkpoint of the run {settings.resume!r}; look up the id of one that was trained here")
    if earlier is not None and settings.fine_tune:
        load_weights(task, *unpack(earlier))
    elif earlier is not None:
        trainer.restore(earlier)
    loop = _Loop(trainer, context)
    try:
        loop.run()
    except (Cancelled, InputError):
        # The weights are those before what went wrong.
        context.checkpoint.save(trainer.state())
        raise
    context.checkpoint.save(trainer.state())
    context.report(trainer.iteration, trainer.iteration, note="scoring")
    context.save(WEIGHTS, weights_of(task, facts))
    context.save(GALLERY, to_json(task.gallery()))
    return task.scores() | {
        "task": settings.task,
        "iterations": trainer.iteration,
        "seconds": trainer.seconds,
        "samples_per_second": trainer.iteration * settings.batch / trainer.seconds if trainer.seconds else None,
        "parameters": sum(weight.numel() for weight in task.network.parameters()),
        "run_id": run_id,
        "device": device_name(compute_device()),
    }


class _Loop:
    """The steps of a training, and what is done between them."""

    def __init__(self, trainer: Trainer, context: JobContext) -> None:
        self._trainer, self._context = trainer, context
        self._saved = trainer.seconds - CHECKPOINT_EVERY + FIRST_CHECKPOINT
        # What validating and drawing cost, and when each was done last, in seconds of training.
        self._cost = {"validate": 0.0, "show": 0.0}
        self._last = {"validate": -1e9, "show": -1e9}
        self._speed = (trainer.seconds, trainer.iteration)

    def run(self) -> None:
        """Take all steps."""
        trainer, first = self._trainer, True
        while trainer.progress < 1:
            start = time.perf_counter()
            with self._asking() if first else nullcontext():
                metrics = trainer.step()
            first = False
            trainer.seconds += time.perf_counter() - start
            if self._due("validate", VALIDATE_EVERY):
                metrics |= self._timed("validate", trainer.task.validate)
                metrics |= self._pace()
            if self._due("show", SHOW_EVERY):
                self._timed("show", self._show)
            self._context.report(trainer.iteration, self._expected(), metrics, note="training")
            if trainer.seconds - self._saved > CHECKPOINT_EVERY:
                self._context.checkpoint.save(trainer.state())
                self._saved = trainer.seconds

    def _asking(self) -> AbstractContextManager[None]:
        """Return what refuses a step that needs more memory than there is; all steps need about the same."""
        samples = self._trainer.task.batch
        return gradients_ask(f"{samples} samples at once", "Take a smaller `batch` or a smaller network.")

    def _expected(self) -> int:
        """Return how many iterations there will be."""
        return max(self._trainer.iteration, round(self._trainer.iteration / self._trainer.progress))

    def _due(self, what: str, every: float) -> bool:
        passed = self._trainer.seconds - self._last[what]
        return self._trainer.progress >= 1 or passed > max(every, min(self._cost[what] / SHARE, LONGEST_WAIT))

    def _timed(self, what: str, action: Any) -> Any:
        start = time.perf_counter()
        result = action()
        # What is made at the first time and kept, such as references, says nothing about the next.
        self._cost[what] = 0.0 if self._last[what] < 0 else time.perf_counter() - start
        self._last[what] = self._trainer.seconds
        return result

    def _show(self) -> None:
        self._context.show(GALLERY, to_json(self._trainer.task.gallery()))

    def _pace(self) -> dict[str, float]:
        """Return samples per second since the last time, and the memory in use in MB."""
        trainer, (seconds, iteration) = self._trainer, self._speed
        self._speed = trainer.seconds, trainer.iteration
        device = compute_device()
        pace = {"seconds": trainer.seconds}
        if trainer.seconds > seconds:
            pace["samples_per_second"] = (trainer.iteration - iteration) * trainer.task.batch / (trainer.seconds - seconds)
        if device.type == "cuda":
            pace["device_memory_mb"] = torch.cuda.max_memory_allocated(device) / 1e6
        else:
            import psutil

            pace["memory_mb"] = psutil.Process().memory_info().rss / 1e6
        return pace
