"""Playing lead times in the browser: a clock there, with slider, buttons and keys."""

from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.models import ColumnDataSource
from panel.custom import JSComponent
from param.parameterized import Event

from dashboard.keys import Keys

SPEEDS = {"2 / s": 500, "5 / s": 200, "10 / s": 100, "20 / s": 50, "40 / s": 25}

_CLOCK = """
export function render({model, el}) {
  const text = document.createElement("div")
  text.setAttribute("data-role", "when")
  text.style = "font-size: 14px; font-variant-numeric: tabular-nums; white-space: nowrap; line-height: 34px"
  const say = () => { text.textContent = model.labels[Math.min(model.lead, model.labels.length - 1)] ?? "" }
  let timer = null
  const advance = () => {
    if (model.lead >= model.last) model.playing = false
    else if (!model.waits || model.drawn === model.lead) model.lead += 1
  }
  const run = () => {
    clearInterval(timer)
    timer = model.playing ? setInterval(advance, model.period) : null
  }
  model.on("lead", say)
  model.on("labels", say)
  model.on("playing", run)
  model.on("period", run)
  model.on("remove", () => clearInterval(timer))
  say()
  run()
  return text
}
"""


class Clock(JSComponent):
    """Goes from lead to lead while it plays, and says which one is shown; the server only hears of it."""

    lead = param.Integer(0, bounds=(0, None), doc="Number of the lead that is shown.")
    last = param.Integer(0, bounds=(0, None), doc="Number of the last one.")
    playing = param.Boolean(False, doc="Whether it goes on by itself.")
    period = param.Integer(100, bounds=(10, None), doc="Milliseconds between two leads.")
    labels = param.List([], doc="What each lead is called.")
    waits = param.Boolean(False, doc="Whether it goes on only when the server has drawn the lead before.")
    drawn = param.Integer(0, bounds=(0, None), doc="Number of the lead that the server drew last.")

    _esm = _CLOCK


class Player:
    """The bar that plays leads.

    Parameters
    ----------
    reel
        The source that all frames follow, set to the lead by the browser: ``{lead: [number]}``.
    more
        Other controls, which stand in the same bar.
    """

    def __init__(self, reel: ColumnDataSource, more: Sequence[Any] = ()) -> None:
        self.clock = Clock(margin=(0, 8))
        self.play = pmui.Button(
            label="Play", icon="play_arrow", variant="contained", size="small", width=100, on_click=self._on_play,
            description="Play or pause (space)",
        )  # fmt: skip
        self.back = pmui.IconButton(
            icon="skip_previous", size="small", on_click=lambda _: self._by(-1), description="One lead back (←)"
        )
        self.forth = pmui.IconButton(
            icon="skip_next", size="small", on_click=lambda _: self._by(1), description="One lead on (→)"
        )
        self.speed = pmui.Select(
            label="Leads", options=SPEEDS, value=100, size="small", width=100, margin=(0, 5), description="Leads per second"
        )
        self.speed.param.watch(lambda event: self.clock.param.update(period=event.new), "value")
        self.slider = pmui.IntSlider(
            label="Lead", start=0, end=1, value=0, show_value=False, sizing_mode="stretch_width", margin=(0, 16),
            description="Number of the lead that is shown",
        )  # fmt: skip
        # Slider and clock follow each other in the browser; both tell the server.
        self.slider.jslink(self.clock, value="lead", bidirectional=True)
        self.clock.jscallback(lead="reel.data = {lead: [source.lead]}", args={"reel": reel})
        self.clock.param.watch(self._on_playing, "playing")
        self.keys = Keys({
            " ": (self._on_play, "play or pause"),
            "ArrowRight": (lambda: self._by(1), "one lead on"), "ArrowLeft": (lambda: self._by(-1), "one lead back"),
            "Home": (lambda: self.go(0), "first lead"), "End": (lambda: self.go(self.clock.last), "last lead"),
        })  # fmt: skip
        bar = pn.FlexBox(self.play, self.back, self.forth, self.speed, *more, self.clock, align_items="center", gap="4px")
        self.pane = pn.Column(bar, self.slider, sizing_mode="stretch_width", margin=0)
        self.offer([""])

    @property
    def lead(self) -> int:
        """Number of the lead that is shown."""
        return int(self.clock.lead)

    def offer(self, labels: list[str]) -> None:
        """Take over other leads, and stay at the one that is shown if there are as many."""
        last = len(labels) - 1
        lead = self.clock.lead if last == self.clock.last else 0
        self.slider.end = max(last, 1)
        self.clock.param.update(labels=labels, last=last, playing=False, lead=lead)
        for part in (self.play, self.back, self.forth, self.slider):
            part.disabled = last < 1

    def go(self, lead: int) -> None:
        """Show a lead, and stay there."""
        self.clock.param.update(playing=False, lead=max(0, min(lead, self.clock.last)))

    def _by(self, leads: int) -> None:
        self.go(self.clock.lead + leads)

    def _on_play(self, _event: Any = None) -> None:
        if self.clock.last < 1:
            return
        if not self.clock.playing and self.clock.lead >= self.clock.last:
            self.clock.lead = 0
        self.clock.playing = not self.clock.playing

    def _on_playing(self, event: Event) -> None:
        self.play.param.update(label="Pause" if event.new else "Play", icon="pause" if event.new else "play_arrow")
