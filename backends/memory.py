"""Memory: a large computation asks for it before it begins, and what fails for the lack of it says so in one place."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from backends.errors import InputError

GIB = 2**30


def most() -> int:
    """Return how many bytes one computation may take: ``ASSIMILAB_MEMORY``, in GiB, or three quarters of what is free now.

    On CUDA that is the memory of the device, else that of the machine.

    Raises
    ------
    InputError
        If ``ASSIMILAB_MEMORY`` is no positive number.
    """
    text = os.environ.get("ASSIMILAB_MEMORY", "").strip()
    if text:
        try:
            wanted = float(text)
        except ValueError:
            wanted = 0.0
        if not wanted > 0:
            raise InputError(f"ASSIMILAB_MEMORY: must be a positive number of GiB; came {text!r:.40}")
        return round(wanted * GIB)
    from backends.device import compute_device

    device = compute_device()
    if device.type == "cuda":
        import torch

        # What torch keeps for its next tensors is as good as free.
        free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    else:
        import psutil

        free = psutil.virtual_memory().available
    return 3 * free // 4


def give_back() -> None:
    """Give memory that is free within this process back to the system, which glibc does late or never; elsewhere do nothing.

    Worth its milliseconds after work on millions of numbers.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def ask(needed: int, what: str, instead: str) -> None:
    """Refuse a computation that needs more than there is.

    Parameters
    ----------
    needed
        Bytes.
    what
        Needs them, such as ``"the states of 40 members"``.
    instead
        What a person can do.

    Raises
    ------
    InputError
        If it needs more.
    """
    allowed = most()
    if needed > allowed:
        raise InputError(f"{what} need {needed / GIB:.3g} GiB of memory; {allowed / GIB:.3g} GiB can be had. {instead}")


@contextmanager
def gradients_ask(what: str, instead: str) -> Iterator[None]:
    """Refuse a computation as soon as what torch keeps of it for the gradient is more than one may take.

    How much a network keeps is not known before it has run; this ends its first run before the memory does.

    Parameters
    ----------
    what, instead
        As in :func:`ask`.

    Raises
    ------
    InputError
        If it keeps more.
    """
    import torch

    allowed, kept = most(), dict[int, int]()
    total = 0

    def count(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal total
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        total += max(0, size - kept.get(place, 0))
        kept[place] = max(size, kept.get(place, 0))
        if total > allowed:
            raise InputError(
                f"{what} need more than the {allowed / GIB:.3g} GiB of memory to be had, for the gradient alone. {instead}"
            )
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        yield


@contextmanager
def lack_is_told() -> Iterator[None]:
    """Turn the lack of memory, however a library tells it, into a sentence for a person.

    Raises
    ------
    InputError
        In the place of what Python, NumPy and torch raise.
    """
    try:
        yield
    except Exception as problem:
        if not is_lack(problem):
            raise
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise InputError(
            "there is not enough memory for this; take fewer members, experiments or grid points, or a smaller batch"
        ) from problem


def is_lack(problem: BaseException) -> bool:
    """Return whether an exception tells that memory was lacking."""
    torch = sys.modules.get("torch")
    if isinstance(problem, MemoryError) or (torch is not None and isinstance(problem, torch.OutOfMemoryError)):
        return True
    # On the CPU torch has no word of its own for it.
    return isinstance(problem, RuntimeError) and "DefaultCPUAllocator" in f"{problem}"
