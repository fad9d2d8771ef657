"""The live tab: errors against time, and the state of the chosen method in the picture that suits the testbed."""

from collections.abc import Callable
from typing import Any, Literal

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cycling.layout import Layout, layout_of
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.view import RaceView
from dashboard.cycling.planes import PlanePictures
from dashboard.cycling.state import CyclingState
from dashboard.cycling.states import PhasePictures, RingPictures, StatePictures
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.plots.race.innovations import Innovations
from dashboard.plots.race.timeline import RaceTimeline
from dashboard.shell import keep_dark

#: How many cycles the time axes show, as an address says it.
Reach = Literal[100, 400, 1000, 5000, "all"]
WINDOWS = {"100 cycles": 100, "400 cycles": 400, "1,000 cycles": 1000, "5,000 cycles": 5000, "all": 100_000}
PICTURES: dict[str, type[StatePictures]] = {"phase": PhasePictures, "ring": RingPictures, "plane": PlanePictures}


class LiveView:
    """Pictures that follow the race; those of the state are made anew for each testbed."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self._layout: Layout | None = None
        self._pictures: StatePictures | None = None
        #: The testbed that they are of.
        self._testbed = ""
        #: What an address says of the pictures, and who is told what cannot be, until they are there.
        self._awaited: tuple[dict[str, str], Callable[[str], Any]] | None = None
        self._turn = 0
        self.timeline, self.innovations = RaceTimeline(height=300), Innovations(height=260)
        self.method = pmui.Select(
            label="States of",
            options={},
            size="small",
            width=190,
            margin=(6, 4),
            description="The method whose states are shown",
        )
        self.method.param.watch(self._on_method, "value")
        self.window = pmui.Select(
            label="Time axes", options=WINDOWS, value=state.window, size="small", width=160, margin=(6, 4),
            description="How many cycles the curves against time reach back",
        )  # fmt: skip
        self.window.param.watch(lambda event: state.param.update(window=event.new), "value")
        self.log = pmui.Switch(label="Logarithmic", value=False, description="Of the errors against time")
        self.log.param.watch(lambda event: self.timeline.set_log(event.new), "value")
        state.param.watch(self._on_window, "window")
        self.onward = pmui.Button(
            label="Forecast from here", icon="timeline", variant="outlined", size="small", visible=False,
            description="Opens the Rollout page: forecasts from the newest analysis of the method shown, members and all",
            css_classes=["onward"],
        )  # fmt: skip
        self._own = pn.Row(margin=0)
        bar = pn.FlexBox(self.method, self._own, self.onward, align_items="center", gap="0 8px", css_classes=["spare"])
        self._axes = pn.FlexBox(self.window, self.log, align_items="center", gap="0 8px")
        self._state = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._below = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self.pane = pn.Column(
            bar,
            self._state,
            self._axes,
            self.timeline.pane,
            self._below,
            self.innovations.pane,
            sizing_mode="stretch_width",
            margin=0,
        )

    @property
    def field(self) -> int:
        """Number of the field that is shown, where there are several."""
        return 0 if self._pictures is None else self._pictures.number

    @property
    def chosen(self) -> dict[str, Any]:
        """What is chosen on the tab, by the keys of an address; nothing of pictures of a testbed that is given up."""
        reach = "all" if self.state.window == WINDOWS["all"] else self.state.window
        found: dict[str, Any] = {"time_axes": reach, "logarithmic": self.log.value}
        if self._awaited is not None:
            return found | self._awaited[0]
        if self._pictures is not None and self._testbed == self.state.testbed:
            usual = next(iter(self._pictures.offered), "")
            found |= {key: name for key, name in self._pictures.chosen.items() if name != usual}
        return found

    def choose(self, reach: Reach, log: bool, of_pictures: dict[str, str], report: Callable[[str], Any]) -> None:
        """Choose what an address says, of the pictures as soon as they are there; what cannot be is told to `report`."""
        self.window.value = WINDOWS["all"] if reach == "all" else reach
        self.log.value = log
        self._awaited = of_pictures, report
        self._fit()

    def show(self, view: RaceView | None) -> None:
        """Draw a moment of the race, or nothing where there is none yet."""
        if view is None:
            self.onward.visible = False
            self.timeline.clear()
            self.innovations.clear()
            if self._pictures is not None:
                self._pictures.clear()
            return
        self._fit()
        self._offer(view.labels)
        self.onward.param.update(
            href=keep_dark(f"rollout?race={self.state.live.key}&method={view.chosen}"), visible=view.cycle > 0
        )
        curves: dict[str, Any] = {
            label: {"analysis": s["rmse_analysis"], "background": s["rmse_background"], "spread": s["spread_analysis"]}
            for label, s in zip(view.labels, view.series, strict=True)
        }
        self.timeline.show(view.cycles, curves, [(mark.cycle, mark.text) for mark in view.marks], view.sigma)
        later = [lambda: self._show_innovations(view)]
        if self._pictures is not None:
            self._pictures.show(view)
            later += self._pictures.more(view)
        if self.state.live.running:  # each picture in its turn, so that the browser has less to draw at a time
            self._turn += 1
            later = [later[self._turn % len(later)]]
        for draw in later:
            draw()
        self._attach()

    def _show_innovations(self, view: RaceView) -> None:
        chosen = view.series[view.chosen]
        self.innovations.show(
            view.cycles, chosen["omb"], chosen["oma"], expected_omb=chosen["omb_expected"], normalised=view.normalised
        )

    def _fit(self) -> None:
        """Make the pictures that suit the testbed, if it is another one than before."""
        live = self.state.live
        if live is None or not live.ready:
            return
        race = live.race
        layout = layout_of(race.dynamics)
        if layout != self._layout:
            self._make(race, layout)
        if self._awaited is not None and self._pictures is not None:
            (wanted, report), self._awaited = self._awaited, None
            self._pictures.choose(wanted, report)

    def _make(self, race: Race, layout: Layout) -> None:
        testbed, old = race.settings.dynamics.name, self._pictures
        if old is not None and testbed == self._testbed and self._awaited is None:
            self._awaited = old.chosen, lambda _fault: None  # as before: pictures of one testbed all have the same to choose
        self._layout, self._testbed = layout, testbed
        mean, spread = race.climate.mean.cpu().numpy(), race.climate.covariance.variance().sqrt().cpu().numpy()
        self._pictures = PICTURES[layout.kind](layout, mean, spread, race.climate.states[:2000].cpu().numpy(), self.state)
        self.state.history = self._pictures.history

    def _attach(self) -> None:
        """Put the pictures on the page, if they are new: after they have been drawn, for drawing may exchange figures."""
        pictures = self._pictures
        if pictures is None or self._state.objects == [pictures.pane]:
            return
        self._own.objects = pictures.controls
        self._state.objects, self._below.objects = [pictures.pane], pictures.below

    def _offer(self, labels: tuple[str, ...]) -> None:
        options, chosen = {label: number for number, label in enumerate(labels)}, min(self.state.chosen, len(labels) - 1)
        if options != self.method.options:
            # A list that keeps its number in other options goes on showing the name that belonged to it before.
            self.method.options = {}
            self.method.param.update(options=options, value=chosen)
        elif self.method.value != chosen:
            self.method.value = chosen

    def _on_method(self, event: Event) -> None:
        if event.new is not None:
            self.state.chosen = event.new

    def _on_window(self, event: Event) -> None:
        self.timeline.set_window(event.new)
        self.innovations.set_window(event.new)
