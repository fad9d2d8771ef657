"""What the Rollout page exports: scores of the forecasts that are shown, or what they keep, with their settings."""

from typing import Literal

from backends.errors import InputError
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.run import to_yaml
from backends.pictures.forecasts import forecasts
from backends.pictures.physics import physics
from backends.pictures.script import stem
from backends.pictures.scripts import rollout_script
from dashboard.export import Snapshot
from dashboard.rollout.state import RolloutState

FORMS = ("png", "svg", "nc", "csv", "yaml", "py")


def snapshot(state: RolloutState, of_physics: bool) -> Snapshot:
    """Return what is shown now: scores, or what forecasts keep.

    Raises
    ------
    InputError
        If there are no forecasts yet.
    """
    view = state.view
    if view is None:
        raise InputError("there are no forecasts yet; they are exported as soon as they are shown")
    settings = view.prepared.settings
    name = stem("rollout", settings.start.name, *view.labels)
    if of_physics:
        name = stem(name, "physics")
        return Snapshot(name, lambda: physics(view), _texts(settings, name, "physics"))
    return Snapshot(name, lambda: forecasts(view), _texts(settings, name, "forecasts"))


def _texts(settings: RolloutSettings, name: str, exhibit: Literal["forecasts", "physics"]) -> dict[str, str]:
    return {"yaml": to_yaml(settings), "py": rollout_script(settings, name, exhibit)}
