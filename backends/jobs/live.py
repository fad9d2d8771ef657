"""A job of this server: what is known of it grows with the messages of its worker."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backends.jobs.job import SUMMARY, Job, Point, State
from backends.jobs.thinning import Thinning
from backends.jobs.worker import Message, Order

if TYPE_CHECKING:
    from concurrent.futures import Future

    from distributed import Future as DaskFuture

#: Most values of each metric that are recorded, besides the last; seconds between records of a job that runs.
MOST_RECORDED, RECORD_EVERY = 1000, 2.0


class LiveJob:
    """A job of this server. It knows no threads: whoever changes it holds the lock of the service.

    Attributes
    ----------
    job
        As it stands.
    order
        What a worker is asked.
    number
        How many came before.
    points
        Its metrics.
    shown
        The newest content of each name that it shows while it runs.
    worker
        The address of the process that it runs in, once it does.
    attempts
        How often it has been handed to Dask.
    told, heard
        Numbers of the last wish that was sent to its worker, and of the last message that came.
    heard_at
        When that was, on the monotonic clock, in seconds.
    future
        Dask's promise of its outcome.
    writing
        The last thing that was recorded of it, or is to be.
    """

    def __init__(self, job: Job, order: Order, number: int) -> None:
        self.job, self.order, self.number = job, order, number
        self.points: list[Point] = []
        self.shown: dict[str, bytes] = {}
        self.worker = ""
        self.attempts = self.told = self.heard = 0
        self.heard_at = 0.0
        self._ran, self._since = 0.0, 0.0
        self.future: DaskFuture | None = None
        self.writing: Future[None] | None = None
        self._thinning = Thinning(MOST_RECORDED)
        self._unrecorded: list[Point] = []
        self._recorded = 0.0

    def hear(self, message: Message) -> None:
        """Take in a message."""
        self.heard, self.heard_at = message["number"], time.monotonic()
        changes: dict[str, Any] = {name: message[name] for name in ("done", "of", "note") if name in message}
        if "state" in message:
            changes["state"] = State(message["state"])
            self._ran, self._since = self.ran(), self.heard_at
        self.shown |= message.get("shown", {})
        if "starts" in message:
            self.worker = message["worker"]
            changes |= {"started": message["time"], "note": ""}
        if message["points"]:
            changes["latest"] = {**self.job.latest, **{k: v for _, values in message["points"] for k, v in values.items()}}
        self.job = replace(self.job, **changes)
        for step, values in message["points"]:
            self.points.append(Point(step, values))
            kept = self._thinning.keep(step, self.job.of, values)
            if kept:
                self._unrecorded.append(Point(step, kept))

    def ran(self) -> float:
        """Return for how many seconds it has run, its pauses not counted."""
        return self._ran + (time.monotonic() - self._since if self.job.state is State.RUNNING else 0.0)

    def end(self, state: State, problem: str, summary: dict[str, Any] | None = None, artifacts: Iterable[str] = ()) -> None:
        """Take in what became of it, and the names of the files that it left; the summary is recorded as one more."""
        files = tuple(sorted({*artifacts, SUMMARY} if summary else set(artifacts)))
        self.job = replace(
            self.job, state=state, problem=problem, ended=time.time(), wish="run", summary=summary or {}, artifacts=files
        )

    def due(self, now: float) -> bool:
        """Return whether it is time to record how far it is."""
        if now - self._recorded < RECORD_EVERY or (self.writing is not None and not self.writing.done()):
            return False
        self._recorded = now
        return True

    def unrecorded(self) -> list[Point]:
        """Return what has not been recorded of its metrics; with the last values if it has ended."""
        points, self._unrecorded = self._unrecorded, []
        return points + self._thinning.rest() if self.job.state.final else points
