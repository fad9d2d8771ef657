"""How fast small errors grow in a rollout's testbed: from pairs of forecasts, and as the leading Lyapunov exponent."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from backends.errors import InputError
from backends.experiments.observing import generator
from backends.experiments.rollout.prepare import Prepared
from backends.rollout.growth import Growth, error_growth, lyapunov_exponent
from backends.rollout.testbed import TestbedWorld

#: Purpose of the random numbers.
GROWTH = 34
#: Starts and steps for states of few components, and of many.
FEW, MANY, LARGE = (20, 1600), (4, 120), 500
#: Part of the steps in which errors turn towards the directions that grow.
TRANSIENT = 0.4
#: Least steps that a rate can be read from.
LEAST = 8


@dataclass(frozen=True, eq=False)
class GrowthView:
    """Growth of small errors by the true model.

    Attributes
    ----------
    times
        Since the error was made, (K + 1,), in the unit of leads.
    factor
        How many times as large it is then, geometric mean over starts, (K + 1,).
    fitted
        What the rate says of it, (K + 1,); NaN in the transient.
    rate, rate_se
        Per unit of time, with its standard error over starts.
    doubling_time
        ln 2 over the rate; infinite where errors do not grow.
    exponent
        The leading Lyapunov exponent per unit of time.
    """

    times: np.ndarray
    factor: np.ndarray
    fitted: np.ndarray
    rate: float
    rate_se: float
    doubling_time: float
    exponent: float


def growth_of(prepared: Prepared) -> GrowthView:
    """Return how errors grow in the testbed of a rollout.

    Raises
    ------
    InputError
        If there is no model of the truth, numbers are single, or errors grow too fast to be small for long enough.
    """
    world = prepared.world
    if not isinstance(world, TestbedWorld):
        raise InputError("growth of errors needs the model that makes the truth; an archive has none")
    if prepared.starts.states.dtype != torch.float64:
        raise InputError("growth of small errors needs precision: double; errors of single ones would be rounding")
    count, steps = FEW if world.size <= LARGE else MANY
    seeded = generator(prepared.settings.seed, GROWTH)
    states = world.starts(count, steps, seeded).states
    growth = _longest(world, states, seeded, steps)
    steps = len(growth.times) - 1
    began = round(TRANSIENT * steps)
    # The exponent is a mean over a longer time, since nothing has to stay small.
    exponent = lyapunov_exponent(world.dynamics, states, seeded, 3 * steps, steps)
    times, logarithm = growth.times.numpy(), growth.logarithm.numpy()
    fitted = np.where(np.arange(steps + 1) >= began, logarithm[began] + growth.rate * (times - times[began]), math.nan)
    return GrowthView(times, np.exp(logarithm), np.exp(fitted), growth.rate, growth.rate_se, growth.doubling_time, exponent)


def _longest(world: TestbedWorld, states: torch.Tensor, seeded: torch.Generator, steps: int) -> Growth:
    """Return the growth over as many steps as errors stay small for: all, a half, a quarter, and so on."""
    while True:
        try:
            return error_growth(world.dynamics, states, seeded, steps, round(TRANSIENT * steps))
        except InputError:
            if steps < 2 * LEAST:
                raise
            steps //= 2
