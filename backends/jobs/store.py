"""The record of jobs in MLflow: parameters, metrics, artifacts, and what became of them."""

import json
import os
import re
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backends.errors import InputError
from backends.jobs.job import Job, Point, State

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: What MLflow calls all our runs together.
EXPERIMENT = "assimilab"
#: Jobs of earlier servers that are read, the newest.
MOST_EARLIER = 100
#: Parameters that are recorded of one job; the settings are there in full as a file.
MOST_PARAMETERS = 100
#: Most values that MLflow takes at once.
_BATCH = 1000

SETTINGS, SUMMARY = "settings.yaml", "summary.json"

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
    """

    def __init__(self, home: Path, owner: str = "") -> None:
        self._home = home
        self._uri = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
        self._owner = owner or this_process()
        self._runs: dict[str, str] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._opened: tuple[MlflowClient, str] | None = None

    @property
    def empty(self) -> bool:
        """Whether it is known, without opening it, that nothing has been recorded yet."""
        return not self._uri and not (self._home / "mlflow.db").exists()

    def create(self, job: Job, parameters: Mapping[str, object]) -> None:
        """Record that there is a job, with its settings."""
        from mlflow.entities import Param, RunTag

        client, experiment = self._open()
        run = client.create_run(experiment, start_time=round(job.created * 1000), run_name=f"{job.kind} {job.id}")
        self._runs[job.id] = run.info.run_id
        tags = {"id": job.id, "kind": job.kind, "owner": self._owner, **_standing(job, job.created)}
        values = {allowed(name): f"{value}"[:500] for name, value in parameters.items()}
        client.log_batch(
            run.info.run_id,
            params=[Param(name, value) for name, value in values.items()][:MOST_PARAMETERS],
            tags=[RunTag(f"assimilab.{name}", value) for name, value in tags.items()],
        )
        client.log_text(run.info.run_id, job.settings, SETTINGS)

    def progress(self, job: Job, points: Sequence[Point], time: float) -> None:
        """Record where a job stands, and metrics that came until `time`, in seconds since 1970."""
        from mlflow.entities import Metric, RunTag

        client, _ = self._open()
        run = self._runs[job.id]
        names, new = self._names.setdefault(job.id, {}), {name for point in points for name in point.values}
        tags = _standing(job, time)
        for name in sorted(new - set(names)):
            names[name] = _free(allowed(name), names.values())
            if names[name] != name:
                tags[f"name.{names[name]}"] = name
        client.log_batch(run, tags=[RunTag(f"assimilab.{name}", value) for name, value in tags.items()])
        metrics = [
            Metric(names[name], value, round(time * 1000), point.step)
            for point in points
            for name, value in point.values.items()
            if abs(value) != float("inf")  # an SQL database has no word for it
        ]
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run, metrics=metrics[start : start + _BATCH])

    def finish(self, job: Job, artifacts: Mapping[str, bytes]) -> None:
        """Record what became of a job, with the files that it left."""
        client, _ = self._open()
        run = self._runs[job.id]
        if job.summary:
            client.log_text(run, json.dumps(job.summary, indent=2, ensure_ascii=False) + "\n", SUMMARY)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in artifacts.items():
                (Path(folder) / name).write_bytes(content)
            if artifacts:
                client.log_artifacts(run, folder)
        self.progress(job, (), job.ended)
        client.set_terminated(run, _STATUS[job.state], round(job.ended * 1000))

    def earlier(self, known: Iterable[str] = ()) -> Iterator[Job]:
        """Return the jobs that are recorded, the newest first, without those that are known.

        Jobs that a process left unfinished when it ended are recorded as failed.
        """
        client, experiment = self._open()
        skipped = set(known)
        for run in client.search_runs([experiment], max_results=MOST_EARLIER, order_by=["attributes.start_time DESC"]):
            tags = {name.removeprefix("assimilab."): value for name, value in run.data.tags.items()}
            if "id" not in tags or tags["id"] in skipped:
                continue
            self._runs[tags["id"]] = run.info.run_id
            job = self._job(run, tags)
            if not job.state.final and self._ended(tags.get("owner", "")):
                job = interrupted(job, float(tags["seen"]))
                self.finish(job, {})
            yield job

    def points(self, job: str) -> list[Point]:
        """Return the metrics of a job in the order of the steps, thinned as they were recorded."""
        client, _ = self._open()
        run = client.get_run(self._runs[job])
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
        from mlflow.exceptions import MlflowException

        client, _ = self._open()
        with tempfile.TemporaryDirectory() as folder:
            try:
                return Path(client.download_artifacts(self._runs[job], name, folder)).read_bytes()
            except (MlflowException, OSError) as problem:
                raise InputError(f"job {job} has no file {name!r:.80}") from problem

    def _job(self, run: "Run", tags: Mapping[str, str]) -> Job:
        job, files = tags["id"], {file.path for file in self._open()[0].list_artifacts(run.info.run_id)}
        return Job(
            job,
            tags["kind"],
            self.artifact(job, SETTINGS).decode() if SETTINGS in files else "",
            State(tags["state"]),
            int(tags["done"]),
            int(tags["of"]),
            note=tags["note"],
            problem=tags["problem"],
            created=run.info.start_time / 1000,
            started=float(tags["started"]),
            ended=(run.info.end_time or 0) / 1000,
            summary=json.loads(self.artifact(job, SUMMARY)) if SUMMARY in files else {},
            artifacts=tuple(sorted(files - {SETTINGS, SUMMARY})),
        )

    def _ended(self, owner: str) -> bool:
        """Return whether the process that a job belonged to is known to have ended."""
        host, _, process = owner.partition(" ")
        if host == socket.gethostname():
            return not _lives(process)
        # Another machine's process may well live where a tracking server is shared. A file in our own folder is not
        # shared: the process was in a container that is gone.
        return not self._uri

    def _open(self) -> "tuple[MlflowClient, str]":
        if self._opened is None:
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # read when MLflow is imported
            os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
            # A tracking server that does not answer is told soon, not after ten minutes.
            os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
            os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self._uri or f"sqlite:///{(self._home / 'mlflow.db').as_posix()}")
            found = client.get_experiment_by_name(EXPERIMENT)
            if found is not None:
                experiment = found.experiment_id
            else:
                # A tracking server knows where to put files; a database does not.
                place = None if self._uri.startswith("http") else (self._home / "artifacts").as_uri()
                experiment = client.create_experiment(EXPERIMENT, artifact_location=place)
            self._opened = client, experiment
        return self._opened


def interrupted(job: Job, ended: float) -> Job:
    """Return a job as it stands after its server has ended."""
    return replace(job, state=State.FAILED, problem="it was interrupted: the server ended before it did", ended=ended)


def allowed(name: str) -> str:
    """Return a name with what MLflow does not allow in one replaced."""
    cleaned = re.sub(r"[^\w. :-]", "_", name)[:200]
    return cleaned if cleaned.strip(".") else "_"


def parameters_of(settings: str) -> dict[str, object]:
    """Return the single values of settings in YAML, by their keys with dots between the levels."""
    from backends.experiments.yaml_text import parse

    try:
        tree = parse(settings, "the settings")
    except InputError:
        return {}
    return dict(_leaves(tree, ""))


def this_process() -> str:
    """Return what tells this process from all others, of all machines."""
    import psutil

    process = psutil.Process()
    return f"{socket.gethostname()} {process.pid} {process.create_time():.1f}"


def _lives(process: str) -> bool:
    import psutil

    try:
        number, created = process.split()
        return abs(psutil.Process(int(number)).create_time() - float(created)) < 1
    except (ValueError, psutil.Error):
        return False


def _free(name: str, taken: Iterable[str]) -> str:
    taken, wanted, number = set(taken), name, 1
    while wanted in taken:
        number += 1
        wanted = f"{name} {number}"
    return wanted


def _standing(job: Job, time: float) -> dict[str, str]:
    return {
        "state": job.state.value,
        "done": str(job.done),
        "of": str(job.of),
        "note": job.note[:1000],
        "problem": job.problem[:4000],
        "started": f"{job.started:.3f}",
        "seen": f"{time:.3f}",
    }


def _leaves(tree: Any, above: str) -> Iterator[tuple[str, object]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, f"{above}.{key}" if above else f"{key}")
    elif isinstance(tree, list) and any(isinstance(entry, Mapping | list) for entry in tree):
        for number, entry in enumerate(tree, start=1):
            yield from _leaves(entry, f"{above}.{number}")
    elif above:
        yield above, tree
