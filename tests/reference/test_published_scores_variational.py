"""Time-mean analysis RMSE of 3D-Var, 4D-Var and the extended Kalman filter on the Lorenz models, against those of DAPPER 1.7.1.

Ours are means over many short runs at once, and the spin-up is short: the methods forget the start within a few cycles.
"""

import pytest
import torch

from backends.assimilation.methods.base import MeanMethod, Setting
from backends.assimilation.methods.baselines import ThreeDVar
from backends.assimilation.methods.four_dvar import FourDVar
from backends.assimilation.methods.kalman import ExtendedKalman
from backends.cycling.climate import climate
from backends.cycling.cycling import Cycling
from backends.cycling.network import Network
from backends.cycling.twin import Twin
from backends.cycling.verification import time_mean
from backends.dynamics.base import Dynamics
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96

#: Method, published score, tolerance.
Row = tuple[MeanMethod, float, float]
#: Sakov and Oke (2008): 40 variables, all observed at every step of 0.05 with σ_o = 1. The published extended Kalman filter
#: linearises at the end of each step and takes it for constant; with the derivative of the step itself, as here, it is 6 %
#: better, and with 0.243 the published one is found when ours is made as crude.
LORENZ96: tuple[Row, ...] = (
    (ThreeDVar(scale=0.02), 0.414, 0.04),
    (ExtendedKalman(inflation=10.0), 0.236, 0.09),
)
#: The same, observed at every fourth step only, as by Bocquet and Sakov (2013).
LORENZ96_SELDOM: tuple[Row, ...] = (
    (FourDVar(window=1, scale=0.02), 0.471, 0.06),
    (FourDVar(window=2, scale=0.006), 0.405, 0.06),
)
#: Sakov, Oliver and Bertino (2012): all variables observed every 25 steps of 0.01 with σ_o = √2.
LORENZ63: tuple[Row, ...] = (
    (ThreeDVar(scale=0.1), 1.024, 0.05),
    (ExtendedKalman(inflation=180.0), 0.909, 0.08),
)


def scores(model: Dynamics, rows: tuple[Row, ...], every: int, sigma: float, experiments: int, cycles: int, spinup: int):
    """Return the time means, in the order of the rows."""
    E, n = experiments, model.size
    draw = torch.Generator().manual_seed(1)
    known = climate(model, draw)
    twin = Twin(model, Network(), every, every, sigma, sigma, model.draw_start(E, draw), draw)
    start_variance = torch.full((n,), model.start_sigma**2, dtype=torch.float64)
    setting = Setting(model, known.mean, known.covariance, model.start().expand(E, -1), start_variance)
    race = Cycling(twin, model, setting, [(method.name, method) for method, _, _ in rows], seed=3)
    for _ in range(cycles):
        race.step()
    return [time_mean(contestant.record.of("rmse_analysis", spinup)).mean for contestant in race.contestants]


@pytest.mark.parametrize(
    ("model", "rows", "every", "sigma", "experiments", "cycles", "spinup"),
    [
        (Lorenz96(), LORENZ96, 1, 1.0, 20, 240, 100),
        (Lorenz96(), LORENZ96_SELDOM, 4, 1.0, 32, 40, 12),
        (Lorenz63(), LORENZ63, 25, 2**0.5, 160, 90, 20),
    ],
    ids=["lorenz96", "lorenz96 every 4 steps", "lorenz63"],
)
def test_scores_are_those_published(model, rows, every, sigma, experiments, cycles, spinup):
    found = scores(model, rows, every, sigma, experiments, cycles, spinup)
    wrong = [
        (method, round(score, 4), published)
        for (method, published, tolerance), score in zip(rows, found, strict=True)
        if not abs(score / published - 1) < tolerance
    ]
    assert not wrong
