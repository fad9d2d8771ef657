"""What the Analysis page exports: what the tab that is looked at shows of the newest analysis, with its settings."""

from backends.errors import InputError
from backends.experiments.covariance_picture import CovariancePicture
from backends.experiments.outcome import Outcome
from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import Surface
from backends.experiments.training.use import Learned
from backends.pictures.analysis import analysis
from backends.pictures.analysis_views import convergence, covariance, diagnostics
from backends.pictures.learned import learned, learned_script
from backends.pictures.pinned import comparable, pinned, pinned_script
from backends.pictures.script import stem
from backends.pictures.scripts import analysis_script, covariance_script, outcome_script, surface_script
from backends.pictures.surface import surface
from dashboard.analysis.state import AnalysisState
from dashboard.export import Snapshot

FORMS = ("png", "svg", "nc", "csv", "observations.csv", "yaml", "py")


def shown(state: AnalysisState) -> tuple[Outcome, str]:
    """Return the analysis that is shown, and how its files are called.

    Raises
    ------
    InputError
        If there is no analysis yet, or the one that is shown does not belong to the settings.
    """
    opened, outcome = state.opened, state.result
    if opened is None or outcome is None:
        raise InputError("there is no analysis yet; it is exported as soon as it is shown")
    if state.stale:
        raise InputError("the analysis that is shown does not belong to the settings; wait for the new one")
    field, settings = opened.prepared.field, outcome.settings
    what, when = ("", "") if field is None else (field.variable.name, field.caption)
    return outcome, stem("analysis", getattr(settings.case, "path", settings.case.name), what, when)


def fields_snapshot(state: AnalysisState) -> Snapshot:
    """Return the fields and observations; raises InputError as :func:`shown`."""
    outcome, name = shown(state)
    prepared, settings = state.opened.prepared, outcome.settings
    texts = {"yaml": to_yaml(settings), "py": analysis_script(settings, name)}
    return Snapshot(name, lambda: analysis(prepared, outcome), texts)


def covariance_snapshot(state: AnalysisState, newest: tuple[Outcome, CovariancePicture] | None) -> Snapshot:
    """Return B as it is seen from the place that was clicked; raises InputError also where it is still being computed."""
    outcome, name = shown(state)
    if newest is None or newest[0] is not outcome:
        raise InputError("B is still being computed; wait for it")
    picture, name = newest[1], stem(name, "B")
    texts = {"yaml": to_yaml(outcome.settings), "py": covariance_script(outcome.settings, picture.place, name)}
    return Snapshot(name, lambda: covariance(picture, outcome), texts)


def diagnostics_snapshot(state: AnalysisState) -> Snapshot:
    """Return the diagnostics; raises InputError as :func:`shown`."""
    outcome, name = shown(state)
    name = stem(name, "diagnostics")
    texts = {"yaml": to_yaml(outcome.settings), "py": outcome_script(outcome.settings, "diagnostics", name)}
    return Snapshot(name, lambda: diagnostics(outcome), texts)


def convergence_snapshot(state: AnalysisState) -> Snapshot:
    """Return how the solver converged; raises InputError as :func:`shown`."""
    outcome, name = shown(state)
    name = stem(name, "convergence")
    texts = {"yaml": to_yaml(outcome.settings), "py": outcome_script(outcome.settings, "convergence", name)}
    return Snapshot(name, lambda: convergence(outcome), texts)


def surface_snapshot(state: AnalysisState, newest: tuple[AnalysisSettings, Surface] | None) -> Snapshot:
    """Return the tuning surface; raises InputError also where it is still being computed."""
    outcome, name = shown(state)
    if newest is None or newest[0] != outcome.settings:
        raise InputError("the tuning surface is still being computed; wait for it")
    found, name = newest[1], stem(name, "tuning")
    axes = found.x.parameter, found.y.parameter
    texts = {"yaml": to_yaml(outcome.settings), "py": surface_script(outcome.settings, axes, found.score, name)}
    return Snapshot(name, lambda: surface(found, outcome), texts)


def compare_snapshot(state: AnalysisState) -> Snapshot:
    """Return the pinned analysis beside the current one; raises InputError also where they cannot be compared."""
    outcome, name = shown(state)
    before = state.pinned.outcome
    if before is None:
        raise InputError("no analysis is pinned; pin the one that is shown, and change a setting")
    if not comparable(before, outcome):
        raise InputError("the pinned analysis is of another case; pin the one that is shown to compare settings of it")
    prepared, name = state.opened.prepared, stem(name, "compared")
    texts = {"yaml": to_yaml(outcome.settings), "py": pinned_script(before.settings, outcome.settings, name)}
    return Snapshot(name, lambda: pinned(prepared, before, outcome), texts)


def network_snapshot(state: AnalysisState, newest: tuple[tuple[str, Outcome], Learned] | None) -> Snapshot:
    """Return what a network makes of the problem; raises InputError also where there is none, or it is still at work."""
    outcome, name = shown(state)
    if newest is None or newest[0][1] is not outcome:
        raise InputError("there is no answer of a network; choose one, or wait for it")
    (run, _), found = newest
    name = stem(name, "network", run[:6])
    texts = {"yaml": to_yaml(outcome.settings), "py": learned_script(outcome.settings, run, name)}
    return Snapshot(name, lambda: learned(found, outcome), texts)
