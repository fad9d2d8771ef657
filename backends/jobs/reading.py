"""The record of one run, read at once and never written; for scripts."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backends.errors import InputError
from backends.home import home_folder
from backends.jobs.elsewhere import store_address
from backends.jobs.job import Point
from backends.jobs.live import MOST_RECORDED
from backends.jobs.mlflow_client import client_of, first_line
from backends.jobs.thinning import Thinning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run

#: The file with pictures of unseen cases that a training leaves.
GALLERY = "gallery.json"


@dataclass(frozen=True, eq=False)
class RunRecord:
    """What is known of a run.

    Attributes
    ----------
    id, name
        Of the run.
    columns
        Steps and values (k,) of each metric, in the order of the steps.
    gallery
        The content of its file of pictures; None where it left none.
    """

    id: str
    name: str
    columns: dict[str, tuple[np.ndarray, np.ndarray]]
    gallery: bytes | None


def recorded(points: "Sequence[Point]", of: int) -> list[Point]:
    """Return the metrics of a job as its record has them: at most so many values of each, none of them infinite.

    Parameters
    ----------
    points
        All metrics.
    of
        Steps that the job has.
    """
    thinning = Thinning(MOST_RECORDED)
    kept = [Point(point.step, thinning.keep(point.step, of, point.values)) for point in points] + thinning.rest()
    return [Point(p.step, {name: v for name, v in p.values.items() if not np.isinf(v)}) for p in kept]


def columns_of(points: "Sequence[Point]") -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return steps and values (k,) of each metric, in the order of the steps; of several values at a step the last."""
    found: dict[str, dict[int, float]] = {}
    for point in points:
        for name, value in point.values.items():
            found.setdefault(name, {})[point.step] = value
    return {
        name: (np.array(sorted(of)), np.array([of[step] for step in sorted(of)], dtype=float))
        for name, of in sorted(found.items())
    }


def read_run(id: str, address: str = "") -> RunRecord:
    """Return what is recorded of a run.

    Parameters
    ----------
    id
        Of a training of this program, or MLflow's own where there is an address.
    address
        Of the MLflow store of another program; empty: the one that this program records its trainings in, the server at
        ``MLFLOW_TRACKING_URI`` or the file ``mlflow.db`` in ``ASSIMILAB_HOME``.

    Raises
    ------
    InputError
        If there is no such store or run, or it cannot be read.
    """
    where, client = _store(address)
    from mlflow.exceptions import MlflowException

    try:
        run = _found(client, id, address, where)
        return RunRecord(id, run.info.run_name or id, columns_of(_points(client, run)), _file(client, run, GALLERY))
    except MlflowException as problem:
        raise InputError(f"the run {id!r:.60} in {where} cannot be read: {first_line(problem)}") from problem


def read_file(id: str, name: str) -> bytes:
    """Return the content of a file that a job of this program left, by the id that this program gave the job.

    Raises
    ------
    InputError
        If there is no such job or file, or it cannot be read.
    """
    where, client = _store("")
    from mlflow.exceptions import MlflowException

    try:
        content = _file(client, _found(client, id, "", where), name)
    except MlflowException as problem:
        raise InputError(f"the run {id!r:.60} in {where} cannot be read: {first_line(problem)}") from problem
    if content is None:
        raise InputError(f"the run {id} has no file {name!r:.80}")
    return content


def _store(address: str) -> "tuple[str, MlflowClient]":
    """Return the address of a store, by default that of this program, and a client of it."""
    server = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    where = address or server or f"{home_folder() / 'mlflow.db'}"
    return where, client_of(where if server and not address else store_address(where))


def _found(client: "MlflowClient", id: str, address: str, where: str) -> "Run":
    run = client.get_run(id) if address else _own(client, id)
    if run is None:
        raise InputError(f"there is no run {id!r:.60} in {where}")
    return run


def _own(client: "MlflowClient", id: str) -> "Run | None":
    """Return the run of a job by the id that this program gave it."""
    if not re.fullmatch(r"[0-9a-f]{4,40}", id):
        raise InputError(f"the id of a run consists of the digits 0 to 9 and the letters a to f; came {id!r:.60}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_runs(experiments, filter_string=f"tags.`assimilab.id` = '{id}'", max_results=1)
    return found[0] if found else None


def _points(client: "MlflowClient", run: "Run") -> list[Point]:
    """Return the metrics of a run; where it records no metric `seconds`, that is the time since its start."""
    points = []
    for name in run.data.metrics:
        shown = run.data.tags.get(f"assimilab.name.{name}", name)
        for metric in client.get_metric_history(run.info.run_id, name):
            values = {shown: np.nan if metric.value is None else metric.value}
            if "seconds" not in run.data.metrics:
                values["seconds"] = (metric.timestamp - run.info.start_time) / 1000
            points.append(Point(metric.step, values))
    return points


def _file(client: "MlflowClient", run: "Run", name: str) -> bytes | None:
    """Return the content of a file that a run left; None if it left none of this name."""
    if name not in {file.path for file in client.list_artifacts(run.info.run_id)}:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run.info.run_id, name, folder)).read_bytes()
