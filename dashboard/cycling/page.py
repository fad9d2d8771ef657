"""The Cycling page as a person sees it: settings in the sidebar; transport, scores and pictures of the race."""

import time
from typing import Any

import panel as pn
from param.parameterized import Event

from dashboard.address import Address, Tab, says_something
from dashboard.controls import html, notice, one_message, tell
from dashboard.cycling.address import CyclingAddress
from dashboard.cycling.controls import CyclingControls
from dashboard.cycling.diagnostics import DiagnosticsView
from dashboard.cycling.export import FORMS, snapshot
from dashboard.cycling.help import TOPICS, TOUR
from dashboard.cycling.live import LiveView
from dashboard.cycling.pace import Pace
from dashboard.cycling.runs import RunsView
from dashboard.cycling.state import CyclingState
from dashboard.cycling.table import table
from dashboard.cycling.transport import Transport
from dashboard.export import ExportMenu
from dashboard.file_view import FileView
from dashboard.help import Help
from dashboard.rooms.registry import Room
from dashboard.shell import Content
from dashboard.tabs import bring_forward, empty_tabs
from dashboard.ticker import Ticker

#: Milliseconds between two looks at the race.
LOOK_EVERY = 40
#: While the race stands still; others may let it go on.
AT_REST = 250
VIEWS = ("Live", "Diagnostics", "Long runs", "File")
LIVE, DIAGNOSTICS, RUNS, FILE = range(len(VIEWS))
FILE_WORDS = """
<div class="hint">These settings as an experiment file. <code>.venv/bin/python -m backends run cycling.yaml</code> runs it
without a browser; <code>repeat: 16</code> runs as many independent experiments in one batch. Change the text, or paste another
file, and apply it. The keys are described in <code>docs/cycling.md</code>.</div>
"""
NOTHING = '<div class="hint">Start the race, or take a single step: scores appear here.</div>'
COMING = '<div class="hint" role="status">Preparing the pictures of the race …</div>'


class CyclingPage:
    """Widgets and views round a :class:`CyclingState`.

    Parameters
    ----------
    key
        Of a race that is live on the server.
    query
        Of the address that the page was opened with.
    room
        The room that the page follows: its presenter's race is looked at and left as it is.
    """

    def __init__(self, key: str = "", query: str = "", room: Room | None = None) -> None:
        self._document = pn.state.curdoc
        self._room, self._next = room, 0.0
        self.state = state = CyclingState(key, begin=room is None and not says_something(query), watching=room is not None)
        self.controls = CyclingControls(state)
        self.transport = Transport(state)
        self._problem, self._stale = notice("problem"), notice("stale")
        self._scores, self._pace = html(), Pace()
        self.live = LiveView(state)
        self.export = ExportMenu(FORMS, lambda: snapshot(state, self.live.field, self.live.log.value))
        self.file = FileView(state, FILE_WORDS, "cycling.yaml")
        self.diagnostics, self.runs = DiagnosticsView(state), RunsView(state)
        self._views: tuple[Any, ...] = (self.live, self.diagnostics, self.runs, self.file)
        self.tabs = empty_tabs(VIEWS, self._on_tab)
        self.help = Help(
            TOPICS, "What is seen, and what the numbers mean", "What the numbers and pictures mean, and which keys there are",
            self.transport.keys.lines,
        )  # fmt: skip
        # Beside the tabs, which leave room there: every row above the pictures is one that a small window has not for them.
        tabs = pn.Row(
            self.tabs, pn.Row(self.export.button, self.help.button, margin=0, align="center"),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        # The views lie in the page itself: in a box of their own Bokeh never called the page drawn, and nothing came later.
        self._main = pn.Column(
            self.transport.pane, self._problem, self._stale, self._scores, tabs, self.export.pane, self._pace.pane,
            self.transport.keys, self.help.drawer, self.live.pane,
            sizing_mode="stretch_width", margin=(0, 14),
        )  # fmt: skip
        state.param.watch(self._show, "view")
        state.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")
        state.param.watch(self._on_stale, "stale")
        link = CyclingAddress(state, Tab(self.tabs, VIEWS), self.live, self.diagnostics, self.runs)
        self.address = Address(link, query)
        link.report = self.address.add
        tell(self._problem, "problem", state.problem)
        self._scores.object = self._nothing  # of the race that the address says
        # What is looked at while the browser loads would only come all at once in the end.
        self._loaded, self._closed = self._document is None, False
        if self._document is not None:
            pn.state.onload(self._on_load)
        self._ticking = None if self._document is None else Ticker(self._document, self.tick, LOOK_EVERY, AT_REST)

    def content(self) -> Content:
        """Return the page for the frame."""
        return Content(
            [self._main], self.controls.content(), self.close, self.address, self._pace.answering,
            keys=self.transport.keys.lines, tour=TOUR, preparing=self._preparing(),
        )  # fmt: skip

    @property
    def _nothing(self) -> str:
        """What stands in the place of the scores: that a race is about to be seen, and then what to do."""
        return COMING if self.state.view is None and self.state.live is not None else NOTHING

    def _preparing(self) -> str:
        """Return what is said while the browser makes the page."""
        live = self.state.live
        if live is None or not live.started:
            return "Preparing the race …"
        return f"Preparing the pictures of the race, which was at cycle {live.cycle:,} as you came …"

    def tick(self) -> bool:
        """Bring the page up to date with the race, some times a second; return whether it goes on."""
        self.transport.tick()
        self.controls.refresh()
        if self.tabs.active == RUNS:
            self.runs.show()
        if self._document is None or (self._loaded and self._pace.ready and self._in_turn()):
            self.state.look()
        live, view = self.state.live, self.state.view
        return live is not None and (live.running or not live.ready or view is None or view.cycle != live.cycle)

    def _in_turn(self) -> bool:
        """Return whether it is the turn of this page: of many that follow a room, each has fewer pictures."""
        now = time.monotonic()
        if self._room is None or now >= self._next:
            self._next = now + (0.0 if self._room is None else self._room.rest)
            return True
        return False

    def close(self) -> None:
        """Let go of everything when the session ends."""
        if self._ticking is not None:
            self._ticking.stop()
        self._closed = True
        for part in (self.export, self.diagnostics, self.runs, self.state):
            part.close()

    def _on_load(self) -> None:
        self._loaded = True
        self.transport.repeat()

    def _show(self, *_events: Event) -> None:
        if self._closed:  # the figures have been taken apart already
            return
        view = self.state.view
        with one_message():
            self._scores.object = table(view, self.state.run.spinup) if view is not None and view.cycle else self._nothing
            if self.tabs.active in (LIVE, DIAGNOSTICS):
                self._views[self.tabs.active].show(view)
            self._pace.sending()
            self.transport.tick()

    def _on_tab(self, event: Event) -> None:
        chosen: Any = self._views[event.new]
        with one_message():
            bring_forward(self._main, [view.pane for view in self._views], chosen.pane)
            if chosen is self.file:
                self.file.show()
            else:
                chosen.show(self.state.view)

    def _on_stale(self, event: Event) -> None:
        what = {"dynamics": "The testbed", "methods": "The list of methods or a number of members"}
        name = what.get(event.new, f"The {event.new}")
        text = f"{name} has been changed: the race shown still has the old one. Reset to begin anew." if event.new else ""
        tell(self._stale, "stale", text)
