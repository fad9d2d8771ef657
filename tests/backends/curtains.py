"""Planes, networks and small tasks that tests of observation to observation share."""

import torch

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.learning.observations import task as module
from backends.learning.observations import testbed as observing
from backends.learning.observations.network import ObservationNetwork
from backends.learning.observations.task import ObservationToObservation as Task
from backends.learning.seeded import seeded

REFERENCES = ("exact", "filter", "free", "persistence", "climatology")


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def plane(**options):
    model = AdvectionDiffusion(nx=16, nz=10, start_sigma=0.1)
    layout = {"steps": 20, "snapshots": 5, "columns": 3, "levels": 5, "unseen": 0.42, "gap": 0.05}
    return observing.Testbed(model, **{**layout, **options})


def network(bed, seed=1, **options):
    small = {"hidden": 16, "layers": 1, "kernel": 5, "embedding": 4, "modes": 10, "typical": 5, **options}
    mean, scale = torch.full((4,), 0.1), torch.full((4,), 0.08)
    model = bed.model
    return seeded(
        lambda: ObservationNetwork(model.nx, model.width, model.height, mean, scale, 0.1, 0.15, bed.times, **small), seed
    )


def small_task(monkeypatch, **options):
    monkeypatch.setattr(module, "VALIDATION", (5, 4))
    monkeypatch.setattr(module, "TEST", (6, 6))
    bed = plane()
    return Task(bed, network(bed), **{"batch": 4, "queries": 30, **options})


def dense(function, n):
    """Return the matrix of a linear function of states."""
    return function(torch.eye(n, dtype=torch.float64)).T
