"""What a page shows of a race at one moment, as arrays: taken on the thread that runs the race, drawn on another."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.cycling.record import Record
from backends.cycling.verification import NUMBERS, innovation_variance
from backends.experiments.cycling.race import Mark, Race
from backends.experiments.cycling.run import Entry, entries
from backends.experiments.cycling.settings import CyclingSettings

Array = np.ndarray
#: Most points of a line; of longer records every so many are shown, the newest always.
MOST_POINTS = 600
#: Most members that are drawn.
MOST_MEMBERS = 100
#: States with more components are large.
FEW = 10
#: Numbers that are shown against time.
SERIES = (
    "rmse_background", "rmse_analysis", "spread_background", "spread_analysis", "crps", "chi2_per_obs", "omb", "oma",
    "omb_expected",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class MethodView:
    """One method at one moment; states have shape (n,), members (N, n), and are None where it has none or has ended."""

    background: Array | None
    analysis: Array | None
    spread: Array | None
    members_background: Array | None
    members_analysis: Array | None
    ended: str


@dataclass(frozen=True, eq=False)
class History:
    """States of the newest cycles: their numbers (W,), the truth (W, n), and the analyses (W, n) of the methods, or None."""

    cycles: Array
    truth: Array
    analyses: tuple[Array | None, ...]


@dataclass(frozen=True, eq=False)
class RaceView:
    """One moment of a race, of its first experiment; numbers over time are means over the experiments.

    Attributes
    ----------
    cycle, time
        Number of the newest cycle, 0 before the first, and its model time.
    truth
        Shape (n,).
    observed, values, sigma
        Components that are observed (p,), the values (p,), and σ_o.
    methods
        In the order of :attr:`labels`.
    chosen
        Number of the method whose states are shown, the only one that has members here.
    cycles, series
        Cycle numbers (K,) and for each method its numbers against them, by name.
    normalised
        Newest innovations of the chosen method over the standard deviations it expects, (p,), or None.
    history
        States of the newest cycles; of large states only the chosen method's.
    marks
        Changes on the way.
    entries
        What each method's scores are up to now.
    stages
        The settings that it began with and those that came later, each with the cycles run before.
    """

    cycle: int
    time: float
    truth: Array
    observed: Array
    values: Array
    sigma: float
    labels: tuple[str, ...]
    methods: tuple[MethodView, ...]
    chosen: int
    cycles: Array
    series: tuple[dict[str, Array], ...]
    normalised: Array | None
    history: History | None
    marks: tuple[Mark, ...]
    entries: tuple[Entry, ...]
    stages: tuple[tuple[int, CyclingSettings], ...]


def view(race: Race, chosen: int = 0, window: int = 400, history: int = 0) -> RaceView:
    """Return what there is to see now.

    Parameters
    ----------
    race
        It must not be stepped meanwhile.
    chosen
        Number of the method whose members are wanted.
    window
        Newest cycles of the lines.
    history
        Newest cycles whose states are wanted; 0 for none.
    """
    newest, contestants = race.cycling.newest, race.cycling.contestants
    labels = tuple(contestant.label for contestant in contestants)
    first = max(0, race.cycle - window)
    stride = max(1, math.ceil((race.cycle - first) / MOST_POINTS))
    # The newest cycle is always among them.
    cycles = np.arange(race.cycle, first, -stride)[::-1]
    series = tuple(_series(contestant.record, cycles) for contestant in contestants)
    empty = np.zeros(0)
    if newest is None:
        methods = tuple(MethodView(None, None, None, None, None, "") for _ in contestants)
        truth, observed, values = _array(race.cycling.twin.truth[0]), empty.astype(int), empty
    else:
        truth, values = _array(newest.truth[0]), _array(newest.observed.values[0])
        observed = newest.observed.components.cpu().numpy()
        methods = tuple(_method(race, k, k == chosen) for k in range(len(contestants)))
    return RaceView(
        race.cycle, race.cycling.twin.time, truth, observed, values, race.settings.observations.sigma, labels, methods, chosen,
        cycles, series, _normalised(race, chosen), _history(race, chosen, history) if history else None, tuple(race.marks),
        entries(race), tuple(race.history),
    )  # fmt: skip


def _method(race: Race, number: int, with_members: bool) -> MethodView:
    assert race.cycling.newest is not None
    step, ended = race.cycling.newest.steps[number], race.cycling.contestants[number].ended
    if step is None:
        return MethodView(None, None, None, None, None, ended)
    before, after = (
        None if not with_members or estimate.members is None else _array(estimate.members[0, :MOST_MEMBERS])
        for estimate in (step.background, step.analysis)
    )
    variance = step.analysis.variance if step.analysis.variance is not None else step.background.variance
    spread = None if variance is None else _array(variance[0].clamp(min=0).sqrt())
    return MethodView(_array(step.background.mean[0]), _array(step.analysis.mean[0]), spread, before, after, ended)


def _series(record: Record, cycles: Array) -> dict[str, Array]:
    numbers = record.numbers()
    index = torch.as_tensor(cycles - 1)
    kept = index[index < len(numbers)]  # a method that has ended has fewer
    some = numbers[kept.to(numbers.device)].mean(1).cpu().numpy()
    result = {}
    for name in SERIES:
        line = np.full(len(cycles), np.nan)
        line[: len(kept)] = some[:, NUMBERS.index(name)]
        result[name] = line
    return result


def _normalised(race: Race, chosen: int) -> Array | None:
    newest = race.cycling.newest
    step = None if newest is None else newest.steps[chosen]
    if newest is None or step is None or step.background.variance is None:
        return None
    d = newest.observed.values - newest.observed.operator(step.background.mean)
    return _array((d / innovation_variance(step.background, newest.observed).sqrt())[0])


def _history(race: Race, chosen: int, count: int) -> History:
    moments = list(race.trace.moments)[-count:]
    n = race.dynamics.size

    def states(number: int) -> Array | None:
        if n > FEW and number != chosen:
            return None
        kept = [moment.methods[number] for moment in moments]
        blank = np.full(n, np.nan)
        return np.array([blank if k is None else _array(k.analysis) for k in kept]).reshape(-1, n)

    return History(
        np.array([moment.number for moment in moments]),
        np.array([_array(moment.truth) for moment in moments]).reshape(-1, n),
        tuple(states(number) for number in range(len(race.cycling.contestants))),
    )


def _array(values: Tensor) -> Array:
    return values.detach().cpu().numpy()
