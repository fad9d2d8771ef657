"""Starts, observations and passes over the same times that tests of ORIGEN share."""

import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.estimate import Observed
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.base import Dynamics
from backends.dynamics.circle import Circle
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator

SIGMA, K = 0.3, 5
#: A B with correlations.
CORRELATED = torch.tensor([[0.8, 0.3], [0.3, 0.5]], dtype=torch.float64)


def started(method, experiments: int, B: Tensor = CORRELATED, model: Dynamics | None = None):
    """Return the method after its start at (0.7, −0.4, …)."""
    n = len(B)
    start = torch.linspace(0.7, -0.4, n, dtype=torch.float64).expand(experiments, n)
    setting = Setting(model or Circle(), torch.full((n,), 9.0).double(), DenseBackgroundError(B), start, torch.ones(n).double())
    method.start(setting, torch.Generator().manual_seed(1))
    return method


def seeing(values: Tensor, components: list[int], n: int = 2, sigma: float = SIGMA) -> Observed:
    """Return observations (E, p) of single components."""
    index = torch.tensor(components)[:, None]
    operator = LinearOperator(Rows(n, index, torch.ones_like(index, dtype=values.dtype)))
    return Observed(values, operator, ObservationError(torch.full((len(components),), sigma, dtype=values.dtype)))


def rows(*components: int, n: int = 2) -> Tensor:
    """Return H (1, p, n) of single components."""
    return torch.eye(n, dtype=torch.float64)[list(components)][None]


def swept(method, sweeps: int, which, values: Tensor) -> Tensor:
    """Return the analyses (sweeps, K, E, n) of passes over K times; which(sweep, k) lists the components that are seen."""
    means = []
    for sweep in range(sweeps):
        for k in range(values.shape[1]):
            method.forecast(method.setting.model, 1, 0.0)
            seen = which(sweep, k)
            means.append(method.analyse(seeing(values[sweep, k][:, seen], seen)).mean)
    return torch.stack(means).unflatten(0, (sweeps, -1))


def alternating(sweep: int, k: int) -> list[int]:
    return [(sweep + k) % 2]
