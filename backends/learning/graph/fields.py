"""Random fields on a periodic line of any length, and the covariance that each kind of them has."""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from backends.background_error.correlation import Correlation
from backends.errors import InputError

#: Waves of the Gaussian process whose share of the amplitude is below exp(−½ · 9²) are left out.
NEGLIGIBLE = 9.0
#: Most phases that are held at once while waves are summed.
AT_ONCE = 2**22
#: Places closer than this part of the line count as the same, where the difference could not be seen in a sum of waves.
SAME = 1e-12


class Fields(Protocol):
    """A kind of fields with mean 0 and variance 1, the same in law wherever one looks.

    Attributes
    ----------
    gaussian
        Whether all is normally distributed, so that the best estimate is the best linear one.
    """

    gaussian: ClassVar[bool]

    def draw(self, places: Tensor, domain: float, generator: torch.Generator) -> Tensor:
        """Draw a field at the places (E, n) of each of E lines of length `domain`, (E, n), float64 on the CPU."""
        ...

    def covariance(self, displacement: Tensor, domain: float) -> Tensor:
        """Return the covariance between places so far apart, any shape."""
        ...

    def check(self, domain: float) -> None:
        """Raise InputError if a line of that length is too short for such fields."""
        ...


@dataclass(frozen=True)
class GaussianProcess:
    """Normally distributed fields with correlations exp(−½ d²/L²), periodised: summed over all images of a place.

    Attributes
    ----------
    length
        Correlation length L, in the unit of the places.
    """

    length: float
    gaussian: ClassVar[bool] = True

    def draw(self, places: Tensor, domain: float, generator: torch.Generator) -> Tensor:
        """Sum waves with the spectrum of the correlation: S_k = √(2π) L/D exp(−½ (2πkL/D)²), its Fourier series on length D."""
        highest = math.floor(NEGLIGIBLE * domain / (2 * math.pi * self.length))
        k = 2 * math.pi * torch.arange(highest + 1, dtype=torch.float64) / domain
        variance = math.sqrt(2 * math.pi) * self.length / domain * torch.exp(-0.5 * (k * self.length).square())
        variance[1:] *= 2  # of k and of −k
        a, b = variance.sqrt() * torch.randn(2, len(places), len(k), generator=generator, dtype=torch.float64)
        lines = max(1, AT_ONCE // (places.shape[1] * len(k)))
        summed = []
        for x, cosine, sine in zip(places.double().split(lines), a.split(lines), b.split(lines), strict=True):
            phase = x[..., None] * k  # (lines, n, waves)
            summed.append((phase.cos() @ cosine[..., None] + phase.sin() @ sine[..., None])[..., 0])
        return torch.cat(summed)

    def covariance(self, displacement: Tensor, domain: float) -> Tensor:
        """Return the periodised correlation; further images are negligible on a line of eight lengths or more."""
        rho = Correlation("gaussian", self.length)
        return rho(displacement.abs()) + rho((displacement - domain).abs()) + rho((displacement + domain).abs())

    def check(self, domain: float) -> None:
        """Raise InputError if the line is shorter than eight correlation lengths."""
        if domain < 8 * self.length:
            raise InputError(
                f"the correlation length must be at most an eighth of the line, {domain / 8:g} spacings; came {self.length:g}"
            )


@dataclass(frozen=True)
class Waves:
    """A single wave √2 sin(2πkx/D + φ) over the whole line, its phase φ and whole wave number k drawn evenly.

    Two-point statistics do not say that it is one wave: the best linear estimate is not the best one.

    Attributes
    ----------
    shortest, longest
        The least and greatest wavelength D/k, in the unit of the places.
    """

    shortest: float
    longest: float
    gaussian: ClassVar[bool] = False

    def draw(self, places: Tensor, domain: float, generator: torch.Generator) -> Tensor:
        """Draw a wave for each line."""
        low, high = self._numbers(domain)
        k = torch.randint(low, high + 1, (len(places), 1), generator=generator)
        phase = torch.rand(len(places), 1, generator=generator, dtype=torch.float64)
        return math.sqrt(2) * torch.sin(2 * math.pi * (k * places.double() / domain + phase))

    def covariance(self, displacement: Tensor, domain: float) -> Tensor:
        """Return the mean of cos(2πkd/D) over the wave numbers, whose sum is Dirichlet's."""
        low, high = self._numbers(domain)
        half = math.pi / domain * displacement
        total = (torch.sin((2 * high + 1) * half) - torch.sin((2 * low - 1) * half)) / (2 * torch.sin(half))
        # At a distance of zero, or of the whole line, all are 1.
        same = torch.sin(half).abs() < SAME
        return torch.where(same, 1.0, total / (high - low + 1))

    def check(self, domain: float) -> None:
        """Raise InputError if no whole number of such waves fits on the line."""
        low, high = self._numbers(domain)
        if low > high:
            raise InputError(
                f"a whole number of waves must fit on the line of {domain:g} spacings; came wavelengths from "
                f"{self.shortest:g} to {self.longest:g}"
            )

    def _numbers(self, domain: float) -> tuple[int, int]:
        """Return the least and greatest wave number."""
        return max(1, math.ceil(domain / self.longest)), math.floor(domain / self.shortest)
