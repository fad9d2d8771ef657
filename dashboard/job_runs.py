"""Long runs of a page as jobs on the server, outside its own process: started, listed, watched, and their files downloaded."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.jobs.job import Job, State
from backends.jobs.recorded import free
from dashboard.controls import html, notice, tell
from dashboard.jobs import all_jobs
from dashboard.worker import FILES, LatestWins

#: Seconds between two looks at the jobs.
LOOK_EVERY = 0.5
#: What is downloaded of a job that has ended: a job, and the name of its file.
Request = tuple[str, str]


class JobRuns(ABC):
    """A button that starts a run, the list of runs, and the chosen one with its progress and files.

    Parameters
    ----------
    kind
        Of the jobs.
    counted
        What they count, such as cycles.
    words
        What a run is, one sentence of our own markup.
    label
        Of the button.
    starting, beside, below
        Controls before the button, buttons for the chosen run, and what is shown of it above its files.
    """

    def __init__(
        self, kind: str, counted: str, words: str, label: str, starting: Sequence[Any] = (), beside: Sequence[Any] = (),
        below: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        self._kind, self._counted = kind, counted
        self._looked, self._said = 0.0, ""
        self._fetching: LatestWins[Request, bytes] = LatestWins(
            FILES, lambda request: self.artifact(*request), self._on_fetched, self._say
        )
        small = {"size": "small", "variant": "outlined"}
        self.submit = pmui.Button(
            label=label, icon="play_arrow", variant="contained", size="small", on_click=self._on_submit,
            description="Start the settings of the sidebar as a job",
        )  # fmt: skip
        self._problem = notice("problem")
        self.chosen = pmui.Select(label="Runs", options={}, size="small", width=420, description="Jobs, the newest first")
        self.chosen.param.watch(self._on_chosen, "value")
        self.pause = pmui.Button(
            label="Pause", on_click=lambda _: self._tell("pause"), description="Let the run rest; it keeps its place", **small
        )
        self.resume = pmui.Button(
            label="Go on", on_click=lambda _: self._tell("resume"), description="Go on with a run that rests", **small
        )
        self.cancel = pmui.Button(
            label="Cancel",
            on_click=lambda _: self._tell("cancel"),
            description="End the run; its record stays",
            **small,
        )
        self.progress = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", margin=(8, 5))
        self._where = html()
        self.file = pmui.Select(label="File", options=[], size="small", width=260, description="What the run has left")
        self.fetch = pmui.Button(
            label="Fetch", on_click=self._on_fetch, description="Read the file from the record, to download it", **small
        )
        self.download = pmui.FileDownload(
            file=BytesIO(), filename="run", visible=False, size="small", description="Save the file that was fetched"
        )
        self._files = _bar(self.file, self.fetch, self.download, visible=False)
        self._one = pn.Column(
            _bar(self.chosen, *beside, self.pause, self.resume, self.cancel), self.progress, self._where, *below, self._files,
            sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self.pane = pn.Column(
            html(words), _bar(*starting, self.submit), self._problem, self._one, sizing_mode="stretch_width", margin=0
        )

    @abstractmethod
    def start(self) -> str:
        """Submit the settings of the page, and return the id of the job.

        Raises
        ------
        InputError
            If they cannot be run.
        """

    @abstractmethod
    def show_job(self, job: Job) -> None:
        """Show what else there is of the chosen run."""

    def show(self, _view: object = None) -> None:
        """Bring the list and the chosen run up to date, twice a second at most."""
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        jobs = all_jobs()
        tell(self._problem, "problem", jobs.problem or self._said)
        found = [job for job in jobs.list() if job.kind == self._kind]
        options = _named(found)
        if options != self.chosen.options:
            keep = self.chosen.value if self.chosen.value in options.values() else next(iter(options.values()), None)
            self.chosen.param.update(options=options, value=keep)
        job = next((job for job in found if job.id == self.chosen.value), None)
        self._one.visible = job is not None
        if job is not None:
            self._show_state(job)
            self.show_job(job)

    @property
    def picked(self) -> Job | None:
        """The run that is chosen."""
        return next((job for job in all_jobs().list() if job.id == self.chosen.value), None)

    def artifact(self, job: str, name: str) -> bytes:
        """Return a file that a run left; blocks while it is read. Raises InputError if there is none."""
        return all_jobs().artifact(job, name)

    def close(self) -> None:
        """Let go of everything; the runs go on."""
        self._fetching.close()

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._fetching.wait()

    def _show_state(self, job: Job) -> None:
        self.pause.visible, self.resume.visible = job.state is State.RUNNING, job.state is State.PAUSED
        self.cancel.visible = not job.state.final
        self.progress.value = round(100 * job.done / job.of) if job.of else 0
        text = self._words_of(job)
        if self._where.object != text:
            self._where.object = text
        self._files.visible = bool(job.artifacts)
        if list(job.artifacts) != list(self.file.options):
            self.file.param.update(options=list(job.artifacts), value=next(iter(job.artifacts), None))
            self.download.visible = False

    def _words_of(self, job: Job) -> str:
        done = f"{job.done:,} of {job.of:,} {self._counted}" if job.of else ""
        words = [f"<b>{job.state}</b>", done, "" if job.state.final else escape(job.note), escape(job.problem)]
        return f'<div class="facts" data-role="job">{" ".join(f"<span>{word}</span>" for word in words if word)}</div>'

    def _say(self, text: str) -> None:
        self._said = text
        tell(self._problem, "problem", text)

    def _again(self) -> None:
        self._looked = 0.0
        self.show()

    def _on_submit(self, _event: object) -> None:
        try:
            job = self.start()
        except InputError as problem:
            self._say(str(problem))
            return
        self._say("")
        self._again()
        self.chosen.value = job

    def _on_chosen(self, _event: Event) -> None:
        self._again()

    def _tell(self, what: str) -> None:
        try:
            getattr(all_jobs(), what)(self.chosen.value)
        except InputError as problem:
            self._say(str(problem))
        else:
            self._say("")
        self._again()

    def _on_fetch(self, _event: object) -> None:
        if self.chosen.value and self.file.value:
            self._say("")
            self._fetching.request((self.chosen.value, self.file.value))

    def _on_fetched(self, request: Request, content: bytes) -> None:
        name = request[1]
        label = f"Download {name} ({max(1, len(content) // 1024):,} KiB)"
        self.download.param.update(file=BytesIO(content), filename=name, label=label, visible=True)


def _bar(*controls: Any, visible: bool = True) -> pn.FlexBox:
    return pn.FlexBox(*controls, gap="8px", align_items="center", visible=visible)


def _named(jobs: Sequence[Job]) -> dict[str, str]:
    """Return the ids of jobs by their names; of two that were submitted in the same second the later one has a number."""
    named: dict[str, str] = {}
    for job in reversed(jobs):
        named[free(_name(job), named)] = job.id
    return dict(reversed(named.items()))


def _name(job: Job) -> str:
    lines = job.settings.splitlines()
    title = next((line.removeprefix("title: ").strip("'\"") for line in lines if line.startswith("title: ")), "untitled")
    return f"{time.strftime('%d %b %H:%M:%S', time.localtime(job.created))}  {title}"
