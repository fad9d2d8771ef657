"""Ensembles, a linear model and the dense Kalman formulas that tests of ensemble methods share."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.enkf import DEnKF, StochasticEnKF
from backends.assimilation.methods.enkf_n import FiniteSizeEnKF
from backends.assimilation.methods.ensrf import EnSRF
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import ETKF, InflatedEnsemble
from backends.assimilation.methods.ienks import IEnKS
from backends.assimilation.methods.letkf import LETKF
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.base import Dynamics, periodic_distance
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal

#: Observations and members: fewer observations than members and more, deviations that span the state and not.
SIZES = [(5, 9), (9, 5), (3, 20)]
POINTS = 12


@dataclass(eq=False)
class Linear(Dynamics):
    """x → M x on a ring, with M near a rotation."""

    size: int = POINTS
    dt: float = 1.0
    start_sigma: float = 1.0
    transient: int = 0
    spacing: int = 1
    name: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        self.M = torch.linalg.qr(normal(self.size, self.size, seed=3))[0] + 0.1 * normal(self.size, self.size, seed=4)

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        del time
        return state @ self.M.T

    def start(self) -> Tensor:
        return torch.zeros(self.size, dtype=torch.float64)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        return periodic_distance(a, b, self.size)


def started(method, experiments: int, model: Dynamics | None = None, seed: int = 5):
    """Return the method after its start."""
    model = model or Linear()
    n, x0 = model.size, model.start()
    climatology = DenseBackgroundError(torch.eye(n, dtype=torch.float64))
    setting = Setting(model, x0, climatology, x0.expand(experiments, -1), torch.ones(n, dtype=torch.float64))
    method.start(setting, torch.Generator().manual_seed(seed))
    return method


def observing(p: int, experiments: int, n: int = POINTS, seed: int = 1) -> Observed:
    """Return observations between grid points, each with a σ_o of its own."""
    draw = torch.Generator().manual_seed(seed)
    first = torch.randperm(n, generator=draw)[:p] if p <= n else torch.randint(n, (p,), generator=draw)
    share = 0.6 + 0.4 * torch.rand(p, generator=draw, dtype=torch.float64)
    rows = Rows(n, torch.stack([first, (first + 1) % n], 1), torch.stack([share, 1 - share], 1))
    sigma = 0.5 + torch.rand(p, generator=draw, dtype=torch.float64)
    return Observed(normal(experiments, p, seed=seed + 1), LinearOperator(rows), ObservationError(sigma))


def ensemble(experiments: int, members: int, n: int = POINTS, seed: int = 8) -> Tensor:
    """Return members with correlated deviations of different sizes about different means."""
    mixed = normal(experiments, members, n, seed=seed) @ (torch.eye(n, dtype=torch.float64) + 0.4 * normal(n, n, seed=seed + 1))
    return mixed + 2 * normal(experiments, 1, n, seed=seed + 2)


def moments(members: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean (E, n) and covariance (E, n, n)."""
    mean = members.mean(1)
    X = members - mean[:, None]
    return mean, X.mT @ X / (members.shape[1] - 1)


def gain(P: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
    """Return K and H as dense matrices."""
    H = observed.operator.dense()
    S = H @ P @ H.T + observed.error.matrix()
    return P @ H.T @ torch.linalg.inv(S), H


def kalman(mean: Tensor, P: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
    """Return mean and covariance after the observations by the dense formulas."""
    K, H = gain(P, observed)
    d = observed.values - mean @ H.T
    return mean + (K @ d[..., None])[..., 0], P - K @ H @ P


def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(b.abs().max())))


SQUARE_ROOT = {
    "etkf": lambda N: ETKF(members=N),
    "ensrf": lambda N: EnSRF(members=N),
    "letkf": lambda N: LETKF(members=N, radius=math.inf),
    "ienks": lambda N: IEnKS(members=N, iterations=1),
}
ALL = SQUARE_ROOT | {
    "enkf": lambda N: StochasticEnKF(members=N),
    "denkf": lambda N: DEnKF(members=N),
    "enkf-n": lambda N: FiniteSizeEnKF(members=N),
    "letkf, local": lambda N: LETKF(members=N, radius=1.5),
    "ensrf, local": lambda N: EnSRF(members=N, radius=1.5),
    "ienks, long": lambda N: IEnKS(members=N, lag=3),
}


def updated(method: InflatedEnsemble, background: Tensor, observed: Observed, model: Dynamics | None = None) -> Tensor:
    """Return the members of the analysis of a background ensemble."""
    started(method, len(background), model)
    method.state = background
    method.forecast(method.setting.model, 0, 0.0)
    members = method.analyse(observed).members
    assert members is not None
    return members


def identity(n: int) -> Rows:
    return Rows(n, torch.arange(n)[:, None], torch.ones(n, 1, dtype=torch.float64))
