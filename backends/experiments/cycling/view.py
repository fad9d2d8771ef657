"""What a page shows of a race at one moment, as arrays: taken on the thread that runs the race, drawn on another."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.cycling.record import Record
from backends.cycling.verification import NUMBERS
from backends.experiments.cycling.race import Mark, Race
from backends.experiments.cycling.run import Entry, entries

Array = np.ndarray
#: Most points of a line; of longer records every so many are shown, the newest always.
MOST_POINTS = 600
#: Most members that are drawn.
MOST_MEMBERS = 100
#: Numbers that are shown against time.
SERIES = ("rmse_background", "rmse_analysis", "spread_background", "spread_analysis", "crps", "chi2_per_obs", "omb", "oma")


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
    history
        For 1D states of the newest cycles: cycle numbers (W,), truth, background and analysis of the chosen method (W, n).
    marks
        Changes on the way.
    entries
        What each method's scores are up to now.
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
    history: tuple[Array, Array, Array, Array] | None
    marks: tuple[Mark, ...]
    entries: tuple[Entry, ...]


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
        Newest cycles of the Hovmöller diagrams; 0 for none.
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
        cycles, series, _history(race, chosen, history) if history else None, tuple(race.marks), entries(race),
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


def _history(race: Race, chosen: int, count: int) -> tuple[Array, Array, Array, Array]:
    moments = list(race.trace.moments)[-count:]
    blank = np.full(race.dynamics.size, np.nan)
    kept = [moment.methods[chosen] for moment in moments]
    return (
        np.array([moment.number for moment in moments]),
        np.array([_array(moment.truth) for moment in moments]),
        np.array([blank if k is None else _array(k.background) for k in kept]),
        np.array([blank if k is None else _array(k.analysis) for k in kept]),
    )


def _array(values: Tensor) -> Array:
    return values.detach().cpu().numpy()
