"""Download of the files that a run has left: its weights, its pictures, its summary."""

from io import BytesIO

import panel_material_ui as pmui

from backends.jobs.job import Job
from dashboard.controls import notice, tell
from dashboard.training.state import TrainingState
from dashboard.worker import FILES, LatestWins

WEIGHTS = "network.safetensors"
#: A run, and the name of its file.
Request = tuple[str, str]


class WeightsControls:
    """A list of the files of the run that is looked at, and a button that offers one for download."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self._run = ""
        self._fetching: LatestWins[Request, bytes] = LatestWins(
            FILES, lambda request: state.source.artifact(*request), self._on_fetched, self._on_failed
        )
        self.file = pmui.Select(
            label="File of the run", options=[], size="small", width=230, visible=False,
            description="What the run has left: weights, pictures, summary",
        )  # fmt: skip
        self.fetch = pmui.Button(
            label="Fetch", variant="outlined", size="small", visible=False, on_click=self._on_fetch,
            description="Read the file from the record, to download it",
        )  # fmt: skip
        self.download = pmui.FileDownload(
            file=BytesIO(), filename=WEIGHTS, visible=False, size="small", description="Save the file that was fetched"
        )
        self._problem = notice("problem")
        self.content = (self.file, self.fetch, self.download, self._problem)

    def show(self, job: Job | None) -> None:
        """Offer the files of a run."""
        files = sorted(job.artifacts, key=lambda name: (name != WEIGHTS, name)) if job is not None else []
        run = job.id if job is not None else ""
        if (run, files) == (self._run, list(self.file.options)):
            return
        self._run = run
        self.file.param.update(options=files, value=next(iter(files), None), visible=bool(files))
        self.fetch.visible, self.download.visible = bool(files), False

    def close(self) -> None:
        """Let go of everything."""
        self._fetching.close()

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._fetching.wait()

    def _on_fetch(self, _event: object) -> None:
        tell(self._problem, "problem", "")
        if self._run and self.file.value:
            self._fetching.request((self._run, self.file.value))

    def _on_fetched(self, request: Request, content: bytes) -> None:
        run, name = request
        label = f"Download {name} of {run} ({max(1, len(content) // 1024):,} KiB)"
        self.download.param.update(file=BytesIO(content), filename=name, label=label, visible=True)

    def _on_failed(self, problem: str) -> None:
        tell(self._problem, "problem", problem)
