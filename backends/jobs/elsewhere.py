"""Runs in an MLflow store that other programs write, looked at while it grows, and never written."""

import logging
import math
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import yaml

from backends.errors import InputError
from backends.jobs.job import Job, Point, State
from backends.jobs.mlflow_client import client_of, first_line, reason

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

LOG = logging.getLogger("assimilab")

#: Runs that are read, the newest, and files of one that are offered.
MOST_READ, MOST_FILES = 100, 100
#: Seconds between two readings, at least and at most, and how many times longer than a reading the pause after it is.
READ_EVERY, AT_MOST, REST = 1.0, 10.0, 3.0
#: Tags that MLflow and Assimilab write; all others are a person's.
OWN_TAGS = ("mlflow.", "assimilab.")
STATES = {
    "RUNNING": State.RUNNING, "SCHEDULED": State.CREATED, "FINISHED": State.COMPLETED, "FAILED": State.FAILED,
    "KILLED": State.CANCELLED,
}  # fmt: skip


#: Reads something through MLflow's client.
Reading = Callable[["MlflowClient"], None]


class History:
    """What has been read of the metrics of a run.

    Attributes
    ----------
    points
        In the order in which they came; a longer list takes the place of a shorter one.
    known
        How many values of each metric have been read.
    complete
        Whether no more will come.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.known: dict[str, int] = {}
        self.complete = False


class Elsewhere:
    """The newest runs of an MLflow store, as :class:`backends.jobs.service.Jobs` gives its own.

    No method but `artifact` blocks; what is asked for is there a moment later, and is read again as long as it is asked for. A
    run has MLflow's id, its kind is experiment and name, its parameters are its settings, and the newest values of its
    metrics its summary.

    Parameters
    ----------
    address
        Of a tracking server, ``http://…`` or ``https://…``, or the path of an SQLite file or of a folder ``mlruns``.

    Attributes
    ----------
    problem
        Why the store could not be read the last time, one sentence, or nothing.

    Raises
    ------
    InputError
        If the address is none of these, or there is no such file or folder.
    """

    def __init__(self, address: str) -> None:
        self.address = address.strip()
        self._uri = store_address(self.address)
        self.problem = ""
        self._thread = ThreadPoolExecutor(1, "elsewhere")
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] | None = None
        self._histories: dict[str, History] = {}
        self._client: MlflowClient | None = None
        self._readings: dict[str, Future[None]] = {}
        self._due: dict[str, float] = {}
        self._closed = False

    @property
    def loading(self) -> bool:
        """Whether the store is being read for the first time."""
        return self._jobs is None and not self.problem

    def list(self) -> tuple[Job, ...]:
        """Return the runs that have been read, the newest first."""
        self._ask("", self._read)
        jobs = self._jobs or {}
        return tuple(sorted(jobs.values(), key=lambda job: job.created, reverse=True))

    def metrics(self, id: str, since: int = 0) -> tuple[Point, ...]:
        """Return the metrics of a run in the order in which they came, without the first `since` of them.

        Where a run records no metric `seconds`, it is the time since its start.
        """
        history = self._histories.setdefault(id, History())
        job = (self._jobs or {}).get(id)
        if job is not None and not history.complete:
            self._ask(id, lambda client: self._read_points(client, job, history))
        return tuple(history.points[since:])

    def shown(self, id: str, name: str) -> None:
        """Return nothing: a record has only the files that a run left."""

    def artifact(self, id: str, name: str) -> bytes:
        """Return a file that a run left; blocks while it is read.

        Raises
        ------
        InputError
            If there is no such run or file, or it cannot be read.
        """
        job = (self._jobs or {}).get(id)
        if job is None or name not in job.artifacts:
            raise InputError(f"there is no file {name!r:.80} of a run {id!r:.40} in {self.address}")
        try:
            return self._thread.submit(self._fetch, id, name).result()
        except Exception as problem:
            raise InputError(f"{name!r:.80} of run {id} cannot be read: {first_line(problem)}") from problem

    def close(self) -> None:
        """Read no more."""
        with self._lock:
            self._closed = True
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _ask(self, what: str, read: Reading) -> None:
        """Read something on the thread, unless that is being done or was done a moment ago."""
        with self._lock:
            reading = self._readings.get(what)
            running = reading is not None and not reading.done()
            if self._closed or running or time.monotonic() < self._due.get(what, 0.0):
                return
            self._readings[what] = self._thread.submit(self._do, what, read)

    def _do(self, what: str, read: Reading) -> None:
        start = time.monotonic()
        try:
            client = self._open()
            start = time.monotonic()  # the first time, MLflow was imported before
            read(client)
            self.problem = ""
        except Exception as problem:  # of MLflow, of the database, of the network: each is told, and it is tried again
            if not self.problem:
                LOG.exception("The runs in %s cannot be read", self.address)
            self.problem = f"the runs in {self.address} cannot be read: {reason(problem)}"
        now = time.monotonic()
        self._due[what] = now + min(max(READ_EVERY, REST * (now - start)), AT_MOST)

    def _open(self) -> "MlflowClient":
        if self._client is None:
            self._client = client_of(self._uri)
        return self._client

    def _read(self, client: "MlflowClient") -> None:
        before = self._jobs or {}
        experiments = {experiment.experiment_id: experiment.name for experiment in client.search_experiments()}
        jobs = {}
        for run in client.search_runs(list(experiments), max_results=MOST_READ, order_by=["attributes.start_time DESC"]):
            job = before.get(run.info.run_id)
            if job is None or not job.state.final:
                job = job_of(run, experiments[run.info.experiment_id])
                if job.state.final:
                    files = [file.path for file in client.list_artifacts(job.id) if not file.is_dir]
                    job = replace(job, artifacts=tuple(files[:MOST_FILES]))
            jobs[job.id] = job
        self._jobs = jobs

    def _read_points(self, client: "MlflowClient", job: Job, history: History) -> None:
        steps: dict[int, dict[str, float]] = {}
        times: dict[int, float] = {}
        for name in job.latest:
            entries = sorted(client.get_metric_history(job.id, name), key=lambda entry: (entry.timestamp, entry.step))
            for entry in entries[history.known.get(name, 0) :]:
                steps.setdefault(entry.step, {})[name] = math.nan if entry.value is None else entry.value
                times[entry.step] = entry.timestamp / 1000 - job.started
            history.known[name] = len(entries)
        if "seconds" not in job.latest:
            for step, values in steps.items():
                values["seconds"] = times[step]
        history.points = history.points + [Point(step, steps[step]) for step in sorted(steps)]
        history.complete = job.state.final

    def _fetch(self, id: str, name: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            return Path(self._open().download_artifacts(id, name, folder)).read_bytes()


def job_of(run: "Run", experiment: str) -> Job:
    """Return a run of MLflow as a job, without its files."""
    info, metrics = run.info, run.data.metrics
    state = STATES.get(info.status, State.RUNNING)
    started, ended = (info.start_time or 0) / 1000, (info.end_time or 0) / 1000
    steps = [metric.step for metric in run.data._metric_objs]
    tags = (f"{name} {value}" for name, value in run.data.tags.items() if not name.startswith(OWN_TAGS))
    return Job(
        info.run_id,
        f"{experiment} / {info.run_name}",
        yaml.safe_dump(dict(run.data.params), allow_unicode=True, sort_keys=False),
        state,
        done=max(steps, default=0),
        created=started,
        started=started,
        ended=ended if state.final else 0.0,
        summary=dict(metrics) if state.final else {},
        latest=dict(metrics),
        tags=tuple(tags),
    )


def store_address(address: str) -> str:
    """Return what MLflow calls a store, an SQLite file such that it cannot be written."""
    if address.startswith(("http://", "https://")):
        parts = urlsplit(address)
        if "@" in parts.netloc or parts.query:  # which is not repeated: it may be a secret
            raise InputError(
                "the address of an MLflow server has a user, a password or something after a ? in it; credentials come from "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment of the server alone"
            )
        return address
    path = Path(address.removeprefix("sqlite:///").removeprefix("file://")).expanduser()
    if path.is_dir():
        return f"{path.resolve()}"
    if path.is_file():
        _check_tables(path)
        # With the driver's name MLflow does not make the folder of the file, which it would take for that of an address.
        return f"sqlite+pysqlite:///{_read_only(path)}&uri=true"
    raise InputError(
        "the address of an MLflow store must be http://… or the path of an SQLite file or of a folder mlruns; "
        f"came {address!r:.120}, where there is none"
    )


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro"


def _check_tables(path: Path) -> None:
    """Refuse a file that MLflow would take for an empty database and fill."""
    try:
        with closing(sqlite3.connect(_read_only(path), uri=True)) as database:
            found = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as problem:
        raise InputError(f"{path} cannot be read as an SQLite file: {problem}") from problem
    missing = {"experiments", "runs", "metrics", "latest_metrics", "params", "tags"} - found
    if missing:
        raise InputError(f"{path} is not a database of MLflow: it has no table {sorted(missing)[0]}")
