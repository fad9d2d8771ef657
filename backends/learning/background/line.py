"""Background errors on the periodic line with known statistics: Gaussian ones, and those of a displaced bump."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.geometry.line import PeriodicLine

#: Places and displacements over which the exact analysis of displaced bumps sums.
PLACES, DISPLACEMENTS = 400, 121
#: Displacements are summed over from minus so many standard deviations to plus as many.
TAIL = 4.5
#: Eigenvalues of the covariance of displaced bumps are at least this share of the largest.
FLOOR = 1e-6


class Drawn(NamedTuple):
    """Backgrounds and truths, (E, n) each; the truth minus the background is the error."""

    background: Tensor
    truth: Tensor


@dataclass(frozen=True)
class GaussianErrors:
    """Errors from N(0, B), B with a Gaussian correlation on the periodic line.

    Attributes
    ----------
    points
        n.
    sigma, length
        σ_b, and L as a fraction of the line.
    floor
        α: eigenvalues of B are at least α λ_max.
    """

    points: int = 100
    sigma: float = 1.0
    length: float = 0.08
    floor: float = 1e-4

    @cached_property
    def _operator(self) -> CirculantBackgroundError:
        line = PeriodicLine(self.points, device=torch.device("cpu"), dtype=torch.float64)
        return CirculantBackgroundError(line, Correlation("gaussian", self.length), self.sigma, self.floor)

    def covariance(self) -> Tensor:
        """Return B, (n, n), float64."""
        return self._operator.dense()

    def draw(self, count: int, generator: torch.Generator) -> Drawn:
        """Draw waves as backgrounds and truths that differ from them by errors."""
        background = waves(count, self.points, generator)
        return Drawn(background, background + self._operator.sample(count, generator))


@dataclass(frozen=True)
class DisplacementErrors:
    """Errors of a background that has a bump at a wrong place: e = a (g(x − c − s) − g(x − c)).

    g is exp(−½ d²/w²) with the distance d round the line, c anywhere, s ~ N(0, S²), a ~ N(A, (A/5)²). These errors have
    mean zero and a circulant covariance, and they are not Gaussian: they lie on a curved surface of three dimensions.

    Attributes
    ----------
    points
        n.
    amplitude, width, shift
        A; w and S as fractions of the line.
    """

    points: int = 100
    amplitude: float = 2.0
    width: float = 0.05
    shift: float = 0.06

    def draw(self, count: int, generator: torch.Generator) -> Drawn:
        """Draw backgrounds of waves with a bump, and truths that have it elsewhere."""
        u = torch.rand(count, 1, generator=generator, dtype=torch.float64)
        v = torch.randn(2, count, 1, generator=generator, dtype=torch.float64)
        waving = waves(count, self.points, generator)
        a = self.amplitude * (1 + SPREAD * v[0])
        before, after = (a * self._bump(u + moved) for moved in (0.0, self.shift * v[1]))
        return Drawn(waving + before, waving + after)

    def covariance(self) -> Tensor:
        """Return the covariance of the errors, (n, n), float64.

        It is circulant with the eigenvalues n⁻¹ E[a²] |ĝ_k|² · 2 (1 − exp(−½ (2πkS)²)) for wave k, from the mean of
        |exp(−2πiks) − 1|² over s, floored at 1e-6 of the largest.
        """
        n = self.points
        k = torch.arange(n // 2 + 1, dtype=torch.float64)
        bump = torch.fft.rfft(self._bump(torch.zeros(1, 1, dtype=torch.float64))[0]).abs().square()
        moved = 2 * (1 - torch.exp(-0.5 * (2 * math.pi * k * self.shift).square()))
        eigenvalues = self.amplitude**2 * (1 + SPREAD**2) * bump * moved / n
        row = torch.fft.irfft(eigenvalues.clamp(min=FLOOR * float(eigenvalues.max())).to(torch.complex128), n=n)
        steps = torch.arange(n)
        return row[(steps[:, None] - steps).remainder(n)]

    def posterior_mean(self, innovation: Tensor, mask: Tensor, sigma: float) -> Tensor:
        """Return E[e | d], the analysis increment with the least RMSE of all that see the innovations alone.

        Sums over places and displacements; given these, e is linear in a, and its mean is that of a scalar Kalman update.

        Parameters
        ----------
        innovation, mask
            d on the grid, zero where there is no observation, and 1 where there is one, (E, n), float64.
        sigma
            σ_o.
        """
        shapes, log_prior = self._shapes
        # log N(d; A h, σ_o² I + (A/5)² h hᵀ) but for what is the same for all shapes h.
        precision, before = 1 / sigma**2, 1 / (SPREAD * self.amplitude) ** 2
        seen = mask @ shapes.square().mT * precision + before
        fit = innovation @ shapes.mT * precision + before * self.amplitude
        log_weights = 0.5 * (fit.square() / seen - seen.log()) + log_prior
        weights = torch.softmax(log_weights, -1)
        return (weights * fit / seen) @ shapes

    @cached_property
    def _shapes(self) -> tuple[Tensor, Tensor]:
        """Return g(x − c − s) − g(x − c) for all places and displacements, (G, n), and the logarithms of their weights."""
        c = torch.arange(PLACES, dtype=torch.float64) / PLACES
        s = torch.linspace(-TAIL, TAIL, DISPLACEMENTS, dtype=torch.float64)
        bumps = self._bump(c[:, None])
        moved = self._bump((c[:, None] + self.shift * s).reshape(-1, 1)).unflatten(0, (PLACES, DISPLACEMENTS))
        return (moved - bumps[:, None]).flatten(0, 1), (-0.5 * s.square()).repeat(PLACES)

    def _bump(self, centre: Tensor) -> Tensor:
        """Return bumps with the centres (E, 1), (E, n)."""
        x = torch.arange(self.points, dtype=torch.float64) / self.points
        return torch.exp(-0.5 * (((x - centre + 0.5).remainder(1) - 0.5) / self.width).square())


#: Standard deviation of a bump's height, as a part of its mean.
SPREAD = 0.2


def waves(count: int, points: int, generator: torch.Generator) -> Tensor:
    """Draw modulated waves on the periodic line, (count, n), float64."""
    amplitude, phase, slow = torch.rand(3, count, 1, generator=generator, dtype=torch.float64)
    x = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
    modulation = 1 + 0.5 * torch.sin(x + 2 * math.pi * slow)
    return (1.5 + amplitude) * torch.sin(3 * x + 2 * math.pi * phase) * modulation
