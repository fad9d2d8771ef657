"""The record of jobs in MLflow: parameters, metrics, artifacts, and what became of them."""

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backends.errors import InputError
from backends.jobs.context import plain
from backends.jobs.job import SETTINGS, SUMMARY, Job, Point, State
from backends.jobs.mlflow_client import address_of, client_of, make_tables
from backends.jobs.owner import lives, this_process
from backends.jobs.recorded import allowed, free, parameters_of, standing

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run, RunInfo

#: What MLflow calls all our runs together.
EXPERIMENT = "assimilab"
#: Jobs of earlier servers that are read, the newest.
MOST_READ = 100
#: Parameters that are recorded of one job; the settings are there in full as a file.
MOST_PARAMETERS = 100


#: What is said of a job that its server did not see to its end.
INTERRUPTED = "it was interrupted: the server ended before it did"

#: MLflow's own words for what became of a run.
_STATUS = {State.COMPLETED: "FINISHED", State.FAILED: "FAILED", State.CANCELLED: "KILLED"}


class Store:
    """The record of jobs: an SQLite file in `home`, or the tracking server at ``MLFLOW_TRACKING_URI``.

    Making it costs nothing. Its first use imports MLflow and, where there is no SQLite file yet, makes one, which takes
    seconds. It is used by one thread at a time.

    Parameters
    ----------
    home
        The folder of the SQLite file and of the artifacts.
    owner
        The process that jobs are recorded for.

    Attributes
    ----------
    gone
        Jobs that :meth:`jobs` once returned and that others have deleted since.
    """

    def __init__(self, home: Path, owner: str = "") -> None:
        self._home = home
        self._database = home / "mlflow.db"
        self._uri = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
        self._address = self._uri or address_of(self._database)
        self._owner = owner or this_process()
        self._runs: dict[str, RunInfo] = {}
        self.gone: set[str] = set()
        self._own: set[str] = set()
        self._read: dict[str, dict[str, str]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._opened: tuple[MlflowClient, str] | None = None

    @property
    def empty(self) -> bool:
        """Whether it is known, without opening it, that nothing has been recorded yet."""
        return not self._uri and not self._database.exists()

    @property
    def shared(self) -> bool:
        """Whether other servers may write into it."""
        return bool(self._uri)

    def create(self, job: Job) -> None:
        """Record that there is a job, with its settings, unless that has been done."""
        client, experiment = self._open()
        if job.id in self._runs:
            return
        from mlflow.entities import Param

        info = client.create_run(experiment, start_time=round(job.created * 1000), run_name=f"{job.kind} {job.id}").info
        run = info.run_id
        self._tag(run, {"id": job.id, "kind": job.kind, "owner": self._owner} | standing(job, job.created))
        parameters = {allowed(name): f"{value}"[:500] for name, value in parameters_of(job.settings).items()}
        client.log_batch(run, params=[Param(name, value) for name, value in parameters.items()][:MOST_PARAMETERS])
        client.log_text(run, job.settings, SETTINGS)
        self._runs[job.id] = info
        self._own.add(job.id)

    def progress(self, job: Job, points: Sequence[Point], time: float) -> None:
        """Record where a job stands, and metrics that came until `time`, in seconds since 1970."""
        client, run = self._open()[0], self._run(job)
        from mlflow.entities import Metric

        tags = standing(job, time)
        names = self._names.setdefault(job.id, {})
        for name in sorted({name for point in points for name in point.values} - set(names)):
            names[name] = free(allowed(name), names.values())
            if names[name] != name:
                tags[f"name.{names[name]}"] = name
        self._tag(run, tags)
        metrics = [
            Metric(names[name], value, round(time * 1000), point.step)
            for point in points
            for name, value in point.values.items()
            if not math.isinf(value)  # an SQL database has no word for it
        ]
        for start in range(0, len(metrics), 1000):  # MLflow takes no more at once
            client.log_batch(run, metrics=metrics[start : start + 1000])

    def tag(self, job: Job) -> None:
        """Record the tags of a job."""
        self._tag(self._run(job), {"tags": ",".join(job.tags)})

    def finish(self, job: Job, points: Sequence[Point], artifacts: Mapping[str, bytes]) -> None:
        """Record what became of a job, with its last metrics and the files that it left."""
        client, run = self._open()[0], self._run(job)
        if job.summary:
            client.log_text(run, json.dumps(job.summary, indent=2, ensure_ascii=False) + "\n", SUMMARY)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in artifacts.items():
                (Path(folder) / name).write_bytes(content)
            if artifacts:
                client.log_artifacts(run, folder)
        # The state comes last: whoever reads a final one finds everything.
        self.progress(job, points, job.ended)
        client.set_terminated(run, _STATUS[job.state], round(job.ended * 1000))

    def delete(self, job: str) -> None:
        """Delete what is recorded of a job, and the files that it left; nothing if nothing is recorded of it."""
        client, _ = self._open()
        from mlflow.exceptions import MlflowException
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        info = self._runs.pop(job, None)
        self._names.pop(job, None)
        if info is None:
            return
        client.delete_run(info.run_id)
        try:
            get_artifact_repository(info.artifact_uri, tracking_uri=self._address).delete_artifacts()
        except (NotImplementedError, MlflowException, OSError):
            # A tracking server may keep the files of what has been deleted; its owner removes them with `mlflow gc`.
            return

    def jobs(self) -> Iterator[Job]:
        """Return the newest jobs that are recorded, the newest first: at a later call those that have changed since.

        Those that were made here are known here, and left out. Jobs that a process left unfinished when it ended are recorded
        as failed.
        """
        client, experiment = self._open()
        runs = client.search_runs([experiment], max_results=MOST_READ, order_by=["attributes.start_time DESC"])
        if len(runs) < MOST_READ:
            self.gone = set(self._read) - {run.data.tags.get("assimilab.id", "") for run in runs}
        for run in runs:
            tags = {name.removeprefix("assimilab."): value for name, value in run.data.tags.items()}
            if "id" not in tags or tags["id"] in self._own or self._read.get(tags["id"]) == tags:
                continue
            self._runs[tags["id"]], self._read[tags["id"]] = run.info, tags
            job = self._job(run, tags)
            if not job.state.final and self._ended(tags.get("owner", "")):
                job = replace(job, state=State.FAILED, problem=INTERRUPTED, ended=float(tags["seen"]))
                self.finish(job, (), {})
            yield job

    def points(self, job: str) -> list[Point]:
        """Return the metrics of a job in the order of the steps, thinned as they were recorded."""
        client, _ = self._open()
        run = client.get_run(self._runs[job].run_id)
        steps: dict[int, dict[str, float]] = {}
        for name in run.data.metrics:
            shown = run.data.tags.get(f"assimilab.name.{name}", name)
            for metric in client.get_metric_history(run.info.run_id, name):
                steps.setdefault(metric.step, {})[shown] = metric.value
        return [Point(step, steps[step]) for step in sorted(steps)]

    def artifact(self, job: str, name: str) -> bytes:
        """Return a file that a job left.

        Raises
        ------
        InputError
            If there is none of this name.
        """
        self._open()
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        place = f"{self._runs[job].artifact_uri}/{name}"
        with tempfile.TemporaryDirectory() as folder:
            try:
                plain(name)
                return Path(download_artifacts(place, dst_path=folder, tracking_uri=self._address)).read_bytes()
            except (ValueError, MlflowException, OSError) as problem:
                raise InputError(f"job {job} has no file {name!r:.80}") from problem

    def _run(self, job: Job) -> str:
        """Return MLflow's name of a job; it is recorded now if that failed before."""
        if job.id not in self._runs:
            self.create(job)
        return self._runs[job.id].run_id

    def _tag(self, run: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        entities = [RunTag(f"assimilab.{name}", value) for name, value in tags.items()]
        for start in range(0, len(entities), 100):  # MLflow takes no more at once
            self._open()[0].log_batch(run, tags=entities[start : start + 100])

    def _job(self, run: "Run", tags: Mapping[str, str]) -> Job:
        from mlflow.artifacts import list_artifacts

        found = list_artifacts(run.info.artifact_uri, tracking_uri=self._address)
        job, files = tags["id"], {file.path.rpartition("/")[2] for file in found}
        return Job(
            job,
            tags["kind"],
            self.artifact(job, SETTINGS).decode() if SETTINGS in files else "",
            State(tags["state"]),
            int(tags["done"]),
            int(tags["of"]),
            note=tags["note"],
            problem=tags["problem"],
            created=float(tags["created"]),
            started=float(tags["started"]),
            ended=float(tags["ended"]),
            summary=json.loads(self.artifact(job, SUMMARY)) if SUMMARY in files else {},
            artifacts=tuple(sorted(files - {SETTINGS})),
            latest={tags.get(f"name.{name}", name): value for name, value in run.data.metrics.items()},
            tags=tuple(tag for tag in tags.get("tags", "").split(",") if tag),
        )

    def _ended(self, owner: str) -> bool:
        """Return whether the process that a job belonged to is known to have ended."""
        living = lives(owner)
        if living is not None:
            return not living
        # Another machine's process may well live where a tracking server is shared. A file in our own folder is not
        # shared: the process was in a container that is gone.
        return not self._uri

    def _open(self) -> "tuple[MlflowClient, str]":
        if self._opened is None:
            if not self._uri and not self._database.exists():
                make_tables(self._database)
            client = client_of(self._address)
            found = client.get_experiment_by_name(EXPERIMENT)
            if found is not None:
                experiment = found.experiment_id
            else:
                # A tracking server knows where to put files; a database does not.
                place = None if self._uri.startswith("http") else (self._home / "artifacts").as_uri()
                experiment = client.create_experiment(EXPERIMENT, artifact_location=place)
            self._opened = client, experiment
        return self._opened
