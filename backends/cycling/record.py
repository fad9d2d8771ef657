"""The numbers of a method, cycle by cycle, and when it lost the truth."""

import torch
from torch import Tensor

from backends.cycling.verification import NUMBERS

#: Over so many cycles a method is judged at a time.
DIVERGED_FOR = 50
#: It has lost the truth where its mean error is beyond that of the climate; or beyond half of it while it expects a third of
#: that error at most: a filter whose members agree with each other and not with the truth.
HALF, THIRD = 0.5, 1 / 3
#: Cycles that room is made for at once.
CHUNK = 1024


class Record:
    """Numbers of each cycle and experiment, (K, E, len(NUMBERS)), kept where they were computed.

    Parameters
    ----------
    experiments
        E.
    climate
        Standard deviation of the climate, root mean over components: errors beyond it are no better than no knowledge.
    detects
        Whether to look for divergence; not in methods that never were near the truth.
    """

    def __init__(self, experiments: int, climate: float, detects: bool = True) -> None:
        self.climate, self.detects = climate, detects
        self.cycles = 0
        #: Counts of the rank of the truth among the members, (E, N + 1), after the spin-up; None without an ensemble.
        self.ranks: Tensor | None = None
        self.spinup = 0
        #: Cycle in which each experiment stopped being finite or lost the truth, 0: neither; (E,).
        self.blown_up = torch.zeros(experiments, dtype=torch.int64)
        self.diverged = torch.zeros(experiments, dtype=torch.int64)
        self.extras: dict[str, list[Tensor]] = {}
        self._numbers: Tensor | None = None

    def add(self, cycle: int, numbers: Tensor, ranks: Tensor | None, extras: dict[str, Tensor]) -> Tensor | None:
        """Keep the numbers (E, …) of a cycle; return which experiments are not finite any more, or None if all are."""
        self._room(numbers)
        assert self._numbers is not None
        self._numbers[self.cycles] = numbers
        self.cycles += 1
        for name, values in extras.items():
            self.extras.setdefault(name, []).append(values)
        if ranks is not None and cycle > self.spinup:
            self.ranks = ranks if self.ranks is None or self.ranks.shape != ranks.shape else self.ranks + ranks
        bad = ~torch.isfinite(numbers[:, NUMBERS.index("rmse_analysis")])
        some = bool(bad.any())
        if some:
            self._numbers[self.cycles - 1, bad] = torch.nan
            new = bad.cpu() & (self.blown_up == 0)
            self.blown_up[new] = cycle
        if self.detects and self.cycles % DIVERGED_FOR == 0:
            self._detect(cycle)
        return bad if some else None

    def end(self, cycle: int) -> None:
        """Note that all experiments ended in a cycle."""
        self.blown_up[self.blown_up == 0] = cycle

    def numbers(self, since: int = 0) -> Tensor:
        """Return what has been kept of the cycles after the first `since`, shape (K − since, E, len(NUMBERS))."""
        if self._numbers is None:
            return torch.zeros(0, len(self.blown_up), len(NUMBERS))
        return self._numbers[since : self.cycles]

    def of(self, name: str, since: int = 0) -> Tensor:
        """Return one of the numbers, (K − since, E)."""
        return self.numbers(since)[..., NUMBERS.index(name)]

    def first_fault(self) -> int | None:
        """Return the first cycle in which an experiment blew up or lost the truth, or None."""
        faults = [int(k) for k in torch.cat([self.blown_up, self.diverged]) if k > 0]
        return min(faults, default=None)

    def good(self) -> Tensor:
        """Return which experiments stayed finite and near the truth, (E,) boolean."""
        return (self.blown_up == 0) & (self.diverged == 0)

    def _detect(self, cycle: int) -> None:
        since = self.cycles - DIVERGED_FOR
        error, spread = (self.of(name, since).mean(0) for name in ("rmse_analysis", "spread_analysis"))
        overconfident = (error > HALF * self.climate) & (spread < THIRD * error)  # never where no spread is stated
        lost = ((error > self.climate) | overconfident).cpu() & (self.diverged == 0) & (self.blown_up == 0)
        self.diverged[lost] = cycle - DIVERGED_FOR + 1

    def _room(self, like: Tensor) -> None:
        if self._numbers is None:
            self._numbers = like.new_empty(CHUNK, *like.shape)
        elif self.cycles == len(self._numbers):
            self._numbers = torch.cat([self._numbers, torch.empty_like(self._numbers)])
