"""What the Rollout page exports: the scores of the forecasts that are shown, with the settings that make them again."""

from backends.errors import InputError
from backends.experiments.run import to_yaml
from backends.pictures.forecasts import forecasts
from backends.pictures.script import stem
from backends.pictures.scripts import rollout_script
from dashboard.export import Snapshot
from dashboard.rollout.state import RolloutState

FORMS = ("png", "svg", "nc", "csv", "yaml", "py")


def snapshot(state: RolloutState) -> Snapshot:
    """Return what is shown now.

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
    texts = {"yaml": to_yaml(settings), "py": rollout_script(settings, name)}
    return Snapshot(name, lambda: forecasts(view), texts)
