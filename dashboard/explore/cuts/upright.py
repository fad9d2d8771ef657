"""What cuts over all levels have in common: pixels, or a line where there is one level, and a logarithmic pressure axis."""

import panel_material_ui as pmui

from backends.fields.cut_pictures import cut_raster, is_pressure
from backends.fields.cuts import Cut
from backends.fields.field import Axis, Field, statistics
from dashboard.explore.cuts.scales import scale_of, value_scale
from dashboard.explore.cuts.view import Asked, CutView, Found, log_pressure
from dashboard.explore.state import ExploreState
from dashboard.plots.cuts import LiveCut, LiveLines, Scale
from dashboard.theme import PICKED, limits, style_of, units_label


class UprightView(CutView[Asked, Found]):
    """A cut with the levels upright; one of `plane` and `line` is seen."""

    def __init__(self, state: ExploreState, words: str, filename: str) -> None:
        super().__init__(state, words, filename)
        self.plane, self.line = LiveCut(), LiveLines()
        self.log: pmui.Checkbox = log_pressure(state)

    def levels(self, field: Field) -> Axis | None:
        """Return the levels that a cut of a field has, if there are several, and offer what suits them."""
        level = field.variable.axis("level")
        if level is not None and len(level) < 2:
            level = None
        self.log.visible = level is not None and is_pressure(level)
        return level

    def draw_cut(self, cut: Cut, across: Scale, name: str, log: bool) -> None:
        """Draw a cut: `across` is its horizontal axis, `name` what a line is called, `log` how pressures lie."""
        style, units = style_of(cut.variable), units_label(cut.variable.units)
        self.plane.pane.visible, self.line.pane.visible = cut.along is not None, cut.along is None
        if cut.along is None:
            value = value_scale(cut.variable.title, units)
            self.line.show([(cut.across, cut.values[0])], PICKED[1:2], [name], across, value)
        else:
            up = scale_of(cut.along, log)
            self.plane.show(cut_raster(cut, up.log), across, up, style, limits(style, statistics(cut.values)), units)
