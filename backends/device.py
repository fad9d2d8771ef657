"""The device that all computations of this process run on, chosen once."""

import os
import platform
from dataclasses import dataclass
from functools import cache

import torch

from backends.errors import InputError

GIB = 2**30


@dataclass(frozen=True)
class Memory:
    """Memory in bytes: what is in use and what there is, or 0 where the total is not known."""

    used: int
    total: int

    def __str__(self) -> str:
        used = f"{self.used / GIB:.1f}"
        return f"{used} of {self.total / GIB:.0f} GiB" if self.total else f"{used} GiB"


@cache
def compute_device() -> torch.device:
    """Return CUDA if there is one, then MPS, then the CPU; the environment variable ``ASSIMILAB_DEVICE`` overrides.

    Raises
    ------
    InputError
        If ``ASSIMILAB_DEVICE`` names a device that torch does not know or that is not there.
    """
    wanted = os.environ.get("ASSIMILAB_DEVICE", "").strip()
    if wanted:
        try:
            device = torch.device(wanted)
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError) as problem:
            raise InputError(
                f"ASSIMILAB_DEVICE is {wanted!r}, which torch cannot use on this machine; expected cuda, mps or cpu"
            ) from problem
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def precise_dtype(device: torch.device) -> torch.dtype:
    """Return float64, or float32 on Apple's MPS, which has no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def device_name(device: torch.device) -> str:
    """Return what a person calls the device: ``"NVIDIA H200"``, ``"CPU, 2 threads"``."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({platform.machine()})"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads != 1 else ''}"


def device_memory(device: torch.device) -> Memory:
    """Return the memory of the device; on the CPU that is this process's resident memory against the machine's."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return Memory(total - free, total)
    if device.type == "mps":
        return Memory(torch.mps.current_allocated_memory(), torch.mps.recommended_max_memory())
    import psutil

    return Memory(psutil.Process().memory_info().rss, psutil.virtual_memory().total)
