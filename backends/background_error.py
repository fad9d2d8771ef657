"""Background error covariances B: who the background's error is correlated with, and how strongly."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.sphere import Points, great_circle_distance


@dataclass(frozen=True)
class GaussianBackgroundError:
    """B with entries σ_b² exp(−d² / 2L²), d the great-circle distance.

    A Gaussian of the great-circle distance is not a strictly valid covariance on the whole sphere (Gneiting, 2013,
    Bernoulli 19(4), 1327–1349): the kink at the antipode gives eigenvalues of relative size exp(−π²R²/2L²), which is
    below 1e-9 for L up to 3,000 km. Hence the limit on L.

    Attributes
    ----------
    sigma
        Standard deviation σ_b of the background error, in the unit of the state.
    length
        Correlation length L, km.

    Raises
    ------
    InputError
        If σ_b is not positive, or L is not within (0, 3000] km.
    """

    sigma: float
    length: float

    MAX_LENGTH_KM = 3000.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma > 0):
            raise InputError(f"the background error σ_b must be a positive number; came {self.sigma:g}")
        if not (0 < self.length <= self.MAX_LENGTH_KM):
            raise InputError(
                f"the correlation length L must be above 0 and at most {self.MAX_LENGTH_KM:.0f} km; came {self.length:g} km"
            )

    def at_distance(self, distance: Tensor) -> Tensor:
        """Return the covariance of errors at two points that are `distance` (km, any shape) apart."""
        return torch.exp(distance.square().mul_(-0.5 / self.length**2)).mul_(self.sigma**2)

    def covariance_between(self, a: Points, b: Points) -> Tensor:
        """Return the covariances between all points of `a` and all of `b`, shape (len(a), len(b))."""
        return self.at_distance(great_circle_distance(a, b))

    def variance(self, points: Points) -> Tensor:
        """Return the error variance σ_b² at each point, shape (p,)."""
        return torch.full_like(points.latitude, self.sigma**2)

    def sample(self, points: Points, draws: int, generator: torch.Generator) -> Tensor:
        """Draw error fields from N(0, B) at the given points, shape (draws, p).

        Through the eigendecomposition of the dense p x p matrix, so for thousands of points at most. Eigenvalues that
        rounding made negative count as zero.
        """
        eigenvalues, eigenvectors = torch.linalg.eigh(self.covariance_between(points, points))
        root = eigenvectors * eigenvalues.clamp(min=0).sqrt()
        white = torch.randn(draws, len(points), generator=generator, dtype=root.dtype).to(root.device)
        return white @ root.T
