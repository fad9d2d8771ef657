"""A cycling experiment as a job: outside the server's process, with progress, and files at the end."""

import json
import tempfile
from pathlib import Path
from typing import Any

from backends.experiments.cycling.export import to_netcdf
from backends.experiments.cycling.feedback import file_names, to_feedback
from backends.experiments.cycling.run import run, summary
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.run import from_yaml, of_kind
from backends.jobs.context import JobContext


def run_job(settings_yaml: str, folder: Path, context: JobContext) -> dict[str, Any]:
    """Run a cycling experiment; report the newest errors meanwhile, leave the run and feedback files, return the summary."""
    del folder  # cycling needs no data
    settings = of_kind(from_yaml(settings_yaml), CyclingSettings)
    context.report(0, settings.cycles, note="making the truth and its climate")

    def report(cycle: int, means: dict[str, float]) -> None:
        context.report(cycle, settings.cycles, means, note="cycling")

    race = run(settings, report)
    context.report(race.cycle, settings.cycles, note="writing files")
    result = summary(race)
    with tempfile.TemporaryDirectory() as place:
        to_netcdf(race, Path(place) / "run.nc")
        for number, name in enumerate(file_names(race)):
            to_feedback(race, number, Path(place) / name)
        for path in sorted(Path(place).iterdir()):
            context.save(path.name, path.read_bytes())
    context.save("summary.json", json.dumps(result, indent=2, ensure_ascii=False))
    return result
