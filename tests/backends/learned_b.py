"""Errors, cases and small trainings that tests of learned B share."""

from dataclasses import replace

import torch

from backends.experiments.training.background import LearnedBLine
from backends.learning.variational.fixed import dense_errors
from backends.learning.variational.plane import ArchiveDraws

F64 = torch.float64


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def correlated(samples=400, n=10):
    """Errors with a few directions of large variance."""
    errors = normal(samples, n) @ (normal(n, n, seed=2) * torch.linspace(2, 0.1, n, dtype=F64)[:, None])
    return errors - errors.mean(0)


def line_cases(B, count=40, sigma=0.3, seed=5):
    n = len(B)
    errors = normal(200, n, seed=seed) @ torch.linalg.cholesky(B).mT
    states = normal(200, n, seed=seed + 1)
    exact = dense_errors(B, 1e-12)
    drawn = ArchiveDraws(states + errors, states, exact, (3, 8), sigma).draw(count, torch.Generator().manual_seed(seed))
    # Draws are in single precision.
    return replace(drawn.to(B), errors=exact, sigma=B.new_full((count,), sigma))


def small(**options):
    usual = {
        "points": 24,
        "samples": 300,
        "batch": 32,
        "observations": {"count": (3, 10)},
        "network": {"name": "vae", "latent": 4, "width": 16},
    }
    return LearnedBLine(**usual | options)
