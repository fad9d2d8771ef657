"""Kinds of jobs that only tests have; they run in the worker's process."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import yaml

from backends.errors import InputError
from backends.jobs.context import JobContext

KINDS = {
    name: f"tests.backends.jobs.tasks:{name}"
    for name in ("counting", "resting", "refusing", "breaking", "dying", "saving", "hanging", "filling", "hungry")
}


def counting(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Count to `to`, `pause` seconds apart, where up to `of` was planned."""
    wanted = yaml.safe_load(settings)
    for k in range(1, wanted["to"] + 1):
        context.report(k, wanted.get("of", wanted["to"]), {"k": k, "square #2": k * k}, note=f"at {k}")
        time.sleep(wanted.get("pause", 0))
    context.save("list.txt", "\n".join(f"{k}" for k in range(wanted["to"])))
    return {"counted": wanted["to"], "folder": str(folder), "process": os.getpid()}


def resting(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Report until somebody stops it."""
    k = 0
    while True:
        k += 1
        context.report(k, 1_000_000)
        time.sleep(0.005)


def refusing(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Find fault with the settings, after some steps."""
    context.report(1, 10, {"loss": 0.5})
    context.save("before.txt", b"all that came before")
    raise InputError("cycles: must be positive; came -1")


def breaking(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Have a defect."""
    return {"ratio": 1 / len(settings[:0])}


def dying(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Lose the process, as when the machine has no more memory."""
    context.report(3, 10)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def saving(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Go on from a checkpoint, if there is one; fail at `fail`."""
    wanted = yaml.safe_load(settings)
    begun = json.loads(context.checkpoint.latest() or b"0")
    for k in range(begun, wanted["to"]):
        if k == wanted.get("fail"):
            raise InputError("as asked")
        context.checkpoint.save(json.dumps(k).encode())
    return {"begun": begun}


def hanging(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Report once, and never again."""
    context.report(1, 10)
    time.sleep(3600)
    return {}


def filling(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Write a checkpoint, and then a larger one onto a disk that has no room for it."""
    import resource

    context.checkpoint.save(b"the first")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        context.checkpoint.save(bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return {}


def hungry(settings: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Ask for more memory than any machine has: as `kind` says, of torch, of NumPy or of Python."""
    import numpy as np
    import torch

    ask = {"torch": torch.zeros, "numpy": np.ones, "python": bytearray}
    context.report(1, 2)
    ask[yaml.safe_load(settings)["kind"]](2**48)
    return {}
