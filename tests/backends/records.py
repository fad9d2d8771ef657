"""Records of races with numbers that a test chooses."""

from types import SimpleNamespace

import numpy as np
import torch

from backends.cycling.record import Record
from backends.cycling.verification import NUMBERS

NAN = float("nan")


def record(ranks=None, extras=(), **numbers) -> Record:
    """Return a record with these numbers, (K,) or (K, E) each, and ones for all others."""
    given = {name: torch.as_tensor(np.asarray(values, float)) for name, values in numbers.items()}
    given = {name: values[:, None] if values.ndim == 1 else values for name, values in given.items()}
    K, E = next(iter(given.values())).shape
    made = Record(E, climate=1e9)
    made._numbers = torch.stack([given.get(name, torch.ones(K, E).double()) for name in NUMBERS], -1)
    made.cycles, made.extras = K, {name: list(values) for name, values in dict(extras).items()}
    made.ranks = ranks
    return made


def race(*records, spinup=0, sigma=1.0, methods=()) -> SimpleNamespace:
    """Return what is read of a race."""
    kinds = [*methods, *[SimpleNamespace() for _ in records[len(methods) :]]]
    contestants = [SimpleNamespace(record=r, method=m, label="") for r, m in zip(records, kinds, strict=True)]
    settings = SimpleNamespace(spinup=spinup, observations=SimpleNamespace(sigma=sigma))
    return SimpleNamespace(
        settings=settings, cycling=SimpleNamespace(contestants=contestants), cycle=max(r.cycles for r in records), marks=[],
        trace=SimpleNamespace(moments=[]),
    )  # fmt: skip


def autoregressive(K: int, phi: float, seed: int) -> np.ndarray:
    """Return a series of variance one with the autocorrelations φ^k."""
    noise = np.random.default_rng(seed).standard_normal(K)
    x = np.empty(K)
    x[0] = noise[0]
    for k in range(1, K):
        x[k] = phi * x[k - 1] + (1 - phi**2) ** 0.5 * noise[k]
    return x
