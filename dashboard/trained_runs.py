"""Networks that have been trained, as a list to choose from: on the card of a method, and below the testbed."""

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import panel as pn

from backends.experiments.training.registry import TASKS
from backends.experiments.training.trained import runs_of
from backends.jobs.job import Job
from backends.jobs.recorded import parameters_of
from dashboard.binding import choice
from dashboard.controls import html, one_message
from dashboard.jobs import all_jobs
from dashboard.theme import number

EMPTY = """<div class="hint">None has been trained yet: train {tasks} on the <a href="training">Training page</a>.</div>"""
CHOSEN = """<div class="hint">{title}{score}; <a href="training?run={run}">run {run}</a> on the Training page.</div>"""


class Score(NamedTuple):
    """How good a network is, in one number of its run's summary."""

    key: str
    words: str
    unit: str = ""


#: By the task that it has been trained for.
SCORES = {
    "advection-1d-emulator": Score("step_rmse_network", "RMSE of a step"),
    "lorenz63-rhs": Score("valid_time_network", "valid for", " units of time"),
    "ai-particle-filter": Score("analysis_error_network", "analysis error"),
}


class TrainedRuns:
    """A list of the runs that a section's key ``run`` may name, or where to train one.

    Weights lie where they can be looked up at once; what is on record of their runs comes a moment later.

    Parameters
    ----------
    section
        Settings with the key ``run``; where it is empty the newest run is put in.
    tasks
        The tasks that the networks may have been trained for.
    about
        What the network does here, one sentence.
    """

    def __init__(self, section: Any, tasks: Sequence[str], about: str) -> None:
        self.section, self._tasks = section, tuple(tasks)
        self._runs = list(runs_of(*tasks))
        if section.run and section.run not in self._runs:
            self._runs.append(section.run)
        if self._runs and not section.run:
            section.run = self._runs[0]
        self._waiting = True
        self._titles: dict[str, str] = {}
        self._scores: dict[str, str] = {}
        self.choice = choice(section, "run", "Training run", {run: run for run in self._runs} or {"none": ""}, about)
        self.choice.visible = bool(self._runs)
        self._words = html("")
        self.pane = pn.Column(self.choice, self._words, sizing_mode="stretch_width", margin=0)
        section.param.watch(self._say, "run")
        self.refresh()

    @property
    def there(self) -> bool:
        """Whether there is any run to choose."""
        return bool(self._runs)

    def refresh(self) -> None:
        """Name the runs as far as they are on record; nothing once all records have been read."""
        if not self._waiting:
            return
        jobs = all_jobs()
        found = {job.id: job for job in jobs.list()} if self._runs else {}
        self._waiting = bool(self._runs) and jobs.loading
        titles = {run: _title(found.get(run)) for run in self._runs}
        scores = {run: _score(found.get(run)) for run in self._runs}
        if (titles, scores) != (self._titles, self._scores):
            self._titles, self._scores = titles, scores
            options = {f"{run[:6]}  {_join(titles[run], scores[run])}".strip(): run for run in self._runs}
            with one_message():
                self.choice.options = {}  # a list that keeps its value goes on showing the name that it had before
                self.choice.param.update(options=options, value=self.section.run)
        self._say()

    def _say(self, *_events: object) -> None:
        run = self.section.run
        if not self._runs:
            names = " or ".join(f"“{TASKS[task].TITLE}”" for task in self._tasks)
            self._words.object = EMPTY.format(tasks=escape(names))
            return
        title, score = self._titles.get(run) or "A network", self._scores.get(run) or ""
        self._words.object = CHOSEN.format(title=escape(title), score=f", {escape(score)}" if score else "", run=escape(run))


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _task(job: Job) -> str:
    return str(parameters_of(job.settings).get("task", ""))


def _title(job: Job | None) -> str:
    if job is None:
        return ""
    task = _task(job)
    return TASKS[task].TITLE if task in TASKS else task


def _score(job: Job | None) -> str:
    """Return the score of a run in words; nothing where it has none, such as one that was cancelled."""
    kind = None if job is None else SCORES.get(_task(job))
    value = None if job is None or kind is None else (job.summary or job.latest).get(kind.key)
    return f"{kind.words} {number(value)}{kind.unit}" if kind is not None and isinstance(value, int | float) else ""
