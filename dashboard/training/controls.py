"""The sidebar: which task, with which settings, and the button that starts it."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.training.registry import TASKS
from backends.experiments.training.settings import TrainingSettings
from dashboard.controls import Group, html, notice, one_message, tell
from dashboard.form import FormState
from dashboard.form_controls import FormControls
from dashboard.names import key_label
from dashboard.training.state import TrainingState

#: Keys that have no control: they follow from the task and from the run that is gone on from.
HIDDEN = {"kind", "task", "resume", "fine_tune"}
#: What is set for all tasks alike.
TRAINING = tuple(key for key in TrainingSettings.model_fields if key not in HIDDEN)


class TrainingControls:
    """Controls of a :class:`TrainingState`, top to bottom; those of a task are made when it is chosen first."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self._made: dict[str, list[Any]] = {}
        self._forms: dict[str, FormControls] = {}
        self.task = pmui.Select(
            label="Task", options={model.TITLE: name for name, model in TASKS.items()}, value=state.task,
            sizing_mode="stretch_width", description="What is learned.",
        )  # fmt: skip
        self.task.param.watch(self._on_task, "value")
        self._about = html()
        self.start = pmui.Button(
            label="Start", icon="play_arrow", variant="contained", sizing_mode="stretch_width",
            on_click=lambda _: state.start(),
            description="Start a training with these settings on the server; the run goes on when this page is closed",
        )  # fmt: skip
        self.defaults = pmui.Button(
            label="Defaults", variant="text", size="small", on_click=lambda _: state.form.reset(),
            description="Go back to the usual settings of this task",
        )  # fmt: skip
        self.anew = pmui.Button(
            label="Begin anew", variant="text", size="small", visible=False, on_click=lambda _: state.begin_anew(),
            description="Begin with new weights instead",
        )  # fmt: skip
        self._resumes, self._fault = notice("stale"), notice("problem")
        self._form = pn.Column(sizing_mode="stretch_width", margin=0)
        state.param.watch(self._show_task, "task")
        state.param.watch(self._show_fault, "fault")
        self._show_task()

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        return [self.task, self._about, self.start, self._fault, self._resumes, self.anew, self._form, self.defaults]

    def _on_task(self, event: Event) -> None:
        if event.new in TASKS:
            self.state.task = event.new

    def _show_task(self, *_events: Event) -> None:
        state = self.state
        with one_message():
            self.task.value = state.task
            self._about.object = f'<div class="hint">{TASKS[state.task].ABOUT.replace("`", "")}</div>'
            if state.task not in self._made:
                self._made[state.task] = self._of_task(state.form)
                state.form.section.param.watch(self._show_resumes, ["resume", "fine_tune"])
            self._form.objects = self._made[state.task]
            self._show_resumes()
            self._show_fault()

    def _show_resumes(self, *_events: Event) -> None:
        run, section = self.state.resumes, self.state.form.section
        how = (
            "A new training that begins with the weights of run" if getattr(section, "fine_tune", False) else "Goes on from run"
        )
        tell(self._resumes, "stale", f"{how} {run}" if run else "")
        self.anew.visible = bool(run)

    def _of_task(self, form: FormState) -> list[Any]:
        made = self._forms[self.state.task] = FormControls(form)
        own = [key for key in form.leaves if key not in HIDDEN and key not in TRAINING]
        schedule = Group("Training", lambda: made.leaves(TRAINING), opened=True)
        task = [Group("Task", lambda: made.leaves(own), opened=True).pane] if own else []
        parts = [Group(key_label(key), lambda k=key: made.section(k)).pane for key in (*form.offers, *form.parts)]
        return [schedule.pane, *task, *parts]

    def _show_fault(self, *_events: Event) -> None:
        """Put the sentence below the control that it names; below the button if it names none that is there."""
        fault = self.state.fault
        with one_message():
            self.start.disabled = bool(fault)
            form = self._forms.get(self.state.task)  # none yet, where the task has been changed just now
            placed = form is not None and form.say(fault)
            tell(self._fault, "problem", "" if placed else fault)
