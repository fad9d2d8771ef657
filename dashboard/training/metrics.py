"""The metrics of a run as columns that grow."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from backends.jobs.job import Job, Point
from backends.learning.metrics import Groups, groups
from backends.learning.smoothing import Smoother


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

    def groups(self) -> Groups:
        """Return what belongs together of what has come."""
        return groups({name: len(column) for name, column in self.steps.items()})


class Smooth:
    """Smoothed values of one metric, which grow with it."""

    def __init__(self, length: float) -> None:
        self._smoother, self._column = Smoother(length), Column()

    def follow(self, values: np.ndarray) -> np.ndarray:
        """Return the smoothed values of all values so far, (k,)."""
        for mean in self._smoother.extend(values[len(self._column) :]):
            self._column.append(mean)
        return self._column.values
