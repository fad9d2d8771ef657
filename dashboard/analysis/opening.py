"""Opening a case for the page: its data, and what a person can choose of them."""

from dataclasses import dataclass

from backends.errors import InputError
from backends.experiments.cases import Case, EnsembleCase, FieldCase, ObservedFieldCase, StationsCase
from backends.experiments.field_cases import find_variable
from backends.experiments.observed_field import Contents, contents_of, observed_in
from backends.experiments.observed_offer import Pair, likely_case, likely_variables
from backends.experiments.prepare import Prepared, prepare
from backends.fields.catalogue import Catalogue
from backends.fields.dataset import FieldDataset
from backends.fields.field import Variable
from backends.fields.paths import confine
from backends.observations.comparison import fitting
from backends.stations.bufr import contents
from backends.stations.selection import Offer

#: A monthly climate that serves as background of geopotential, where it is in the data folder.
CLIMATE = "eraint_uvz.nc"
#: The level that upper-air observations begin with, hPa.
USUAL_LEVEL = 500.0


@dataclass(frozen=True, eq=False)
class Opened:
    """A case that is ready, the dataset that its field is from, and what a file of stations or other observations offers."""

    prepared: Prepared
    dataset: FieldDataset | None = None
    quantities: tuple[Offer, ...] = ()
    contents: Contents | None = None


def open_case(case: Case, catalogue: Catalogue, strict: bool = False) -> Opened:
    """Open a case.

    Parameters
    ----------
    case
        Its settings.
    catalogue
        Where its file is.
    strict
        Whether a variable that the file does not have is an error. Otherwise, as when a person has chosen another file, the
        one that is most likely wanted takes its place.

    Raises
    ------
    InputError
        If the data are missing, damaged, or not what the case needs.
    """
    dataset: FieldDataset | None = None
    quantities: tuple[Offer, ...] = ()
    held: Contents | None = None
    if isinstance(case, FieldCase | EnsembleCase):
        dataset = catalogue.open(case.path)
        case = _with_variable(case, dataset, strict)
    elif isinstance(case, StationsCase):
        quantities = contents(confine(case.path, catalogue.folder))
        case = case if strict else _with_quantity(case, quantities, catalogue)
    elif isinstance(case, ObservedFieldCase):
        dataset, held = catalogue.open(case.path), contents_of(confine(case.observations, catalogue.folder))
        case = case if strict else _over_field(case, dataset, held, catalogue)
    return Opened(prepare(case, catalogue), dataset, quantities, held)


def favourite(dataset: FieldDataset, case: Case) -> Variable:
    """Return the variable to begin with: a temperature where there is one that the case can be made of."""
    axes = {v.name: v.axis("member") if isinstance(case, EnsembleCase) else v.axis("time") for v in dataset.variables.values()}
    least = 3 if isinstance(case, EnsembleCase) else 2
    fitting = [v for v in dataset.variables.values() if (axis := axes[v.name]) is not None and len(axis) >= least]
    candidates = fitting or list(dataset.variables.values())
    warm = (v for v in candidates if "temperature" in f"{v.standard_name} {v.long_name}".lower())
    return next(warm, candidates[0])


def _with_variable(case: FieldCase | EnsembleCase, dataset: FieldDataset, strict: bool) -> FieldCase | EnsembleCase:
    try:
        return case.model_copy(update={"variable": find_variable(dataset, case.variable).name})
    except InputError:  # another file was chosen: its times and levels are others, too
        if strict:
            raise
        update: dict[str, object] = {"variable": favourite(dataset, case).name, "time": None, "level": None}
        if isinstance(case, FieldCase):
            update["member"] = None
        return case.model_copy(update=update)


def _with_quantity(case: StationsCase, quantities: tuple[Offer, ...], catalogue: Catalogue) -> StationsCase:
    """Return the case with a variable that its file has."""
    if quantities and (case.variable, case.level) not in {(q.variable, q.level) for q in quantities}:
        most = max(quantities, key=lambda q: (q.level in (None, USUAL_LEVEL), q.variable == "geopotential", q.stations))
        update = {"variable": most.variable, "level": most.level, "background": usual_background(most.variable, catalogue)}
        return case.model_copy(update=update)
    return case


def _over_field(case: ObservedFieldCase, dataset: FieldDataset, held: Contents, catalogue: Catalogue) -> ObservedFieldCase:
    """Return the case with something that is observed and a field of it, where those asked for do not belong together."""
    units = held.units.get(case.observed)
    if units is not None and case.observed in held.counts and case.variable in fitting(dataset, case.observed, units):
        return case
    observed, variable = likely_variables(dataset, held, case.observed)
    table = observed_in(confine(case.observations, catalogue.folder), observed)
    likely = likely_case(Pair(case.path, dataset, variable, case.observations, table))
    kept = ("qualities", "errors", "limit", "points", "seed")
    return likely.model_copy(update={name: getattr(case, name) for name in kept})


def usual_background(variable: str, catalogue: Catalogue) -> str:
    """Return what a variable observed at stations is first compared with: a climate for geopotential, else a regression."""
    aloft = variable == "geopotential" and (catalogue.folder / CLIMATE).is_file()
    return CLIMATE if aloft else "regression"
