"""Long runs: the experiment of the page as a job on the server, outside its own process."""

import numpy as np
import panel_material_ui as pmui

from backends.experiments.cycling.run import Entry
from backends.experiments.run import default_folder
from backends.jobs.job import Job
from dashboard.controls import html
from dashboard.cycling.state import CyclingState
from dashboard.cycling.table import of_entries
from dashboard.job_runs import JobRuns
from dashboard.jobs import all_jobs
from dashboard.plots.race.timeline import RaceTimeline

WORDS = """
<div class="hint">Runs the experiment of the sidebar to its end, outside the server's own process: it goes on when this page is
closed, and is found here again. The scores are those of <code>python -m backends run</code>; with several experiments in one
batch their standard errors come from the differences between them.</div>
"""


class RunsView(JobRuns):
    """Races as jobs, with their errors so far and their scores."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self._shown: tuple[object, ...] = ()
        self.cycles = pmui.IntInput(
            label="Cycles", value=10_000, start=2, end=1_000_000, step=1000, size="small", width=150,
            description="Forecasts and analyses until the run ends",
        )  # fmt: skip
        self.spinup = pmui.IntInput(
            label="Spin-up", value=400, start=0, end=1_000_000, step=100, size="small", width=140,
            description="Cycles at the beginning that the scores leave out",
        )  # fmt: skip
        self.repeat = pmui.IntInput(
            label="Experiments", value=1, start=1, end=1000, size="small", width=120,
            description="Independent experiments in one batch: other truths, errors and members",
        )  # fmt: skip
        self._scores = html()
        self._curves = RaceTimeline(height=260, window=1_000_000, quantities=("analysis",))
        super().__init__(
            "cycling", "cycles", WORDS, "Run", [self.cycles, self.spinup, self.repeat], below=[self._scores, self._curves.pane]
        )

    def start(self) -> str:
        """Submit the experiment of the page, with the cycles and experiments of this view."""
        settings = self.state.settings()
        title = settings.title or f"{settings.dynamics.name}: {', '.join(self.state.labels())}"[:120]
        changes = {"title": title, "cycles": self.cycles.value, "spinup": self.spinup.value, "repeat": self.repeat.value}
        return all_jobs().submit("cycling", self.state.yaml_with(settings, changes), default_folder()).id

    def show_job(self, job: Job) -> None:
        """Draw errors and scores, where they are others than those that are shown."""
        points = all_jobs().metrics(job.id)
        key = (job.id, job.state, len(points))
        if key == self._shown:
            return
        self._shown = key
        names = list(dict.fromkeys(name for point in points for name in point.values))
        steps = np.array([point.step for point in points])
        curves = {name: {"analysis": np.array([point.values.get(name, np.nan) for point in points])} for name in names}
        if len(steps):
            self._curves.show(steps, curves)  # type: ignore[arg-type]
        else:
            self._curves.clear()
        entries = tuple(Entry(**method) for method in (job.summary or {}).get("methods", ()))
        self._scores.object = of_entries(entries) if entries else ""
