"""The Play tab: truth and forecasts at one lead after the other, and the series at a point."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.rollout.shown import accumulated
from backends.experiments.rollout.view import RolloutView
from backends.pictures.rollout_states import Frame, lead_labels
from dashboard.controls import html, one_message
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.plots.rollout.film import Film
from dashboard.plots.rollout.reel import Reel, Strip
from dashboard.rollout.pictures import LinePictures, MapPictures, PhasePictures, Pictures
from dashboard.rollout.player import Player
from dashboard.rollout.point import PointView
from dashboard.rollout.state import RolloutState

EMPTY = """<div class="hint" data-role="empty">Nothing has been forecast yet. Choose in the sidebar where forecasts start and
which models run, and press <b>Run</b>.</div>"""
KINDS: dict[str, type[Pictures]] = {"phase": PhasePictures, "ring": LinePictures, "plane": MapPictures}
#: How sums over time are shown.
AMOUNTS = {"per step": True, "since the start": False}


class PlayView:
    """A player, the picture that suits the states, and a meteogram."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self.reel = Reel()
        self.point = PointView(state)
        self._pictures: Pictures | None = None
        self._view: RolloutView | None = None
        self._strips: list[Strip] = []
        self.start = pmui.Select(
            label="Start", options={"1 of 1": 0}, value=0, size="small", width=120, description="Whose states are shown"
        )
        self.start.param.watch(self._on_start, "value")
        self.amounts = pmui.Select(
            label="Sums", options=AMOUNTS, value=True, size="small", width=140, visible=False,
            description="Precipitation and other sums over time: what came since the lead before (lead 0 has none), or since "
            "the start of the forecast",
        )  # fmt: skip
        self.amounts.param.watch(lambda event: self.state.param.update(per_step=event.new), "value")
        self._own = pn.Row(margin=0)
        self.player = Player(self.reel.clock, [self.start, self._own, self.amounts])
        self._empty = html(EMPTY)
        self._picture = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._shown = [self.player.pane, self._picture, self.point.pane]
        self.pane = pn.Column(self._empty, *self._shown, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        for part in self._shown:
            part.visible = False
        self.player.clock.param.watch(self._on_lead, "lead")
        state.param.watch(self._on_component, "component")
        state.param.watch(self._on_field, ["field", "per_step"])

    def show(self, view: RolloutView | None) -> None:
        """Draw forecasts, or say that there are none."""
        if view is self._view:
            return
        self._view = view
        self._empty.visible = view is None
        for part in self._shown:
            part.visible = view is not None
        if view is None:
            self.reel.clear()
            return
        kind = KINDS[view.layout.kind]
        if type(self._pictures) is not kind:
            self._pictures = kind(self.state, self._draw)
        S = len(view.prepared.starts)
        # A bare number would be taken for the value of another entry.
        numbers = {f"{k + 1} of {S}": k for k in range(S)}
        if numbers != self.start.options:
            # A list that keeps its number in other options goes on showing the name that belonged to it before.
            self.start.options = {}
        self.start.param.update(options=numbers, value=view.start)
        self.player.offer(lead_labels(view))
        self.amounts.visible = any(accumulated(view, field) for field in range(len(view.layout.names)))
        self._pictures.configure(view)
        self._draw()
        if self._picture.objects != [self._pictures.pane]:
            self._own.objects = self._pictures.controls
            self._picture.objects = [self._pictures.pane]

    def shows(self, view: RolloutView) -> bool:
        """Return whether these forecasts are drawn; others are when the tab is looked at."""
        return self._view is view

    @property
    def pictures(self) -> Pictures | None:
        """The pictures that suit the forecasts that are drawn."""
        return self._pictures

    def frame(self) -> Frame:
        """Return what is looked at; of forecasts that have not been shown here, the mean of the first field."""
        view, lead = self.state.view, self.player.lead
        if self._pictures is not None and (view is None or self._view is view):
            return self._pictures.frame(lead)
        return Frame(lead if view is None else min(lead, len(view.leads) - 1))

    def film(self, view: RolloutView) -> Callable[[int], Film]:
        """Return what makes a film of what is chosen here, or usual where these forecasts have not been looked at."""
        pictures = self._pictures if self._view is view else None
        if pictures is None:
            pictures = KINDS[view.layout.kind](self.state, lambda: None)
            pictures.configure(view)
        return pictures.film(view)

    def _draw(self) -> None:
        """Give the browser all frames of what is chosen."""
        view, pictures = self._view, self._pictures
        if view is None or pictures is None:
            return
        with one_message():
            self._strips = pictures.strips(view)
            self._show_series()
            self.reel.load([*self._strips, self.point.meteogram.strip(view.leads)], self.player.lead)
            self.player.clock.param.update(waits=not self.reel.held, drawn=self.player.lead)

    def _show_series(self) -> None:
        view = self._view
        if view is not None and self._pictures is not None:
            self.point.show(view)
            self._pictures.mark(view, self.state.component)

    def _on_lead(self, event: Event) -> None:
        with one_message():
            self.reel.go(event.new)
            if not self.reel.held:  # the clock waits for it, so that no lead is named before it is seen
                self.player.clock.drawn = event.new

    def _on_component(self, *_events: Event) -> None:
        if self._view is self.state.view:  # newer forecasts have other components; they come when this tab is shown
            with one_message():
                self._show_series()

    def _on_field(self, *_events: Event) -> None:
        if self._view is self.state.view:
            self._draw()

    def _on_start(self, event: Event) -> None:
        if event.new is not None:
            self.state.show_start(event.new)
