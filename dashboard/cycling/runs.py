"""Long runs: the experiment of the page as a job on the server, outside its own process."""

from collections.abc import Callable
from typing import Any

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
        #: The run that an address asks for, and who is told if it is not there, until it is known which there are.
        self._awaited: tuple[str, Callable[[str], Any]] | None = None
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

    @property
    def run(self) -> str:
        """The run that is looked at, or that an address has asked for; empty if there is none."""
        return (self.chosen.value or "") if self._awaited is None else self._awaited[0]

    @property
    def begins_with(self) -> dict[str, Any]:
        """What a run would be started with, by the keys of an address."""
        return {"run_cycles": self.cycles.value, "run_spinup": self.spinup.value, "run_experiments": self.repeat.value}

    def choose(self, cycles: int, spinup: int, repeat: int, run: str, report: Callable[[str], Any]) -> None:
        """Take what an address says, a run that it names when the tab is shown next; what cannot be is told to `report`."""
        self.cycles.value, self.spinup.value, self.repeat.value = cycles, spinup, repeat
        self._awaited = (run, report) if run else None

    def show(self, _view: object = None) -> None:
        """Bring the list and the chosen run up to date, and choose the one that has been asked for."""
        if self._awaited is not None:
            self._looked = 0.0  # for the list may have been made before all runs were known
        super().show()
        if self._awaited is not None and not all_jobs().loading:
            (run, report), self._awaited = self._awaited, None
            if run in self.chosen.options.values():
                self.chosen.value = run
            else:
                report(f"run: there is no long run of this id here; came {run!r:.60}")

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
