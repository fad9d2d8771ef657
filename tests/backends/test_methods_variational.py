"""What holds of the extended Kalman filter, 4D-Var, EnVar and the hybrid alike: separate experiments, precision, bad input."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.envar import EnVar, Hybrid
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.four_dvar import FourDVar, WeakFourDVar
from backends.assimilation.methods.kalman import ExtendedKalman
from backends.background_error.dense import DenseBackgroundError
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.variational import (
    MEMBERS,
    MODEL,
    RADIUS,
    RING,
    close,
    observing,
    started,
)

METHODS = {
    "ekf": lambda: ExtendedKalman(inflation=2.0, model_error=0.1),
    "4dvar": lambda: FourDVar(window=2, scale=0.1, inner=50),
    "weak-4dvar": lambda: WeakFourDVar(window=2, scale=0.1, inner=50),
    "envar": lambda: EnVar(members=MEMBERS, radius=RADIUS),
    "hybrid": lambda: Hybrid(members=MEMBERS, radius=RADIUS),
}


def part(method, which: slice):
    """Return a fresh method of the same kind, started with some of the experiments of another."""
    other, setting = METHODS[method.name](), method.setting
    other.start(replace(setting, start=setting.start[which]), torch.Generator().manual_seed(0))
    if method.ensemble:
        other.state = method.state[which]
    return other


@pytest.mark.parametrize("name", METHODS)
def test_experiments_do_not_know_of_each_other(name):
    method = started(METHODS[name](), MODEL)
    alone = [part(method, slice(k, k + 1)) for k in range(3)]
    for cycle in range(4):
        background = method.forecast(MODEL, 3, 0.0)
        observed = observing(RING, 6, background.mean, seed=cycle)
        analysis = method.analyse(observed)
        for k, other in enumerate(alone):
            assert_same(other.forecast(MODEL, 3, 0.0), background, k)
            assert_same(other.analyse(replace(observed, values=observed.values[k : k + 1])), analysis, k)
            for extra, values in method.extras.items():
                close(other.extras[extra][0], values[k], 1e-8)


def assert_same(one, batch, k: int) -> None:
    close(one.mean[0], batch.mean[k], 1e-8)
    close(one.variance[0], batch.variance[k], 1e-8)


@dataclass(eq=False)
class Breaking(Lorenz96):
    """A model that may lose the state of the first experiment."""

    points: int = RING
    broken: bool = False

    def tendency(self, state: Tensor, time: float = 0.0) -> Tensor:
        bad = self.broken & (torch.arange(len(state)) == 0)
        return torch.where(bad.reshape(-1, *[1] * (state.ndim - 1)), torch.nan, super().tendency(state, time))

    def host_tendency(self, state: np.ndarray, time: float = 0.0) -> np.ndarray:
        return self.tendency(torch.from_numpy(state), time).numpy()


@pytest.mark.parametrize("name", METHODS)
def test_an_experiment_that_ends_leaves_the_others_alone(name):
    method = started(METHODS[name](), MODEL)
    others, model = part(method, slice(1, 3)), Breaking()
    for cycle in range(4):
        model.broken = cycle == 1
        method.forecast(model, 3, 0.0)
        observed = observing(RING, 6, others.forecast(MODEL, 3, 0.0).mean, seed=cycle)
        both = replace(observed, values=torch.cat([observed.values[:1], observed.values]))
        analysis, same = method.analyse(both), others.analyse(observed)
        close(analysis.mean[1:], same.mean, 1e-8)
        close(analysis.variance[1:], same.variance, 1e-8)
        bad = ~torch.isfinite(analysis.mean).all(1)
        assert bad.tolist() == [cycle == 1, False, False]
        model.broken = False  # what is still in the window was broken by the state alone
        if cycle == 1:
            method.replace(bad)


@pytest.mark.parametrize("name", METHODS)
def test_no_observations_leave_the_background(name):
    method = started(METHODS[name](), MODEL)
    background = method.forecast(MODEL, 3, 0.0)
    analysis = method.analyse(observing(RING, 0, background.mean))
    close(analysis.mean, background.mean, 1e-12)
    close(analysis.variance, background.variance, 1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_single_precision(name):
    model = Lorenz96(points=RING, dtype=torch.float32)
    n = torch.ones(RING)
    setting = Setting(model, model.start(), DenseBackgroundError(torch.eye(RING)), model.start().expand(2, -1), n)
    method = METHODS[name]()
    method.start(setting, torch.Generator().manual_seed(0))
    for cycle in range(2):
        background = method.forecast(model, 3, 0.0)
        double = observing(RING, 6, background.mean.double(), seed=cycle)
        H = LinearOperator(Rows(RING, double.operator.index, double.operator.weight.float()))
        analysis = method.analyse(Observed(double.values.float(), H, ObservationError(double.error.sigma.float())))
    assert analysis.mean.dtype == analysis.variance.dtype == torch.float32
    assert bool(torch.isfinite(analysis.mean).all())


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: FourDVar(window=0), "window, outer and inner of 4dvar must be at least 1; came 0, 3 and 30"),
        (lambda: FourDVar(outer=0), "came 1, 0 and 30"),
        (lambda: FourDVar(tolerance=1.0), "tolerance of 4dvar must lie between 0 and 1; came 1"),
        (lambda: WeakFourDVar(model_error_scale=-1e-3), "model_error_scale of weak-4dvar must not be negative; came -0.001"),
        (lambda: Hybrid(static_weight=-0.1), "weights of the hybrid B must not be negative; came -0.1 and 0.9"),
    ],
)
def test_bad_fields_are_named(make, reason):
    with pytest.raises(InputError, match=reason):
        make()
