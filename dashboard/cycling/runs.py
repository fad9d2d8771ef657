"""Long runs: the experiment of the page as a job on the server, outside its own process."""

import time
from html import escape
from io import BytesIO

import numpy as np
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.cycling.run import Entry
from backends.experiments.run import default_folder
from backends.jobs.job import Job, State
from dashboard.controls import html, notice, tell
from dashboard.cycling.state import CyclingState
from dashboard.cycling.table import of_entries
from dashboard.jobs import all_jobs
from dashboard.plots.race.timeline import RaceTimeline
from dashboard.worker import FILES, LatestWins

#: Seconds between two looks at the jobs.
LOOK_EVERY = 0.5
WORDS = """
<div class="hint">Runs the experiment of the sidebar to its end, outside the server's own process: it goes on when this page is
closed, and is found here again. The scores are those of <code>python -m backends run</code>; with several experiments in one
batch their standard errors come from the differences between them.</div>
"""
#: What is downloaded of a job that has ended: a job, and the name of its file.
Request = tuple[str, str]


class RunsView:
    """A button that starts a run, the list of runs, and the chosen one with its progress, scores and files."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self._looked, self._said = 0.0, ""
        self._shown: tuple[object, ...] = ()
        self._fetching: LatestWins[Request, bytes] = LatestWins(
            FILES, lambda request: all_jobs().artifact(*request), self._on_fetched, self._on_failed
        )
        self.cycles = pmui.IntInput(label="Cycles", value=10_000, start=2, end=1_000_000, step=1000, size="small", width=150)
        self.spinup = pmui.IntInput(label="Spin-up", value=400, start=0, end=1_000_000, step=100, size="small", width=140)
        self.repeat = pmui.IntInput(label="Experiments", value=1, start=1, end=1000, size="small", width=120)
        self.submit = pmui.Button(label="Run", icon="play_arrow", variant="contained", size="small", on_click=self._on_submit)
        self._problem = notice("problem")
        self.chosen = pmui.Select(label="Runs", options={}, size="small", width=420)
        self.chosen.param.watch(self._on_chosen, "value")
        self.pause = pmui.Button(label="Pause", variant="outlined", size="small", on_click=lambda _: self._tell("pause"))
        self.resume = pmui.Button(label="Go on", variant="outlined", size="small", on_click=lambda _: self._tell("resume"))
        self.cancel = pmui.Button(label="Cancel", variant="outlined", size="small", on_click=lambda _: self._tell("cancel"))
        self.progress = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", margin=(8, 5))
        self._where, self._scores = html(), html()
        self._curves = RaceTimeline(height=260, window=1_000_000, quantities=("analysis",))
        self.file = pmui.Select(label="File", options=[], size="small", width=260)
        self.fetch = pmui.Button(label="Fetch", variant="outlined", size="small", on_click=self._on_fetch)
        self.download = pmui.FileDownload(file=BytesIO(), filename="run.nc", visible=False, size="small")
        self._files = pn.FlexBox(self.file, self.fetch, self.download, gap="8px", align_items="center", visible=False)
        self._one = pn.Column(
            pn.FlexBox(self.chosen, self.pause, self.resume, self.cancel, gap="8px", align_items="center"), self.progress,
            self._where, self._scores, self._curves.pane, self._files, sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        self.pane = pn.Column(
            html(WORDS), pn.FlexBox(self.cycles, self.spinup, self.repeat, self.submit, gap="8px", align_items="center"),
            self._problem, self._one, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def show(self, _view: object = None) -> None:
        """Bring the list and the chosen run up to date, twice a second at most."""
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        jobs = all_jobs()
        tell(self._problem, "problem", jobs.problem or self._said)
        found = [job for job in jobs.list() if job.kind == "cycling"]
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
        points = all_jobs().metrics(job.id)
        key = (job.id, job.state, job.done, len(points), job.note)
        if key == self._shown:
            return
        self._shown = key
        self.pause.visible, self.resume.visible = job.state is State.RUNNING, job.state is State.PAUSED
        self.cancel.visible = not job.state.final
        self.progress.value = round(100 * job.done / job.of) if job.of else 0
        self._where.object = _where(job)
        names = list(dict.fromkeys(name for point in points for name in point.values))
        steps = np.array([point.step for point in points])
        curves = {name: {"analysis": np.array([point.values.get(name, np.nan) for point in points])} for name in names}
        if len(steps):
            self._curves.show(steps, curves)  # type: ignore[arg-type]
        else:
            self._curves.clear()
        entries = tuple(Entry(**method) for method in (job.summary or {}).get("methods", ()))
        self._scores.object = of_entries(entries) if entries else ""
        self._files.visible = bool(job.artifacts)
        if list(job.artifacts) != list(self.file.options):
            self.file.param.update(options=list(job.artifacts), value=next(iter(job.artifacts), None))
            self.download.visible = False

    def _on_submit(self, _event: object) -> None:
        try:
            settings = self.state.settings()
            title = settings.title or f"{settings.dynamics.name}: {', '.join(self.state.labels())}"[:120]
            changes = {"title": title, "cycles": self.cycles.value, "spinup": self.spinup.value, "repeat": self.repeat.value}
            job = all_jobs().submit("cycling", self.state.yaml_with(settings, changes), default_folder())
        except InputError as problem:
            self._say(str(problem))
            return
        self._say("")
        self._looked = 0.0
        self.show()
        self.chosen.value = job.id

    def _on_chosen(self, _event: Event) -> None:
        self._looked, self._shown = 0.0, ()
        self.show()

    def _tell(self, what: str) -> None:
        try:
            getattr(all_jobs(), what)(self.chosen.value)
        except InputError as problem:
            self._say(str(problem))
        self._looked = 0.0
        self.show()

    def _on_fetch(self, _event: object) -> None:
        if self.chosen.value and self.file.value:
            self._fetching.request((self.chosen.value, self.file.value))

    def _on_fetched(self, request: Request, content: bytes) -> None:
        name = request[1]
        self.download.param.update(file=BytesIO(content), filename=name, visible=True)
        self.download.label = f"Download {name} ({max(1, len(content) // 1024):,} KiB)"

    def _on_failed(self, problem: str) -> None:
        self._say(problem)


def _name(job: Job) -> str:
    lines = job.settings.splitlines()
    title = next((line.removeprefix("title: ").strip("'\"") for line in lines if line.startswith("title: ")), "untitled")
    return f"{time.strftime('%d %b %H:%M:%S', time.localtime(job.created))}  {title}"


def _where(job: Job) -> str:
    done = f"{job.done:,} of {job.of:,} cycles" if job.of else ""
    note = "" if job.state.final else escape(job.note)
    words = [f"<b>{job.state}</b>", done, note, escape(job.problem)]
    return f'<div class="facts" data-role="job">{" ".join(f"<span>{word}</span>" for word in words if word)}</div>'
