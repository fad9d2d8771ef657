"""Analyses that rollouts begin with: the newest of a method in a race, or of an analysis experiment, or members at hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.assimilation.closed_form import posterior_draws
from backends.assimilation.methods.estimate import Estimate
from backends.errors import InputError
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.replay import replay
from backends.experiments.outcome import Outcome
from backends.experiments.prepare import prepare as prepare_case
from backends.experiments.rollout.analysis_start import AnalysisStart, RaceChange
from backends.fields.catalogue import Catalogue
from backends.fields.field import Field
from backends.rollout.rollout import Report
from backends.rollout.world import Starts

if TYPE_CHECKING:
    from backends.experiments.rollout.prepare import Prepared

#: Draws errors (S, count, n), each time others.
Draw = Callable[[int, torch.Generator], Tensor]


@dataclass(frozen=True, eq=False)
class Given:
    """Analyses of S starts.

    Attributes
    ----------
    start
        The settings that they were made with.
    truth
        Shape (S, n).
    time
        Model time of a race, valid time of a field; 0 where time has no meaning.
    analysis
        Mean and, if there are any, members.
    errors
        Draws of the errors that an analysis without members expects of itself; None where it makes no statement.
    background
        Draws from the B that it was made with; None where none belongs to it.
    """

    start: AnalysisStart
    truth: Tensor
    time: float | np.datetime64
    analysis: Estimate
    errors: Draw | None = None
    background: Draw | None = None

    def __len__(self) -> int:
        return len(self.truth)

    def members(self, count: int, seeded: torch.Generator) -> Tensor:
        """Return what forecasts begin with, (S, count, n): one is the mean; more are members, or draws around the mean.

        Members of a particle filter are drawn by their weights.

        Raises
        ------
        InputError
            If there are not so many, or the analysis says nothing of its errors.
        """
        own, mean = self.analysis.members, self.analysis.mean[:, None]
        if count == 1:
            return mean
        if own is not None and self.analysis.weights is not None:
            drawn = torch.multinomial(self.analysis.weights.cpu(), count, replacement=True, generator=seeded).to(own.device)
            return own.gather(1, drawn[..., None].expand(-1, -1, own.shape[-1]))
        if own is not None:
            if count > own.shape[1]:
                raise InputError(f"members: the analysis has {own.shape[1]} members of its own; came {count}")
            return own[:, :count]
        if self.errors is None:
            raise InputError("the analysis says nothing of its errors; take one member, or choose another perturbation")
        return mean + self.errors(count, seeded)


def of_race(race: Race, method: int) -> Given:
    """Return the newest analysis of a method, each experiment of the race is a start; copies, for the race may go on.

    Of a method without members errors are drawn with the variance that it expects, independent at all points.

    Raises
    ------
    InputError
        If there is no analysis yet, the method has ended, or there is no such method.
    """
    contestants = race.cycling.contestants
    if not 0 <= method < len(contestants):
        raise InputError(f"the race has the methods 0 to {len(contestants) - 1}; came {method}")
    newest = race.cycling.newest
    if newest is None:
        raise InputError("the race has no analysis yet; run a cycle first")
    step = newest.steps[method]
    if step is None:
        raise InputError(f"{contestants[method].label} has ended and has no analysis to start from")
    (_, first), *later = race.history
    changes = tuple(RaceChange(after=cycle, race=settings) for cycle, settings in later if cycle < race.cycle)
    start = AnalysisStart(race=first, changes=changes, method=method, cycle=race.cycle)
    a = step.analysis
    kept = Estimate(a.mean.clone(), *(None if part is None else part.clone() for part in (a.variance, a.members, a.weights)))
    return Given(start, newest.truth.clone(), newest.time, kept, _independent(kept))


def given_of(start: AnalysisStart, starts: int, folder: Path, report: Report | None = None) -> Given:
    """Return the analyses that a start describes: run the race, or analyse so many draws of the errors.

    Raises
    ------
    InputError
        If they cannot be made.
    """
    return _raced(start, report) if start.race is not None else _analysed(start, starts, folder, report)


def from_members(prepared: "Prepared", members: Tensor) -> "Prepared":
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


def _raced(start: AnalysisStart, report: Report | None) -> Given:
    assert start.race is not None

    def enough(race: Race) -> bool:
        ended = race.cycling.contestants[start.number].ended
        if report is not None and not ended:
            report(race.cycle, start.cycle)
        return bool(ended)

    stages = [(0, start.race), *((change.after, change.race) for change in start.changes)]
    race = replay(stages, start.cycle, enough)
    return replace(of_race(race, start.number), start=start)


def _analysed(start: AnalysisStart, starts: int, folder: Path, report: Report | None) -> Given:
    settings = start.analysis
    assert settings is not None
    prepared = prepare_case(settings.case, Catalogue(folder))
    outcomes: list[Outcome] = []
    for draw in range(starts):
        outcomes.append(prepared.experiment.run(settings, draw))
        if report is not None:
            report(draw + 1, starts)
    mean = torch.stack([outcome.analysis.mean for outcome in outcomes])
    truth = prepared.experiment.case.truth.expand(starts, -1)

    def errors(count: int, seeded: torch.Generator) -> Tensor:
        drawn = [posterior_draws(_tangent(outcome), outcome.covariance, count, seeded) for outcome in outcomes]
        return torch.stack(drawn).to(mean)

    def background(count: int, seeded: torch.Generator) -> Tensor:
        return torch.stack([o.problem.background_error.sample(count, seeded) for o in outcomes]).to(mean)

    time = 0.0 if prepared.field is None else _valid_time(prepared.field)
    return Given(start, truth, time, Estimate(mean), errors, background)


def _tangent(outcome: Outcome) -> Problem:
    """Return the problem of an analysis with H linearised at it."""
    return replace(outcome.problem, operator=outcome.problem.operator.linearise(outcome.analysis.mean))


def _valid_time(field: Field) -> np.datetime64:
    axis = field.variable.axis("time")
    if axis is None or axis.times is None:
        raise InputError(f"{field.variable.title} does not say what time it is for; an archive's forecasts begin at a time")
    return np.datetime64(axis.times[field.selection[axis.name]], "s")


def _independent(analysis: Estimate) -> Draw | None:
    """Return draws of the variance of an estimate; None where it has none."""
    variance = analysis.variance
    if variance is None:
        return None

    def draw(count: int, seeded: torch.Generator) -> Tensor:
        S, n = variance.shape
        return variance[:, None].sqrt() * torch.randn(S, count, n, generator=seeded, dtype=torch.float64).to(variance)

    return draw
