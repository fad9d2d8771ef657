"""Jobs that wait, run and end: from their start to their outcome, and what is asked of them on the way."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backends.errors import InputError
from backends.jobs.cluster import Cluster, outcome_of
from backends.jobs.job import State
from backends.jobs.live import LiveJob
from backends.jobs.mlflow_client import first_line
from backends.jobs.records import Records
from backends.jobs.store import INTERRUPTED
from backends.jobs.watchdog import Watchdog, longest, patience, stuck, too_long
from backends.jobs.worker import Message

if TYPE_CHECKING:
    from distributed import Future as DaskFuture

LOG = logging.getLogger("assimilab")

#: How often a job may lose its place before it started; another job on its worker may have ended the process.
MOST_ATTEMPTS = 5

DIED = "the process that it ran in ended, perhaps because the machine had no more memory for it"
LOST = "the connection to the Dask scheduler was lost"


class Running:
    """The jobs of a server on Dask.

    Parameters
    ----------
    folder
        Where processes of our own may keep temporary files.
    records
        Where their metrics and outcomes are recorded.

    Attributes
    ----------
    jobs
        By id, in the order in which they came.
    changed
        The lock for `jobs` and all that is in it; notified when a job has changed.
    topic
        Where workers send messages.
    """

    def __init__(self, folder: Path, records: Records) -> None:
        self.jobs: dict[str, LiveJob] = {}
        self.changed = threading.Condition(threading.RLock())
        self.topic = f"assimilab-{secrets.token_hex(4)}"
        self._records = records
        self._cluster = Cluster(self.topic, folder, self._hear, self._lose)
        # One thread may wait for a scheduler or a worker that does not answer while the other goes on.
        self._errands = ThreadPoolExecutor(2, "jobs")
        self._patience = patience()
        self._longest = longest()
        self._watchdog = Watchdog(self._look, min(self._patience / 4, self._longest / 4, 10.0))
        self.closed = False

    def add(self, live: LiveJob) -> None:
        """Start a job, or let it wait for its turn."""
        with self.changed:
            self.jobs[live.job.id] = live
            self._watchdog.start()
            self._do(self._start, live)

    def tell(self, live: LiveJob, wish: str) -> None:
        """Ask a job that runs to pause, to go on, or to end."""
        with self.changed:
            live.told += 1
            live.job = replace(live.job, wish=wish)
            self._do(self._cluster.tell, live.worker, live.job.id, live.told, wish)

    def finish(
        self,
        live: LiveJob,
        state: State,
        problem: str = "",
        summary: dict[str, Any] | None = None,
        artifacts: dict[str, bytes] | None = None,
    ) -> None:
        """Take in what became of a job, unless it has ended already."""
        with self.changed:
            if live.job.state.final:
                return
            live.end(state, problem, summary or {}, tuple(artifacts or ()))
            self._records.finish(live.job, live.unrecorded(), artifacts or {})
            if live.future is not None:
                self._do(live.future.cancel)  # also frees what Dask keeps of it
                live.future = None
            self.changed.notify_all()

    def close(self) -> None:
        """End all jobs and what was started for them."""
        with self.changed:
            if self.closed:
                return
            self.closed = True
            running = [live for live in self.jobs.values() if not live.job.state.final]
            promises = [live.future for live in running if live.worker]
            for live in running:
                if live.worker:
                    self.tell(live, "cancel")
                live.end(State.FAILED, INTERRUPTED)
                self._records.finish(live.job, live.unrecorded(), {})
            self.changed.notify_all()
        self._watchdog.close()
        self._errands.shutdown(wait=True)
        # A task that reports ends now, and its process then as soon as it is asked; others are killed after a while.
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline and any(promise is not None and not promise.done() for promise in promises):
            time.sleep(0.02)
        self._cluster.close()

    def _start(self, live: LiveJob) -> None:
        if live.job.state.final:  # cancelled in the meantime
            return
        try:
            self._cluster.open()
            self._records.create(live.job)  # not before: MLflow's import would hold up the start of Dask
            live.attempts += 1
            promise = self._cluster.submit(live.order, live.attempts, -live.number, partial(self._end, live))
        except InputError as problem:
            self.finish(live, State.FAILED, str(problem))
        except Exception as defect:
            LOG.exception("Job %s could not be started", live.job.id)
            self.finish(live, State.FAILED, f"it could not be started: {first_line(defect)}")
        else:
            with self.changed:
                live.future = promise
                if live.job.state.final:
                    self._do(promise.cancel)

    def _hear(self, message: Message) -> None:
        """Take in a message of a worker; on Dask's thread."""
        with self.changed:
            live = self.jobs.get(message["job"])
            if live is None:
                return
            starts = message.get("starts", False)
            if starts and live.worker:  # Dask tries a task again whose process has ended
                self.finish(live, State.FAILED, DIED)
            if live.job.state.final:
                if starts:
                    self._do(self._cluster.tell, message["worker"], live.job.id, live.told + 1, "cancel")
                return
            live.hear(message)
            if live.due(message["time"]):
                live.writing = self._records.progress(live.job, live.unrecorded(), message["time"])
            self.changed.notify_all()

    def _look(self) -> None:
        """End the jobs that have run for too long; and those that have reported nothing for too long, with their process."""
        with self.changed:
            if self.closed:
                return
            for live in self.jobs.values():
                runs = live.job.state is State.RUNNING and bool(live.worker)
                if runs and live.ran() > self._longest:
                    self.tell(live, "cancel")  # it hears of it when it next reports; its process goes on
                    self.finish(live, State.FAILED, too_long(self._longest))
                elif runs and time.monotonic() - live.heard_at > self._patience:
                    self.finish(live, State.FAILED, stuck(self._patience))
                    self._do(self._cluster.restart, live.worker)

    def _lose(self, worker: str) -> None:
        """Take in that a worker is gone, and with it what ran there; on Dask's thread."""
        with self.changed:
            for live in self.jobs.values():
                if live.worker == worker:
                    self.finish(live, State.FAILED, DIED)

    def _end(self, live: LiveJob, promise: "DaskFuture") -> None:
        """Take in what came of a job; on Dask's thread for such calls."""
        if live.job.state.final:
            return
        if promise.status in ("cancelled", "lost"):
            self.finish(live, State.FAILED, LOST)
            return
        try:
            outcome = outcome_of(promise)
        except Exception as defect:
            LOG.exception("Job %s could not be run", live.job.id)
            self.finish(live, State.FAILED, f"it could not be run: {first_line(defect)}")
            return
        if outcome is None:
            if live.worker or live.attempts >= MOST_ATTEMPTS:
                self.finish(live, State.FAILED, DIED)
            else:
                self._do(self._start, live)
            return
        if outcome.details:
            LOG.error("Job %s failed\n%s", live.job.id, outcome.details)
        with self.changed:
            # Reports come another way than the outcome.
            self.changed.wait_for(lambda: live.heard >= outcome.messages or live.job.state.final, 5.0)
            self.finish(live, outcome.state, outcome.problem, outcome.summary, outcome.artifacts)

    def _do(self, action: Callable[..., object], *arguments: object) -> None:
        """Do what may take a while, on a thread of its own."""

        def act() -> None:
            try:
                action(*arguments)
            except Exception:  # of Dask, of the network: the job goes on without it, or is ended when nothing is heard of it
                LOG.exception("Speaking with Dask failed")

        try:
            self._errands.submit(act)
        except RuntimeError:  # they have been closed, and so is what this would have spoken to
            if not self.closed:
                raise
