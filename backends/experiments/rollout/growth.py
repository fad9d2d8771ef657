"""How fast small errors grow in a rollout's testbed, as a picture."""

import math
from dataclasses import dataclass

import numpy as np

from backends.experiments.rollout.prepare import Prepared
from backends.rollout.growth import GROWN, TURNED


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
    """Return how errors grow in the testbed of a rollout, as the summary of its file says it.

    Raises
    ------
    InputError
        If there is no model of the truth, numbers are single, or errors do not stay small.
    """
    errors = prepared.small_errors()
    growth = errors.growth
    times, logarithm = growth.times.cpu().numpy(), growth.logarithm.cpu().numpy()
    began = round(TURNED / GROWN * (len(times) - 1))
    after = np.arange(len(times)) >= began
    fitted = np.where(after, logarithm[began] + growth.rate * (times - times[began]), math.nan)
    return GrowthView(
        times, np.exp(logarithm), np.exp(fitted), growth.rate, growth.rate_se, growth.doubling_time, errors.exponent
    )
