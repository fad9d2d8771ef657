"""Jobs for tests of the Training page: they run nowhere, and a test says what becomes of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from backends.errors import InputError
from backends.jobs.job import Job, Point, State


class FakeJobs:
    """What the page asks of :class:`backends.jobs.service.Jobs`."""

    def __init__(self) -> None:
        self.loading, self.problem = False, ""
        self.known: dict[str, Job] = {}
        self.points: dict[str, list[Point]] = {}
        self.pictures: dict[str, bytes] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.told: list[tuple[str, str]] = []
        self.continues: list[str] = []

    def list(self) -> tuple[Job, ...]:
        return tuple(sorted(self.known.values(), key=lambda job: job.created, reverse=True))

    def submit(self, kind: str, settings: str, folder: Path, continues: str = "") -> Job:
        if len(self.known) >= 8:
            raise InputError("8 jobs wait or run already")
        number = len(self.known) + 1
        self.continues.append(continues)
        return self.add(Job(f"{number:x}" * 12, kind, settings, created=float(number)))

    def add(self, job: Job) -> Job:
        self.known[job.id] = job
        self.points.setdefault(job.id, [])
        return job

    def change(self, id: str, **changes: object) -> Job:
        return self.add(replace(self.known[id], **changes))

    def metrics(self, id: str, since: int = 0) -> Sequence[Point]:
        return self.points[id][since:]

    def shown(self, id: str, name: str) -> bytes | None:
        return self.pictures.get(id)

    def artifact(self, id: str, name: str) -> bytes:
        if (id, name) not in self.files:
            raise InputError(f"job {id} has no file {name!r}")
        return self.files[id, name]

    def _tell(self, what: str, id: str) -> None:
        self.told.append((what, id))

    def pause(self, id: str) -> None:
        if self.known[id].state is not State.RUNNING:
            raise InputError("only a job that runs can be paused")
        self._tell("pause", id)

    def resume(self, id: str) -> None:
        self._tell("resume", id)

    def cancel(self, id: str) -> None:
        self._tell("cancel", id)

    def tag(self, id: str, text: str) -> None:
        self.change(id, tags=tuple(text.split(", ")))

    def delete(self, id: str) -> None:
        self._tell("delete", id)
        del self.known[id]


def reports(steps: int, validate: int = 5, first: int = 1) -> list[Point]:
    """Return what a training of AI-Var reports in so many steps."""
    points = []
    for k in range(first, first + steps):
        values = {"loss": 100.0 / k, "jb": 40.0 / k, "jo": 60.0 / k, "learning_rate": 1e-3, "gradient_norm": 2.0}
        if k % validate == 1:
            values |= {
                "cost_gap_median": 1.0 / k, "cost_gap_p95": 2.0 / k, "j_network": 30.0 + k, "j_3dvar": 20.0,
                "j_background": 500.0, "rmse_network": 0.5, "rmse_3dvar": 0.4, "rmse_background": 1.0, "cost_ratio": 1.5,
                "seconds": 0.1 * k, "samples_per_second": 640.0, "memory_mb": 300.0,
            }  # fmt: skip
        points.append(Point(k, values))
    return points
