"""The script of each page's picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

from backends.experiments.cycling.replay import Stages
from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import Parameter, Score
from backends.pictures.cycling import Look
from backends.pictures.script import script
from backends.pictures.training import Look as TrainingLook

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


_TRAINING = """
exhibit = training(read_run(RUN, STORE), Look(**LOOK))
"""


def training_script(run: str, store: str, look: TrainingLook, name: str) -> str:
    """Return the script of the curves and the unseen cases of a run, which reads them from the run's record."""
    imports = {"backends.jobs.reading": ["read_run"], "backends.pictures.training": ["Look", "training"]}
    where = (
        "The MLflow store with its record: an address, or a path."
        if store
        else "Its record lies in the folder ASSIMILAB_HOME, or on the server MLFLOW_TRACKING_URI; or name another MLflow store."
    )
    literals: dict[str, tuple[str, object]] = {
        "RUN": ("The id of the run.", run),
        "STORE": (where, store),
        "LOOK": ("What curves are drawn against, over how many reports the loss is smoothed, and its axis.", asdict(look)),
    }
    return script("Training", name, ("nc", "csv", "gallery.csv"), imports, literals, _TRAINING, needs_files=False)


_OUTCOME = """
settings = from_yaml(EXPERIMENT)
prepared = prepare(settings.case, Catalogue(FOLDER))
outcome = prepared.experiment.run(settings)
"""


def covariance_script(settings: AnalysisSettings, place: Sequence[float], name: str) -> str:
    """Return the script of a column of B at a place, and of its eigenvalues."""
    imports = {"backends.experiments.covariance_picture": ["covariance_picture"]}
    literals: dict[str, tuple[str, object]] = {"PLACE": ("Where the column is of.", tuple(map(float, place)))}
    body = "exhibit = covariance(covariance_picture(prepared.experiment, outcome, PLACE), outcome)\n"
    return _tab_script(settings, name, "covariance", imports, literals, body)


def surface_script(settings: AnalysisSettings, axes: Sequence[Parameter], score: Score, name: str) -> str:
    """Return the script of a tuning surface over two parameters."""
    imports = {"backends.experiments.surface": ["tuning_surface", "usual_axis"]}
    literals: dict[str, tuple[str, object]] = {
        "AXES": ("Parameters that are varied, across and upward.", tuple(axes)),
        "SCORE": ("What is judged.", score),
    }
    body = (
        "x, y = (usual_axis(prepared.experiment, settings, parameter) for parameter in AXES)\n"
        "exhibit = surface(tuning_surface(prepared.experiment, settings, x, y, SCORE), outcome)\n"
    )
    return _tab_script(settings, name, "surface", imports, literals, body, "surface")


def outcome_script(settings: AnalysisSettings, view: Literal["diagnostics", "convergence"], name: str) -> str:
    """Return the script of the diagnostics of an analysis, or of how its solver converged."""
    return _tab_script(settings, name, view, {}, {}, f"exhibit = {view}(outcome)\n")


def _tab_script(
    settings: AnalysisSettings,
    name: str,
    view: str,
    imports: Mapping[str, Sequence[str]],
    literals: Mapping[str, tuple[str, object]],
    body: str,
    module: str = "analysis_views",
) -> str:
    imports = {
        "backends.experiments.prepare": ["prepare"], "backends.experiments.run": ["from_yaml"],
        "backends.fields.catalogue": ["Catalogue"], f"backends.pictures.{module}": [view], **imports,
    }  # fmt: skip
    experiment = ("The settings as an experiment file, described in docs/experiments.md.", to_yaml(settings))
    return script("Analysis", name, ("nc", "csv"), imports, {"EXPERIMENT": experiment, **literals}, _OUTCOME + body)


_CYCLING = """
stages = [(0, from_yaml(EXPERIMENT)), *((after, from_yaml(text)) for after, text in CHANGES.items())]
exhibit = cycling(replay(stages, CYCLES), Look(**LOOK))
"""


def cycling_script(stages: Stages, cycles: int, look: Look, name: str) -> str:
    """Return the script of a race after so many cycles, complete with what was changed on the way."""
    imports = {
        "backends.experiments.cycling.replay": ["replay"], "backends.experiments.run": ["from_yaml"],
        "backends.pictures.cycling": ["Look", "cycling"],
    }  # fmt: skip
    (_, first), *later = stages
    literals: dict[str, tuple[str, object]] = {
        "EXPERIMENT": ("The settings that the race began with as an experiment file, see docs/cycling.md.", to_yaml(first)),
        "CHANGES": (
            "What they were changed to on the way, and after which cycle.",
            {after: to_yaml(settings) for after, settings in later},
        ),
        "CYCLES": ("Cycles that are run.", int(cycles)),
        "LOOK": ("Number of the method whose states are shown, cycles on the axes, and how they are drawn.", asdict(look)),
    }
    return script("Cycling", name, ("nc", "csv", "feedback.nc"), imports, literals, _CYCLING, needs_files=False)
