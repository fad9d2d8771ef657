"""B of a batch of cases on a periodic line, each with its own variance and length: diagonal in Fourier space."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.background_error.circulant import REACH


@dataclass(frozen=True, eq=False)
class SpectralErrors:
    """Circulant covariances given by their eigenvalues, those of waves 0 to n/2.

    Attributes
    ----------
    eigenvalues
        Positive, shape (E, n // 2 + 1), or (1, n // 2 + 1) where all cases share one B.
    points
        n.
    """

    eigenvalues: Tensor
    points: int

    def sqrt(self, control: Tensor) -> Tensor:
        """Return B^{1/2} v, the symmetric root."""
        return self._filter(control, self.eigenvalues.sqrt())

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return B^{1/2} x."""
        return self.sqrt(state)

    def inverse(self, state: Tensor) -> Tensor:
        """Return B⁻¹ x."""
        return self._filter(state, 1 / self.eigenvalues)

    def between(self, points: Tensor) -> Tensor:
        """Return the elements of B between grid points (E, k), (E, k, k)."""
        row = torch.fft.irfft(self.eigenvalues.to(torch.complex128), n=self.points).to(self.eigenvalues)
        apart = (points[:, :, None] - points[:, None, :]).remainder(self.points)
        return row.expand(len(points), -1).gather(1, apart.flatten(1)).view_as(apart)

    def of(self, some: Tensor) -> "SpectralErrors":
        """Return the covariances of some of the cases."""
        return self if len(self.eigenvalues) == 1 else SpectralErrors(self.eigenvalues[some], self.points)

    def to(self, like: Tensor) -> "SpectralErrors":
        """Return them with the device and precision of a tensor."""
        return SpectralErrors(self.eigenvalues.to(like), self.points)

    def _filter(self, state: Tensor, response: Tensor) -> Tensor:
        between = (1,) * (state.ndim - 2)
        shaped = response.reshape(response.shape[0], *between, -1)
        return torch.fft.irfft(torch.fft.rfft(state) * shaped, n=self.points)


def gaussian_spectra(points: int, sigma: Tensor, length: Tensor, floor: float) -> Tensor:
    """Return the eigenvalues of periodised Gaussian covariances, floored at α λ_max, in double precision.

    They are those of :class:`backends.background_error.circulant.CirculantBackgroundError`, for many cases at once.

    Parameters
    ----------
    points
        n.
    sigma, length
        σ_b, and L as a fraction of the line, shape (E,).
    floor
        α.
    """
    L = length.double()
    place = torch.arange(points, dtype=torch.float64, device=L.device) / points
    # A Gaussian is nothing in double precision beyond nine lengths; REACH is for correlations that fall more slowly.
    images = int(torch.ceil(min(REACH, 9) * L.max())) + 1
    shifts = torch.arange(-images, images + 1, dtype=torch.float64, device=L.device)
    row = torch.exp(-0.5 * ((place[:, None] + shifts) / L[:, None, None]).square()).sum(-1)
    row = row / row[:, :1] * sigma.double()[:, None].square()
    raw = torch.fft.rfft(row).real
    return torch.maximum(raw, floor * raw.amax(-1, keepdim=True))
