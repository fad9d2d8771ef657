"""A case made ready for the numerics: domain, truth, background, and what else of it B may be estimated from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from backends.background_error.sphere import SphereGeometry
from backends.geometry.domain import Domain
from backends.observing.observations import Observations


@dataclass(frozen=True)
class Suggested:
    """Settings to begin with, in the units of the state and of the domain's lengths."""

    sigma: float
    length: float
    sigma_o: float
    length_z: float = 1.0


@dataclass(frozen=True, eq=False)
class ReadyCase:
    """A case on a domain of n points.

    Attributes
    ----------
    domain
        Where the state lives.
    truth
        Shape (n,). Of stations: what was observed there. NaN throughout where nobody knows it.
    background
        Shape (n,), or None where it is drawn from B.
    weights
        Shape (n,), summing to one: what RMSE is averaged with; zero where there is no value, or where it does not count.
    valid
        Shape (n,), boolean: points with values in truth and background.
    units, length_units
        Of the state, and of correlation lengths ("" on the periodic line).
    suggested
        Settings to begin with.
    longest
        Longest correlation length that makes sense, the upper end of a slider.
    truth_caption, background_caption
        What the fields are, in words.
    observations
        Those that belong to the case, such as the course's or a station network's.
    withheld
        Whether `weights` count only withheld stations, so that errors are against observations, not a truth.
    members
        Shape (N, n): an ensemble that does not contain the truth.
    lag
        Steps of the time axis that the background is earlier than the truth; 0 where it is no earlier field.
    differences
        From a lag in steps to lagged differences of a series, shape (k, n), for the NMC method.
    geometry
        Distances on a latitude–longitude grid.
    error_ratio
        Shape (p,): standard deviation of the error of each of `observations`, as a multiple of σ_o; None where all are alike.
    notes
        What was made of the data, in sentences.
    warnings
        Sentences that a person must know.
    """

    domain: Domain
    truth: Tensor
    background: Tensor | None
    weights: Tensor
    valid: Tensor
    units: str
    length_units: str
    suggested: Suggested
    longest: float
    truth_caption: str = ""
    background_caption: str = ""
    observations: Observations | None = None
    withheld: bool = False
    members: Tensor | None = None
    lag: int = 0
    differences: Callable[[int], Tensor] | None = None
    geometry: SphereGeometry | None = field(default=None)
    error_ratio: Tensor | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def has_truth(self) -> bool:
        """Whether there is anything that an analysis can be judged by but its own observations."""
        return bool(torch.isfinite(self.truth).any())

    def rmse(self, state: Tensor) -> Tensor:
        """Return the weighted root-mean-square difference of states (..., n) from the truth, shape (...); NaN without one."""
        squared = torch.where(self.weights > 0, state - self.truth, torch.zeros_like(self.truth)).square()
        return (squared * self.weights).sum(-1).sqrt()


def two_digits(value: float) -> float:
    """Return a number rounded to two significant digits."""
    return float(f"{value:.2g}")
