"""What a person has chosen on the Training page, and the runs that belong to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import param

from backends.errors import InputError
from backends.experiments.run import from_yaml, of_kind, to_yaml
from backends.experiments.training.registry import TASKS
from backends.experiments.training.settings import TrainingSettings
from backends.jobs.job import Job, State
from dashboard.form import FormState
from dashboard.jobs import all_jobs, elsewhere, listed_records
from dashboard.training.metrics import Source

#: Most runs that are laid over each other.
MOST_COMPARED = 6


class TrainingState(param.Parameterized):
    """State of the page, without any widget: the settings of every task, and which runs are looked at.

    Parameters
    ----------
    folder
        Of the data.
    run
        The id of the run to look at.
    alone
        Whether nobody but this machine reaches the server: other stores than those that its owner named may then be looked at.
    """

    task = param.String(doc="The task that is chosen.")
    run = param.String(doc="The id of the run that is looked at; empty if none is.")
    record = param.String(doc="The address of the MLflow store whose runs are looked at; empty: those of this server.")
    compared = param.List([], doc="The ids of the runs that are compared.")
    fault = param.String(doc="Why the settings cannot be run, beginning with a key.")
    problem = param.String(doc="Why something could not be done.")

    def __init__(self, folder: Path, run: str = "", alone: bool = True) -> None:
        super().__init__(task=next(iter(TASKS)), run=run)
        self._folder, self._alone = folder, alone
        self._forms: dict[str, FormState] = {}
        self.param.watch(self._check, "task")

    # Settings -----------------------------------------------------------------------------------------------------

    @property
    def form(self) -> FormState:
        """The settings of the task that is chosen."""
        return self.form_of(self.task)

    def form_of(self, task: str) -> FormState:
        """Return the settings of a task, made when they are asked for first."""
        if task not in self._forms:
            self._forms[task] = FormState(TASKS[task])
            self._forms[task].param.watch(self._check, "version")
        return self._forms[task]

    @property
    def resumes(self) -> str:
        """The id of the run that the settings go on from, or nothing."""
        return str(getattr(self.form.section, "resume", ""))

    def settings(self) -> TrainingSettings:
        """Return the experiment.

        Raises
        ------
        InputError
            If a value is out of range; the sentence begins with its key.
        """
        return self.form.settings()

    def yaml(self) -> str:
        """Return the experiment as a file's text."""
        return to_yaml(self.settings())

    def take(self, text: str) -> None:
        """Take over an experiment file's text.

        Raises
        ------
        InputError
            If the file is wrong.
        """
        self.take_over(of_kind(from_yaml(text), TrainingSettings))

    def take_over(self, settings: TrainingSettings) -> None:
        """Take over settings, and their task."""
        self.form_of(settings.task).take(settings)
        self.task = settings.task
        self._check()

    def begin_anew(self) -> None:
        """Let the settings go on from no run."""
        self.form.section.param.update(resume="", fine_tune=False)

    def _check(self, *_events: object) -> None:
        try:
            self.settings()
        except InputError as problem:
            self.fault = str(problem)
        else:
            self.fault = ""

    # Runs ---------------------------------------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """Where the runs come from that are looked at."""
        return elsewhere(self.record) if self.record else all_jobs()

    def runs(self) -> list[Job]:
        """Return all trainings, the newest first; of another record, all runs."""
        return [job for job in self.source.list() if self.record or job.kind == "training"]

    def look_at(self, address: str) -> None:
        """Look at the runs of an MLflow store, or, without an address, at those of this server."""
        address = address.strip()
        try:
            if address and not self._alone and address not in listed_records():
                raise InputError(
                    "this server is open to other machines and reads only the stores that ASSIMILAB_RECORDS names; "
                    f"came {address!r:.120}"
                )
            if address:
                elsewhere(address)
        except InputError as problem:
            self.problem = str(problem)
        else:
            self.param.update(record=address, run="", compared=[], problem="")

    def forget_lost(self, found: Sequence[Job]) -> None:
        """Look at the newest run in place of one that is not among those that were found, and compare none that is not."""
        known, where = {job.id for job in found}, self.record or "this server"
        problems = []
        if self.run not in known:
            if self.run:
                problems.append(f"there is no run {self.run[:40]!r} on {where}; here is the newest")
            self.run = found[0].id if found else ""
        lost = [run for run in self.compared if run not in known]
        if lost:
            names = ", ".join(repr(run[:40]) for run in lost[:MOST_COMPARED])
            problems.append(f"there is no run {names} on {where} that could be compared")
            self.compared = [run for run in self.compared if run in known]
        if problems:
            self.problem = "; ".join(problems)

    def job(self) -> Job | None:
        """Return the run that is looked at, if there is one and it is known."""
        return next((job for job in self.runs() if job.id == self.run), None)

    def start(self) -> None:
        """Train with these settings, at once or when it is its turn, and look at the run."""
        if self.fault:  # which is said beside its control
            return
        try:
            self._submit(self.settings())
        except InputError as problem:
            self.problem = str(problem)

    def go_on(self, job: Job) -> None:
        """Train on where a run ended; one that was completed is given twice its iterations and minutes."""
        try:
            settings = settings_of(job)
            more: dict[str, Any] = {"resume": job.id, "fine_tune": False}
            if job.state is State.COMPLETED:
                more |= {"iterations": _twice(settings.iterations, 10_000_000), "minutes": _twice(settings.minutes, 100_000)}
            self._submit(_changed(settings, more))
        except InputError as problem:
            self.problem = str(problem)

    def fine_tune(self, job: Job) -> None:
        """Begin a new training with the weights of a run and the settings of the page, which must be of the same task."""
        try:
            task = settings_of(job).task
            if task != self.task:
                raise InputError(f"the run is of the task {task}; choose that task before its weights are fine-tuned")
            self._submit(_changed(self.settings(), {"resume": job.id, "fine_tune": True}))
        except InputError as problem:
            self.problem = str(problem)

    def tell(self, what: str, id: str) -> None:
        """Pause, resume, cancel or delete a run."""
        try:
            getattr(all_jobs(), what)(id)
        except InputError as problem:
            self.problem = str(problem)
            return
        self.problem = ""
        if what == "delete":
            self.compared = [other for other in self.compared if other != id]
            if self.run == id:
                self.run = ""

    def tag(self, ids: Sequence[str], text: str) -> None:
        """Mark runs with words that are separated by commas."""
        try:
            for run in ids:
                all_jobs().tag(run, text)
        except InputError as problem:
            self.problem = str(problem)

    def _submit(self, settings: TrainingSettings) -> None:
        job = all_jobs().submit("training", to_yaml(settings), self._folder, continues=settings.resume)
        self.param.update(problem="", record="", run=job.id)


def settings_of(job: Job) -> TrainingSettings:
    """Return the settings of a run.

    Raises
    ------
    InputError
        If this program does not know them any more.
    """
    return of_kind(from_yaml(job.settings), TrainingSettings)


def _changed(settings: TrainingSettings, changes: Mapping[str, Any]) -> TrainingSettings:
    return type(settings).model_validate({**dict(settings), **changes})


def _twice(value: float | None, most: float) -> float | None:
    return None if value is None else min(most, 2 * value)
