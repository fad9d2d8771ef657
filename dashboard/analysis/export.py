"""What the Analysis page exports: the newest analysis, with the settings that it was made with."""

from backends.errors import InputError
from backends.experiments.run import to_yaml
from backends.pictures.analysis import analysis
from backends.pictures.script import stem
from backends.pictures.scripts import analysis_script
from dashboard.analysis.state import AnalysisState
from dashboard.export import Snapshot

FORMS = ("png", "svg", "nc", "csv", "observations.csv", "yaml", "py")


def snapshot(state: AnalysisState) -> Snapshot:
    """Return what is shown now.

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
    prepared, settings = opened.prepared, outcome.settings
    what = "" if prepared.field is None else prepared.field.variable.name
    when = "" if prepared.field is None else prepared.field.caption
    name = stem("analysis", getattr(settings.case, "path", settings.case.name), what, when)
    texts = {"yaml": to_yaml(settings), "py": analysis_script(settings, name)}
    return Snapshot(name, lambda: analysis(prepared, outcome), texts)
