"""A model that stands still, starts and observations that tests of particle filters share."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.estimate import Observed
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.base import Dynamics, periodic_distance
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal, vector


@dataclass(eq=False)
class Still(Dynamics):
    """A ring of points on which nothing happens."""

    size: int = 3
    dt: float = 1.0
    start_sigma: float = 1.0
    transient: int = 0
    spacing: int = 1
    name: ClassVar[str] = "still"

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        del time
        return state

    def start(self) -> Tensor:
        return torch.zeros(self.size, dtype=torch.float64)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        return periodic_distance(a, b, self.size)


def started(method, members: Tensor, model: Dynamics | None = None, seed: int = 5):
    """Return the method after its start and a forecast, with the given background members (E, N, n)."""
    n = members.shape[-1]
    model = model or Still(n)
    ones = torch.ones(n, dtype=members.dtype)
    start = torch.zeros(len(members), n, dtype=members.dtype)
    setting = Setting(model, 5 * ones, DenseBackgroundError(torch.diag(ones)), start, ones)
    method.start(setting, torch.Generator().manual_seed(seed))
    method.state = members
    method.forecast(model, 0, 0.0)
    return method


def of_components(values: Tensor, components: list[int], n: int, sigma: Tensor) -> Observed:
    """Return observations (E, p) of single components."""
    index = torch.tensor(components)[:, None]
    return Observed(values, LinearOperator(Rows(n, index, torch.ones_like(index, dtype=values.dtype))), ObservationError(sigma))


def mixed(values: Tensor, n: int) -> Observed:
    """Return observations (E, p) that mix two components each, with correlated errors of different sizes."""
    p = values.shape[1]
    first = torch.arange(p) % n
    rows = Rows(n, torch.stack([first, (first + 1) % n], 1), vector(0.7, 0.3).expand(p, 2))
    correlation = torch.exp(-(torch.arange(p)[:, None] - torch.arange(p)).abs().to(torch.float64))
    return Observed(values, LinearOperator(rows), ObservationError(1 + 0.2 * torch.arange(p, dtype=torch.float64), correlation))


def random_weights(*shape: int, seed: int = 0) -> Tensor:
    return torch.softmax(2 * normal(*shape, seed=seed), dim=-1)


def weighing(E: int, N: int, n: int, sigma: float = 0.7) -> tuple[Tensor, Observed]:
    """Return E copies of one ensemble and one observation that some members fit much better than others."""
    background = (normal(1, N, n, seed=4) + vector(*range(n))).expand(E, N, n).clone()
    return background, of_components(vector(0.8).expand(E, 1), [0], n, vector(sigma))
