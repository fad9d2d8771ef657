"""The jobs of a server: what pages and programs ask for, watch and end."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backends.errors import InputError
from backends.home import home_folder
from backends.jobs.cluster import Cluster, outcome_of
from backends.jobs.job import Job, Point, State
from backends.jobs.store import Store, interrupted, parameters_of
from backends.jobs.task import task_of
from backends.jobs.thinning import Thinning
from backends.jobs.worker import Message, Order

if TYPE_CHECKING:
    from distributed import Future as DaskFuture

LOG = logging.getLogger("assimilab")

#: Most jobs that wait, run or pause.
MOST_JOBS = 8
#: Jobs that have ended and whose metrics are kept here in full; of others they are read from the record.
MOST_ENDED = 20
#: Most values of each metric that are recorded, besides the last; seconds between records of a job that runs.
MOST_RECORDED, RECORD_EVERY = 1000, 2.0
#: How often a job may lose its place before it started; another job on its worker may have ended the process.
MOST_ATTEMPTS = 5

DIED = "the process that it ran in ended, perhaps because the machine had no more memory for it"
LOST = "the connection to the Dask scheduler was lost"


@dataclass
class _Live:
    """A job of this server."""

    job: Job
    order: Order
    priority: int
    points: list[Point] = field(default_factory=list)
    attempts: int = 0
    worker: str = ""
    told: int = 0
    heard: int = 0
    future: "DaskFuture | None" = None
    thinning: Thinning = field(default_factory=lambda: Thinning(MOST_RECORDED))
    unrecorded: list[Point] = field(default_factory=list)
    recorded: float = 0.0


class Jobs:
    """The jobs of a server, and those of earlier ones that are on record.

    No method but `wait` and `artifact` blocks for longer than a moment, and all may be called from any thread. Dask is
    started by the first job, MLflow when the first job comes or earlier ones are asked for.

    Parameters
    ----------
    home
        The folder of records and checkpoints, by default that of :func:`backends.home.home_folder`.
    most
        Most jobs that wait, run or pause at once.
    """

    def __init__(self, home: Path | None = None, most: int = MOST_JOBS) -> None:
        self._home = home or home_folder()
        self._most = most
        self._live: dict[str, _Live] = {}
        self._earlier: dict[str, Job] = {}
        self._earlier_points: dict[str, list[Point]] = {}
        self._submitted = 0
        self._problem = ""
        self._closed = False
        self._changed = threading.Condition(threading.RLock())
        self._topic = f"assimilab-{secrets.token_hex(4)}"
        self._cluster = Cluster(self._topic, self._home / "dask", self._hear, self._lose)
        self._store = Store(self._home)
        # One thread may wait for a scheduler or a worker that does not answer while the other goes on.
        self._errands = ThreadPoolExecutor(2, "jobs")
        self._records = ThreadPoolExecutor(1, "records")
        self._reading: Future[None] | None = None

    # What there is

    @property
    def loading(self) -> bool:
        """Whether the jobs of earlier servers are still being read."""
        with self._changed:
            return self._reading is not None and not self._reading.done()

    @property
    def problem(self) -> str:
        """Why jobs cannot be recorded or read, one sentence, or nothing."""
        return self._problem

    def list(self) -> tuple[Job, ...]:
        """Return all jobs, the newest first; those of earlier servers join them a moment after the first call."""
        self._read()
        with self._changed:
            jobs = [*(live.job for live in self._live.values()), *self._earlier.values()]
        return tuple(sorted(jobs, key=lambda job: job.created, reverse=True))

    def get(self, id: str) -> Job:
        """Return a job as it stands now.

        Raises
        ------
        InputError
            If none has this id, or it is not known yet, because earlier jobs are still being read.
        """
        with self._changed:
            if id in self._live:
                return self._live[id].job
            self._read()
            if id in self._earlier:
                return self._earlier[id]
            raise InputError(f"there is no job {id!r:.40}" + (" yet; earlier jobs are being read" if self.loading else ""))

    def metrics(self, id: str, since: int = 0) -> "list[Point]":
        """Return the metrics of a job in the order in which they came, without the first `since` of them.

        Those of a job of an earlier server are there a moment after the first call.

        Raises
        ------
        InputError
            As :meth:`get`.
        """
        with self._changed:
            if id in self._live:
                return self._live[id].points[since:]
            self.get(id)
            if id not in self._earlier_points:
                self._earlier_points[id] = []
                self._record(self._read_points, id)
            return self._earlier_points[id][since:]

    def artifact(self, id: str, name: str) -> bytes:
        """Return a file that a job left, or its ``settings.yaml`` or ``summary.json``; blocks while it is read.

        Raises
        ------
        InputError
            If there is no such job or file, or it cannot be read.
        """
        self.get(id)
        try:
            return self._records.submit(self._store.artifact, id, name).result()
        except InputError:
            raise
        except Exception as problem:
            raise InputError(f"{name!r:.80} of job {id} cannot be read: {_short(problem)}") from problem

    def wait(self, id: str, timeout: float | None = None) -> Job:
        """Block until a job has ended, or for so many seconds; return it as it stands then."""
        with self._changed:
            self._changed.wait_for(lambda: self.get(id).state.final, timeout)
            return self.get(id)

    # What can be done

    def submit(self, kind: str, settings: str, folder: Path, continues: str = "") -> Job:
        """Start a job, or let it wait for its turn; return it at once.

        Parameters
        ----------
        kind
            A key of :data:`backends.jobs.task.KINDS`.
        settings
            YAML.
        folder
            The data folder.
        continues
            The id of a job from whose checkpoint this one goes on.

        Raises
        ------
        InputError
            If there is no such kind or job, or too many jobs wait and run already.
        """
        task = task_of(kind)
        earlier = self.get(continues).id if continues else ""
        with self._changed:
            if self._closed:
                raise InputError("the server is being stopped and takes no more jobs")
            if sum(not live.job.state.final for live in self._live.values()) >= self._most:
                raise InputError(
                    f"{self._most} jobs wait or run already, as many as this server takes; cancel one or wait for its end"
                )
            self._submitted += 1
            job = Job(secrets.token_hex(6), kind, settings, note="waits for its turn", created=time.time())
            checkpoint = partial("{0}/{1}".format, self._home / "checkpoints")
            order = Order(
                job.id, self._topic, task, settings, str(folder), checkpoint(job.id), checkpoint(earlier) if earlier else ""
            )
            live = self._live[job.id] = _Live(job, order, -self._submitted)
            self._forget()
            self._record(self._store.create, job, parameters_of(settings))
            self._run_errand(self._start, live)
        return job

    def cancel(self, id: str) -> Job:
        """End a job: at once if it waits, else when the task next reports. One that has ended stays as it is.

        Raises
        ------
        InputError
            If there is no such job, or it runs on another server.
        """
        with self._changed:
            live = self._own(id)
            if live is not None and not live.worker:
                self._finish(live, State.CANCELLED)
            elif live is not None:
                self._tell(live, "cancel")
            return self.get(id)

    def pause(self, id: str) -> Job:
        """Let a job that runs pause when the task next reports; the next job takes its place.

        Raises
        ------
        InputError
            If there is no such job, or it does not run.
        """
        with self._changed:
            live = self._own(id)
            if live is None or not live.worker or live.job.wish == "cancel":
                raise InputError(f"only a job that runs can be paused; this one is {self._word(id)}")
            self._tell(live, "pause")
            return live.job

    def resume(self, id: str) -> Job:
        """Let a job go on that was paused, beside others that may have started since.

        Raises
        ------
        InputError
            If there is no such job, or it was not paused.
        """
        with self._changed:
            live = self._own(id)
            if live is None or live.job.wish != "pause":
                raise InputError(f"only a job that was paused can go on; this one is {self._word(id)}")
            self._tell(live, "run")
            return live.job

    def close(self) -> None:
        """End all jobs and what was started for them; takes some seconds if jobs run. Recorded jobs stay on record."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            running = [live for live in self._live.values() if not live.job.state.final]
            futures = [live.future for live in running if live.worker]
            for live in running:
                if live.worker:
                    self._tell(live, "cancel")
                live.job = interrupted(live.job, time.time())
                self._write_end(live, {})
            self._changed.notify_all()
        self._errands.shutdown(wait=True)
        # A task that reports ends now, and its process as soon as it is asked; any other is killed.
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline and any(future is not None and not future.done() for future in futures):
            time.sleep(0.02)
        self._cluster.close()
        self._records.shutdown(wait=True)

    # Jobs on their way

    def _own(self, id: str) -> _Live | None:
        """Return a job of this server that has not ended, or nothing if it has."""
        job = self.get(id)
        if job.state.final:
            return None
        if id not in self._live:
            raise InputError(f"job {id} belongs to another server, which still runs")
        return self._live[id]

    def _word(self, id: str) -> str:
        job = self.get(id)
        return "being cancelled" if job.wish == "cancel" and not job.state.final else job.state.value

    def _start(self, live: _Live) -> None:
        try:
            self._cluster.open()
            live.attempts += 1
            future = self._cluster.submit(live.order, live.attempts, live.priority, partial(self._end, live))
        except InputError as problem:
            self._finish(live, State.FAILED, str(problem))
        except Exception as defect:
            LOG.exception("Job %s could not be started", live.job.id)
            self._finish(live, State.FAILED, f"it could not be started: {_short(defect)}")
        else:
            with self._changed:
                live.future = future
                if live.job.state.final:  # cancelled in the meantime
                    self._run_errand(future.cancel)

    def _tell(self, live: _Live, wish: str) -> None:
        live.told += 1
        live.job = replace(live.job, wish=wish)
        self._run_errand(self._cluster.tell, live.worker, live.job.id, live.told, wish)

    def _hear(self, message: Message) -> None:
        """Take in a message of a worker; on Dask's thread."""
        with self._changed:
            live = self._live.get(message["job"])
            if live is None:
                return
            job = live.job
            if "worker" in message and live.worker:  # Dask tries a task again whose process has ended
                self._finish(live, State.FAILED, DIED)
            if job.state.final or live.job.state.final:
                if "worker" in message:
                    self._run_errand(self._cluster.tell, message["worker"], job.id, live.told + 1, "cancel")
                return
            live.heard = message["number"]
            if "worker" in message:
                live.worker = message["worker"]
                job = replace(job, started=message["time"], note="")
            job = replace(job, state=State(message.get("state", job.state)), done=message.get("done", job.done),
                          of=message.get("of", job.of), note=message.get("note", job.note))  # fmt: skip
            live.job = job
            for step, values in message["points"]:
                live.points.append(Point(step, values))
                kept = live.thinning.keep(step, job.of, values)
                if kept:
                    live.unrecorded.append(Point(step, kept))
            if message["time"] - live.recorded >= RECORD_EVERY:
                live.recorded = message["time"]
                self._record(self._store.progress, job, self._take(live), message["time"])
            self._changed.notify_all()

    def _lose(self, worker: str) -> None:
        """Take in that a worker is gone, and with it what ran there; on Dask's thread."""
        with self._changed:
            for live in self._live.values():
                if live.worker == worker and not self._closed:
                    self._finish(live, State.FAILED, DIED)

    def _end(self, live: _Live, future: "DaskFuture") -> None:
        """Take in what came of a job; on Dask's thread for such calls."""
        if live.job.state.final or self._closed:
            return
        if future.status in ("cancelled", "lost"):
            self._finish(live, State.FAILED, LOST)
            return
        try:
            outcome = outcome_of(future)
        except Exception as defect:
            LOG.exception("Job %s could not be run", live.job.id)
            self._finish(live, State.FAILED, f"it could not be run: {_short(defect)}")
            return
        if outcome is None:
            if live.worker or live.attempts >= MOST_ATTEMPTS:
                self._finish(live, State.FAILED, DIED)
            else:
                self._run_errand(self._start, live)
            return
        if outcome.details:
            LOG.error("Job %s failed\n%s", live.job.id, outcome.details)
        with self._changed:
            # Reports come another way than the outcome.
            self._changed.wait_for(lambda: live.heard >= outcome.messages or live.job.state.final, 5.0)
            self._finish(live, outcome.state, outcome.problem, outcome.summary, outcome.artifacts)

    def _finish(
        self,
        live: _Live,
        state: State,
        problem: str = "",
        summary: dict[str, Any] | None = None,
        artifacts: dict[str, bytes] | None = None,
    ) -> None:
        with self._changed:
            if live.job.state.final:
                return
            live.job = replace(
                live.job, state=state, problem=problem, ended=time.time(), wish="run",
                summary=summary or {}, artifacts=tuple(sorted(artifacts or {})),
            )  # fmt: skip
            future, live.future = live.future, None
            if future is not None:
                self._run_errand(future.cancel)  # also frees what Dask keeps of it
            self._write_end(live, artifacts or {})
            self._changed.notify_all()

    # The record

    def _write_end(self, live: _Live, artifacts: dict[str, bytes]) -> None:
        self._record(self._store.progress, live.job, self._take(live) + live.thinning.rest(), live.job.ended)
        self._record(self._store.finish, live.job, artifacts)

    def _take(self, live: _Live) -> Iterable[Point]:
        points, live.unrecorded = live.unrecorded, []
        return points

    def _read(self) -> None:
        """Begin to read the jobs of earlier servers, once."""
        with self._changed:
            if self._reading is None and not self._store.empty and not self._closed:
                self._reading = self._record(self._read_earlier)

    def _read_earlier(self) -> None:
        for job in self._store.earlier(list(self._live)):
            with self._changed:
                self._earlier[job.id] = job

    def _read_points(self, id: str) -> None:
        points = self._store.points(id)
        with self._changed:
            self._earlier_points[id] = points

    def _forget(self) -> None:
        """Leave the jobs that ended first to the record."""
        ended = sorted((live.job for live in self._live.values() if live.job.state.final), key=lambda job: job.ended)
        for job in ended[:-MOST_ENDED]:
            self._earlier[job.id] = job
            del self._live[job.id]

    def _record(self, action: Callable[..., None], *arguments: object) -> "Future[None]":
        """Read or write the record after all that was asked for before."""

        def act() -> None:
            try:
                action(*arguments)
                self._problem = ""
            except Exception as defect:
                if not self._problem:
                    LOG.exception("The record of jobs failed")
                self._problem = f"the record of jobs cannot be read or written: {_short(defect)}"

        return self._records.submit(act)

    def _run_errand(self, action: Callable[..., object], *arguments: object) -> None:
        """Do what may take a while on a thread of its own."""

        def act() -> None:
            try:
                action(*arguments)
            except Exception:
                LOG.exception("Speaking with Dask failed")

        try:
            self._errands.submit(act)
        except RuntimeError:  # they are closed
            if not self._closed:
                raise


def _short(problem: BaseException) -> str:
    lines = f"{problem}".strip().splitlines()
    return f"{lines[0] if lines else type(problem).__name__:.300}"
