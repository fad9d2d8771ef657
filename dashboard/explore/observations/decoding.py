"""How far the decoding of a file of observations is, and a button that stops it."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.explore.observations.state import ObservationState

#: Milliseconds between two looks at the progress; a file that was decoded before is there sooner and shows none.
LOOK = 300


class DecodingNotice:
    """A bar and a button that are there while a file is being decoded.

    Parameters
    ----------
    state
        Whose progress is shown.
    on_cancel
        Called when a person no longer wants the file.
    """

    def __init__(self, state: ObservationState, on_cancel: Callable[[], None]) -> None:
        self._state = state
        self._document = pn.state.curdoc
        self._looking = False
        self.bar = pmui.LinearProgress(value=0, variant="indeterminate", sizing_mode="stretch_width", margin=(12, 5))
        self.cancel = pmui.Button(
            label="Stop decoding", icon="close", variant="text", size="small", on_click=lambda _: on_cancel(),
            description="Give the file up; what is shown stays",
        )  # fmt: skip
        self.pane = pn.Column(self.bar, self.cancel, visible=False, sizing_mode="stretch_width", margin=(0, 10))
        state.param.watch(self._on_opening, "opening")

    def _on_opening(self, event: Event) -> None:
        self.bar.param.update(variant="indeterminate", value=0)
        self.pane.visible = bool(event.new)
        self._look_later()

    def look(self) -> None:
        """Bring the bar up to date."""
        self._looking = False
        done, of = self._state.progress
        if of:
            self.bar.param.update(variant="determinate", value=min(100, 100 * done // of))
        self._look_later()

    def _look_later(self) -> None:
        if self._document is not None and self._state.opening and not self._looking:
            self._looking = True
            self._document.add_timeout_callback(self.look, LOOK)
