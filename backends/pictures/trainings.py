"""Several trainings as they are compared: one metric of all of them, on the Runs tab of the Training page, and its script."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from backends.errors import InputError
from backends.jobs.reading import RunRecord
from backends.learning.metrics import metric_label
from backends.pictures.cf import about
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, Table
from backends.pictures.script import script
from backends.pictures.style import CURVE_COLOURS
from backends.pictures.training import AXES, Look, curve_of, variable_name

if TYPE_CHECKING:
    import xarray as xr

#: Letters of the id of a run, which tell runs apart well enough for a person.
SHORT = 6


def trainings(runs: Sequence[RunRecord], metric: str, look: Look) -> Exhibit:
    """Return one metric of several runs as it is kept; runs without it keep their colour. Nothing is smoothed.

    Raises
    ------
    InputError
        If none of them has it.
    """
    if not any(metric in run.columns for run in runs):
        raise InputError(f"none of the runs has reported {metric_label(metric)}")
    return Exhibit(
        lambda: _drawing(runs, metric, look), lambda: _data(runs, metric), {"csv": lambda: _table(runs, metric)}
    )  # fmt: skip


def _drawing(runs: Sequence[RunRecord], metric: str, look: Look) -> Drawing:
    curves = []
    for k, run in enumerate(runs):
        if metric in run.columns:
            x, y = curve_of(run, metric, look.against)
            colour = CURVE_COLOURS[k % len(CURVE_COLOURS)]
            curves.append(Curve(run.id[:SHORT], colour, x, y, style="-" if len(x) > 1 else "o"))
    log = look.log and all(bool((curve.y > 0).all()) for curve in curves)
    return Drawing(f"{len(runs)} runs compared", [LinePanel(metric_label(metric), AXES[look.against], "", curves, log=log)])


def _data(runs: Sequence[RunRecord], metric: str) -> "xr.Dataset":
    import xarray as xr

    steps = np.unique(np.concatenate([run.columns[metric][0] for run in runs if metric in run.columns]))
    values = np.full((len(runs), len(steps)), np.nan)
    for row, run in zip(values, runs, strict=True):
        if metric in run.columns:
            at, reported = run.columns[metric]
            row[np.searchsorted(steps, at)] = reported
    coordinates = {
        "run": ("run", [run.id for run in runs], {"long_name": "id of the run"}),
        "iteration": ("iteration", steps, {"long_name": "iteration of the optimiser", "units": "1"}),
    }
    held = {variable_name(metric, coordinates): (("run", "iteration"), values, {"long_name": metric_label(metric)})}
    return xr.Dataset(held, coordinates, about(f"Runs compared: {metric_label(metric)}"))


def _table(runs: Sequence[RunRecord], metric: str) -> Table:
    """Return a row for each report of each run."""
    known = [run for run in runs if metric in run.columns]
    ids = np.concatenate([np.full(len(run.columns[metric][0]), run.id, dtype=object) for run in known])
    steps, values = (np.concatenate([run.columns[metric][k] for run in known]) for k in range(2))
    return Table(["run", "iteration", metric], [ids, steps, values])


def trainings_script(runs: Sequence[str], store: str, metric: str, look: Look, name: str) -> str:
    """Return the script of a comparison, which reads the record of each run; `store` as :func:`read_run` takes it."""
    where = (
        "The MLflow store with their records: an address, or a path."
        if store
        else "Their records lie in the folder ASSIMILAB_HOME, or on the server MLFLOW_TRACKING_URI; or name another store."
    )
    literals: dict[str, tuple[str, object]] = {
        "RUNS": ("The ids of the runs.", tuple(runs)),
        "STORE": (where, store),
        "METRIC": ("What is compared.", metric),
        "LOOK": ("What curves are drawn against, and on which axis.", asdict(look)),
    }
    imports = {
        "backends.jobs.reading": ["read_run"], "backends.pictures.training": ["Look"],
        "backends.pictures.trainings": ["trainings"],
    }  # fmt: skip
    body = "exhibit = trainings([read_run(run, STORE) for run in RUNS], METRIC, Look(**LOOK))\n"
    return script("Training", name, ("nc", "csv"), imports, literals, body, needs_files=False)
