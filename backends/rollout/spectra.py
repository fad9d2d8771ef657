"""Power spectra of fields: how much of the variance each scale has, and so what a forecast has blurred.

All spectra add up to the variance over the field (mean of squares, without the mean): Parseval.
"""

import math
from abc import ABC, abstractmethod
from itertools import pairwise

import torch
from torch import Tensor

from backends.dynamics.spherical_harmonics import SphericalHarmonics
from backends.errors import InputError

#: Last wavenumbers of the bands that summaries tell apart; beyond them is one more.
BAND_ENDS = (3, 10, 20)


class Spectrum(ABC):
    """A transform of states to power by wavenumber.

    Attributes
    ----------
    wavenumbers
        (W,), whole numbers as float64.
    meaning
        What they count.
    """

    wavenumbers: Tensor
    meaning: str

    @abstractmethod
    def power(self, states: Tensor) -> Tensor:
        """Return the power of states (..., n) by wavenumber, (..., W)."""


class PeriodicSpectrum(Spectrum):
    """Fourier transform of a periodic line, or of a periodic square with the power of rings of wavenumbers.

    A ring k holds the waves with k − ½ ≤ |k| < k + ½; on the square the rings reach into its corners.

    Parameters
    ----------
    shape
        Points of each axis, one or two.

    Raises
    ------
    InputError
        If it is neither a line nor a square.
    """

    meaning = "waves round the domain"

    def __init__(self, shape: tuple[int, ...]) -> None:
        if len(shape) > 2 or len(set(shape)) != 1:
            raise InputError(f"a periodic spectrum needs a line or a square; came shape {shape}")
        self._shape, n = shape, shape[-1]
        last = torch.arange(n // 2 + 1, dtype=torch.float64)
        # Of the real transform each wave stands for two, but for those with no wave, or the shortest, along the last axis.
        self._weight = torch.where((last == 0) | (2 * last == n), 1.0, 2.0) / math.prod(shape) ** 2
        squared = last.square()
        if len(shape) == 2:
            squared = squared + torch.fft.fftfreq(n, 1 / n, dtype=torch.float64)[:, None].square()
        self._ring = (squared.sqrt() + 0.5).floor().long()
        self.wavenumbers = torch.arange(1, int(self._ring.max()) + 1, dtype=torch.float64)

    def power(self, states: Tensor) -> Tensor:
        """Return the power in each ring."""
        axes = tuple(range(-len(self._shape), 0))
        waves = torch.fft.rfftn(states.unflatten(-1, self._shape), dim=axes).abs().square() * self._weight.to(states)
        return _summed(waves.flatten(-len(axes)), self._ring.flatten(), len(self.wavenumbers))


class MapSpectrum(Spectrum):
    """Cosine transform of a map with edges (Denis, Côté and Laprise, 2002, Mon. Weather Rev. 130, 1812–1829).

    The map is thought of as mirrored at its edges, so that a trend across it does not look like short waves, as it would to
    a Fourier transform. Element (i, j) has i half waves down and j along the map; its wavenumber is √((i/ny)² + (j/nx)²)
    min(ny, nx), half waves along the shorter side, whose rings are summed. Of a state with several fields it is that of the
    first.

    Parameters
    ----------
    shape
        Rows ny and columns nx.
    """

    meaning = "half waves along the shorter side"

    def __init__(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise InputError(f"a map has rows and columns; came shape {shape}")
        ny, nx = shape
        self._shape, self._rows, self._columns = shape, _cosines(ny), _cosines(nx)
        i, j = torch.arange(ny, dtype=torch.float64)[:, None] / ny, torch.arange(nx, dtype=torch.float64) / nx
        self._ring = ((i.square() + j.square()).sqrt() * min(shape) + 0.5).floor().long()
        # The longest waves along the longer side fall below ½; they belong to the first ring, the mean alone to none.
        self._ring = self._ring.clamp(min=1)
        self._ring[0, 0] = 0
        self.wavenumbers = torch.arange(1, int(self._ring.max()) + 1, dtype=torch.float64)

    def power(self, states: Tensor) -> Tensor:
        """Return the power in each ring."""
        first = states[..., : math.prod(self._shape)].unflatten(-1, self._shape)
        waves = self._rows.to(states) @ first @ self._columns.to(states).T
        return _summed(waves.square().flatten(-2), self._ring.flatten(), len(self.wavenumbers)) / math.prod(self._shape)


class SphereSpectrum(Spectrum):
    """Spherical harmonics of the first field of a state on a Gaussian grid, by total wavenumber.

    Parameters
    ----------
    truncation
        Of the triangle of waves.
    """

    meaning = "total wavenumber"

    def __init__(self, truncation: int, shape: tuple[int, ...]) -> None:
        self._shape, self._truncation = shape, truncation
        self._harmonics: dict[tuple[torch.device, torch.dtype], SphericalHarmonics] = {}
        self.wavenumbers = torch.arange(1, truncation + 1, dtype=torch.float64)

    def power(self, states: Tensor) -> Tensor:
        """Return the power of each total wavenumber."""
        key = (states.device, states.dtype)
        if key not in self._harmonics:
            self._harmonics[key] = SphericalHarmonics(self._truncation, *key)
        waves = self._harmonics[key].analyse(states.unflatten(-1, self._shape)[..., 0, :, :]).abs().square()
        # Waves of order m > 0 stand for those of −m, too.
        return (waves[..., 0, :] + 2 * waves[..., 1:, :].sum(-2))[..., 1 : self._truncation + 1]


def bands(wavenumbers: Tensor) -> tuple[tuple[int, int], ...]:
    """Return the first and last wavenumbers of the bands, of those up to the greatest of (W,); none where there are none."""
    most = int(wavenumbers.max()) if len(wavenumbers) else 0
    ends = [*(end for end in BAND_ENDS if end < most), most]
    return tuple((first + 1, last) for first, last in pairwise([0, *ends]) if last > first)


def power_kept(forecast: Tensor, truth: Tensor, wavenumbers: Tensor) -> Tensor:
    """Return the power of a forecast in parts of the true one in each of the bands, (bands, ...), of spectra (..., W).

    Below 1 a forecast has blurred these scales. NaN where the truth has no power.
    """
    parts = []
    for first, last in bands(wavenumbers):
        inside = (wavenumbers >= first) & (wavenumbers <= last)
        ours, theirs = forecast[..., inside].sum(-1), truth[..., inside].sum(-1)
        parts.append(torch.where(theirs > 0, ours / theirs, math.nan))
    return torch.stack(parts) if parts else forecast.new_zeros(0, *forecast.shape[:-1])


def _cosines(n: int) -> Tensor:
    """Return the orthonormal cosine transform of type II as a matrix (n, n)."""
    k, x = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64) + 0.5
    matrix = math.sqrt(2 / n) * torch.cos(math.pi * k * x / n)
    matrix[0] /= math.sqrt(2)
    return matrix


def _summed(power: Tensor, ring: Tensor, count: int) -> Tensor:
    """Return the sums of power (..., waves) over the rings 1 to `count`."""
    sums = power.new_zeros(*power.shape[:-1], count + 1)
    return sums.index_add(-1, ring.to(power.device), power)[..., 1:]
