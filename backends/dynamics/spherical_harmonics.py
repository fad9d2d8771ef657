"""Spherical harmonics on a Gaussian grid: transforms as matrix products, and derivatives of winds."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from backends.errors import InputError


def legendre(truncation: int, degrees: int, mu: np.ndarray) -> np.ndarray:
    """Return associated Legendre functions P_n^m(μ) with ½ ∫ (P_n^m)² dμ = 1, shape (truncation + 1, degrees, len(μ)).

    From the sectoral P_m^m upwards by μ P_n = ε_{n+1} P_{n+1} + ε_n P_{n−1}, which is stable; zero where n < m. Without the
    Condon–Shortley sign. Hack and Jakob (1992, NCAR Technical Note 343), section 2.
    """
    values = np.zeros((truncation + 1, degrees, len(mu)))
    sectoral = np.ones_like(mu)
    for m in range(truncation + 1):
        if m:
            sectoral = sectoral * np.sqrt((2 * m + 1) / (2 * m) * (1 - mu) * (1 + mu))
        values[m, m] = sectoral
        before = np.zeros_like(mu)
        for n in range(m, degrees - 1):
            values[m, n + 1] = (mu * values[m, n] - _epsilon(m, n) * before) / _epsilon(m, n + 1)
            before = values[m, n]
    return values


def _epsilon(m: int, n: int) -> float:
    """ε_n^m = √((n² − m²) / (4 n² − 1))."""
    return math.sqrt(max(0, n * n - m * m) / (4 * n * n - 1)) if n else 0.0


def gaussian_latitudes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sines of the Gaussian latitudes, ascending, and their weights in a mean over the sphere, summing to one.

    The weights are the Christoffel numbers 1 / Σ_n P_n(μ)² (Szegő, 1939, Orthogonal Polynomials, section 3.4): NumPy's own,
    from derivatives at the nodes, are wrong in the twelfth digit for 64 latitudes, and the transforms would be too.
    """
    mu, _ = np.polynomial.legendre.leggauss(count)
    return mu, 1 / np.square(legendre(0, count, mu)[0]).sum(0)


class SphericalHarmonics:
    """Transforms between fields (..., nlat, nlon) on a Gaussian grid and coefficients (..., T + 1, T + 2), complex.

    Coefficients are numbered by zonal wavenumber m = 0 … T and total wavenumber n = 0 … T + 1; a field is
    Σ_n P_n^m(sin φ) (c_0n + 2 Re Σ_m c_mn exp(i m λ)). The triangle n ≤ T is what scalars consist of (`keep`); the column
    n = T + 1 is there for winds times cos φ, whose expansion goes one degree further. With P normalised to a mean
    square of one, c_00 is the mean over the sphere.

    Winds are handled as U = u cos φ and V = v cos φ with the derivative H = (1 − μ²) dP/dμ taken by a recurrence between
    coefficients, so that one table serves all transforms: Hack and Jakob (1992), section 3; Jakob-Chien et al. (1995,
    J. Comput. Phys. 119, 164–187). All lengths are in units of the radius.

    Parameters
    ----------
    truncation
        T ≥ 2, triangular. The grid has 2 nlat longitudes and nlat latitudes, the least even number with nlat ≥ (3 T + 1) / 2:
        enough that products of two fields are transformed without aliasing.
    device, dtype
        Of the tables. Latitudes and their weights are computed in double precision.

    Attributes
    ----------
    latitude, longitude
        Degrees, south to north and from 0 eastwards, shapes (nlat,) and (nlon,).
    weight
        Of the latitudes in a mean over the sphere, summing to one, (nlat,).
    cosine
        cos φ, (nlat, 1).
    laplacian, inverse_laplacian
        −n (n + 1) and one over it, zero where n = 0, shape (T + 2,).
    keep
        True in the triangle m ≤ n ≤ T, shape (T + 1, T + 2).
    """

    def __init__(self, truncation: int, device: torch.device, dtype: torch.dtype) -> None:
        if truncation < 2:
            raise InputError(f"the truncation T of spherical harmonics must be at least 2; came {truncation}")
        self.truncation = T = truncation
        self.nlat, self.nlon = grid_shape(T)
        mu, weight = gaussian_latitudes(self.nlat)
        functions = legendre(T, T + 2, mu)
        square = (1 - mu) * (1 + mu)  # cos² φ, without the digits that 1 − μ² loses at the poles

        def table(values: np.ndarray | Tensor) -> Tensor:
            return torch.as_tensor(values).to(dtype).to(device).contiguous()

        self.latitude, self.weight = table(np.degrees(np.arcsin(mu))), table(weight)
        self.longitude = table(np.arange(self.nlon) * (360 / self.nlon))
        self.cosine = table(np.sqrt(square)[:, None])
        self._synthesis = table(functions.transpose(0, 2, 1))  # (m, nlat, n)
        projection = functions * weight
        self._flux_analysis = table(projection / square)  # (m, n, nlat)
        projection[:, T + 1] = 0
        self._analysis = table(projection)
        m, n = torch.arange(T + 1)[:, None], torch.arange(T + 3)
        epsilon = torch.from_numpy(np.array([[_epsilon(j, k) for k in range(T + 3)] for j in range(T + 1)]))
        self.keep = ((m <= n[:-1]) & (n[:-1] <= T)).to(device)
        self.laplacian = table(-(n * (n + 1))[:-1])
        self.inverse_laplacian = torch.where(self.laplacian < 0, 1 / self.laplacian, 0.0)
        self._im = 1j * table(m)
        # (H f)_n = (n + 2) ε_{n+1} f_{n+1} − (n − 1) ε_n f_{n−1}, of which the second is nothing where n < m + 1.
        self._above, self._below = table((n + 2) * epsilon.roll(-1, 1))[:, :-2], table((n - 1) * epsilon)[:, 1:-1]

    def analyse(self, field: Tensor) -> Tensor:
        """Return the coefficients of scalar fields (..., nlat, nlon), n ≤ T."""
        return self._analyse(field, self._analysis)

    def analyse_flux(self, field: Tensor) -> Tensor:
        """Return the coefficients of fields (..., nlat, nlon) divided by cos² φ, n ≤ T + 1.

        Of the components of a vector times cos φ, they are what :meth:`divergence` and :meth:`curl` take.
        """
        return self._analyse(field, self._flux_analysis)

    def synthesise(self, coefficients: Tensor) -> Tensor:
        """Return the fields (..., nlat, nlon) that have these coefficients."""
        waves = self._product(self._synthesis, coefficients)
        return torch.fft.irfft(waves.transpose(-1, -2), n=self.nlon, norm="forward")

    def wind(self, vorticity: Tensor, divergence: Tensor) -> tuple[Tensor, Tensor]:
        """Return the coefficients of U = u cos φ and V = v cos φ; both kinds of coefficients need n ≤ T."""
        psi, chi = self.inverse_laplacian * vorticity, self.inverse_laplacian * divergence
        return self._im * chi - self._slope(psi), self._im * psi + self._slope(chi)

    def divergence(self, A: Tensor, B: Tensor) -> Tensor:
        """Return the divergence of a vector (a, b), n ≤ T, from :meth:`analyse_flux` of a cos φ and b cos φ.

        The derivative of b is moved to P by parts, so that the quadrature is exact although b / cos φ is no polynomial.
        """
        return (self._im * A - self._slope_adjoint(B)) * self.keep

    def curl(self, A: Tensor, B: Tensor) -> Tensor:
        """Return the vertical curl of a vector (a, b), n ≤ T, from :meth:`analyse_flux` of a cos φ and b cos φ."""
        return (self._im * B + self._slope_adjoint(A)) * self.keep

    def _analyse(self, field: Tensor, table: Tensor) -> Tensor:
        waves = torch.fft.rfft(field, norm="forward")[..., : self.truncation + 1]
        return self._product(table, waves.transpose(-1, -2))

    def _slope(self, f: Tensor) -> Tensor:
        """Return the coefficients of (1 − μ²) ∂f/∂μ, n ≤ T + 1, of an f with n ≤ T."""
        return pad(self._above * f[..., 1:], (0, 1)) - pad(self._below * f[..., :-1], (1, 0))

    def _slope_adjoint(self, f: Tensor) -> Tensor:
        """Return the transpose of :meth:`_slope`: the integrals of f (1 − μ²) ∂P/∂μ."""
        return pad(self._above * f[..., :-1], (1, 0)) - pad(self._below * f[..., 1:], (0, 1))

    @staticmethod
    def _product(table: Tensor, waves: Tensor) -> Tensor:
        """Return Σ_k table (m, j, k) waves (..., m, k): one matrix product for each m, real and imaginary parts as columns."""
        M, J, K = table.shape
        flat = torch.view_as_real(waves.reshape(-1, M, K)).permute(1, 2, 0, 3).reshape(M, K, -1)
        parts = (table @ flat).unflatten(-1, (-1, 2)).permute(2, 0, 1, 3)
        return torch.view_as_complex(parts).reshape(*waves.shape[:-2], M, J)


def grid_shape(truncation: int) -> tuple[int, int]:
    """Return the latitudes and longitudes that a triangular truncation needs: 64 and 128 for T42."""
    nlat = math.ceil((3 * truncation + 1) / 4) * 2
    return nlat, 2 * nlat
