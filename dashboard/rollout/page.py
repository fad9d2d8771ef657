"""The Rollout page as a person sees it: start and models in the sidebar; what they forecast, how well, and the file."""

from collections.abc import Callable
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.rollout.tables import scores_table, to_csv
from dashboard.address import Address, Tab
from dashboard.controls import html, notice, one_message, show_progress, tell
from dashboard.export import ExportMenu, Snapshot
from dashboard.file_view import FileView
from dashboard.help import Help
from dashboard.rollout.address import OnTab, RolloutAddress
from dashboard.rollout.archive import ArchiveView
from dashboard.rollout.controls import RolloutControls
from dashboard.rollout.export import (
    FORMS,
    archive_snapshot,
    physics_snapshot,
    run_snapshot,
    scores_snapshot,
    sensitivity_snapshot,
    states_snapshot,
)
from dashboard.rollout.help import TOPICS, TOUR
from dashboard.rollout.physics import PhysicsView
from dashboard.rollout.play import PlayView
from dashboard.rollout.runs import RunsView
from dashboard.rollout.sensitivity import SensitivityTab
from dashboard.rollout.skill import SkillView
from dashboard.rollout.state import RolloutState
from dashboard.shell import Content
from dashboard.tabs import bring_forward, empty_tabs
from dashboard.ticker import Ticker

#: Milliseconds between two looks at the progress.
LOOK_EVERY = 200
#: While no forecasts are made.
AT_REST = 600
#: Milliseconds after the page has been loaded, in which the browser draws it.
SHOWN_AFTER = 500
VIEWS = ("Play", "Skill", "Physics", "Sensitivity", "Archive", "Long runs", "File")
PLAY, SKILL, PHYSICS, SENSITIVITY, ARCHIVE, RUNS, FILE = range(len(VIEWS))
FILE_WORDS = """
<div class="hint">These settings as an experiment file. <code>.venv/bin/python -m backends run rollout.yaml</code> runs it
without a browser, with as many starts, members and steps as you like. Change the text, or paste another file, and apply it. The
keys are described in <code>docs/rollout.md</code>.</div>
"""
STALE = "The settings have been changed: what is shown still has the old ones. Run to forecast with the new ones."


class RolloutPage:
    """Widgets and views round a :class:`RolloutState`.

    Parameters
    ----------
    folder
        Of the data.
    query
        Of the address that the page was opened with.
    """

    def __init__(self, folder: Path, query: str = "") -> None:
        self._document = pn.state.curdoc
        self.state = state = RolloutState(folder)
        self.controls = RolloutControls(state)
        self._problem, self._stale = notice("problem"), notice("stale")
        self.progress = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", visible=False, margin=(4, 5)
        )
        self._where = html("")
        self.play, self.skill, self.physics = PlayView(state), SkillView(state), PhysicsView()
        self.sensitivity = SensitivityTab()
        self.archive, self.runs = ArchiveView(self.play), RunsView(state)
        self.scores = pmui.FileDownload(
            callback=self._scores, filename="scores.csv", label="Scores as CSV", size="small",
            description="All scores of all models and leads with their 90 % intervals",
        )  # fmt: skip
        self.file = FileView(state, FILE_WORDS, "rollout.yaml", [self.scores])
        self._views: tuple[Any, ...] = (
            self.play, self.skill, self.physics, self.sensitivity, self.archive, self.runs, self.file,
        )  # fmt: skip
        self.tabs = empty_tabs(VIEWS, self._on_tab)
        self.help = Help(
            TOPICS, "What is seen, and what the numbers mean", "What the numbers and pictures mean, and which keys there are",
            self.play.player.keys.lines,
        )  # fmt: skip
        self.export = ExportMenu(FORMS, self._exported)
        head = pn.FlexBox(
            self.tabs,
            pn.Row(self.export.button, self.help.button, margin=0),
            justify_content="space-between",
            align_items="center",
            flex_wrap="nowrap",
        )
        # The views lie in the page itself, see the Cycling page.
        self._main = pn.Column(
            head, self.export.pane, self._problem, self._stale, self.progress, self._where, self.help.drawer,
            self.play.player.keys, self.play.pane, sizing_mode="stretch_width", margin=(4, 14),
        )  # fmt: skip
        state.param.watch(self._on_problem, "problem")
        state.param.watch(lambda event: tell(self._stale, "stale", STALE if event.new else ""), "stale")
        state.param.watch(self._show, "view")
        state.param.watch(self._show_progress, "running")
        self._closed, self._shown = False, self._document is None
        self._begun: list[Callable[[], None]] = []
        on_tabs: dict[str, OnTab] = {"skill": self.skill, "sensitivity": self.sensitivity, "archive": self.archive}
        said = RolloutAddress(state, Tab(self.tabs, VIEWS), self.play, on_tabs, self._when_shown)
        self.address = Address(said, query)
        said.report = self.address.add
        if self._document is not None:
            pn.state.onload(self._on_load)
        self._ticking = None if self._document is None else Ticker(self._document, self.tick, LOOK_EVERY, AT_REST)

    def _exported(self) -> Snapshot:
        """Return what the tab that is looked at shows; on File, which has its own, scores."""
        active = self.tabs.active
        if active == PLAY:
            return states_snapshot(self.state.view, self.play.frame())
        if active == ARCHIVE:
            return archive_snapshot(self.state.view, self.play.frame())
        if active == RUNS:
            return run_snapshot(self.runs.picked, self.runs.artifact, self.state.folder)
        if active == SENSITIVITY:
            return sensitivity_snapshot(self.sensitivity.asking, self.sensitivity.field)
        return (physics_snapshot if active == PHYSICS else scores_snapshot)(self.state.view)

    def content(self) -> Content:
        """Return the page for the frame."""
        return Content(
            [self._main], self.controls.content(), self.close, self.address, keys=self.play.player.keys.lines, tour=TOUR
        )

    def tick(self) -> bool:
        """Bring progress and names of networks up to date, some times a second; return whether something is computed."""
        self.controls.refresh()
        self.skill.others.tick()
        self.sensitivity.tick()
        self.archive.tick()
        if self.tabs.active == RUNS:
            self.runs.show()
        if self.state.running:
            self._show_progress()
        return self.state.running

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._closed = True
        self.export.close()
        if self._ticking is not None:
            self._ticking.stop()
        self.skill.close()
        self.physics.close()
        self.sensitivity.close()
        self.archive.close()
        self.runs.close()
        self.controls.close()
        self.state.close()

    def _when_shown(self, begin: Callable[[], None]) -> None:
        """Begin something when the browser has the page: what changes while it loads is lost on the way."""
        if self._shown:
            begin()
        else:
            self._begun.append(begin)

    def _on_load(self) -> None:
        assert self._document is not None
        self._document.add_timeout_callback(self._on_shown, SHOWN_AFTER)

    def _on_shown(self) -> None:
        self._shown = True
        for begin in [] if self._closed else self._begun:
            begin()

    def _show(self, *_events: Event) -> None:
        if self._closed:  # the figures have been taken apart already
            return
        chosen = self._views[self.tabs.active]
        with one_message():
            if chosen is not self.file:
                chosen.show(self.state.view)
            self._say()

    def _say(self) -> None:
        view = self.state.view
        if view is None:
            return
        ended = [f"{forecast.label} ended: {forecast.ended}." for forecast in view.result.forecasts if forecast.ended]
        self._where.object = f'<div class="hint" data-role="ended">{escape(" ".join(ended))}</div>' if ended else ""

    def _on_problem(self, event: Event) -> None:
        """Say it beside the control that it is about, or above all views where it is about none."""
        placed = self.controls.say(event.new or self.state.fault)
        tell(self._problem, "problem", "" if placed else event.new)

    def _show_progress(self, *_events: Event) -> None:
        running, (lead, of) = self.state.running, self.state.progress
        with one_message():
            self.progress.visible = running
            show_progress(self.progress, lead, of)
            if running:
                what = f"Lead {lead} of {of} …" if of else "Preparing the starts and their climate …"
                self._where.object = f'<div class="hint">{what}</div>'
            else:
                self._where.object = ""
                self._say()

    def _on_tab(self, event: Event) -> None:
        chosen: Any = self._views[event.new]
        with one_message():
            bring_forward(self._main, [view.pane for view in self._views], chosen.pane)
            if chosen is self.file:
                self.file.show()
            else:
                chosen.show(self.state.view)

    def _scores(self) -> StringIO:
        view = self.state.view
        if view is None:
            return StringIO("")
        return StringIO(to_csv(scores_table(view, view.labels[view.prepared.settings.baseline_number])))
