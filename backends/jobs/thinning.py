"""Keeping a stream of metrics small without knowing how it goes on."""

from collections.abc import Mapping

from backends.jobs.job import Point


class Thinning:
    """Keeps of each metric at most one value in each of `limit` equal stretches of the steps, and the last one.

    Where there are no more steps than `limit`, everything is kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stretch: dict[str, int] = {}
        self._dropped: dict[str, tuple[int, float]] = {}

    def keep(self, step: int, of: int, values: Mapping[str, float]) -> dict[str, float]:
        """Return those of the values that are kept."""
        if of <= self._limit:
            return dict(values)
        kept, stretch = {}, step * self._limit // of
        for name, value in values.items():
            if self._stretch.get(name) == stretch:
                self._dropped[name] = (step, value)
            else:
                self._stretch[name] = stretch
                self._dropped.pop(name, None)
                kept[name] = value
        return kept

    def rest(self) -> list[Point]:
        """Return the newest values that were not kept, once nothing more comes."""
        steps: dict[int, dict[str, float]] = {}
        for name, (step, value) in self._dropped.items():
            steps.setdefault(step, {})[name] = value
        self._dropped.clear()
        return [Point(step, steps[step]) for step in sorted(steps)]
