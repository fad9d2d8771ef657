"""Both ends of the colours of a map, as numbers that a person can change."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.controls import html


class LimitBoxes:
    """Two boxes, or one where colours lie evenly about zero; `on_change` is called with both ends after a person's change."""

    def __init__(self, on_change: Callable[[float, float], None]) -> None:
        self._on_change, self._showing, self._evenly = on_change, False, False
        self.low = pmui.FloatInput(
            label="From", sizing_mode="stretch_width", description="Value at the lower end of the colours."
        )
        self.high = pmui.FloatInput(
            label="To", sizing_mode="stretch_width",
            description="Value at the upper end of the colours; those of departures lie evenly about zero.",
        )  # fmt: skip
        for box in (self.low, self.high):
            box.param.watch(self._on_box, "value")
        heading = html('<div class="hint" style="margin: 4px 10px 0">Colour limits</div>')
        self.pane = pn.Column(heading, self.low, self.high, sizing_mode="stretch_width", margin=0)

    def show(self, low: float, high: float, evenly: bool = False) -> None:
        """Show the limits that the map has."""
        self._showing = True  # both boxes change; one after the other would be taken for a person's input
        self._evenly = evenly
        self.low.param.update(value=low, visible=not evenly)
        self.high.param.update(value=high, label="Up to ±" if evenly else "To")
        self._showing = False

    def _on_box(self, _event: Event) -> None:
        low, high = self.low.value, self.high.value
        if not self._showing and low is not None and high is not None:
            self._on_change(-high if self._evenly else low, high)
