"""Long runs: the forecasts of the sidebar as a job on the server, outside its own process."""

import panel_material_ui as pmui

from backends.experiments.rollout.kept import NAME
from backends.jobs.job import Job, State
from dashboard.job_runs import JobRuns
from dashboard.rollout.state import RolloutState

WORDS = """
<div class="hint">Runs the settings of the sidebar outside the server's own process, with as many starts, members and steps as
you like: it goes on when this page is closed, and is found here again. When it has ended, open it to play its forecasts and see
its scores, or download its files.</div>
"""


class RunsView(JobRuns):
    """Rollouts as jobs, of which those that have ended can be opened on the page."""

    def __init__(self, state: RolloutState) -> None:
        self.state = state
        self.open = pmui.Button(
            label="Open", icon="visibility", variant="outlined", size="small", on_click=self._on_open,
            description="Show its forecasts and scores on the other tabs, and take over its settings",
        )  # fmt: skip
        super().__init__("rollout", "leads", WORDS, "Run as a job", beside=[self.open])

    def start(self) -> str:
        """Submit the settings of the page."""
        return self.state.run_as_job()

    def show_job(self, job: Job) -> None:
        """Offer to open what has ended."""
        self.open.visible = job.state is State.COMPLETED and NAME in job.artifacts

    def _on_open(self, _event: object) -> None:
        if self.chosen.value:
            self.state.open_job(self.chosen.value)
