"""What every method takes and gives back."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from backends.background_error import GaussianBackgroundError
from backends.observations import ObservationError, Observations


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result of an assimilation; leading dimensions are independent cases.

    Attributes
    ----------
    mean
        The analysis x_a, shape (..., n).
    increment
        x_a − x_b, shape (..., n).
    innovation, residual
        O−B, y − H x_b, and O−A, y − H x_a, shape (..., p).
    jb, jo
        The two terms of the cost at the analysis, shape (...): ½ (x_a − x_b)ᵀB⁻¹(x_a − x_b) and
        ½ (y − H x_a)ᵀR⁻¹(y − H x_a).
    seconds
        Wall time of the solution.
    """

    mean: Tensor
    increment: Tensor
    innovation: Tensor
    residual: Tensor
    jb: Tensor
    jo: Tensor
    seconds: float

    @property
    def j(self) -> Tensor:
        """The cost J = J_b + J_o at the analysis, shape (...)."""
        return self.jb + self.jo


class Analyser(Protocol):
    """A method: background and observations in, analysis out."""

    def analyse(
        self,
        background: Tensor,
        observations: Observations,
        background_error: GaussianBackgroundError,
        observation_error: ObservationError,
    ) -> Analysis:
        """Analyse a background of shape (..., n) with observations of shape (..., p)."""
        ...
