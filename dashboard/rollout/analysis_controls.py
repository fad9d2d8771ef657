"""The start from an analysis: the races that are live on this server, their methods, and where forecasts start now."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cycling.race import labels
from dashboard.controls import html
from dashboard.names import TESTBEDS
from dashboard.races import RACES, LiveRace
from dashboard.rollout.state import RolloutState

#: Races that are listed, those looked at last first.
MOST_LISTED = 12
EMPTY = (
    '<div class="hint">No race has run a cycle yet: start one on the <a href="cycling">Cycling page</a>, and choose “Forecast '
    "from here” there or find it here.</div>"
)


class AnalysisControls:
    """A list of races, a list of methods, and a button that takes over the newest analysis."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self._where = html(EMPTY)
        self.race = pmui.Select(
            label="Race on this server", options={}, sizing_mode="stretch_width", visible=False,
            description="Live races of the Cycling page, those looked at last first.",
        )  # fmt: skip
        self.take = pmui.Button(
            label="Start from its newest analysis", icon="flag", variant="outlined", size="small",
            sizing_mode="stretch_width", visible=False, on_click=self._on_take,
            description="Take over the analysis as it is now, with its members, and forecast",
        )  # fmt: skip
        self.method = pmui.Select(
            label="Analysis of", options={}, sizing_mode="stretch_width", visible=False,
            description="The method of the race whose analysis forecasts begin with; all are of the same cycle.",
        )  # fmt: skip
        self.method.param.watch(self._on_method, "value")
        self.pane = pn.Column(self._where, self.method, self.race, self.take, sizing_mode="stretch_width", margin=0)
        state.form.param.watch(self._show, "version")
        state.param.watch(self._show, "models")
        self.refresh()
        self._show()

    def refresh(self) -> None:
        """List the races that there are now."""
        found = RACES.listed(MOST_LISTED)
        options = {_name(live): live.key for live in found}
        if options != self.race.options:
            keep = self.race.value if self.race.value in options.values() else next(iter(options.values()), None)
            self.race.options = {}  # a list that keeps its value goes on showing the old name
            self.race.param.update(options=options, value=keep, visible=bool(options))
            self.take.visible = bool(options)
            self._show()

    def _show(self, *_events: Event) -> None:
        start = self.state.analysis
        race = None if start is None else start.race
        if start is None:
            self._where.object = "" if self.race.options else EMPTY
        elif start.analysis is not None:
            self._where.object = '<div class="hint">The analysis of an experiment of the Analysis page.</div>'
        elif race is not None:
            changed = f", with {len(start.changes)} changes on the way" if start.changes else ""
            title = race.title or TESTBEDS.get(race.dynamics.name, race.dynamics.name)
            self._where.object = f'<div class="hint">Cycle {start.cycle:,} of “{escape(title)}”{changed}.</div>'
        names = {} if race is None or start is None else {label: k for k, label in enumerate(labels(race.methods))}
        if names != self.method.options:
            self.method.options = {}
            self.method.param.update(options=names, visible=bool(names))
        if start is not None and names and self.method.value != start.number:
            self.method.value = start.number

    def _on_method(self, event: Event) -> None:
        if event.new is not None:
            self.state.choose_method(event.new)

    def _on_take(self, _event: Any) -> None:
        if self.race.value:
            self.state.start_from_race(self.race.value, 0)


def _name(live: LiveRace) -> str:
    settings = live.settings
    title = settings.title or f"{TESTBEDS.get(settings.dynamics.name, settings.dynamics.name)}"
    return f"{title}, {', '.join(labels(settings.methods))} ({live.key[:4]})"
