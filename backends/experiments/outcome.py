"""What an analysis experiment gives back: the analysis, all that it was made from, and how well it did."""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, Problem
from backends.assimilation.closed_form import posterior_variance
from backends.assimilation.diagnostics import Diagnostics, diagnose
from backends.assimilation.innovation import InnovationCovariance
from backends.assimilation.likelihood import Optimum
from backends.experiments.problem_case import ReadyCase
from backends.experiments.settings import AnalysisSettings
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator

#: Elements of H B that a posterior standard deviation may take; beyond, it is found at fewer grid points.
LARGEST_CROSS = 4_000_000


@dataclass(frozen=True, eq=False)
class Outcome:
    """An analysis with all that it was made from, and how well it did.

    Attributes
    ----------
    settings
        The settings asked for; `sigma_b`, `length`, `length_z` and `sigma_o` are the numbers that were used.
    case
        What was analysed.
    problem
        With the background, the observations, H, B, R, and which observations were used.
    gross, weight
        Which observations have gross errors, and the weight that the robust cost gave each, shape (p,).
    analysis
        The result.
    covariance
        S; for a nonlinear H linearised at the analysis, for a Huber cost with the `weight` of each observation in R.
    rmse_background, rmse_analysis
        Against the truth, or at withheld stations, in the unit of the state; NaN where there is neither.
    seconds
        Wall time from the settings to the analysis, everything but drawing background and observations.
    optimum
        Where settings were chosen by likelihood.
    warnings
        Sentences that a person must know.
    """

    settings: AnalysisSettings
    case: ReadyCase
    problem: Problem
    gross: Tensor
    weight: Tensor
    analysis: Analysis
    covariance: InnovationCovariance
    sigma_b: float
    length: float
    length_z: float
    sigma_o: float
    rmse_background: float
    rmse_analysis: float
    seconds: float
    optimum: Optimum | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def observations(self) -> Observations:
        """The observations, rejected ones included."""
        return self.problem.observations

    @property
    def used(self) -> Tensor:
        """Which observations were used, shape (p,), boolean."""
        return self.problem.used

    @property
    def chi2_per_obs(self) -> float:
        """χ²/p = 2 J_min / p; NaN without observations, and with a Huber cost, whose minimum has no χ² distribution."""
        p = int(self.used.sum())
        return 2 * float(self.analysis.j) / p if p and not self.settings.method.huber else math.nan

    @property
    def minimum(self) -> float | None:
        """The exact minimum of J, ½ dᵀS⁻¹d; None for a nonlinear H or a robust cost, where there is no such formula."""
        if not isinstance(self.problem.operator, LinearOperator) or self.settings.method.huber:
            return None
        return 0.5 * float(self.covariance.twice_minimum(self.analysis.innovation))

    @property
    def detailed(self) -> bool:
        """Whether the diagnostics and the posterior standard deviation have been computed."""
        return {"diagnostics", "posterior_std"} <= self.__dict__.keys()

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """All diagnostics; takes about as long as the solution."""
        R = self.problem.observation_error
        return diagnose(self.analysis, self.covariance, R, self.sigma_b, self.sigma_o, self.settings.method.huber)

    @cached_property
    def posterior_std(self) -> Tensor:
        """Posterior standard deviation √diag(A), shape (n,).

        On large grids it is found at every so many rows and columns, and a block of points has the value of its first.
        """
        shape, p = self.case.domain.shape, max(1, len(self.observations))
        numbers = torch.arange(self.problem.background_error.size, device=self.case.truth.device).reshape(shape)
        step = math.ceil(math.sqrt(numbers.numel() * p / LARGEST_CROSS)) if len(shape) == 2 else 1
        chosen = numbers[::step, ::step] if len(shape) == 2 else numbers
        tangent = replace(self.problem, operator=self.problem.operator.linearise(self.analysis.mean))
        values = posterior_variance(tangent, self.covariance, chosen.flatten()).sqrt().reshape(chosen.shape)
        for side in range(len(shape)):
            values = values.repeat_interleave(step, side)
        return (values[: shape[0], : shape[1]] if len(shape) == 2 else values).flatten()
