"""The Training page as a person sees it: task and settings in the sidebar; one run, all runs, and the file."""

from pathlib import Path
from typing import Any

import panel as pn
from param.parameterized import Event

from dashboard.address import Address, Tab
from dashboard.controls import notice, one_message, tell
from dashboard.export import ExportMenu, Snapshot
from dashboard.file_view import FileView
from dashboard.help import Help
from dashboard.shell import Content
from dashboard.tabs import bring_forward, empty_tabs
from dashboard.ticker import Ticker
from dashboard.training.address import TrainingAddress
from dashboard.training.bar import RunBar
from dashboard.training.controls import TrainingControls
from dashboard.training.export import FORMS, compared_snapshot, snapshot
from dashboard.training.help import TOPICS, TOUR
from dashboard.training.live import LiveView
from dashboard.training.metrics import RunMetrics
from dashboard.training.runs import RunsView
from dashboard.training.state import TrainingState
from dashboard.training.weights import WeightsControls

#: Milliseconds between two looks at the runs.
LOOK_EVERY = 300
#: While the run that is shown has ended.
AT_REST = 1000
VIEWS = ("Live", "Runs", "File")
LIVE, RUNS, FILE = range(len(VIEWS))
FILE_WORDS = """
<div class="hint">These settings as an experiment file. <code>.venv/bin/python -m backends run training.yaml --out out</code>
trains without a browser. Change the text, or paste another file, and apply it. Tasks and keys are described in
<code>docs/learning.md</code>.</div>
"""


class TrainingPage:
    """Widgets and views round a :class:`TrainingState`."""

    def __init__(self, folder: Path, alone: bool = True, query: str = "") -> None:
        self._document = pn.state.curdoc
        self.state = state = TrainingState(folder, alone=alone)
        self.controls, self.bar = TrainingControls(state), RunBar(state)
        self.live, self.runs = LiveView(), RunsView(state)
        self.weights = WeightsControls(state)
        self.file = FileView(state, FILE_WORDS, "training.yaml", self.weights.content)
        self.export = ExportMenu(FORMS, self._exported)
        self._metrics: RunMetrics | None = None
        self._views: tuple[Any, ...] = (self.live, self.runs, self.file)
        self._problem = notice("problem")
        self.tabs = empty_tabs(VIEWS, self._on_tab)
        self.help = Help(
            TOPICS, "What is seen, and what the numbers mean", "What the curves and pictures mean, with formulas",
            self.bar.keys.lines,
        )  # fmt: skip
        head = pn.FlexBox(
            self.tabs,
            pn.Row(self.export.button, self.help.button, margin=0),
            justify_content="space-between",
            align_items="center",
            flex_wrap="nowrap",
        )
        # The views lie in the page itself, and figures come when it has been loaded; see the Cycling page.
        self._main = pn.Column(
            head, self.export.pane, self._problem, self.bar.keys, self.bar.pane, self.help.drawer, self.live.pane,
            sizing_mode="stretch_width", margin=(4, 14),
        )  # fmt: skip
        state.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")
        self._loaded = False
        state.param.watch(self._on_run, "run")
        said = TrainingAddress(state, Tab(self.tabs, VIEWS), self.live, self.runs)
        self.address = Address(said, query)
        said.report = self.address.add
        state.param.watch(lambda *_events: self.address.touch(), ["run", "record", "compared"])
        self._loaded = self._document is None
        if self._document is not None:
            pn.state.onload(self._on_load)
        self._ticking = None if self._document is None else Ticker(self._document, self.tick, LOOK_EVERY, AT_REST)

    def _exported(self) -> Snapshot:
        """Return the runs that are compared where they are looked at, or the run that is."""
        jobs, metric, look = self.runs.compared
        if self.tabs.active == RUNS and jobs:
            return compared_snapshot(self.state, jobs, metric, look)
        return snapshot(self.state, self.live.look)

    def content(self) -> Content:
        """Return the page for the frame."""
        return Content([self._main], self.controls.content(), self.close, self.address, keys=self.bar.keys.lines, tour=TOUR)

    def tick(self) -> bool:
        """Bring the page up to date with the runs, some times a second; return whether the one that is shown goes on."""
        if not self._loaded:
            return True
        state, source = self.state, self.state.source
        found = state.runs()
        known = {job.id: job for job in found}
        if not source.loading:
            state.forget_lost(found)
        job = known.get(state.run)
        if job is None or self._metrics is None or (self._metrics.source, self._metrics.id) != (source, job.id):
            self._metrics = None if job is None else RunMetrics(source, job.id)
        if self._metrics is not None:
            self._metrics.read()
        if source.problem:
            state.problem = source.problem
        with one_message():
            self.bar.show(found, job, self._metrics, source.loading)
            if self.tabs.active == LIVE:
                self.live.show(job, self._metrics)
            elif self.tabs.active == RUNS:
                self.runs.show(found)
            else:
                self.weights.show(job)
        return source.loading or (job is not None and not job.state.final)

    def close(self) -> None:
        """Let go of everything when the session ends; the runs go on."""
        self._loaded = False
        if self._ticking is not None:
            self._ticking.stop()
        for part in (self.live, self.runs, self.weights, self.export):
            part.close()

    def _on_load(self) -> None:
        self._loaded = True
        self.tick()

    def _on_run(self, _event: Event) -> None:
        if self._loaded:
            self.tick()

    def _on_tab(self, event: Event) -> None:
        chosen: Any = self._views[event.new]
        with one_message():
            if chosen is self.runs:
                self.runs.show(self.state.runs())
            bring_forward(self._main, [view.pane for view in self._views], chosen.pane)
            if chosen is self.file:
                self.file.show()
        self.tick()
