"""The climate of a model: mean and covariance of a long run."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.dense import DenseBackgroundError
from backends.background_error.of_model import localised_covariance
from backends.dynamics.base import Dynamics

#: Trajectories that a climate is sampled from, and states taken from each, for small and for large states.
SAMPLED, SAMPLED_OF_LARGE = (500, 20), (12, 10)
#: States with more components are large.
LARGE = 1000


@dataclass(frozen=True, eq=False)
class Climate:
    """Mean (n,) and covariance of the states that a model visits; `states` (K, n) are those it was computed from."""

    mean: Tensor
    covariance: BackgroundError
    states: Tensor


def climate(dynamics: Dynamics, generator: torch.Generator) -> Climate:
    """Return the climate of a model, from several long runs that begin near its start."""
    return climate_of_states(dynamics, climatological_states(dynamics, generator))


def climatological_states(dynamics: Dynamics, generator: torch.Generator) -> Tensor:
    """Return states that a model visits, shape (K, n), nearly independent of each other."""
    trajectories, states_of_each = SAMPLED if dynamics.size <= LARGE else SAMPLED_OF_LARGE
    state = dynamics.draw_start(trajectories, generator)
    state = dynamics.advance(state, dynamics.transient)
    visited, time = [state], dynamics.transient * dynamics.dt
    while len(visited) < states_of_each:
        state = dynamics.advance(state, dynamics.spacing, time)
        time += dynamics.spacing * dynamics.dt
        visited.append(state)
    return torch.cat(visited)


def climate_of_states(dynamics: Dynamics, states: Tensor) -> Climate:
    """Return the climate that states (K, n) of a model are a sample of."""
    mean = states.mean(0)
    if dynamics.size <= LARGE:
        deviations = states - mean
        matrix = deviations.T @ deviations / (len(states) - 1)
        return Climate(mean, DenseBackgroundError(matrix), states)
    return Climate(mean, localised_covariance(dynamics, states), states)
