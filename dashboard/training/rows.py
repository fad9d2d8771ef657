"""Runs as rows of a table, and what differs between some of them."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from backends.errors import InputError
from backends.jobs.job import Job
from backends.learning.metrics import metric_label
from backends.pictures.style import CURVE_COLOURS
from dashboard.theme import number
from dashboard.training.bar import origin, parameters, short_id, task_title
from dashboard.training.names import duration
from dashboard.training.state import settings_of

#: Headings of the table.
COLUMNS = ("run", "started", "state", "task", "parameters", "score", "RMSE", "iterations", "minutes", "from", "tags")
#: The scores that runs are compared by: of a run, the first that it has; the last ones are usual in other programs.
SCORES = ("cost_gap_median", "rmse_network")
USUAL = ("val_loss", "validation_loss", "loss", "train_loss")
#: Parameters that say what a run is, not how it differs from others.
_NOT_SHOWN = {"kind", "task", "resume", "fine_tune"}


def row(job: Job) -> dict[str, Any]:
    """Return what the table says of a run."""
    known = {key: value for key, value in parameters(job.settings).items() if key not in _NOT_SHOWN}
    found = scores(job)
    measured = [*SCORES, *(name for name in found if name.endswith("_network")), *USUAL]
    name = next((name for name in measured if isinstance(found.get(name), int | float)), "")
    rmse = found.get("rmse_network")
    return {
        "run": short_id(job.id),
        "started": time.strftime("%d %b %H:%M", time.localtime(job.created)),
        "state": str(job.state),
        "task": task_title(job),
        "parameters": ", ".join(f"{key.removesuffix('.name')} {_short(value)}" for key, value in known.items()) or "usual",
        "score": _rounded(found[name]) if name else None,
        "RMSE": _rounded(rmse) if isinstance(rmse, int | float) else None,
        "iterations": job.done,
        "minutes": round((job.ended - job.started) / 60, 2) if job.ended and job.started else None,
        "from": origin(job),
        "tags": ", ".join(job.tags),
    }


def scores(job: Job) -> Mapping[str, Any]:
    """Return the scores of a run: those of its summary, or, where it has none, the newest that it reported."""
    return job.summary or job.latest


def differences(jobs: Sequence[Job]) -> str:
    """Return a table of the runs, each in its colour, with the settings in which they differ and their scores."""
    settings = [_flat(job) for job in jobs]
    keys = dict.fromkeys(key for tree in settings for key in tree)
    differing = [key for key in keys if len({str(tree.get(key)) for tree in settings}) > 1]
    found = [scores(job) for job in jobs]
    named = [name for name in dict.fromkeys(name for values in found for name in values) if _is_score(name)]
    heads = "".join(
        f'<td><span class="swatch" style="background:{CURVE_COLOURS[k % len(CURVE_COLOURS)]}"></span>{short_id(job.id)}</td>'
        for k, job in enumerate(jobs)
    )
    lines = [f"<tr><th>run</th>{heads}</tr>"]
    for key in differing:
        cells = "".join(f"<td><b>{escape(_short(tree.get(key, '–')))}</b></td>" for tree in settings)
        lines.append(f"<tr><th>{escape(key)}</th>{cells}</tr>")
    for name in named:
        cells = "".join(f"<td>{_number(values.get(name))}</td>" for values in found)
        lines.append(f"<tr><th>{escape(metric_label(name))}</th>{cells}</tr>")
    times = "".join(f"<td>{duration(job.ended - job.started) if job.ended and job.started else '–'}</td>" for job in jobs)
    lines.append(f"<tr><th>duration</th>{times}</tr>")
    same = "" if differing else '<div class="hint">The settings of these runs are the same.</div>'
    return f'<table class="numbers runs">{"".join(lines)}</table>{same}'


def _flat(job: Job) -> dict[str, object]:
    """Return all settings of a run, the usual ones too, by their keys with dots between the levels."""
    try:
        tree: Mapping[str, Any] = settings_of(job).model_dump()
    except InputError:  # of an earlier version of the program
        return dict(parameters(job.settings))
    return dict(_leaves(tree, ""))


def _leaves(tree: Mapping[str, Any], above: str) -> list[tuple[str, object]]:
    leaves: list[tuple[str, object]] = []
    for key, value in tree.items():
        name = f"{above}.{key}" if above else key
        leaves += _leaves(value, name) if isinstance(value, Mapping) else [(name, value)]
    return leaves


def _is_score(name: str) -> bool:
    return (
        name in USUAL
        or name.startswith(("cost_", "rmse_", "crps_", "score"))
        or name.endswith(("_network", "_3dvar", "_reference"))
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _number(value: object) -> str:
    return number(value) if isinstance(value, int | float) else "–"


def _short(value: object) -> str:
    text = ", ".join(f"{part}" for part in value) if isinstance(value, list | tuple) else f"{value}"
    return text if len(text) <= 40 else f"{text[:39]}…"
