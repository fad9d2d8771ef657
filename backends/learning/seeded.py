"""First weights from a seed of their own."""

from collections.abc import Callable
from typing import TypeVar

import torch

Made = TypeVar("Made")


def seeded(make: Callable[[], Made], seed: int) -> Made:
    """Return what `make` returns, its weights drawn from a seed, and leave torch's own random numbers as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()
