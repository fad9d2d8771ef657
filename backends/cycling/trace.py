"""The newest cycles of a race, state by state, for pictures and exports."""

from collections import deque
from dataclasses import dataclass

from torch import Tensor

from backends.cycling.cycling import Cycle
from backends.observing.operators import LinearOperator

#: Memory for the states that are kept, in bytes.
BUDGET = 256 * 2**20


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of one method: means (n,), and the variances (n,) that it expects or None."""

    background: Tensor
    analysis: Tensor
    background_variance: Tensor | None
    analysis_variance: Tensor | None


@dataclass(frozen=True, eq=False)
class Moment:
    """One cycle of the first experiment: truth (n,), observations (p,) with H and σ_o, and what the methods made of it."""

    number: int
    time: float
    truth: Tensor
    values: Tensor
    operator: LinearOperator
    sigma: Tensor
    methods: tuple[Kept | None, ...]


class Trace:
    """The newest cycles of the first experiment, as many as fit the memory that is set aside for them.

    Parameters
    ----------
    most
        Cycles to keep, if memory allows.
    budget
        Bytes.
    """

    def __init__(self, most: int, budget: int = BUDGET) -> None:
        self._most, self._budget = most, budget
        self.moments: deque[Moment] = deque(maxlen=most)

    def add(self, cycle: Cycle) -> None:
        """Keep a cycle."""
        if not self.moments:
            # truth and observations, and four states of each method
            bytes_each = cycle.truth.shape[-1] * cycle.truth.element_size() * (2 + 4 * len(cycle.steps))
            self.moments = deque(maxlen=max(2, min(self._most, self._budget // bytes_each)))
        kept = tuple(
            None
            if step is None
            else Kept(
                _first(step.background.mean),
                _first(step.analysis.mean),
                None if step.background.variance is None else _first(step.background.variance),
                None if step.analysis.variance is None else _first(step.analysis.variance),
            )
            for step in cycle.steps
        )
        observed = cycle.observed
        self.moments.append(
            Moment(
                cycle.number, cycle.time, _first(cycle.truth), _first(observed.values), observed.operator,
                observed.error.sigma, kept,
            )
        )  # fmt: skip


def _first(states: Tensor) -> Tensor:
    """Return the first experiment's state; a copy where there are more, so that theirs are not kept alive."""
    return states[0] if len(states) == 1 else states[0].clone()
