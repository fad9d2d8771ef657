"""The scripts of the tabs of the Rollout page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

from backends.experiments.rollout.sensitivity import Question
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.run import to_yaml
from backends.pictures.rollout_states import Frame
from backends.pictures.script import script

_ROLLOUT = """
prepared = prepare(from_yaml(EXPERIMENT), FOLDER)  # truth, starts and models; networks by the runs that trained them
view = view_of(prepared, prepared.run()START)
"""


def rollout_script(settings: RolloutSettings, name: str, exhibit: Literal["forecasts", "physics"] = "forecasts") -> str:
    """Return the script of forecasts, of their scores or of what they keep, complete with their settings."""
    return _script(settings, name, {f"backends.pictures.{exhibit}": [exhibit]}, {}, f"exhibit = {exhibit}(view)\n")


def states_script(
    settings: RolloutSettings, start: int, frame: Frame, name: str, exhibit: Literal["states", "archived"] = "states"
) -> str:  # fmt: skip
    """Return the script of the states of forecasts from a start at a lead, or of all that a store holds of that start."""
    literals: dict[str, tuple[str, object]] = {
        "START": ("Number of the start, from 0.", int(start)),
        "FRAME": ("Numbers of lead and field, and what of the members is shown.", _plain(asdict(frame))),
    }
    imports = {"backends.pictures.rollout_states": ["Frame", exhibit]}
    return _script(settings, name, imports, literals, f"exhibit = {exhibit}(view, Frame(**FRAME))\n")


_RUN = """
exhibit = forecasts(opened(read_file(RUN, NAME), FOLDER))
"""


def run_script(run: str, name: str) -> str:
    """Return the script of the scores of a long run, which reads its forecasts from the run's record."""
    imports = {
        "backends.experiments.rollout.kept": ["NAME", "opened"], "backends.jobs.reading": ["read_file"],
        "backends.pictures.forecasts": ["forecasts"],
    }  # fmt: skip
    literals: dict[str, tuple[str, object]] = {
        "RUN": ("Its record lies in the folder ASSIMILAB_HOME, or on the server MLFLOW_TRACKING_URI.", run)
    }
    return script("Rollout", name, ("nc", "csv"), imports, literals, _RUN)


def sensitivity_script(settings: RolloutSettings, start: int, question: Question, to: int, name: str) -> str:
    """Return the script of a gradient: what the error of a forecast depends on."""
    literals: dict[str, tuple[str, object]] = {
        "START": ("Number of the start, from 0.", int(start)),
        "QUESTION": ("Of which error, and in which box of cells, slowest axis first.", _plain(asdict(question))),
        "FIELD": ("Number of the field of the start that the gradient is drawn of.", int(to)),
    }
    imports = {
        "backends.experiments.rollout.sensitivity": ["Question", "sensitivity_of"],
        "backends.pictures.sensitivity": ["sensitivity"],
    }
    body = (
        "answer = sensitivity_of(prepared, view.layout, Question(**QUESTION))\n"
        "exhibit = sensitivity(view, answer, FIELD)\n"
    )  # fmt: skip
    return _script(settings, name, imports, literals, body)


def _script(
    settings: RolloutSettings,
    name: str,
    imports: Mapping[str, Sequence[str]],
    literals: Mapping[str, tuple[str, object]],
    body: str,
) -> str:
    imports = {
        "backends.experiments.rollout.prepare": ["prepare"], "backends.experiments.rollout.view": ["view_of"],
        "backends.experiments.run": ["from_yaml"], **imports,
    }  # fmt: skip
    experiment = ("The settings as an experiment file, described in docs/rollout.md.", to_yaml(settings))
    begin = _ROLLOUT.replace("START", ", START" if "START" in literals else "")
    return script("Rollout", name, ("nc", "csv"), imports, {"EXPERIMENT": experiment, **literals}, begin + body)


def _plain(value: object) -> object:
    """Return dicts and tuples of Python's own numbers and texts."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_plain(entry) for entry in value)
    return value if value is None or isinstance(value, bool | str) else int(value)  # type: ignore[call-overload]
