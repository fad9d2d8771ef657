"""B between stations, and between stations and a map."""

import torch
from torch import Tensor

from backends.background_error.correlation import Correlation, check_sigma_b, plain
from backends.background_error.dense import DenseBackgroundError
from backends.errors import InputError
from backends.geometry.scattered import ScatteredPoints
from backends.geometry.sphere import Points, great_circle_distance


class ScatteredBackgroundError(DenseBackgroundError):
    """σ_b² ρ(d) between stations at great-circle distances d, times exp(−Δz² / 2h²) where a height scale h is given.

    The product of two correlations is one: distance and height have lengths of their own.

    Parameters
    ----------
    stations
        The domain, n stations.
    correlation
        Of distance in km.
    sigma
        Standard deviation σ_b; like the length, a tensor where derivatives are wanted.
    height_scale
        h, m; 0 for none.
    """

    def __init__(
        self, stations: ScatteredPoints, correlation: Correlation, sigma: float | Tensor, height_scale: float = 0.0
    ) -> None:
        check_sigma_b(plain(sigma))
        if height_scale < 0:
            raise InputError(f"the height scale of correlations must not be negative; came {height_scale:g} m")
        self.stations, self.correlation, self.sigma, self.height_scale = stations, correlation, sigma, height_scale
        super().__init__(self.to_places(stations.points, stations.height))

    def to_places(self, points: Points, height: Tensor) -> Tensor:
        """Return the covariances between other places and all stations, shape (len(points), n).

        Parameters
        ----------
        points
            Where.
        height
            m above mean sea level, shape (len(points),).
        """
        result = self.correlation(great_circle_distance(points, self.stations.points)) * self.sigma**2
        if self.height_scale:
            apart = height[:, None] - self.stations.height
            result = result * torch.exp(-0.5 * (apart / self.height_scale).square())
        return result
