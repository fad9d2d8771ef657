"""Cases on a periodic line: new truths, backgrounds, places and values in every draw."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backends.learning.variational.cases import Cases
from backends.learning.variational.spectral import SpectralErrors, gaussian_spectra

#: The lecture's background: moved by this share of the line, smoothed over this share, and biased by this.
SHIFT, SMOOTHING, BIAS = 0.03, 0.02, 0.3


@dataclass(frozen=True)
class LineDraws:
    """What cases on a periodic line are drawn from; ranges are (least, greatest), both the same where a value is fixed.

    Attributes
    ----------
    points
        n.
    sigma_b, length, sigma_o
        σ_b, correlation length L as a fraction of the line, σ_o; drawn with uniform logarithms.
    count
        Observations of a case.
    floor
        α: eigenvalues of B are at least α λ_max.
    background
        "shifted": the truth moved, smoothed and biased; "consistent": the truth plus a draw from B; "both": half of each.
    placement
        "points": grid points, each at most once; "anywhere": between them too, with linear interpolation.
    """

    points: int = 100
    sigma_b: tuple[float, float] = (1.0, 1.0)
    length: tuple[float, float] = (0.08, 0.08)
    sigma_o: tuple[float, float] = (0.2, 0.2)
    count: tuple[int, int] = (5, 50)
    floor: float = 1e-5
    background: Literal["shifted", "consistent", "both"] = "shifted"
    placement: Literal["points", "anywhere"] = "points"

    @property
    def fixed(self) -> bool:
        """Whether all cases have the same B and R."""
        return all(low == high for low, high in (self.sigma_b, self.length, self.sigma_o))

    def draw(self, cases: int, generator: torch.Generator) -> Cases:
        """Draw cases, in single precision on the CPU, which the generator is on too."""
        n, E, P = self.points, cases, self.count[1]

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator)

        def logarithmic(low: float, high: float) -> Tensor:
            return low * (high / low) ** uniform(E)

        sigma_b, length, sigma_o = logarithmic(*self.sigma_b), logarithmic(*self.length), logarithmic(*self.sigma_o)
        kept = slice(1) if self.fixed else slice(None)
        spectra = gaussian_spectra(n, sigma_b[kept], length[kept], self.floor).float()
        errors = SpectralErrors(spectra, n)

        place = torch.arange(n) / n
        amplitude, phase, slow = 1.5 + uniform(E, 1), 2 * math.pi * uniform(E, 1), 2 * math.pi * uniform(E, 1)

        def wave(x: Tensor) -> Tensor:
            return amplitude * torch.sin(6 * math.pi * x + phase) * (1 + 0.5 * torch.sin(2 * math.pi * x + slow))

        truth = wave(place)
        error = errors.sqrt(torch.randn(E, n, generator=generator))
        shifted = smoothed(wave(place - SHIFT), SMOOTHING) + BIAS
        moved = {"shifted": 1.0, "consistent": 0.0, "both": 0.5}[self.background] > uniform(E, 1)
        background = torch.where(moved, shifted, truth + error)

        low, high = self.count
        count = low + (uniform(E) * (high - low + 1)).floor().clamp(max=high - low)
        used = torch.arange(P) < count[:, None]
        if self.placement == "points":
            first, share = uniform(E, n).argsort(1)[:, :P], torch.zeros(E, P)
        else:
            x = uniform(E, P) * n
            first = x.floor().clamp(max=n - 1)
            first, share = first.long(), x - first
        nodes = torch.stack([first, (first + 1) % n], -1)
        weights = torch.stack([1 - share, share], -1)
        noise = sigma_o[:, None] * torch.randn(E, P, generator=generator)
        conditions = told(sigma_b, length, sigma_o, count)
        drawn = Cases(truth, background, nodes, weights, torch.zeros(E, P), used, sigma_o, errors, conditions)
        values = (drawn.observed(truth) + noise) * used
        return Cases(truth, background, nodes, weights, values, used, sigma_o, errors, conditions)


def told(sigma_b: Tensor, length: Tensor, sigma_o: Tensor, count: Tensor) -> Tensor:
    """Return what a conditioned network is told, (E, 4): logarithms of σ_b, L, σ_o and p, moved to order one."""
    return torch.stack([sigma_b.log(), (length / 0.08).log(), (sigma_o / 0.2).log(), (count.clamp(min=1) / 20).log()], dim=1)


def smoothed(values: Tensor, width: float) -> Tensor:
    """Return fields (..., n) on the periodic line convolved with a Gaussian of that width, a fraction of the line."""
    n = values.shape[-1]
    k = torch.arange(n // 2 + 1, dtype=values.dtype)
    return torch.fft.irfft(torch.fft.rfft(values) * torch.exp(-0.5 * (2 * math.pi * width * k).square()), n=n)
