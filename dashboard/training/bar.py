"""The run that is looked at: which one, where it stands, and what can be done with it."""

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from types import MappingProxyType
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.training.registry import TASKS
from backends.jobs.job import Job, State
from backends.jobs.recorded import parameters_of
from dashboard.controls import html, notice, tell
from dashboard.keys import Keys
from dashboard.training.metrics import RunMetrics
from dashboard.training.names import duration
from dashboard.training.record import RecordControls
from dashboard.training.state import TrainingState

NOTHING = """
<div class="hint">No training has run on this server yet. Choose a task beside this and start it, with Start or the space
bar: loss, scores and pictures of unseen cases appear here while it runs. It goes on when this page is closed, and is found
here again.</div>
"""
#: What the space bar does to a run.
SPACE = MappingProxyType({State.RUNNING: "pause", State.PAUSED: "resume"})


class RunBar:
    """A list of the runs, buttons for the chosen one, its progress and its state in words."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self._job: Job | None = None
        self.chosen = pmui.Select(
            label="Run", options={}, size="small", width=330, margin=(10, 5, 4, 5), description="The run that is looked at"
        )
        self.chosen.param.watch(self._on_chosen, "value")
        self.pause = self._button("Pause", "pause", lambda: state.tell("pause", state.run), "Let it rest; others go on")
        self.resume = self._button("Resume", "play_arrow", lambda: state.tell("resume", state.run), "Go on after a rest")
        self.cancel = self._button("Cancel", "stop", lambda: state.tell("cancel", state.run), "End it; its weights are kept")
        self.go_on = self._button(
            "Go on", "redo", lambda: self._with_job(state.go_on),
            "A new run that goes on from the checkpoint; of a run that was completed with twice the iterations",
        )  # fmt: skip
        self.tune = self._button(
            "Fine-tune", "tune", lambda: self._with_job(state.fine_tune),
            "A new run with the settings of the controls that begins with these weights",
        )  # fmt: skip
        self.settings = self._button(
            "Settings", "arrow_back", lambda: self._with_job(self._take), "Put the settings of this run into the controls"
        )
        self.progress = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", margin=(4, 5))
        self._where, self._problem, self._empty = html(), notice("problem"), html(NOTHING)
        self._buttons = (self.pause, self.resume, self.cancel, self.go_on, self.tune, self.settings)
        self.record = RecordControls(state)
        self._bar = pn.FlexBox(self.record.chosen, self.chosen, *self._buttons, gap="4px", align_items="center")
        self.pane = pn.Column(
            self._bar,
            self.record.asking,
            self._empty,
            self.progress,
            self._where,
            self._problem,
            sizing_mode="stretch_width",
            margin=0,
        )
        self.progress.visible = False
        #: Of a presenter, who does not see the controls.
        self.keys = Keys({" ": (self._on_space, "start a training; pause the one that is looked at, and let it go on")})

    def show(self, jobs: Sequence[Job], job: Job | None, metrics: RunMetrics | None, loading: bool) -> None:
        """Bring everything up to date."""
        options = {run_name(other): other.id for other in jobs}
        if options != self.chosen.options:
            self.chosen.param.update(options=options, value=None if job is None else job.id)
        elif job is not None and self.chosen.value != job.id:
            self.chosen.value = job.id
        here = not self.state.record
        nothing = NOTHING if here else f'<div class="hint">There are no runs in {escape(self.state.record)} yet.</div>'
        if nothing != self._empty.object:
            self._empty.object = nothing
        self.chosen.visible, self._empty.visible = bool(jobs), not jobs and not loading and not self.state.problem
        self._job = job
        self._show_buttons(job if here else None)
        self.progress.visible = job is not None and job.of > 0
        if job is None:
            self._where.object = '<div class="hint">Looking for earlier runs …</div>' if loading else ""
            tell(self._problem, "problem", "")
            return
        self.progress.value = round(100 * job.fraction)
        words = where(job, metrics)
        if words != self._where.object:
            self._where.object = words
        tell(self._problem, "problem", job.problem)

    def _show_buttons(self, job: Job | None) -> None:
        """Show the buttons for a run of this server, or none."""
        final = job is not None and job.state.final
        self.pause.visible = job is not None and job.state is State.RUNNING
        self.resume.visible = job is not None and job.state is State.PAUSED
        self.cancel.visible = job is not None and not final
        self.go_on.visible = self.tune.visible = final
        self.settings.visible = job is not None

    def _button(self, label: str, icon: str, act: Any, about: str) -> Any:
        return pmui.Button(
            label=label, icon=icon, variant="outlined", size="small", description=about, margin=(10, 2, 4, 2),
            on_click=lambda _: act(),
        )  # fmt: skip

    def _on_space(self) -> None:
        job = None if self.state.record else self._job
        if job is None or job.state.final:
            self.state.start()
        elif job.state in SPACE:  # otherwise it waits for its turn
            self.state.tell(SPACE[job.state], job.id)

    def _with_job(self, act: Any) -> None:
        if self._job is not None:
            act(self._job)

    def _take(self, job: Job) -> None:
        from backends.errors import InputError

        try:
            self.state.take(job.settings)
        except InputError as problem:
            self.state.problem = str(problem)

    def _on_chosen(self, event: Event) -> None:
        if event.new and event.new != self.state.run:
            self.state.param.update(run=event.new, problem="")


def where(job: Job, metrics: RunMetrics | None) -> str:
    """Return the state of a run in words: what is done, how long it takes yet, and where it comes from."""
    words = [f"<b>{job.state}</b>" + (" …" if job.wish != "run" and job.wish not in job.state else "")]
    if job.of:
        words.append(f"{job.done:,} of {job.of:,} iterations")
    elif job.done:
        words.append(f"step {job.done:,}")
    left = time_left(job, metrics)
    if left and job.done < job.of:
        words.append(f"about {duration(left)} left")
    if job.ended and job.started:
        words.append(f"took {duration(job.ended - job.started)}")
    if job.note and not job.state.final:
        words.append(escape(job.note))
    words += [escape(origin(job)), escape(", ".join(job.tags))]
    return f'<div class="facts" data-role="job">{" ".join(f"<span>{word}</span>" for word in words if word)}</div>'


def time_left(job: Job, metrics: RunMetrics | None) -> float | None:
    """Return how many seconds a run takes yet, if it goes on as it went so far, or nothing where that is not known."""
    if job.state is not State.RUNNING or metrics is None or not job.of or "seconds" not in metrics.steps:
        return None
    steps, seconds = metrics.steps["seconds"].values, metrics.values["seconds"].values
    return float(seconds[-1] / max(1.0, steps[-1]) * (job.of - job.done))


def run_name(job: Job) -> str:
    """Return what a list calls a run."""
    return f"{short_id(job.id)}  {time.strftime('%d %b %H:%M', time.localtime(job.created))}  {task_title(job)}"


@lru_cache(maxsize=1000)
def parameters(settings: str) -> Mapping[str, object]:
    """Return the single values of settings; looked up for every run some times a second."""
    return MappingProxyType(parameters_of(settings))


def task_title(job: Job) -> str:
    """Return what a person calls the task of a run."""
    task = str(parameters(job.settings).get("task", ""))
    return TASKS[task].TITLE if task in TASKS else task or job.kind


def origin(job: Job) -> str:
    """Return from which run one goes on, in words, or nothing."""
    known = parameters(job.settings)
    earlier = known.get("resume")
    if not earlier:
        return ""
    return f"{'fine-tuned' if known.get('fine_tune') else 'resumed'} from {short_id(f'{earlier}')}"


def short_id(run: str) -> str:
    """Return the beginning of an id, which tells runs apart well enough for a person."""
    return run[:6]
