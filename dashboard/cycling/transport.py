"""Start, pause, step, reset and speed of a race, and where it stands."""

import math
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.cycling.state import CyclingState
from dashboard.keys import Keys
from dashboard.style import STYLE

SPEEDS = {"1 / s": 1.0, "5 / s": 5.0, "10 / s": 10.0, "20 / s": 20.0, "50 / s": 50.0, "200 / s": 200.0, "full speed": math.inf}


class Transport:
    """The bar above the pictures."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self.start = pmui.Button(
            label="Start", icon="play_arrow", variant="contained", size="small", width=112, margin=(4, 0),
            on_click=self._on_start, description="Start or pause the race (space)",
        )  # fmt: skip
        self.step = pmui.Button(
            label="Step", icon="skip_next", variant="outlined", size="small", margin=(4, 0), on_click=self._on_step,
            description="One cycle (→ or .)", css_classes=["spare"],
        )  # fmt: skip
        self.reset = pmui.Button(
            label="Reset", icon="restart_alt", variant="outlined", size="small", margin=(4, 0), on_click=self._on_reset,
            description="Begin anew with the settings of the sidebar (R)",
        )  # fmt: skip
        self.speed = pmui.Select(
            label="Cycles", options=SPEEDS, value=20.0, size="small", width=130, margin=(4, 2, 0, 2),
            description="Cycles per second, if the server can",
        )  # fmt: skip
        self.speed.param.watch(self._on_speed, "value")
        self.where = pn.pane.HTML("", stylesheets=[STYLE], margin=(2, 8))
        self.pane = pn.FlexBox(self.start, self.step, self.reset, self.speed, self.where, align_items="center", gap="6px")
        self.keys = Keys({
            " ": (self._on_start, "start or pause the race"),
            "ArrowRight": (self._on_step, "one cycle"), ".": (self._on_step, "one cycle"),
            "r": (self._on_reset, "begin anew"),
        })  # fmt: skip
        state.param.watch(self._on_live, "live")
        self._on_live()

    def repeat(self) -> None:
        """Send again what changed while the browser was loading, which is lost on the way."""
        for pane, names in ((self.start, ("label", "icon", "disabled")), (self.where, ("object",))):
            pane.param.trigger(*names)

    def tick(self) -> None:
        """Bring buttons and text up to date."""
        live = self.state.live
        if live is None:
            return
        if self.speed.value != live.speed:  # which belongs to the race, whoever looks at it
            self.speed.value = live.speed
        label = "Pause" if live.running else "Finished" if live.finished else "Start" if not live.started else "Go on"
        if self.start.label != label:
            self.start.param.update(label=label, icon="pause" if live.running else "play_arrow", disabled=label == "Finished")
        text = self._text()
        if self.where.object != text:
            self.where.object = text

    def _text(self) -> str:
        live, view = self.state.live, self.state.view
        if not live.ready:
            return '<div class="facts" data-role="where"><span>Preparing the race: its truth and climate …</span></div>'
        shown = view.cycle if view is not None else live.cycle
        unit = live.race.dynamics.time_unit
        time = "" if view is None else f'<span><span class="name">time</span><b>{view.time:.6g}</b> {unit}</span>'
        return f'<div class="facts" data-role="where"><span><span class="name">cycle</span><b>{shown}</b></span>{time}</div>'

    def _on_live(self, *_events: Event) -> None:
        self.tick()

    def _on_speed(self, event: Event) -> None:
        if self.state.live is not None:
            self.state.live.speed = event.new

    def _on_start(self, _event: Any = None) -> None:
        live = self.state.live
        if live is None:
            return
        if live.running:
            live.pause()
        else:
            live.start()
        self.tick()

    def _on_reset(self, _event: Any = None) -> None:
        self.state.reset()

    def _on_step(self, _event: Any = None) -> None:
        if self.state.live is not None:
            self.state.live.advance_one()
            self.tick()
