"""The Analysis page as a person sees it: case, errors and network in the sidebar, the views of one analysis in tabs."""

import asyncio
from html import escape

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.outcome import Outcome
from backends.fields.catalogue import Catalogue
from dashboard.address import Address, Tab
from dashboard.analysis.address import AnalysisAddress
from dashboard.analysis.case_controls import CaseControls
from dashboard.analysis.compare import CompareView
from dashboard.analysis.convergence import ConvergenceView
from dashboard.analysis.covariance import CovarianceView
from dashboard.analysis.diagnostics import DiagnosticsView
from dashboard.analysis.error_controls import ErrorControls
from dashboard.analysis.export import (
    FORMS,
    compare_snapshot,
    convergence_snapshot,
    covariance_snapshot,
    diagnostics_snapshot,
    fields_snapshot,
    network_snapshot,
    surface_snapshot,
)
from dashboard.analysis.fields import FieldsPanel
from dashboard.analysis.help import TOPICS, TOUR
from dashboard.analysis.network import NetworkView
from dashboard.analysis.onward import Onward
from dashboard.analysis.scores import scores, settings_line
from dashboard.analysis.state import AnalysisState
from dashboard.analysis.tuning import TuningView
from dashboard.controls import html, notice, one_message, tell
from dashboard.export import ExportMenu, Snapshot
from dashboard.file_view import FileView
from dashboard.help import Help
from dashboard.shell import Content
from dashboard.tabs import bring_forward, empty_tabs
from dashboard.theme import units_label

#: An analysis that is not there after this many milliseconds is announced; before, the eye does not notice.
ANNOUNCE_AFTER = 120
VIEWS = ("Analysis", "B", "Diagnostics", "Convergence", "Tuning surface", "Compare", "Network", "File")
FILE_WORDS = """
<div class="hint">These settings as an experiment file. <code>.venv/bin/python -m backends run analysis.yaml</code> computes the
same numbers without a browser; <code>repeat: 200</code> gives statistics over that many draws of the errors. Change the text,
or paste another file, and apply it. The keys are described in <code>docs/experiments.md</code>.</div>
"""
FIELDS, COVARIANCE, DIAGNOSTICS, CONVERGENCE, TUNING, COMPARE, NETWORK, FILE = range(len(VIEWS))


class AnalysisPage:
    """Widgets and views round an :class:`AnalysisState`; only the view that is looked at is kept up to date."""

    def __init__(self, catalogue: Catalogue, dataset: str = "", kind: str = "", query: str = "") -> None:
        self._document = pn.state.curdoc
        self._announcing: asyncio.TimerHandle | None = None
        self.state = state = AnalysisState(catalogue, dataset, kind)
        self._scores, self._belongs, self._warnings = html(), html(), html()
        self._problem, self._stale, self._told = notice("problem"), notice("stale"), ""
        self.case_controls, self.error_controls = CaseControls(state), ErrorControls(state)
        self.fields = FieldsPanel(state.toggle, state.move)
        self.covariance, self.diagnostics, self.convergence = CovarianceView(), DiagnosticsView(), ConvergenceView()
        self.tuning, self.compare, self.file = (
            TuningView(state),
            CompareView(state),
            FileView(state, FILE_WORDS, "analysis.yaml"),
        )
        self.network = NetworkView(state, catalogue.folder)
        self.export, self._folder = ExportMenu(FORMS, self._exported), catalogue.folder
        self._views = (
            self.fields.pane, self.covariance.pane, self.diagnostics.pane, self.convergence.pane, self.tuning.pane,
            self.compare.pane, self.network.pane, self.file.pane,
        )  # fmt: skip
        self.tabs = empty_tabs(VIEWS, self._on_tab)
        self._body = pn.Column(self.fields.pane, sizing_mode="stretch_width", margin=0)
        self.onward = Onward()
        self.help = Help(TOPICS, "What the numbers mean", "What the numbers mean, with formulas, keys, and a tour")
        tab = Tab(self.tabs, VIEWS)
        link = AnalysisAddress(state, tab, self.covariance, self.tuning, self.network, self._show_view)
        state.param.watch(self._follow, ["result", "detailed"])
        state.pinned.param.watch(lambda *_events: self._show_pinned(), ["settings", "outcome"])
        state.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")
        state.param.watch(self._announce_later, ["kind", "problem", "reading"])
        for section in (state.b, state.o, state.m, *state.cases.values()):
            section.param.watch(self._announce_later, list(section.KEYS))
        self.address = Address(link, query, self._go_on)
        link.report = state.pinned.report = self.address.add
        state.start()

    def content(self) -> Content:
        """Return the page for the frame; nothing but its scene where the file that this is of is not there."""
        if self.address.scene is not None and self.address.scene.lacks(self._folder):
            return Content([], [], self.close, self.address, tour=TOUR)
        sidebar = [
            self.case_controls.pane,
            pmui.Divider(),
            self._problem,
            *self.error_controls.content(),
        ]
        head = pn.FlexBox(
            self._scores, pn.Row(self.export.button, self.help.button, margin=0), justify_content="space-between",
            align_items="center", flex_wrap="nowrap",
        )  # fmt: skip
        main = [
            pn.Column(
                head,
                self.export.pane,
                self._belongs,
                self._warnings,
                self._stale,
                self.onward.pane,
                self.tabs,
                self._body,
                self.help.drawer,
                sizing_mode="stretch_width",
                margin=(4, 14),
            )
        ]
        return Content(main, sidebar, self.close, self.address, tour=TOUR)

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._document = None
        if self._announcing is not None:
            self._announcing.cancel()
        for part in (self.state, self.covariance, self.diagnostics, self.tuning, self.network, self.export):
            part.close()

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        for part in (self.state, self.covariance, self.diagnostics, self.tuning, self.network, self.export):
            part.wait()

    def _exported(self) -> Snapshot:
        """Return what the tab that is looked at shows; the fields where it shows nothing of its own that can be kept."""
        state, active = self.state, self.tabs.active
        if active == COVARIANCE:
            return covariance_snapshot(state, self.covariance.newest)
        if active == TUNING:
            return surface_snapshot(state, self.tuning.newest)
        if active == NETWORK:
            return network_snapshot(state, self.network.newest)
        others = {DIAGNOSTICS: diagnostics_snapshot, CONVERGENCE: convergence_snapshot, COMPARE: compare_snapshot}
        return others.get(active, fields_snapshot)(state)

    # From the state to what is shown ------------------------------------------------------------------------------

    def _follow(self, *events: Event) -> None:
        """Show an analysis, or what has been computed beside it, or both in one message where they come together."""
        fresh = any(event.name == "result" for event in events)
        with one_message():
            if fresh:
                self._show()
            self._show_details(drawn=fresh)

    def _show(self) -> None:
        state, result = self.state, self.state.result
        if result is None or state.opened is None:
            return
        units = units_label(result.case.units)
        self._scores.object = scores(result, units)
        self._belongs.object = settings_line(result, units)
        self._warnings.object = "".join(f'<div class="stale">{_capital(escape(w))}</div>' for w in result.warnings)
        self._show_view()
        self._told = ""
        tell(self._stale, "stale", "")
        self._announce_later()

    def _on_tab(self, event: Event) -> None:
        chosen = self._views[event.new]
        with one_message():
            bring_forward(self._body, self._views, chosen)
            self._show_view()

    def _show_view(self) -> None:
        """Bring the view that is looked at up to date."""
        state, result, active = self.state, self.state.result, self.tabs.active
        if result is None or state.opened is None:
            return
        if active == FIELDS:
            self.fields.show(state.opened, result)
            if state.detailed is result:
                self.fields.show_details(result)
        elif active == COVARIANCE:
            self.covariance.show(state.opened, result)
        elif active == CONVERGENCE:
            self.convergence.show(result)
        elif active == TUNING:
            self.tuning.ask()
        elif active == NETWORK:
            self.network.show(result)
        elif active == FILE:
            self.file.show()
        elif state.detailed is result:
            self._show_detailed(result)

    def _show_details(self, drawn: bool) -> None:
        detailed = self.state.detailed
        if detailed is None or detailed is not self.state.result:
            return
        self._announce_later()
        if self._document is None:  # otherwise when the sliders rest
            self._go_on()
        if drawn:  # the view has shown them with the analysis
            return
        if self.tabs.active == FIELDS:
            self.fields.show_details(detailed)
        else:
            self._show_detailed(detailed)

    def _go_on(self) -> None:
        """Offer forecasts from the analysis that is shown."""
        detailed = self.state.detailed
        if detailed is not None and detailed is self.state.result:
            self.onward.show(detailed.settings)

    def _show_detailed(self, outcome: Outcome) -> None:
        if self.tabs.active == DIAGNOSTICS:
            self.diagnostics.show(outcome)
        elif self.tabs.active == COMPARE:
            self.compare.show()

    def _show_pinned(self) -> None:
        if self.tabs.active == COMPARE:
            with one_message():
                self.compare.show()

    # Stale --------------------------------------------------------------------------------------------------------

    def _announce_later(self, *_events: Event) -> None:
        if self._document is None:
            self._announce()
        elif self._announcing is None:
            # Most analyses are there before; only where one is not, the document has something to do.
            self._announcing = asyncio.get_running_loop().call_later(ANNOUNCE_AFTER / 1000, self._look_whether_late)

    def _look_whether_late(self) -> None:
        self._announcing = None
        if self._document is not None and self._late() != self._told:
            self._document.add_next_tick_callback(self._announce)

    def _announce(self) -> None:
        self._told = self._late()
        tell(self._stale, "stale", self._told)

    def _late(self) -> str:
        """Return what is to be said of pictures that do not belong to the settings; nothing where they do."""
        state = self.state
        waiting = self.tabs.active in (DIAGNOSTICS, COMPARE) and state.detailed is not state.result
        if state.result is None:
            return f"Opening {state.reading} …" if state.reading else ""
        if not (state.stale or waiting):
            return ""
        if state.problem:
            return "The pictures still show the last analysis, made with the settings above."
        return "Computing … the pictures still show the analysis of the settings above."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
