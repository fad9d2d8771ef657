"""Twin experiments: a field is declared the truth, observed with noise, and analysed from a worse background."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis
from backends.assimilation.network import Network, place
from backends.assimilation.observation_space import ObservationSpaceAnalyser
from backends.background_error import GaussianBackgroundError
from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM
from backends.observations import BilinearInterpolation, ObservationError, Observations
from backends.verification import area_weighted_rmse

NOISE_BLOCK = 1024


@dataclass(frozen=True)
class TwinSettings:
    """What a person turns: the network, and the statistics in the unit of the field and in km."""

    network: Network = field(default_factory=Network)
    sigma_b: float = 1.0
    length: float = 300.0
    sigma_o: float = 0.5


@dataclass(frozen=True, eq=False)
class TwinResult:
    """An analysis with what it was made from and how well it did.

    `rmse_background` and `rmse_analysis` are area-weighted over all grid points that have values, in the unit of the
    field.
    """

    settings: TwinSettings
    observations: Observations
    analysis: Analysis
    rmse_background: float
    rmse_analysis: float


class TwinExperiment:
    """A truth and a background on one grid, to be observed and analysed with any settings.

    Parameters
    ----------
    grid
        The grid of both fields, n points.
    truth, background
        Shape (n,), in one unit; NaN where there is no value.

    Raises
    ------
    InputError
        If a shape does not fit the grid, or no grid point has a value in both fields.
    """

    def __init__(self, grid: LatLonGrid, truth: Tensor, background: Tensor) -> None:
        for name, state in (("truth", truth), ("background", background)):
            if state.shape != (grid.size,):
                raise InputError(f"the {name} has shape {tuple(state.shape)}, its grid expects ({grid.size},)")
        self.grid, self.truth, self.background = grid, truth, background
        self.valid = torch.isfinite(truth) & torch.isfinite(background)
        if not bool(self.valid.any()):
            raise InputError("the field has no values: every grid point is missing (NaN) in the truth or the background")
        self.weights = grid.area_weights() * self.valid
        self.rmse_background = area_weighted_rmse(background, truth, self.weights)
        # One network is kept: turning B and R, which is what a person does most, leaves it as it is.
        self._observe = lru_cache(maxsize=1)(self._observe_uncached)

    def run(self, settings: TwinSettings) -> TwinResult:
        """Observe the truth and analyse.

        Observation k is H x_t + σ_o ε_k, where ε_k is fixed by the seed and k: changing σ_o scales the same errors.

        Raises
        ------
        InputError
            If a setting is out of range or the network does not fit the field.
        """
        B = GaussianBackgroundError(settings.sigma_b, settings.length)
        R = ObservationError(settings.sigma_o)
        analyser, noise_free, unit_noise = self._observe(settings.network)
        observations = Observations(noise_free + R.sigma * unit_noise, analyser.operator.points)
        analysis = analyser.analyse(self.background, observations, B, R)
        rmse = area_weighted_rmse(analysis.mean, self.truth, self.weights)
        return TwinResult(settings, observations, analysis, self.rmse_background, rmse)

    def suggested(self, network: Network) -> TwinSettings:
        """Return settings to begin with: σ_b the background's actual error, σ_o a quarter of it, and L 15 % of the
        domain's height, at most 500 km; rounded to two digits.
        """
        sigma_b = self.rmse_background or 1.0
        height = float(self.grid.latitude[-1] - self.grid.latitude[0]) * math.pi / 180 * EARTH_RADIUS_KM
        length = min(max(0.15 * height, 20.0), 500.0)
        return TwinSettings(network, _two_digits(sigma_b), _two_digits(length), _two_digits(sigma_b / 4))

    def _observe_uncached(self, network: Network) -> tuple[ObservationSpaceAnalyser, Tensor, Tensor]:
        points = place(network, self.grid, self.valid)
        operator = BilinearInterpolation(self.grid, points)
        noise = _noise(len(points), network.seed).to(self.truth)
        return ObservationSpaceAnalyser(operator), operator(self.truth), noise


def _noise(count: int, seed: int) -> Tensor:
    """Return the first `count` numbers of a seeded standard normal sequence."""
    generator = torch.Generator().manual_seed(seed + 1)  # not the sequence that the places are drawn from
    # In blocks of one size, because torch draws other numbers for another size.
    blocks = [torch.randn(NOISE_BLOCK, generator=generator, dtype=torch.float64) for _ in range(-(-count // NOISE_BLOCK))]
    return torch.cat([torch.empty(0, dtype=torch.float64), *blocks])[:count]


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")
