"""The script of each page's picture."""

from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.pictures.script import script

_ANALYSIS = """
settings = from_yaml(EXPERIMENT)
prepared = prepare(settings.case, Catalogue(FOLDER))  # truth and background, or the stations
outcome = prepared.experiment.run(settings)  # observes, and analyses
exhibit = analysis(prepared, outcome)
"""


def analysis_script(settings: AnalysisSettings, name: str) -> str:
    """Return the script of an analysis, complete with its settings."""
    imports = {
        "backends.experiments.prepare": ["prepare"], "backends.experiments.run": ["from_yaml"],
        "backends.fields.catalogue": ["Catalogue"], "backends.pictures.analysis": ["analysis"],
    }  # fmt: skip
    literals = {"EXPERIMENT": ("The settings as an experiment file, described in docs/experiments.md.", to_yaml(settings))}
    return script("Analysis", name, ("nc", "csv", "observations.csv"), imports, literals, _ANALYSIS)
