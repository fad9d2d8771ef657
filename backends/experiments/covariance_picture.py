"""What is shown of a B: one of its columns, its standard deviations, its spectrum, and what was estimated from data."""

from dataclasses import dataclass

import numpy as np

from backends.background_error.base import ROUNDING, Spectrum
from backends.background_error.estimate import Estimate
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.outcome import Outcome
from backends.experiments.pictures import array, column


@dataclass(frozen=True, eq=False)
class CovariancePicture:
    """B as it is seen from one point.

    Attributes
    ----------
    place
        Coordinates of the grid point nearest to the place asked for.
    column
        The column of B there, shape (n,), in squared units of the state; divided by σ_b² it is a correlation.
    sigma
        Standard deviations √diag(B), shape (n,).
    spectrum
        Eigenvalues, where they are known without the dense matrix.
    estimate
        What the NMC method found, where B is from it.
    """

    place: tuple[float, ...]
    column: np.ndarray
    sigma: np.ndarray
    spectrum: Spectrum | None
    estimate: Estimate | None


def covariance_picture(
    experiment: AnalysisExperiment, outcome: Outcome, place: tuple[float, ...] | None = None
) -> CovariancePicture:
    """Return the picture of an outcome's B from a place; from the middle of the domain where none is given."""
    B, case = outcome.problem.background_error, outcome.case
    coordinates = case.domain.coordinates()
    middle = tuple(coordinates.mean(0).tolist())
    values, index = column(B, case, middle if place is None else place)
    settings = outcome.settings.background_error
    return CovariancePicture(
        place=tuple(coordinates[index].tolist()),
        column=values,
        sigma=array(B.variance().clamp(min=0).sqrt()),
        spectrum=B.spectrum(),
        estimate=experiment.errors.estimate(settings.nmc_lag) if settings.source == "nmc" else None,
    )


def beyond_rounding(spectrum: Spectrum) -> np.ndarray:
    """Return the eigenvalues that can be told from zero, in descending order."""
    values = spectrum.eigenvalues.detach().cpu().double()
    return values[values.abs() > ROUNDING * values[0]].numpy()
