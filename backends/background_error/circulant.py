"""B on the periodic line: circulant, so that the Fourier transform diagonalises it."""

import math

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError, Spectrum
from backends.background_error.correlation import Correlation, check_floor, check_sigma_b, plain
from backends.errors import InputError
from backends.geometry.line import PeriodicLine

#: The periodised correlation sums images until they are this many lengths away.
REACH = 40


class CirculantBackgroundError(BackgroundError):
    """B with elements σ_b² ρ(|x_i − x_j|) on a periodic line, eigenvalues floored at α λ_max.

    A correlation function that is positive definite on the infinite line is so on the circle when it is *periodised*,
    summed over all images at distance d + k. Evaluated at the shorter way round instead, it has a kink at the
    opposite point, and negative eigenvalues: `periodised=False` shows that.

    Parameters
    ----------
    line
        The domain, n points.
    correlation
        With its length as a fraction of the line.
    sigma
        Standard deviation σ_b; like the length, a tensor where derivatives are wanted.
    floor
        α ≥ 0: eigenvalues below α λ_max are raised to it. With 0 they stay as they are, negative ones included.
    periodised
        Whether to sum over images. The sum is scaled so that the variance is σ_b².
    """

    def __init__(
        self,
        line: PeriodicLine,
        correlation: Correlation,
        sigma: float | Tensor,
        floor: float = 1e-6,
        periodised: bool = True,
    ) -> None:
        check_sigma_b(plain(sigma))
        check_floor(floor)
        self.line, self.size = line, line.points
        self.control_size = line.points
        steps = torch.arange(line.points, device=line.device, dtype=line.dtype) / line.points
        if periodised:
            images = math.ceil(REACH * plain(correlation.length)) + 1
            shifts = torch.arange(-images, images + 1, device=line.device, dtype=line.dtype)
            first = correlation((steps[:, None] + shifts).abs()).sum(1)
            first = first / first[0]
        else:
            first = correlation(torch.minimum(steps, 1 - steps))
        raw = torch.fft.rfft(first * sigma**2).real
        self._raw = raw.detach()
        self.floor = floor * float(self._raw.max())
        self._eigenvalues = raw.clamp(min=self.floor) if floor > 0 else raw
        self._row = torch.fft.irfft(torch.complex(self._eigenvalues, torch.zeros_like(self._eigenvalues)), n=self.size)

    def apply(self, state: Tensor) -> Tensor:
        """Return B x, shape (..., n)."""
        return self._filter(state, self._eigenvalues)

    def sqrt(self, control: Tensor) -> Tensor:
        """Return B^{1/2} v, the symmetric root, shape (..., n)."""
        return self._filter(control, self._eigenvalues.clamp(min=0).sqrt())

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return B^{1/2} x, shape (..., n)."""
        return self.sqrt(state)

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x, shape (..., n).

        Raises
        ------
        InputError
            If an eigenvalue is not positive, which only a floor of zero allows.
        """
        if float(self._eigenvalues.min()) <= 0:
            raise InputError("B has eigenvalues that are zero or negative and so no inverse; raise the floor α above 0")
        return self._filter(state, 1 / self._eigenvalues)

    def variance(self) -> Tensor:
        """Return the diagonal of B, shape (n,)."""
        return self._row[:1].expand(self.size)

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of B in rows a and columns b."""
        return self._row[(a[:, None] - b).remainder(self.size)]

    def spectrum(self) -> Spectrum:
        """Return all n eigenvalues: those between the mean and the shortest wave occur twice."""
        twice = self._raw[1 : (self.size + 1) // 2]
        return Spectrum(torch.cat([self._raw, twice]).sort(descending=True).values, self.floor)

    def _filter(self, state: Tensor, response: Tensor) -> Tensor:
        return torch.fft.irfft(torch.fft.rfft(state) * response, n=self.size)
