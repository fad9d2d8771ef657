"""The metrics of a run as columns that grow, and which of them belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backends.jobs.job import Job, Point
from backends.learning.smoothing import Smoother

#: Metrics of the machine and of the optimiser, which have small figures of their own.
SYSTEM = ("learning_rate", "gradient_norm", "samples_per_second", "memory_mb", "device_memory_mb")
#: The order of the references of a score of the network; others follow them.
REFERENCES = ("3dvar", "exact", "reference", "kriging", "bayes", "nmc", "pca")


class Source(Protocol):
    """Where runs come from: the jobs of this server, or a record elsewhere."""

    @property
    def loading(self) -> bool:
        """Whether earlier runs are still being read."""

    @property
    def problem(self) -> str:
        """Why they cannot be read, or nothing."""

    def list(self) -> tuple[Job, ...]:
        """Return the runs, the newest first."""

    def metrics(self, id: str, since: int = 0) -> Sequence[Point]:
        """Return the metrics of a run without the first `since`."""

    def shown(self, id: str, name: str) -> bytes | None:
        """Return what a run shows while it runs."""

    def artifact(self, id: str, name: str) -> bytes:
        """Return a file that a run left."""


class Column:
    """Numbers that grow in number."""

    def __init__(self) -> None:
        self._data, self._count = np.empty(256), 0

    def __len__(self) -> int:
        return self._count

    def append(self, value: float) -> None:
        """Add one."""
        if self._count == len(self._data):
            self._data = np.concatenate([self._data, np.empty(self._count)])
        self._data[self._count] = value
        self._count += 1

    @property
    def values(self) -> np.ndarray:
        """All of them; what comes later is not in it."""
        return self._data[: self._count]


class RunMetrics:
    """What has come of the metrics of a run so far.

    Attributes
    ----------
    source, id
        Whose run it is, and which.
    steps, values
        Iterations and values of each metric, by its name.
    version
        Grows when something has come.
    """

    def __init__(self, source: Source, id: str) -> None:
        self.source, self.id = source, id
        self.steps: dict[str, Column] = {}
        self.values: dict[str, Column] = {}
        self.version = 0
        self._since = 0

    def read(self) -> bool:
        """Take in what is new; return whether there was anything."""
        points = self.source.metrics(self.id, self._since)
        self._since += len(points)
        for point in points:
            for name, value in point.values.items():
                if name not in self.steps:
                    self.steps[name], self.values[name] = Column(), Column()
                self.steps[name].append(point.step)
                self.values[name].append(value)
        self.version += bool(points)
        return bool(points)

    def last(self, name: str) -> float | None:
        """Return the newest value of a metric, or nothing."""
        return float(self.values[name].values[-1]) if name in self.values else None

    def curve(self, name: str, against: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a metric against the iteration, or against the time, as far as that is known."""
        steps, values = self.steps[name].values, self.values[name].values
        if against == "iteration" or "seconds" not in self.steps:
            return steps, values
        known = int(np.searchsorted(steps, self.steps["seconds"].values[-1], side="right"))
        return np.interp(steps[:known], self.steps["seconds"].values, self.values["seconds"].values), values[:known]

    def groups(self) -> "Groups":
        """Return what belongs together of what has come."""
        return groups({name: len(column) for name, column in self.steps.items()})


@dataclass(frozen=True)
class Groups:
    """Metrics that belong together.

    Attributes
    ----------
    terms
        The loss and what it consists of.
    compared
        By a stem, scores of the network that have references, with the names of these; the costs J, J_b, J_o are one group.
    gaps
        Normalised cost gaps.
    others
        All other scores.
    system
        Of the machine and the optimiser.
    """

    terms: tuple[str, ...]
    compared: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]
    gaps: tuple[str, ...]
    others: tuple[str, ...]
    system: tuple[str, ...]


def groups(counts: Mapping[str, int]) -> Groups:
    """Sort metrics, given how many values have come of each: terms of the loss come with it, scores less often."""
    left = [name for name in counts if name != "seconds"]
    system = tuple(name for name in SYSTEM if name in left)
    stems = [name.removesuffix("_network") for name in left if name.endswith("_network")]
    compared: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    taken = {*system}
    for stem in stems:
        references = _references(stem, left)
        figure = "cost" if stem in ("j", "jb", "jo") else stem
        compared[figure] = (*compared.get(figure, ()), (f"{stem}_network", references))
        taken |= {f"{stem}_network", *references}
    gaps = tuple(name for name in left if name.startswith("cost_gap"))
    taken |= {*gaps}
    free = [name for name in left if name not in taken]
    if "loss" in counts:
        terms = tuple(name for name in free if counts[name] >= 0.9 * counts["loss"] and name != "cost_ratio")
    else:  # other programs have a loss of training and one of validation
        terms = tuple(name for name in free if "loss" in name)
    return Groups(terms, compared, gaps, tuple(name for name in free if name not in terms), system)


def _references(stem: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return what a score of the network is compared with: scores that have its stem and another last word."""
    tails = [name.removeprefix(f"{stem}_") for name in names if name.startswith(f"{stem}_")]
    tails = [tail for tail in tails if tail != "network" and "_" not in tail]
    first = [tail for tail in REFERENCES if tail in tails]
    return tuple(f"{stem}_{tail}" for tail in (*first, *(tail for tail in tails if tail not in first)))


class Smooth:
    """Smoothed values of one metric, which grow with it."""

    def __init__(self, length: float) -> None:
        self._smoother, self._column = Smoother(length), Column()

    def follow(self, values: np.ndarray) -> np.ndarray:
        """Return the smoothed values of all values so far, (k,)."""
        for mean in self._smoother.extend(values[len(self._column) :]):
            self._column.append(mean)
        return self._column.values
