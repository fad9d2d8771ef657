"""How far the model is from the observations: histograms, against level, by region and report type."""

from functools import partial

import panel as pn
import panel_material_ui as pmui

from backends.observations.overview import Overview
from backends.observations.schema import LEVELS, QUANTITY_NAMES, UNKNOWN
from dashboard.controls import html
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.observations.tables import levels_table, regions_table
from dashboard.plots.observations.bars import RangeBars
from dashboard.plots.observations.levels import LevelStatistics

BOX = {"flex": "1 1 300px", "min-width": "min(300px, 100%)"}
NONE = (
    '<div class="hint">This file has no model equivalents H(x), so that there is no O−B. Choose a field under '
    "<b>Compare with</b> to interpolate it to the observations.</div>"
)


class DeparturesView:
    """A histogram of each quantity, of which bars can be chosen; lines against level; tables."""

    def __init__(self, state: ObservationState) -> None:
        self.state = state
        self.bars = {name: RangeBars("", partial(self._on_bars, name)) for name in QUANTITY_NAMES}
        self._boxes = {
            name: _box(title[:1].upper() + title[1:], self.bars[name].pane) for name, title in QUANTITY_NAMES.items()
        }
        self.levels = LevelStatistics()
        self._levels_box = _box("Mean and standard deviation against level", self.levels.pane)
        self._none, self._levels, self._regions = html(NONE), html(), html()
        self.passed = pmui.Switch(
            label="Against level: only what passed quality control", value=True, description="Otherwise all that are chosen"
        )
        self.passed.param.watch(self._on_passed, "value")
        self._units = ""
        self._heading = html('<div class="panel-title">By region and report type</div>')
        self.pane = pn.Column(
            self._none,
            pn.FlexBox(*self._boxes.values(), self._levels_box, gap="0 16px", sizing_mode="stretch_width"),
            self.passed, self._levels, self._heading, self._regions, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def show(self, found: Overview, units: str) -> None:
        """Bring everything up to date."""
        self._units = units
        chosen = self.state.selection.within
        for name, bars in self.bars.items():
            there = name in found.histograms
            self._boxes[name].visible = there
            if there:
                edges, counts = found.histograms[name]
                label = f"{QUANTITY_NAMES[name]} [{units}]" if units else QUANTITY_NAMES[name]
                ends = chosen[1:] if chosen is not None and chosen[0] == name else None
                bars.show(edges, counts, found.passed[name], ends, label)
        departs = "background" in found.histograms or "analysis" in found.histograms
        self._none.visible = not departs
        self._heading.visible = self._regions.visible = departs
        self._regions.object = regions_table(found, units) if departs else ""
        leveled = departs and found.levels is not None
        self._levels_box.visible = self._levels.visible = leveled
        judged = bool(found.qualities[UNKNOWN] < found.qualities.sum())
        self.passed.visible = leveled and judged
        if leveled and found.levels is not None:
            name, level_units, factor = LEVELS[found.levels.kind]
            self.levels.show(
                factor * found.levels.edges, factor * found.levels.at, found.levels.departures, judged and self.passed.value,
                (name, level_units), units, found.levels.kind == "pressure",
            )  # fmt: skip
            self._levels.object = levels_table(found.levels, units, judged)

    def _on_passed(self, _event: object) -> None:
        if self.state.overview is not None:
            self.show(self.state.overview, self._units)

    def _on_bars(self, name: str, low: float, high: float) -> None:
        self.state.choose(within=(name, low, high))


def _box(heading: str, pane: pn.viewable.Viewable) -> pn.Column:
    return pn.Column(html(f'<div class="panel-title">{heading}</div>'), pane, styles=BOX)
