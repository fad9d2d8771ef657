"""How fast small errors grow: from pairs of forecasts, and as the leading Lyapunov exponent."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics
from backends.errors import InputError

#: Of states that are nearly independent of each other, lengths of time between them: until errors have turned towards the
#: directions that grow, until they are measured last, and until tangent vectors are.
TURNED, GROWN, CARRIED = 3, 6, 15


@dataclass(frozen=True, eq=False)
class Growth:
    """Growth of small errors.

    Attributes
    ----------
    times
        Model time since the error was made, (K + 1,).
    logarithm
        Mean over starts of the logarithm of the size of the error in parts of its first size, (K + 1,).
    rate, rate_se
        Of growth per unit of time after the transient, mean over starts and its standard error.
    """

    times: Tensor
    logarithm: Tensor
    rate: float
    rate_se: float

    @property
    def doubling_time(self) -> float:
        """Return ln 2 over the rate; infinite where errors do not grow."""
        return math.log(2) / self.rate if self.rate > 0 else math.inf


@dataclass(frozen=True, eq=False)
class SmallErrors:
    """What small errors of a model do: as pairs of forecasts show it, and its leading Lyapunov exponent per unit of time."""

    growth: Growth
    exponent: float


def small_errors(dynamics: Dynamics, states: Tensor, generator: torch.Generator) -> SmallErrors:
    """Return how fast small errors of a model grow from states on its attractor (S, n), over times that suit it.

    Raises
    ------
    InputError
        If errors vanish or do not stay small, or states are not in double precision, in which alone they can be so small.
    """
    if states.dtype != torch.float64:
        raise InputError("errors that are small enough to grow freely need double precision; came single")
    spacing = dynamics.spacing
    growth = error_growth(dynamics, states, generator, GROWN * spacing, TURNED * spacing)
    return SmallErrors(growth, lyapunov_exponent(dynamics, states, generator, CARRIED * spacing, TURNED * spacing))


@torch.no_grad()
def error_growth(
    dynamics: Dynamics, states: Tensor, generator: torch.Generator, steps: int, transient: int, size: float = 1e-9
) -> Growth:
    """Return how errors grow that are small, in random directions, between pairs of forecasts by the same model.

    At first an error turns towards the directions that grow; that is left out of the rate. It must stay small: the model
    itself is run, nothing is linear but the error's smallness.

    Parameters
    ----------
    dynamics
        The model.
    states
        Where forecasts start, (S, n), S at least 2.
    generator
        Of the errors.
    steps, transient
        Steps in all, and those that the rate leaves out.
    size
        Root-mean-square error at the start, in parts of the standard deviation of the states.

    Raises
    ------
    InputError
        If the counts are no use, or the errors become larger than a hundredth of the states' variability.
    """
    if not 0 <= transient < steps:
        raise InputError(f"steps must be more than the transient, {transient}; came {steps}")
    if states.ndim != 2 or len(states) < 2:
        raise InputError(f"growth is a mean over at least two starts, (S, n); came shape {tuple(states.shape)}")
    variability = float((states - states.mean(0)).square().mean().sqrt())
    noise = torch.randn(states.shape, generator=generator, dtype=torch.float64).to(states)
    pair = torch.stack([states, states + size * variability * noise])
    logs = [_log_distance(pair)]
    for k in range(steps):
        pair = dynamics.step(pair, k * dynamics.dt)
        logs.append(_log_distance(pair))
    logarithm = torch.stack(logs)  # (K + 1, S)
    largest = float(logarithm.max()) - math.log(variability)
    if not largest < math.log(0.01):
        raise InputError(
            f"errors become {math.exp(min(largest, 700)):.2g} of the variability, where they are small no more; "
            f"use fewer steps than {steps} or a smaller size than {size:g}"
        )
    if not bool(torch.isfinite(logarithm).all()):
        raise InputError(f"errors of {dynamics.name} vanish, or its states stop being finite: there is no rate of growth")
    rates = (logarithm[-1] - logarithm[transient]) / ((steps - transient) * dynamics.dt)
    times = torch.arange(steps + 1, dtype=torch.float64) * dynamics.dt
    error = float(rates.std()) / math.sqrt(len(rates))
    return Growth(times, (logarithm - logarithm[0]).mean(1).cpu().double(), float(rates.mean()), error)


@torch.no_grad()
def lyapunov_exponent(dynamics: Dynamics, states: Tensor, generator: torch.Generator, steps: int, transient: int) -> float:
    """Return the leading Lyapunov exponent per unit of time, mean over trajectories from states (S, n).

    A tangent vector is carried along and scaled back to length one after each step; the exponent is the mean logarithm of
    what it grew by (Benettin et al., 1980, Meccanica 15, 9–20). The tangent-linear model is that of automatic
    differentiation, forward.

    Parameters
    ----------
    dynamics
        The model.
    states
        On the attractor.
    generator
        Of the first vectors.
    steps, transient
        Steps in all, and those in which the vectors turn towards the leading one.

    Raises
    ------
    InputError
        If the counts are no use, or the exponent is not finite.
    """
    if not 0 <= transient < steps:
        raise InputError(f"steps must be more than the transient, {transient}; came {steps}")
    state = states
    vector = torch.randn(states.shape, generator=generator, dtype=torch.float64).to(states)
    vector = vector / vector.norm(dim=-1, keepdim=True)
    total = torch.zeros(len(states), dtype=states.dtype, device=states.device)
    for k in range(steps):
        state, vector = tangent_step(dynamics, state, vector, k * dynamics.dt)
        length = vector.norm(dim=-1, keepdim=True)
        vector = vector / length
        if k >= transient:
            total = total + length[:, 0].log()
    exponent = float(total.mean()) / ((steps - transient) * dynamics.dt)
    if not math.isfinite(exponent):
        raise InputError(f"the trajectories of {dynamics.name} stop being finite; a shorter step may help")
    return exponent


def tangent_step(dynamics: Dynamics, state: Tensor, vector: Tensor, time: float) -> tuple[Tensor, Tensor]:
    """Return the state (..., n) a step later, and M′ v of a vector (..., n)."""
    stepped = torch.func.jvp(lambda x: dynamics.step(x, time), (state,), (vector,))
    return stepped[0], stepped[1]


def _log_distance(pair: Tensor) -> Tensor:
    """Return the logarithm of the root-mean-square difference of a pair of states (2, S, n), (S,)."""
    return (pair[1] - pair[0]).square().mean(-1).sqrt().log()
