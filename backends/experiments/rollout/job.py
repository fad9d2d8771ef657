"""A rollout as a job: outside the server's process, with progress."""

import json
from pathlib import Path
from typing import Any

from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.summary import summary
from backends.experiments.run import from_yaml, of_kind
from backends.jobs.context import JobContext


def run_job(settings_yaml: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Run all forecasts of an experiment, and return the summary, which is left as a file, too."""
    settings = of_kind(from_yaml(settings_yaml), RolloutSettings)
    leads = settings.steps // settings.every
    context.report(0, leads, note="preparing the starts")
    prepared = prepare(settings, folder)
    result = prepared.run(lambda lead, of: context.report(lead, of, note="forecasting"))
    scores = summary(result, settings, prepared.small_errors() if settings.growth else None)
    context.save("summary.json", json.dumps(scores, indent=2, ensure_ascii=False))
    return scores
