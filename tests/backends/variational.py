"""A linear model, starts, observations and dense formulas that tests of Kalman filters and variational methods share."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.estimate import Observed
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.base import Dynamics
from backends.dynamics.lorenz96 import Lorenz96
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal

POINTS = 7


@dataclass(eq=False)
class Linear(Dynamics):
    """x → A x + f, with a stable A that is not symmetric."""

    size: int = POINTS
    dt: float = 0.5
    start_sigma: float = 1.0
    transient: int = 0
    spacing: int = 1
    name: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        self.A = 0.9 * torch.linalg.qr(normal(self.size, self.size, seed=1))[0] + 0.05 * normal(self.size, self.size, seed=2)
        self.f = normal(self.size, seed=3)

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        del time
        return state @ self.A.T + self.f

    def start(self) -> Tensor:
        return torch.zeros(self.size, dtype=torch.float64)


def covariance(n: int, seed: int = 4) -> Tensor:
    root = normal(n, n, seed=seed)
    return root @ root.T / n + 0.1 * torch.eye(n, dtype=torch.float64)


def started(method, model: Dynamics, experiments: int = 3, climate: Tensor | None = None):
    """Return the method after its start, from states that differ between the experiments."""
    n = model.size
    start = model.start() + 0.3 * normal(experiments, n, seed=5)
    climatology = DenseBackgroundError(covariance(n) if climate is None else climate)
    setting = Setting(model, model.start() + 0.1, climatology, start, 0.5 + torch.arange(n, dtype=torch.float64) / n)
    method.start(setting, torch.Generator().manual_seed(6))
    return method


def observing(n: int, p: int, state: Tensor, seed: int = 7, noise: float = 0.5) -> Observed:
    """Return observations near a state (E, n), some of them between two components, each with a σ_o of its own."""
    draw = torch.Generator().manual_seed(seed)
    first = torch.randperm(n, generator=draw)[:p]
    share = torch.rand(p, generator=draw, dtype=torch.float64).clamp(max=0.5) * (torch.arange(p) % 2)
    H = LinearOperator(Rows(n, torch.stack([first, (first + 1) % n], 1), torch.stack([1 - share, share], 1)))
    sigma = noise * (1 + torch.rand(p, generator=draw, dtype=torch.float64))
    return Observed(H(state) + normal(len(state), p, seed=seed) * sigma, H, ObservationError(sigma))


def dense(observed: Observed) -> tuple[Tensor, Tensor]:
    return observed.operator.dense(), observed.error.sigma.square().diag()


def information_form(background: Tensor, P: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
    """Return x_a and A from inverses of P and R, which no method here uses."""
    H, R = dense(observed)
    A = torch.linalg.inv(torch.linalg.inv(P) + H.T @ torch.linalg.inv(R) @ H)
    d = observed.values - background @ H.T
    return background + d @ torch.linalg.inv(R) @ H @ A.mT, A


def jacobian(model: Dynamics, state: Tensor, steps: int) -> Tensor:
    """Return M′ at one state by central differences."""
    small = 1e-5 * torch.eye(model.size, dtype=torch.float64)
    return ((model.advance(state + small, steps) - model.advance(state - small, steps)) / 2e-5).T


def on_attractor(model: Dynamics, experiments: int) -> Tensor:
    return model.advance(model.draw_start(experiments, torch.Generator().manual_seed(8)), model.transient)


def close(actual: Tensor, expected: Tensor, accuracy: float = 1e-9) -> None:
    torch.testing.assert_close(actual, expected, rtol=accuracy, atol=accuracy)


#: A taper that ends before it reaches round the ring: wider ones are no covariances.
RING, MEMBERS, RADIUS = 10, 5, 1.3
MODEL = Lorenz96(points=RING)
