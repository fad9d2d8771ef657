"""Filters that the network is compared with: the same wrong model, the same observations, as many particles."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from backends.assimilation.methods.base import EnsembleMethod, Setting
from backends.assimilation.methods.enkf import StochasticEnKF
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.particle import ParticleFilter
from backends.background_error.dense import DenseBackgroundError
from backends.geometry.domain import Rows
from backends.learning.particle.testbed import Testbed, Unseen
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator

#: Jitter of the particle filter's copies, in optimal kernel widths.
REGULARISATION = 1.0
#: Takes background particles (E, N, n) and observations (E, p) to analysis particles.
Analyst = Callable[[Tensor, Tensor], Tensor]


class Means(NamedTuple):
    """Means of the particles before and after each analysis, both (K, E, n), and the background particles (K, E, N, n)."""

    forecast: Tensor
    analysis: Tensor
    particles: Tensor


def cycled(bed: Testbed, unseen: Unseen, analyst: Analyst, seed: int) -> Means:
    """Cycle particles through trajectories; the noise of their forecasts comes from a seed."""
    generator = torch.Generator().manual_seed(seed)
    forecasts, analyses, backgrounds = [], [], []
    particles = unseen.particles
    with torch.no_grad():
        for values in unseen.values:
            particles = bed.forecast(particles, generator)
            backgrounds.append(particles)
            forecasts.append(particles.mean(-2))
            particles = analyst(particles, values)
            analyses.append(particles.mean(-2))
    return Means(torch.stack(forecasts), torch.stack(analyses), torch.stack(backgrounds))


def enkf(bed: Testbed, unseen: Unseen, seed: int) -> Means:
    """Cycle the stochastic EnKF without inflation: the noise of the forecasts keeps it wide."""
    method = StochasticEnKF(members=unseen.particles.shape[1])
    _start(method, bed, unseen, seed)
    return cycled(bed, unseen, lambda particles, values: method.update(particles, _observed(bed, values)), seed)


def free(bed: Testbed, unseen: Unseen, seed: int) -> Means:
    """Cycle without analyses."""
    return cycled(bed, unseen, lambda particles, values: particles, seed)


def particle_filter(bed: Testbed, unseen: Unseen, seed: int) -> Means:
    """Cycle the regularised bootstrap particle filter; its means are weighted."""
    method = ParticleFilter(members=unseen.particles.shape[1], regularisation=REGULARISATION)
    _start(method, bed, unseen, seed)
    method.log_weights = torch.full_like(method.state[..., 0], -math.log(method.members))
    generator = torch.Generator().manual_seed(seed)
    forecasts, analyses, backgrounds = [], [], []
    for values in unseen.values:
        method.forecast(bed.model, bed.model_steps, 0.0)
        method.state = bed.scattered(method.state, generator)
        backgrounds.append(method.state)
        forecasts.append(Estimate.of_members(method.state, method.log_weights.exp()).mean)
        analyses.append(method.analyse(_observed(bed, values)).mean)
    return Means(torch.stack(forecasts), torch.stack(analyses), torch.stack(backgrounds))


def _start(method: EnsembleMethod, bed: Testbed, unseen: Unseen, seed: int) -> None:
    """Begin with the particles of the trajectories, instead of drawing some."""
    like = unseen.particles
    covariance = DenseBackgroundError(torch.cov(bed.climate.T).to(like))
    guess = like.mean(-2)
    variance = torch.full_like(guess[0], bed.start_sigma**2)
    method.setting = Setting(bed.model, bed.climate.mean(0).to(like), covariance, guess, variance)
    method.generator = torch.Generator(like.device).manual_seed(seed)
    method.state = like


def _observed(bed: Testbed, values: Tensor) -> Observed:
    index = torch.tensor(bed.observed, device=values.device)[:, None]
    operator = LinearOperator(Rows(bed.truth.size, index, torch.ones_like(index, dtype=values.dtype)))
    return Observed(values, operator, ObservationError(values.new_full((len(bed.observed),), bed.sigma)))
