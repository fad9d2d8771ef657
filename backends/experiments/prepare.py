"""From the settings of a case to the case, its data read."""

from dataclasses import dataclass

from backends.experiments.cases import (
    Case,
    CourseLineCase,
    CoursePlaneCase,
    EnsembleCase,
    FieldCase,
    LineCase,
    ObservedFieldCase,
    PlaneCase,
    StationsCase,
)
from backends.experiments.course_cases import course_line_case, course_plane_case
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.field_cases import ensemble_case, field_case
from backends.experiments.generated import line_case, plane_case
from backends.experiments.observed_field import observed_field_case
from backends.experiments.station_case import station_case
from backends.fields.catalogue import Catalogue
from backends.fields.field import Field


@dataclass(frozen=True, eq=False)
class Prepared:
    """An experiment on a case, and the truth as a field where it is one; of a case without a truth, the background."""

    settings: Case
    experiment: AnalysisExperiment
    field: Field | None = None


def prepare(settings: Case, catalogue: Catalogue) -> Prepared:
    """Return the experiment of a case.

    Raises
    ------
    InputError
        If its data are missing, damaged, or not what the case needs.
    """
    field: Field | None = None
    match settings:
        case FieldCase():
            ready, field = field_case(settings, catalogue)
        case EnsembleCase():
            ready, field = ensemble_case(settings, catalogue)
        case StationsCase():
            ready = station_case(settings, catalogue)
        case ObservedFieldCase():
            ready, field = observed_field_case(settings, catalogue)
        case LineCase():
            ready = line_case(settings)
        case PlaneCase():
            ready = plane_case(settings)
        case CourseLineCase():
            ready = course_line_case(settings, catalogue.folder)
        case CoursePlaneCase():
            ready = course_plane_case(settings, catalogue.folder)
    return Prepared(settings, AnalysisExperiment(ready, settings), field)
