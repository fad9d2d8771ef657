"""Experiments as files describe them, made short for tests."""

from pathlib import Path

from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.outcome import Outcome
from backends.experiments.prepare import prepare
from backends.experiments.run import Summary, run_settings, settings_from
from backends.experiments.settings import AnalysisSettings
from backends.fields.catalogue import Catalogue

EXAMPLES = sorted((Path(__file__).parents[2] / "assets" / "experiments").glob("*.yaml"))
NOWHERE = Path("there-is-no-such-folder")
LINE = {"name": "periodic-1d", "points": 100, "background": "consistent", "seed": 3}
PLANE = {"name": "xz-2d", "nx": 40, "nz": 16, "seed": 3}


def settings(**sections: object) -> AnalysisSettings:
    """Return the settings of a file with these sections."""
    return settings_from({"kind": "analysis", **sections})


def summary(folder: Path = NOWHERE, **sections: object) -> Summary:
    """Return the summary of a file with these sections."""
    return run_settings(settings(**sections), Catalogue(folder))


def experiment(folder: Path = NOWHERE, **case: object) -> AnalysisExperiment:
    """Return the experiment of a case."""
    return prepare(settings(case=case).case, Catalogue(folder)).experiment


def outcome(folder: Path = NOWHERE, **sections: object) -> Outcome:
    """Return the outcome of a file with these sections."""
    asked = settings(**sections)
    return prepare(asked.case, Catalogue(folder)).experiment.run(asked)
