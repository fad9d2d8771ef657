"""The script of each page's picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from backends.experiments.cycling.replay import Stages
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import Parameter, Score
from backends.fields.addresses import is_address
from backends.fields.overlays.asked import Asked
from backends.fields.raster import Window
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
    return _tab_script(settings, name, "surface", imports, literals, body)


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
) -> str:
    imports = {
        "backends.experiments.prepare": ["prepare"], "backends.experiments.run": ["from_yaml"],
        "backends.fields.catalogue": ["Catalogue"], "backends.pictures.analysis_views": [view], **imports,
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


_ROLLOUT = """
prepared = prepare(from_yaml(EXPERIMENT), FOLDER)  # truth, starts and models; networks by the runs that trained them
exhibit = EXHIBIT(view_of(prepared, prepared.run()))
"""


def rollout_script(settings: RolloutSettings, name: str, exhibit: Literal["forecasts", "physics"] = "forecasts") -> str:
    """Return the script of forecasts, of their scores or of what they keep, complete with their settings."""
    imports: dict[str, Sequence[str]] = {
        "backends.experiments.rollout.prepare": ["prepare"], "backends.experiments.rollout.view": ["view_of"],
        "backends.experiments.run": ["from_yaml"], f"backends.pictures.{exhibit}": [exhibit],
    }  # fmt: skip
    literals = {"EXPERIMENT": ("The settings as an experiment file, described in docs/rollout.md.", to_yaml(settings))}
    return script("Rollout", name, ("nc", "csv"), imports, literals, _ROLLOUT.replace("EXHIBIT", exhibit))


@dataclass(frozen=True, eq=False)
class MapAsked:
    """What a map of the Explore page is made of.

    Attributes
    ----------
    dataset, variable, selection
        Key of the dataset, or the name of an uploaded file; name of the variable; index on each axis.
    uploaded
        Whether it is an uploaded file.
    window
        What the pixels were asked for of; None for all.
    projection
        Key of the map's projection, and latitude and longitude of its middle.
    limits
        Of the colours.
    places
        Latitude and longitude of those with series.
    overlay, seen, size
        What lies over the map, the part that is seen, and its pixels on the screen.
    """

    dataset: str
    variable: str
    selection: Mapping[str, int]
    uploaded: bool
    window: Window | None
    projection: tuple[str, float, float]
    limits: tuple[float, float]
    places: Sequence[tuple[float, float]]
    overlay: Asked
    seen: Window | None
    size: tuple[int, int]


def field_script(asked: MapAsked, name: str) -> str:
    """Return the script of a map."""
    imports: dict[str, list[str]] = {"backends.fields.picture": ["look_at"], "backends.pictures.field": ["field"]}
    literals: dict[str, tuple[str, object]] = {}
    if asked.uploaded:
        imports |= {"backends.fields.readers": ["open_dataset"], "pathlib": ["Path"]}
        literals["FILE"] = ("The file that was uploaded: put it beside this script.", asked.dataset)
        body = "dataset = open_dataset(Path(__file__).with_name(FILE))\n"
    else:
        imports["backends.fields.catalogue"] = ["Catalogue"]
        literals["DATASET"] = ("A file in the data folder, or what else the page lists.", asked.dataset)
        anywhere = ", any_address=True" if is_address(asked.dataset) else ""
        body = f"dataset = Catalogue(FOLDER{anywhere}).open(DATASET)\n"
    literals["VARIABLE"] = ("What is drawn.", asked.variable)
    literals["SELECTION"] = (
        "Index on each axis besides the horizontal ones, from 0.",
        {axis: int(index) for axis, index in asked.selection.items()},
    )
    literals["LIMITS"] = ("What the first and the last colour stand for.", tuple(map(float, asked.limits)))
    window, more, arguments = "None", "", ["picture", "LIMITS"]
    if asked.window is not None:
        imports["backends.fields.raster"] = ["Window"]
        literals["WINDOW"] = ("West, east, south and north of the pixels.", _numbers(asked.window))
        window = "Window(*WINDOW)"
    if asked.projection[0] != "lat-lon":
        imports["backends.fields.views"] = ["projection_of"]
        literals["MAP"] = (
            "Projection, and latitude and longitude of its middle.",
            (asked.projection[0], *map(float, asked.projection[1:])),
        )
        more = ", projection_of(*MAP)"
    body += f"picture = look_at(dataset, VARIABLE, SELECTION, {window}{more})\n"
    if asked.places:
        literals["PLACES"] = ("Latitude and longitude of places with series.", [tuple(map(float, p)) for p in asked.places])
        body += "series = [dataset.series(VARIABLE, latitude, longitude, SELECTION) for latitude, longitude in PLACES]\n"
        arguments.append("series")
    if asked.seen is not None:
        imports["backends.fields.raster"] = ["Window"]
        literals["SEEN"] = ("West, east, south and north of what is seen.", _numbers(asked.seen))
    if asked.overlay.anything:
        imports["backends.fields.overlays.asked"] = ["Asked", "overlay"]
        literals["OVER"] = ("What lies over the colours.", asdict(asked.overlay))
        seen = "None" if asked.seen is None else "Window(*SEEN)"
        width, height = asked.size
        body += f"over = overlay(dataset, picture, Asked(**OVER), {seen}, {width:d}, {height:d})\n"
        arguments.append("overlay=over")
    if asked.seen is not None:
        arguments.append("seen=Window(*SEEN)")
    body += f"exhibit = field({', '.join(arguments)})\n"
    return script("Explore", name, ("nc", "csv", "series.csv"), imports, literals, body, needs_files=not asked.uploaded)


def _numbers(window: Window) -> tuple[float, ...]:
    return tuple(float(side) for side in (window.west, window.east, window.south, window.north))
