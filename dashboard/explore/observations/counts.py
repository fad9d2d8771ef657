"""How many observations there are: by report type, through time, by level, by value."""

import numpy as np
import panel as pn

from backends.observations.overview import Overview
from backends.observations.schema import LEVELS, REPORT_TYPES
from dashboard.controls import html
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.observations.stepping import layer
from dashboard.plots.observations.bars import RangeBars, TypeBars

BOX = {"flex": "1 1 300px", "min-width": "min(300px, 100%)"}


class CountsView:
    """Three figures, of which each chooses for all views."""

    def __init__(self, state: ObservationState) -> None:
        self.state = state
        self.types = TypeBars(lambda name: state.choose(report_types=(name,)))
        self.times = RangeBars("", self._on_time, time=True)
        self.levels = RangeBars("", self._on_level, upright=False)
        self._kind = "none"
        self._time_box = _box("Through time", self.times.pane)
        self._level_box = _box("By level", self.levels.pane)
        self.pane = pn.FlexBox(
            _box("By report type", self.types.pane), self._time_box, self._level_box,
            gap="0 16px", sizing_mode="stretch_width",
        )  # fmt: skip

    def show(self, found: Overview) -> None:
        """Replace all counts."""
        selection = self.state.selection
        self.types.show(found.report_types, REPORT_TYPES)
        starts, counts = found.times
        self._time_box.visible = len(starts) > 0
        if len(starts):
            step = np.diff(starts[:2])[0] if len(starts) > 1 else np.timedelta64(3600, "s")
            edges = np.r_[starts, starts[-1:] + step].astype("datetime64[ms]").astype(float)
            chosen = None
            if selection.start is not None and selection.end is not None:
                chosen = _milliseconds(selection.start), _milliseconds(selection.end)
            self.times.show(edges, counts, chosen=chosen)
        self._level_box.visible = found.levels is not None
        if found.levels is not None:
            self._kind = found.levels.kind
            name, units, factor = LEVELS[self._kind]
            chosen = None if selection.levels is None else (factor * selection.levels[0], factor * selection.levels[1])
            self.levels.show(
                factor * found.levels.edges, found.levels.counts, chosen=chosen, label=f"{name} [{units}]" if units else name,
                downward=self._kind == "pressure",
            )  # fmt: skip

    def _on_time(self, first: float, last: float) -> None:
        # The end of a step is the beginning of the next, which does not belong to it.
        self.state.choose(
            start=np.datetime64(round(first / 1000), "s"), end=np.datetime64(round(last / 1000), "s") - np.timedelta64(1, "s")
        )

    def _on_level(self, low: float, high: float) -> None:
        factor = LEVELS[self._kind][2]
        self.state.choose(level_kind=self._kind, levels=layer(low / factor, high / factor))


def _box(heading: str, pane: pn.viewable.Viewable) -> pn.Column:
    return pn.Column(html(f'<div class="panel-title">{heading}</div>'), pane, styles=BOX)


def _milliseconds(time: np.datetime64) -> float:
    return float(time.astype("datetime64[ms]").astype(float))
