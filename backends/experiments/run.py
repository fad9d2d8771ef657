"""Running an experiment file: ``python -m backends run FILE.yaml``."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from backends.errors import InputError
from backends.experiments.cases import StationsCase
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.faults import validated
from backends.experiments.prepare import prepare
from backends.experiments.repeat import repeated
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.settings import AnalysisSettings
from backends.experiments.summary import scores, summary_of
from backends.experiments.training.registry import TASKS
from backends.experiments.training.settings import TrainingSettings
from backends.experiments.yaml_text import load, parse
from backends.fields.catalogue import Catalogue

Settings = AnalysisSettings | CyclingSettings | TrainingSettings | RolloutSettings
Summary = dict[str, Any]
Chosen = TypeVar("Chosen", AnalysisSettings, CyclingSettings, TrainingSettings, RolloutSettings)

#: The one in C where there is one: pages write the settings as text at each step of a slider.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
#: Kinds of experiment that a file may describe; those of trainings depend on the task.
KINDS: dict[str, type[Settings]] = {
    "analysis": AnalysisSettings, "cycling": CyclingSettings, "training": TrainingSettings, "rollout": RolloutSettings,
}  # fmt: skip


def run_file(path: Path, folder: Path, changes: Sequence[str] = (), out: Path | None = None) -> Summary:
    """Run an experiment file and return its summary.

    Parameters
    ----------
    path
        The YAML file.
    folder
        The data folder, which paths in the file are relative to.
    changes
        ``key=value`` with dots between the levels of keys, such as ``observations.count=50``; values are YAML.
    out
        A folder to write ``experiment.yaml``, the settings that were run, and ``summary.json`` to.

    Raises
    ------
    InputError
        If the file, a key or a value is wrong, or the experiment cannot be run.
    """
    tree = load(path)
    for change in changes:
        _set(tree, change)
    settings = settings_from(tree)
    if out is not None:  # before the work, so that a folder that cannot be written to costs none
        _write(out, "experiment.yaml", to_yaml(settings))
    summary = _run(settings, folder, out)
    if out is not None:
        _write(out, "summary.json", json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    return summary


def _run(settings: Settings, folder: Path, out: Path | None) -> Summary:
    if isinstance(settings, AnalysisSettings):
        return run_settings(settings, Catalogue(folder))
    if isinstance(settings, CyclingSettings):
        return run_cycling(settings, out)
    if isinstance(settings, RolloutSettings):
        return run_rollout(settings, folder, out)
    from backends.experiments.training.job import run_recorded

    return run_recorded(settings, folder, out)


def run_cycling(settings: CyclingSettings, out: Path | None) -> Summary:
    """Run a cycling experiment and return its summary; write the run, and a feedback file of each method, to a folder."""
    from backends.experiments.cycling.run import run, summary

    race = run(settings)
    if out is not None:
        from backends.experiments.cycling.export import to_netcdf
        from backends.experiments.cycling.feedback import file_names, to_feedback

        to_netcdf(race, out / "run.nc")
        for method, name in enumerate(file_names(race)):
            to_feedback(race, method, out / name)
    return summary(race)


def run_rollout(settings: RolloutSettings, folder: Path, out: Path | None) -> Summary:
    """Run a rollout and return its summary; write scores, spectra and the forecasts from one start to a folder."""
    from backends.experiments.rollout.generalise import generalised
    from backends.experiments.rollout.prepare import prepare
    from backends.experiments.rollout.summary import summary

    prepared = prepare(settings, folder)
    result = prepared.run()
    trials = generalised(prepared, result, settings.generalise) if settings.generalise.asked else ()
    if out is not None:
        from backends.experiments.rollout.store import write_zarr
        from backends.experiments.rollout.tables import generalisation_table, scores_table, spectra_table, to_csv
        from backends.experiments.rollout.view import view_of

        view = view_of(prepared, result)
        _write(out, "scores.csv", to_csv(scores_table(view, settings.labels[settings.baseline_number])))
        if result.wavenumbers.numel():
            _write(out, "spectra.csv", to_csv(spectra_table(view)))
        if trials:
            _write(out, "generalisation.csv", to_csv(generalisation_table(trials)))
        write_zarr(view, out / "forecast.zarr", "balanced", replace=True)
    growth = prepared.small_errors() if settings.growth else None
    return summary(result, settings, growth) | ({"generalisation": [trial.summary() for trial in trials]} if trials else {})


def run_settings(settings: AnalysisSettings, catalogue: Catalogue) -> Summary:
    """Run an analysis and return its summary."""
    experiment = prepare(settings.case, catalogue).experiment
    if settings.repeat is None:
        outcome = experiment.run(settings)
        said = {"notes": outcome.case.notes, "warnings": outcome.warnings}
        return summary_of(scores(outcome), outcome.seconds) | {name: list(texts) for name, texts in said.items() if texts}
    experiments = splits(settings, catalogue) if isinstance(settings.case, StationsCase) else experiment
    numbers = repeated(experiments, settings)
    return summary_of(numbers, numbers.pop("seconds"))


def splits(settings: AnalysisSettings, catalogue: Catalogue) -> Iterator[AnalysisExperiment]:
    """Return one experiment for each split of the stations into used and withheld ones, seeds counting on."""
    assert isinstance(settings.case, StationsCase)
    for draw in range(settings.repeat or 1):
        case = settings.case.model_copy(update={"seed": settings.case.seed + draw})
        yield prepare(case, catalogue).experiment


def settings_from(tree: object) -> Settings:
    """Return the settings that a parsed file describes.

    Raises
    ------
    InputError
        If a key is unknown or a value out of range; the sentence names it, what came, and what was expected.
    """
    if not isinstance(tree, Mapping):
        raise InputError(f"an experiment file must hold keys and values, beginning with kind: {' or '.join(KINDS)}")
    kind = tree.get("kind")
    if kind is None:
        raise InputError(f"kind is missing; it must be {' or '.join(KINDS)}")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"kind: must be {' or '.join(KINDS)}; came {kind!r:.60}")
    model = _task(tree) if kind == "training" else KINDS[kind]
    return validated(model, tree)


def _task(tree: Mapping) -> type[TrainingSettings]:
    """Return the settings of the task that a training is of."""
    task = tree.get("task")
    if not isinstance(task, str) or task not in TASKS:
        came = "it is missing" if task is None else f"came {task!r:.60}"
        raise InputError(f"task: must be {' or '.join(TASKS)}; {came}")
    return TASKS[task]


def to_yaml(settings: Settings) -> str:
    """Return settings as an experiment file: what differs from the defaults, and all names."""
    task = {"task": settings.task} if isinstance(settings, TrainingSettings) else {}
    tree = {"kind": settings.kind, **task, **settings.tree()}
    return yaml.dump(tree, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def from_yaml(text: str) -> Settings:
    """Return the settings of a file's text."""
    return settings_from(parse(text, "the file"))


def of_kind(settings: Settings, kind: type[Chosen]) -> Chosen:
    """Return settings that must be of one kind.

    Raises
    ------
    InputError
        If they are of another.
    """
    if not isinstance(settings, kind):
        raise InputError(f"this is an experiment of kind {settings.kind}; open it on the page of that name")
    return settings


def _set(tree: object, change: str) -> None:
    key, separator, text = change.partition("=")
    if not separator or not key.strip():
        raise InputError(f"a change must look like observations.count=50; came {change!r}")
    *path, last = key.strip().split(".")
    for step in path:
        tree = tree.setdefault(step, {}) if isinstance(tree, dict) else _entry(tree, step, key)
    if isinstance(tree, list):
        _entry(tree, last, key)
        tree[int(last)] = parse(text, repr(change))
    elif isinstance(tree, dict):
        tree[last] = parse(text, repr(change))
    else:
        raise InputError(f"{key!r} cannot be set: the keys above it hold a single value")


def _entry(tree: object, step: str, key: str) -> Any:
    """Return an entry of a list by its number, counted from 0."""
    if not isinstance(tree, list):
        raise InputError(f"{key!r} cannot be set: the keys above it hold a single value")
    if not step.isdigit() or int(step) >= len(tree):
        raise InputError(f"{key!r} cannot be set: the list has entries 0 to {len(tree) - 1}; came {step!r:.40}")
    return tree[int(step)]


def _write(folder: Path, name: str, text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{name} cannot be written to {str(folder)!r}: {problem.strerror}") from problem


def default_folder() -> Path:
    """Return the data folder: ``ASSIMILAB_DATA``, or ``data`` where the command is run."""
    return Path(os.environ.get("ASSIMILAB_DATA", "data"))
