"""Long runs: the forecasts of the sidebar as a job on the server, outside its own process."""

import time
from html import escape
from io import BytesIO

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.rollout.kept import NAME
from backends.jobs.job import Job, State
from dashboard.controls import html, notice, tell
from dashboard.jobs import all_jobs
from dashboard.rollout.state import RolloutState
from dashboard.worker import FILES, LatestWins

#: Seconds between two looks at the jobs.
LOOK_EVERY = 0.5
WORDS = """
<div class="hint">Runs the settings of the sidebar outside the server's own process, with as many starts, members and steps as
you like: it goes on when this page is closed, and is found here again. When it has ended, open it to play its forecasts and see
its scores, or download its files.</div>
"""
#: What is downloaded of a job that has ended: a job, and the name of its file.
Request = tuple[str, str]


class RunsView:
    """A button that starts a run, the list of runs, and the chosen one with its progress and files."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self._looked, self._said = 0.0, ""
        self._fetching: LatestWins[Request, bytes] = LatestWins(
            FILES, lambda request: all_jobs().artifact(*request), self._on_fetched, self._say
        )
        self.submit = pmui.Button(
            label="Run as a job", icon="play_arrow", variant="contained", size="small", on_click=self._on_submit,
            description="Start the settings of the sidebar as a job",
        )  # fmt: skip
        self._problem = notice("problem")
        self.chosen = pmui.Select(
            label="Runs", options={}, size="small", width=420, description="Rollouts run as jobs, the newest first"
        )
        self.chosen.param.watch(self._on_chosen, "value")
        self.cancel = pmui.Button(label="Cancel", variant="outlined", size="small", on_click=self._on_cancel)
        self.open = pmui.Button(
            label="Open", icon="visibility", variant="outlined", size="small", on_click=self._on_open,
            description="Show its forecasts and scores on the other tabs, and take over its settings",
        )  # fmt: skip
        self.progress = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", margin=(8, 5))
        self._where = html()
        self.file = pmui.Select(label="File", options=[], size="small", width=260, description="What the run has left")
        self.fetch = pmui.Button(label="Fetch", variant="outlined", size="small", on_click=self._on_fetch)
        self.download = pmui.FileDownload(file=BytesIO(), filename="scores.csv", visible=False, size="small")
        self._files = pn.FlexBox(self.file, self.fetch, self.download, gap="8px", align_items="center", visible=False)
        self._one = pn.Column(
            pn.FlexBox(self.chosen, self.open, self.cancel, gap="8px", align_items="center"), self.progress, self._where,
            self._files, sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self.pane = pn.Column(
            html(WORDS), pn.Row(self.submit, margin=0), self._problem, self._one, sizing_mode="stretch_width", margin=0
        )

    def show(self, _view: object = None) -> None:
        """Bring the list and the chosen run up to date, twice a second at most."""
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        jobs = all_jobs()
        tell(self._problem, "problem", jobs.problem or self._said)
        found = [job for job in jobs.list() if job.kind == "rollout"]
        options = {_name(job): job.id for job in found}
        if options != self.chosen.options:
            keep = self.chosen.value if self.chosen.value in options.values() else next(iter(options.values()), None)
            self.chosen.param.update(options=options, value=keep)
        job = next((job for job in found if job.id == self.chosen.value), None)
        self._one.visible = job is not None
        if job is not None:
            self._show_job(job)

    def close(self) -> None:
        """Let go of everything; the runs go on."""
        self._fetching.close()

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._fetching.wait()

    def _say(self, text: str) -> None:
        self._said = text
        tell(self._problem, "problem", text)

    def _show_job(self, job: Job) -> None:
        self.cancel.visible = not job.state.final
        self.open.visible = job.state is State.COMPLETED and NAME in job.artifacts
        self.progress.value = round(100 * job.done / job.of) if job.of else 0
        text = _where(job)
        if self._where.object != text:
            self._where.object = text
        self._files.visible = bool(job.artifacts)
        if list(job.artifacts) != list(self.file.options):
            self.file.param.update(options=list(job.artifacts), value=next(iter(job.artifacts), None))
            self.download.visible = False

    def _on_submit(self, _event: object) -> None:
        try:
            job = self.state.run_as_job()
        except InputError as problem:
            self._say(str(problem))
            return
        self._say("")
        self._looked = 0.0
        self.show()
        self.chosen.value = job

    def _on_chosen(self, _event: Event) -> None:
        self._looked = 0.0
        self.show()

    def _on_cancel(self, _event: object) -> None:
        try:
            all_jobs().cancel(self.chosen.value)
        except InputError as problem:
            self._say(str(problem))
        self._looked = 0.0
        self.show()

    def _on_open(self, _event: object) -> None:
        if self.chosen.value:
            self.state.open_job(self.chosen.value)

    def _on_fetch(self, _event: object) -> None:
        if self.chosen.value and self.file.value:
            self._fetching.request((self.chosen.value, self.file.value))

    def _on_fetched(self, request: Request, content: bytes) -> None:
        name = request[1]
        label = f"Download {name} ({max(1, len(content) // 1024):,} KiB)"
        self.download.param.update(file=BytesIO(content), filename=name, label=label, visible=True)


def _name(job: Job) -> str:
    lines = job.settings.splitlines()
    title = next((line.removeprefix("title: ").strip("'\"") for line in lines if line.startswith("title: ")), "untitled")
    return f"{time.strftime('%d %b %H:%M:%S', time.localtime(job.created))}  {title}"


def _where(job: Job) -> str:
    done = f"{job.done:,} of {job.of:,} leads" if job.of else ""
    words = [f"<b>{job.state}</b>", done, "" if job.state.final else escape(job.note), escape(job.problem)]
    return f'<div class="facts" data-role="job">{" ".join(f"<span>{word}</span>" for word in words if word)}</div>'
