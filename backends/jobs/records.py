"""Writing and reading the record of jobs on a thread of its own, so that nobody waits for it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from backends.errors import InputError
from backends.jobs.job import Job, Point
from backends.jobs.mlflow_client import first_line, reason
from backends.jobs.store import Store

LOG = logging.getLogger("assimilab")

#: Seconds between two readings of a record that other servers write too, at least, and how many times longer than a reading
#: the pause after it is.
READ_EVERY, REST = 2.0, 3.0


class Records:
    """The record of jobs. What is asked for is done in order, on one thread; a fault is told and ends nothing.

    Parameters
    ----------
    home
        The folder of the record.

    Attributes
    ----------
    problem
        Why the record could not be written or read the last time, one sentence, or nothing.
    """

    def __init__(self, home: Path) -> None:
        self.problem = ""
        self._store = Store(home)
        self._thread = ThreadPoolExecutor(1, "records")
        self._lock = threading.Lock()
        self._closed = False
        self._reading: Future[None] | None = None
        self._read_again_at = 0.0
        self._jobs: dict[str, Job] = {}
        self._points: dict[str, list[Point]] = {}
        self._deleted: set[str] = set()
        self._outdated: set[str] = set()

    @property
    def loading(self) -> bool:
        """Whether the jobs on record are being read for the first time."""
        return self._reading is not None and not self._read_again_at and not self._reading.done()

    def read(self) -> None:
        """Begin to read the jobs on record; nothing if it is known that there are none.

        A record that is this server's alone is read once, one that others write too again and again.
        """
        with self._lock:
            first = self._reading is None and not self._store.empty
            again = self._store.shared and 0 < self._read_again_at < time.monotonic()
            if first or (again and self._reading is not None and self._reading.done()):
                self._reading = self._do(self._read)

    def jobs(self) -> list[Job]:
        """Return the jobs on record that have been read."""
        with self._lock:
            return list(self._jobs.values())

    def job(self, id: str) -> Job | None:
        """Return a job on record, if there is one and it has been read."""
        return self._jobs.get(id)

    def add(self, job: Job) -> None:
        """Count a job that has been recorded among those that have been read."""
        with self._lock:
            self._jobs[job.id] = job

    def points(self, id: str) -> list[Point]:
        """Return the metrics of a job on record: none before they have been read."""
        with self._lock:
            if id not in self._points or id in self._outdated:
                self._outdated.discard(id)
                self._points.setdefault(id, [])
                self._do(self._read_points, id)
            return self._points[id]

    def create(self, job: Job) -> "Future[None]":
        """Record that there is a job."""
        return self._do(self._store.create, job)

    def progress(self, job: Job, points: Sequence[Point], time: float) -> "Future[None]":
        """Record how far a job is, and metrics that came until `time`."""
        return self._do(self._store.progress, job, points, time)

    def tag(self, job: Job) -> None:
        """Record the tags of a job."""
        with self._lock:
            if job.id in self._jobs:
                self._jobs[job.id] = job
        self._do(self._store.tag, job)

    def finish(self, job: Job, points: Sequence[Point], artifacts: dict[str, bytes]) -> "Future[None]":
        """Record what became of a job."""
        return self._do(self._store.finish, job, points, artifacts)

    def delete(self, id: str) -> None:
        """Forget a job at once, and delete what is recorded of it."""
        with self._lock:
            self._deleted.add(id)
            self._jobs.pop(id, None)
            self._points.pop(id, None)
        self._do(self._store.delete, id)

    def artifact(self, id: str, name: str) -> bytes:
        """Return a file that a job left; blocks while it is read.

        Raises
        ------
        InputError
            If there is no such file, or it cannot be read.
        """
        try:
            return self._thread.submit(self._store.artifact, id, name).result()
        except InputError:
            raise
        except Exception as defect:
            raise InputError(f"{name!r:.80} of job {id} cannot be read: {first_line(defect)}") from defect

    def close(self) -> None:
        """Do what has been asked for and end; leave it undone where the record cannot be written."""
        self._closed = True
        self._thread.shutdown(wait=True, cancel_futures=bool(self.problem))

    def _read(self) -> None:
        begun = time.monotonic()
        try:
            for job in self._store.jobs():
                with self._lock:
                    if job.id not in self._deleted:
                        self._jobs[job.id] = job
                        self._outdated |= {job.id} & set(self._points)
            with self._lock:
                for gone in self._store.gone:
                    self._jobs.pop(gone, None)
        finally:
            ended = time.monotonic()
            self._read_again_at = ended + max(READ_EVERY, REST * (ended - begun))

    def _read_points(self, id: str) -> None:
        points = self._store.points(id)
        with self._lock:
            self._points[id] = points

    def _do(self, action: Callable[..., None], *arguments: object) -> "Future[None]":
        def act() -> None:
            try:
                action(*arguments)
                self.problem = ""
            except Exception as defect:
                if not self.problem:
                    LOG.exception("The record of jobs failed")
                self.problem = f"the record of jobs cannot be read or written: {reason(defect)}"

        if self._closed:  # a page may still ask while the server stops
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._thread.submit(act)
