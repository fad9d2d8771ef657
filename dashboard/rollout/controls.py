"""The sidebar: what is forecast and from where, the models, how far and how often, and the button that runs it all."""

from typing import Any

import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.cycling.emulated import TASKS
from backends.experiments.rollout.settings import EMULATED
from backends.fields.catalogue import Entry
from dashboard.controls import Group, notice, one_message, tell
from dashboard.fields import control
from dashboard.form_controls import FormControls
from dashboard.presets import presets
from dashboard.rollout.analysis_controls import AnalysisControls
from dashboard.rollout.archive_controls import dataset_control, fields_control
from dashboard.rollout.chosen import LINES
from dashboard.rollout.model_controls import ModelControls
from dashboard.rollout.names import DRAWN, KEYS, key_of
from dashboard.rollout.state import RolloutState
from dashboard.sections import SectionState
from dashboard.trained_runs import TrainedRuns
from dashboard.worker import LatestWins

PRESETS = presets("rollout")
COUNTS = ("steps", "every", "members", "starts", "seed")


class RolloutControls:
    """Controls of a :class:`RolloutState`, top to bottom."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self._runs: list[TrainedRuns] = []
        self._listing: LatestWins[str, list[Entry]] | None = None
        self.analysis = AnalysisControls(state)
        makers = {
            "start.dynamics.run": self._network, "start.race": lambda *_: self.analysis.pane, "start.dataset": self._dataset,
            "start.fields": lambda section, _: fields_control(section), "start.dynamics.start_sigma": _drawn,
            **{f"start.{key}": lambda *_: None for key in ("changes", "method", "cycle", "analysis")},
        }  # fmt: skip
        self.form = FormControls(state.form, makers, KEYS)
        self.preset = pmui.Select(
            label="Example", options=["", *PRESETS], value="", sizing_mode="stretch_width",
            description="Whole experiments; each is a file that can also be run without a browser.",
        )  # fmt: skip
        self.preset.param.watch(self._on_preset, "value")
        self.run = pmui.Button(
            label="Run", icon="play_circle", variant="contained", sizing_mode="stretch_width", on_click=self._on_run,
            description="Run all models forward from all starts, and verify them",
        )  # fmt: skip
        self._fault = notice("problem")
        self.models = ModelControls(state)
        self._groups = [
            Group("Start", lambda: self.form.section("start"), opened=True).pane,
            Group("Models", lambda: [self.models.pane], opened=True).pane,
            Group("Forecasts", lambda: self.form.leaves(COUNTS), opened=True).pane,
            Group("Errors of the starts", lambda: self.form.section("perturbation")).pane,
        ]
        state.param.watch(self._show_fault, "fault")
        state.form.chosen.param.watch(self._show_fault, "start")  # whose controls are made after the fault has been found
        state.param.watch(self._show_running, ["running", "fault"])
        state.param.watch(self._on_subject, "models")
        self._on_subject()
        self._show_fault()

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        return [self.preset, self.run, self._fault, *self._groups]

    def refresh(self) -> None:
        """Name trained networks as far as their runs are on record."""
        self.models.refresh()
        if self.state.kind == "analysis":
            self.analysis.refresh()
        for runs in self._runs:
            runs.refresh()

    def _network(self, section: Any, _key: str) -> Any:
        runs = TrainedRuns(section, TASKS, "The network that makes the truth, or the model that it follows.")
        self._runs.append(runs)
        return runs.pane

    def _on_preset(self, event: Event) -> None:
        if not event.new:
            return
        try:
            self.state.take(PRESETS[event.new])
        except InputError as problem:
            self.state.problem = str(problem)

    def _on_run(self, _event: object) -> None:
        if self.state.running:
            self.state.stop()
        else:
            self.state.run()

    def _dataset(self, section: Any, _key: str) -> Any:
        widget, self._listing = dataset_control(section, self.state.folder)
        return widget

    def close(self) -> None:
        """Let go of what is on its way when the session ends."""
        if self._listing is not None:
            self._listing.close()

    def _on_subject(self, *_events: Event) -> None:
        """Show what suits the start that is chosen alone."""
        shown = {"start.shape": self.state.subject in LINES, "start.path": self.state.subject == "era5"}
        shown |= {f"start.{key}": self.state.subject not in EMULATED for key in ("level", "member", "unseen")}
        for key, there in shown.items():
            if key in self.form.boxes:
                self.form.boxes[key].visible = there

    def _show_fault(self, *_events: Event) -> None:
        """Put the sentence below the control that it names; below the button if it names none that is there."""
        with one_message():
            placed = self.say(self.state.fault)
            tell(self._fault, "problem", "" if placed else self.state.fault)

    def say(self, text: str) -> bool:
        """Put a sentence below the control whose key it begins with, and return whether there is one."""
        return any([self.models.say(text), self.form.say(text)])  # both, since each takes away what it said before

    def _show_running(self, *_events: Event) -> None:
        running = self.state.running
        self.run.param.update(
            label="Stop" if running else "Run", icon="stop" if running else "play_circle",
            disabled=bool(self.state.fault) and not running,
        )  # fmt: skip


def _drawn(section: SectionState, key: str) -> Any:
    widget = control(section, key, key_of(key))
    assert widget is not None  # it is a number
    widget.description = DRAWN
    return widget
