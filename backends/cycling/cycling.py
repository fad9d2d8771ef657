"""The cycle: forecast, observe, analyse, verify; one step at a time, so that a person can watch, pause and turn knobs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from backends.assimilation.methods.base import Method, Setting
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.cycling.record import Record
from backends.cycling.twin import Twin
from backends.cycling.verification import ranks, verify
from backends.dynamics.base import Dynamics


@dataclass(frozen=True, eq=False)
class Step:
    """What one method did in one cycle."""

    background: Estimate
    analysis: Estimate


@dataclass(frozen=True, eq=False)
class Cycle:
    """One cycle of a race.

    Attributes
    ----------
    number
        Counted from 1; 0 is the start, before any observation.
    time
        Model time.
    truth
        Shape (E, n).
    observed
        What all methods were given.
    steps
        One for each method, in their order; None of a method that has ended.
    """

    number: int
    time: float
    truth: Tensor
    observed: Observed
    steps: tuple[Step | None, ...]


@dataclass(eq=False)
class Contestant:
    """A method in a race, with what became of it.

    Attributes
    ----------
    method, label
        The method, and what it is called in this race.
    record
        Its numbers, cycle by cycle.
    seconds
        Time spent in its forecasts and analyses.
    ended
        Why it runs no longer, in a sentence; empty while it does.
    """

    method: Method
    label: str
    record: Record
    seconds: float = 0.0
    ended: str = ""


@dataclass(eq=False)
class Cycling:
    """Several methods on one truth and the same observations, in E independent experiments at once.

    Parameters
    ----------
    twin
        Truth and observations.
    model
        The forecast model; may be replaced between two cycles.
    setting
        What the methods start with.
    methods
        Methods with their labels.
    seed
        Every method draws from a generator of its own, made from this and its place in the list.
    """

    twin: Twin
    model: Dynamics
    setting: Setting
    methods: Sequence[tuple[str, Method]]
    seed: int = 0
    newest: Cycle | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        E, device = self.setting.experiments, self.setting.start.device
        self.contestants: list[Contestant] = []
        self._norm = self.setting.model.norm()
        variance = self.setting.climatology.variance()
        scale = float((variance.mean() if self._norm is None else variance @ (self._norm.area * self._norm.scale**2)).sqrt())
        for number, (label, method) in enumerate(self.methods):
            generator = torch.Generator(device).manual_seed((self.seed + 1) * 1_000_003 + 7919 * number)
            method.start(self.setting, generator)
            self.contestants.append(Contestant(method, label, Record(E, scale, detects=method.name not in _NEVER_DIVERGE)))

    @torch.no_grad()
    def step(self) -> Cycle:
        """Run one cycle and return it."""
        before = self.twin.time
        observed = self.twin.advance()
        steps = tuple(self._of(contestant, before, observed) for contestant in self.contestants)
        self.newest = Cycle(self.twin.cycle, self.twin.time, self.twin.truth, observed, steps)
        return self.newest

    def _of(self, contestant: Contestant, before: float, observed: Observed) -> Step | None:
        if contestant.ended:
            return None
        method, began = contestant.method, time.perf_counter()
        try:
            background = method.forecast(self.model, self.twin.steps, before)
            analysis, out = _analysed(method, background, observed)
        except torch.linalg.LinAlgError as problem:
            contestant.record.end(self.twin.cycle)
            contestant.ended = f"the linear algebra of its analysis failed in cycle {self.twin.cycle}: {problem}"
            return None
        contestant.seconds += time.perf_counter() - began
        numbers = verify(background, analysis, self.twin.truth, observed, self._norm, method.assimilates)
        if out is not None:
            numbers[out] = torch.nan
        bad = contestant.record.add(self.twin.cycle, numbers, ranks(background, self.twin.truth), method.extras)
        if bad is not None:
            if bool(bad.all()):
                contestant.ended = f"its state stopped being finite in cycle {self.twin.cycle}"
                return None
            method.replace(bad)
        return Step(background, analysis)


def _analysed(method: Method, background: Estimate, observed: Observed) -> tuple[Estimate, Tensor | None]:
    """Return the analysis, and which experiments had to be taken out of it because linear algebra fails on their states.

    A batch is decomposed in one call, which a single experiment that is not finite any more makes fail for all.

    Raises
    ------
    LinAlgError
        If the analysis fails without them, too, or there are no others.
    """
    try:
        return method.analyse(observed), None
    except torch.linalg.LinAlgError:
        out = ~torch.isfinite(background.mean.pow(4).sum(-1))  # covariances and their squares must be numbers
        if not bool(out.any()) or bool(out.all()):
            raise
        method.replace(out)
        return method.analyse(observed), out


#: Methods that no observations hold near the truth.
_NEVER_DIVERGE = {"free", "climatology", "oi", "origen"}
