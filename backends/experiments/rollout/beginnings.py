"""What forecasts begin with: the starts in the world that is forecast, and the ensemble round each of them."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
import torch
from torch import Tensor

from backends.errors import InputError
from backends.experiments.faults import under
from backends.experiments.observing import generator
from backends.experiments.rollout.given import Given
from backends.experiments.rollout.settings import (
    AnalysisPerturbation,
    ArchiveStart,
    BackgroundPerturbation,
    ClimatePerturbation,
    NoPerturbation,
    RolloutSettings,
    WhitePerturbation,
)
from backends.rollout.archive import ArchiveWorld
from backends.rollout.testbed import TestbedWorld
from backends.rollout.world import Starts, World

#: Purposes that random numbers of a rollout are drawn for, each from a sequence of its own.
STARTS, MEMBERS, FIT, GROWTH = 31, 32, 33, 34
#: How far the truth of an analysis may be from the archive's, in parts of its standard deviation: files round.
SAME = 1e-3


def starts_of(settings: RolloutSettings, world: World) -> Starts:
    """Return where forecasts start: the time that is asked for first, then those that are drawn.

    Raises
    ------
    InputError
        If the archive has not so many, or the time is not in it.
    """
    seeded = generator(settings.seed, STARTS)
    if not isinstance(settings.start, ArchiveStart) or settings.start.time is None:
        return world.starts(settings.starts, settings.steps, seeded)
    assert isinstance(world, ArchiveWorld)
    with under("start.time"):
        asked = world.at(np.datetime64(datetime.fromisoformat(settings.start.time)), settings.steps)
    if settings.starts == 1:
        return asked
    drawn = world.starts(settings.starts, settings.steps, seeded)
    others = (drawn.steps != asked.steps).nonzero().flatten()[: settings.starts - 1]
    return Starts(*(torch.cat([getattr(asked, name), getattr(drawn, name)[others]]) for name in ("states", "steps", "blocks")))


def given_starts(settings: RolloutSettings, world: World, given: Given) -> Starts:
    """Return the truth that analyses are of.

    Raises
    ------
    InputError
        If it has another size than the world, or is not what an archive has at that time.
    """
    S = settings.starts
    if given.truth.shape[-1] != world.size:
        raise InputError(f"the analysis has {given.truth.shape[-1]} components; a state of the start's model has {world.size}")
    if isinstance(world, TestbedWorld):
        assert isinstance(given.time, float)
        return world.at(given.truth[:S], given.time)
    assert isinstance(world, ArchiveWorld)
    assert isinstance(given.time, np.datetime64)
    one = world.at(given.time, settings.steps)
    apart = float((given.truth[0].to(one.states) - one.states[0]).abs().max())
    if not apart <= SAME * float(one.states.std()):
        raise InputError("the truth of the analysis is not what the archive has at that time; take the archive's own field")
    return Starts(one.states.expand(S, -1), one.steps.expand(S), torch.arange(S))


def around(settings: RolloutSettings, world: World, starts: Starts, given: Given) -> Tensor:
    """Return what forecasts from analyses begin with, (S, N, n)."""
    chosen, S, N, seeded = settings.perturbation, settings.starts, settings.members, generator(settings.seed, MEMBERS)
    if isinstance(chosen, AnalysisPerturbation) or N == 1:
        return given.members(N, seeded)[:S].to(starts.states)
    mean = given.analysis.mean[:S, None].to(starts.states)
    if isinstance(chosen, BackgroundPerturbation):
        assert given.background is not None
        return mean + chosen.scale**0.5 * given.background(N, seeded)[:S].to(mean)
    draw = errors_of(settings, world, starts)
    assert draw is not None
    return mean + draw(S * N).reshape(S, N, -1)


def errors_of(settings: RolloutSettings, world: World, starts: Starts) -> Callable[[int], Tensor] | None:
    """Return what draws errors (count, n) of the starts, each time others."""
    chosen, seeded = settings.perturbation, generator(settings.seed, MEMBERS)
    if isinstance(chosen, NoPerturbation):
        return None
    if isinstance(chosen, WhitePerturbation):
        sigma, like = chosen.sigma, starts.states
        return lambda count: sigma * torch.randn(count, world.size, generator=seeded, dtype=torch.float64).to(like)
    assert isinstance(chosen, ClimatePerturbation)
    scale = chosen.scale
    return lambda count: world.perturbations(count, scale, seeded)
