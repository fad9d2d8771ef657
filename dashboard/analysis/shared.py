"""What visitors of the Analysis page share: one case, and one analysis of it, for all who have the same settings."""

from collections.abc import Hashable

from backends.errors import InputError
from backends.experiments.cases import Case, GeneratedCase, ObservedFieldCase, StationsCase
from backends.experiments.kept import Kept
from backends.experiments.outcome import Outcome
from backends.experiments.prepare import Prepared
from backends.experiments.settings import AnalysisSettings
from backends.fields.catalogue import Catalogue
from backends.fields.paths import confine
from dashboard.analysis.opening import Opened, open_case

#: Elements of B Hᵀ up to which the diagnostics come with the analysis, in one message, rather than after it.
SMALL = 50_000

CASES: Kept[Opened] = Kept(512 * 2**20)
#: What cases were completed to, by what was asked for.
COMPLETED: Kept[Case] = Kept(2**20)
ANALYSES: Kept[Outcome] = Kept(256 * 2**20)


def shared_case(case: Case, catalogue: Catalogue, strict: bool = False) -> Opened:
    """Open a case, or return it as another visitor has it open; a file that has changed is read anew.

    A case is kept as it was completed: whoever comes with the address of the page that shows it asks for it like that.
    """
    if not strict:
        return _completed(case, catalogue)
    stamp = _stamp(case, catalogue)
    if stamp is None:
        return open_case(case, catalogue, strict=True)
    return CASES.get((catalogue.folder, case, stamp), lambda: open_case(case, catalogue, strict=True))


def _completed(case: Case, catalogue: Catalogue) -> Opened:
    """Open a case of which something may be missing, or not be in its file."""
    stamp, fresh = _stamp(case, catalogue), None
    if stamp is None:
        return open_case(case, catalogue)

    def complete() -> Case:
        nonlocal fresh
        fresh = open_case(case, catalogue)
        return fresh.prepared.settings

    completed = COMPLETED.get((catalogue.folder, case, stamp), complete)
    stamp = _stamp(completed, catalogue)
    if fresh is None:
        return shared_case(completed, catalogue, strict=True)
    return fresh if stamp is None else CASES.get((catalogue.folder, completed, stamp), lambda: fresh)


def shared_analysis(prepared: Prepared, settings: AnalysisSettings) -> Outcome:
    """Analyse, or return what another visitor has been given for the same settings.

    Where the diagnostics take no longer than sending another message, they are computed at once.
    """
    return ANALYSES.get((prepared, settings), lambda: _analysis(prepared, settings))


def share(prepared: Prepared, settings: AnalysisSettings, outcome: Outcome) -> None:
    """Give an analysis to whoever asks with other settings that come to the same, such as numbers that have been filled in."""
    ANALYSES.keep((prepared, settings), outcome)


def _analysis(prepared: Prepared, settings: AnalysisSettings) -> Outcome:
    outcome = prepared.experiment.run(settings)
    small = outcome.problem.background.numel() * len(outcome.observations) <= SMALL
    return with_details(outcome) if small else outcome


def with_details(outcome: Outcome) -> Outcome:
    """Compute what is shown beside the analysis; an outcome keeps it."""
    _ = outcome.diagnostics, outcome.posterior_std
    return outcome


def _stamp(case: Case, catalogue: Catalogue) -> Hashable | None:
    """Return what changes when the data of a case do; None where that is not known."""
    if isinstance(case, GeneratedCase):
        return ()
    names = [case.path]
    if isinstance(case, StationsCase) and case.background != "regression":
        names.append(case.background)
    if isinstance(case, ObservedFieldCase):
        names.append(case.observations)
    try:
        files = [confine(name, catalogue.folder) for name in names]
        if not all(file.is_file() for file in files):  # a folder may change without looking any different
            return None
        return tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    except (InputError, OSError):
        return None  # opening it says what is wrong
