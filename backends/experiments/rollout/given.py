"""Rollouts that begin with states at hand: the analysis of a race, or of a field of an archive."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Estimate
from backends.errors import InputError
from backends.experiments.cycling.race import Race
from backends.experiments.observing import generator
from backends.experiments.rollout.prepare import MEMBERS, Prepared, model_from
from backends.experiments.rollout.settings import RolloutSettings, TestbedStart
from backends.rollout.testbed import TestbedWorld
from backends.rollout.world import Starts


def after_race(race: Race, method: int, settings: RolloutSettings) -> Prepared:
    """Return a rollout from the newest analysis of a method, on the truth of its race; each experiment is a start.

    Of an ensemble method forecasts begin with its members, of a particle filter with members drawn by their weights. Of
    others they begin with the analysis and, where more members are asked for, with draws of the variance that the method
    expects, independent at all points.

    Parameters
    ----------
    race
        With at least one cycle.
    method
        Number of the method.
    settings
        Models, steps, and so on; its testbed must be that of the race. Perturbations and starts are those of the race.

    Raises
    ------
    InputError
        If there is no analysis yet, the method has ended, or the testbed is another one.
    """
    start = settings.start
    if not isinstance(start, TestbedStart) or start.dynamics != race.settings.dynamics:
        raise InputError(f"the start must be the testbed of the race, {race.settings.dynamics.name}, with its parameters")
    if race.settings.precision != settings.precision:
        raise InputError(f"precision must be that of the race, {race.settings.precision}; came {settings.precision}")
    newest = race.cycling.newest
    if newest is None:
        raise InputError("the race has no analysis yet; run a cycle first")
    step = newest.steps[method]
    if step is None:
        raise InputError(f"{race.cycling.contestants[method].label} has ended and has no analysis to start from")
    world = TestbedWorld(race.dynamics, race.climate)
    # The models take them over as tensors of their own: the race goes on meanwhile.
    starts = world.at(newest.truth.clone(), newest.time)
    ensemble = _members(step.analysis, settings.members, generator(settings.seed, MEMBERS)).clone()
    models = tuple(
        model_from(model, label, settings, world, Path()) for model, label in zip(settings.models, settings.labels, strict=True)
    )
    return Prepared(settings, world, models, starts, ensemble)


def from_members(prepared: Prepared, members: Tensor) -> Prepared:
    """Return a rollout of the first start alone, whose forecasts begin with given members (N, n), such as an analysis.

    Raises
    ------
    InputError
        If they have another size, or are not finite.
    """
    size = prepared.world.size
    if members.ndim != 2 or members.shape[1] != size or len(members) == 0:
        raise InputError(f"members must be states of {size} components, (N, n); came shape {tuple(members.shape)}")
    if not bool(torch.isfinite(members).all()):
        raise InputError("forecasts must begin with finite states; came some that are not")
    first = Starts(*(getattr(prepared.starts, name)[:1] for name in ("states", "steps", "blocks")))
    return replace(prepared, starts=first, ensemble=members[None].to(first.states))


def _members(analysis: Estimate, count: int, seeded: torch.Generator) -> Tensor:
    """Return what forecasts begin with, (E, N, n)."""
    if analysis.members is not None:
        if analysis.weights is None:
            return analysis.members
        N = analysis.members.shape[1]
        drawn = torch.multinomial(analysis.weights.cpu(), N, replacement=True, generator=seeded).to(analysis.mean.device)
        return analysis.members.gather(1, drawn[..., None].expand_as(analysis.members))
    mean = analysis.mean[:, None]
    if count == 1 or analysis.variance is None:
        return mean
    E, n = analysis.mean.shape
    noise = torch.randn(E, count, n, generator=seeded, dtype=torch.float64).to(mean)
    return mean + analysis.variance[:, None].sqrt() * noise
