"""Going through the observations step by step: the next time step or layer that has any."""

import numpy as np

from backends.observations.overview import Overview
from dashboard.explore.observations.state import ObservationState


class Stepping:
    """Chooses one bar of the counts through time or by level after the other; beyond the last one all are chosen."""

    def __init__(self, state: ObservationState) -> None:
        self._state = state

    @property
    def has_times(self) -> bool:
        """Whether there are several time steps."""
        found = self._found
        return found is not None and len(found.times[0]) > 1

    @property
    def has_levels(self) -> bool:
        """Whether there are several layers."""
        found = self._found
        return found is not None and found.levels is not None and len(found.levels.counts) > 1

    @property
    def _found(self) -> Overview | None:
        return self._state.overview

    def time(self, steps: int) -> None:
        """Choose the next time step that has observations, or the one before."""
        found, chosen = self._found, self._state.selection
        if found is None or not self.has_times:
            return
        starts, counts = found.times
        ends = np.r_[starts[1:], starts[-1:] + np.diff(starts[-2:])]
        ours: np.ndarray | None = None
        if chosen.start is not None and chosen.end is not None:
            ours = np.asarray((starts >= chosen.start) & (ends - np.timedelta64(1, "s") <= chosen.end))
        k = stepped(counts, ours, steps)
        if k is None:
            self._state.forget("time")
        else:
            # The end of a step is the beginning of the next, which does not belong to it.
            self._state.choose(start=starts[k], end=ends[k] - np.timedelta64(1, "s"))

    def level(self, levels: int) -> None:
        """Choose the next layer upward that has observations, or downward where `levels` is negative."""
        found, chosen = self._found, self._state.selection
        if found is None or found.levels is None:
            return
        kind, edges = found.levels.kind, found.levels.edges
        ours: np.ndarray | None = None
        if chosen.levels is not None:
            low, high = chosen.levels
            begins = edges[:-1].astype(np.float32)
            ours = np.asarray((begins >= np.float32(low)) & (begins <= np.float32(high)))
        k = stepped(found.levels.counts, ours, -levels if kind == "pressure" else levels)
        if k is None:
            self._state.forget("level")
        else:
            self._state.choose(level_kind=kind, levels=layer(edges[k], edges[k + 1]))


def layer(low: float, high: float) -> tuple[float, float]:
    """Return the least and the greatest level of a layer; a level on an edge belongs to the layer that begins there."""
    return float(np.float32(low)), float(np.nextafter(np.float32(high), np.float32(-np.inf)))


def stepped(counts: np.ndarray, chosen: np.ndarray | None, by: int) -> int | None:
    """Return the next bar that counts something, or None beyond the last.

    Parameters
    ----------
    counts
        Of each bar.
    chosen
        Which bars are chosen now; None or none of them: the first in this direction is next.
    by
        1 or −1.
    """
    filled = np.flatnonzero(counts)[::by]
    if chosen is not None and chosen.any():
        last = np.flatnonzero(chosen)[::by][-1]
        filled = filled[by * filled > by * last]
    return int(filled[0]) if len(filled) else None
