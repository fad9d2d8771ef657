"""A rollout as a job: outside the server's process, with progress."""

import json
import tempfile
from pathlib import Path
from typing import Any

from backends.experiments.rollout.generalise import generalised
from backends.experiments.rollout.kept import NAME, to_bytes
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.store import write_zarr
from backends.experiments.rollout.summary import summary
from backends.experiments.rollout.tables import generalisation_table, scores_table, spectra_table, to_csv
from backends.experiments.rollout.view import RolloutView, view_of
from backends.experiments.rollout.written import zip_store
from backends.experiments.run import from_yaml, of_kind
from backends.jobs.context import JobContext


def run_job(settings_yaml: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Run all forecasts of an experiment, and return the summary.

    Summary, scores, the forecasts from one start as a zipped Zarr store, and what a page opens are left as files.
    """
    settings = of_kind(from_yaml(settings_yaml), RolloutSettings)
    leads = settings.steps // settings.every
    context.report(0, leads, note="preparing the starts")
    prepared = prepare(settings, folder, report=lambda done, of: context.report(0, leads, note=f"analysing {done} of {of}"))
    result = prepared.run(lambda lead, of: context.report(lead, of, note="forecasting"))
    scores = summary(result, settings, prepared.small_errors() if settings.growth else None)
    if settings.generalise.asked:
        note = "forecasting from other starts"
        trials = generalised(prepared, result, settings.generalise, lambda lead, of: context.report(lead, of, note=note))
        scores["generalisation"] = [trial.summary() for trial in trials]
        context.save("generalisation.csv", to_csv(generalisation_table(trials)))
    context.report(leads, leads, note="writing files")
    view = view_of(prepared, result)
    context.save("scores.csv", to_csv(scores_table(view, settings.labels[settings.baseline_number])))
    if result.wavenumbers.numel():
        context.save("spectra.csv", to_csv(spectra_table(view)))
    context.save("forecast.zarr.zip", _zipped(view))
    context.save(NAME, to_bytes(settings, result))
    context.save("summary.json", json.dumps(scores, indent=2, ensure_ascii=False))
    return scores


def _zipped(view: RolloutView) -> bytes:
    """Return the store of the start that is shown, in an archive that zarr and xarray read as it is."""
    with tempfile.TemporaryDirectory() as place:
        store, file = Path(place) / "forecast.zarr", Path(place) / "forecast.zarr.zip"
        write_zarr(view, store, "balanced")
        zip_store(store, file)
        return file.read_bytes()
