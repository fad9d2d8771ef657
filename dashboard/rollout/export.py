"""What each tab of the Rollout page exports, with the settings: states, scores, what forecasts keep, a gradient."""

from collections.abc import Callable
from pathlib import Path

from backends.errors import InputError
from backends.experiments.rollout.kept import NAME, opened
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.view import RolloutView
from backends.experiments.run import from_yaml, of_kind, to_yaml
from backends.jobs.job import Job, State
from backends.pictures.forecasts import forecasts
from backends.pictures.physics import physics
from backends.pictures.rollout_scripts import rollout_script, run_script, sensitivity_script, states_script
from backends.pictures.rollout_states import Frame, archived, states
from backends.pictures.script import stem
from backends.pictures.sensitivity import sensitivity
from dashboard.export import Snapshot
from dashboard.rollout.asking import Asking

FORMS = ("png", "svg", "nc", "csv", "yaml", "py")


def scores_snapshot(view: RolloutView | None) -> Snapshot:
    """Return the scores; refused with a sentence where there are no forecasts yet."""
    view = _there(view)
    name, yaml = _begin(view)
    return Snapshot(name, lambda: forecasts(view), {**yaml, "py": rollout_script(view.prepared.settings, name)})


def physics_snapshot(view: RolloutView | None) -> Snapshot:
    """Return what forecasts keep."""
    view = _there(view)
    name, yaml = _begin(view, "physics")
    return Snapshot(name, lambda: physics(view), {**yaml, "py": rollout_script(view.prepared.settings, name, "physics")})


def states_snapshot(view: RolloutView | None, frame: Frame) -> Snapshot:
    """Return the states at the lead that is shown."""
    view = _there(view)
    name, yaml = _begin(view, f"lead{frame.lead}")
    text = states_script(view.prepared.settings, view.start, frame, name)
    return Snapshot(name, lambda: states(view, frame), {**yaml, "py": text})


def archive_snapshot(view: RolloutView | None, frame: Frame) -> Snapshot:
    """Return the states at the lead that is shown, and all members at all leads as numbers."""
    view = _there(view)
    name, yaml = _begin(view, "archive", f"lead{frame.lead}")
    text = states_script(view.prepared.settings, view.start, frame, name, "archived")
    return Snapshot(name, lambda: archived(view, frame), {**yaml, "py": text})


def run_snapshot(job: Job | None, fetch: Callable[[str, str], bytes], folder: Path) -> Snapshot:
    """Return the scores of a long run, whose files are fetched by its id and their names; `folder` is that of the data.

    Raises
    ------
    InputError
        If there is no run, or none that has ended with forecasts.
    """
    if job is None:
        raise InputError("there is no run; start one, and export it when it has ended")
    if job.state is not State.COMPLETED or NAME not in job.artifacts:
        raise InputError("the run that is chosen has left no forecasts; a run is exported when it has completed")
    settings = of_kind(from_yaml(job.settings), RolloutSettings)
    name = stem(stem("rollout", settings.start.name, *settings.labels), "run", job.id[:6])
    texts = {"yaml": to_yaml(settings), "py": run_script(job.id, name)}
    return Snapshot(name, lambda: forecasts(opened(fetch(job.id, NAME), folder)), texts)


def sensitivity_snapshot(asking: Asking, to: int) -> Snapshot:
    """Return the newest gradient, of the field `to` of the start.

    Raises
    ------
    InputError
        If there is none yet, or it could not be computed.
    """
    view, answer = _there(asking.view), asking.answer
    if asking.running:
        raise InputError("the gradient is on its way; it is exported as soon as it is shown")
    if answer is None:
        raise InputError(asking.problem or "there is no gradient; choose another lead, or another box")
    name, yaml = _begin(view, "sensitivity")
    text = sensitivity_script(view.prepared.settings, view.start, answer.question, to, name)
    return Snapshot(name, lambda: sensitivity(view, answer, to), {**yaml, "py": text})


def _there(view: RolloutView | None) -> RolloutView:
    if view is None:
        raise InputError("there are no forecasts yet; they are exported as soon as they are shown")
    return view


def _begin(view: RolloutView, *more: str) -> tuple[str, dict[str, str]]:
    """Return the name of the files, and the experiment."""
    settings = view.prepared.settings
    return stem(stem("rollout", settings.start.name, *view.labels), *more), {"yaml": to_yaml(settings)}
