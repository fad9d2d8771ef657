"""How the values of a field are distributed, and over which scales its variance is."""

from dataclasses import dataclass

import numpy as np
import torch

from backends.dynamics.spherical_harmonics import legendre
from backends.errors import InputError
from backends.fields.areas import cell_areas
from backends.fields.field import Field
from backends.fields.meshes import RegularMesh
from backends.rollout.spectra import MapSpectrum

#: Bins of a histogram, at least and at most.
BINS = (12, 80)
#: Greatest total wavenumber: the table of Legendre functions grows with its square, times the rows.
MOST_WAVES = 127


@dataclass(frozen=True, eq=False)
class Histogram:
    """Values counted in bins.

    Attributes
    ----------
    edges
        Of the bins, in the variable's units, (n + 1,).
    count
        Values in each, (n,).
    share
        Area of each in parts of the area that has values, (n,), summing to one.
    """

    edges: np.ndarray
    count: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, eq=False)
class Power:
    """Variance by wavenumber.

    Attributes
    ----------
    wavenumber
        (W,), from 1.
    power
        In the square of the variable's units; their sum is the variance, of what the wavenumbers cover.
    meaning
        What the wavenumbers count.
    """

    wavenumber: np.ndarray
    power: np.ndarray
    meaning: str


def histogram(field: Field) -> Histogram:
    """Return the histogram of a field; with 2 n^⅓ bins (Rice's rule) for n values, within :data:`BINS`.

    Raises
    ------
    InputError
        If it has no values.
    """
    values = field.values.ravel().astype(np.float64)
    there = np.isfinite(values)
    if not there.any():
        raise InputError(f"{field.variable.title} has no values here: every grid point is missing (NaN)")
    values, areas = values[there], cell_areas(field.variable.mesh)[there]
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    bins = int(np.clip(2 * values.size ** (1 / 3), *BINS))
    edges = np.linspace(low, high, bins + 1)
    share = np.histogram(values, edges, weights=areas)[0]
    return Histogram(edges, np.histogram(values, edges)[0], share / share.sum())


def zonal_power(field: Field) -> Power:
    """Return the variance by zonal wavenumber m: means over latitude, weighted by cos φ, of the power of each circle.

    Rows with missing values are left out.

    Raises
    ------
    InputError
        If the grid is no latitude–longitude grid all round the Earth, or every row has missing values.
    """
    values, latitude = _circles(field)
    whole = np.isfinite(values).all(axis=1)
    if not whole.any():
        raise InputError("every circle of latitude has missing values, so no wave can be told")
    weight = np.maximum(np.cos(np.deg2rad(latitude[whole])), 0)
    waves = np.fft.rfft(values[whole], norm="forward", axis=1)
    power = np.average(np.abs(waves) ** 2, axis=0, weights=weight)
    n = values.shape[1]
    power[1:] *= 2
    if n % 2 == 0:
        power[-1] /= 2
    return Power(np.arange(1.0, len(power)), power[1:], "zonal wavenumber m")


def sphere_power(field: Field) -> Power:
    """Return the variance by total wavenumber n of spherical harmonics, Σ_m |c_mn|², up to half the number of rows.

    The weights of the rows are those of least size that integrate all Legendre polynomials of degree 2 T exactly: on Gaussian
    and on evenly spaced rows they are positive.

    Raises
    ------
    InputError
        If the grid is no latitude–longitude grid over all of the globe, or values are missing.
    """
    values, latitude = _circles(field)
    if not np.isfinite(values).all():
        raise InputError("values are missing, so there are no spherical harmonics of the field")
    mu = np.sin(np.deg2rad(latitude))
    rows, columns = values.shape
    if latitude[0] > -90 + 3 * 180 / rows or latitude[-1] < 90 - 3 * 180 / rows:
        raise InputError("the grid does not reach from pole to pole, so there are no spherical harmonics of the field")
    T = min((rows - 1) // 2, columns // 2 - 1, MOST_WAVES)
    if T < 2:
        raise InputError(f"{rows} rows and {columns} columns are too few for spherical harmonics")
    polynomials = legendre(0, 2 * T + 1, mu)[0]
    weight = np.linalg.lstsq(polynomials, np.eye(2 * T + 1)[0], rcond=None)[0]
    waves = np.fft.rfft(values, norm="forward", axis=1)[:, : T + 1]
    coefficients = np.einsum("mnj,jm->mn", legendre(T, T + 1, mu) * weight, waves, optimize=True)
    power = np.abs(coefficients) ** 2
    power[1:] *= 2  # waves of order m > 0 stand for those of −m, too
    return Power(np.arange(1.0, T + 1), power.sum(0)[1:], "total wavenumber n")


def map_power(field: Field) -> Power:
    """Return the variance by half waves along the shorter side of a region, by the cosine transform.

    See :class:`backends.rollout.spectra.MapSpectrum`.

    Raises
    ------
    InputError
        If the grid has no rows and columns, or values are missing.
    """
    if field.values.ndim != 2:
        raise InputError(f"a {field.variable.mesh.kind} grid has no rows and columns, so there is no spectrum of the field")
    if not np.isfinite(field.values).all():
        raise InputError("values are missing, so there is no spectrum of the field")
    spectrum = MapSpectrum(field.values.shape)
    power = spectrum.power(torch.from_numpy(field.values.astype(np.float64)).flatten())
    # Rings beyond the shortest half wave along a side are the corners of the square of wavenumbers.
    most = min(field.values.shape) - 1
    return Power(spectrum.wavenumbers.numpy()[:most], power.numpy()[:most], spectrum.meaning)


def slope_line(power: Power, exponent: float) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends, (2,) and (2,), of a line of power ∝ k^exponent that crosses a spectrum at a quarter of its length."""
    known = np.flatnonzero(power.power > 0)
    if not known.size:
        return np.empty(0), np.empty(0)
    at = known[len(known) // 4]
    k = np.array([max(power.wavenumber[at] / 3, power.wavenumber[0]), power.wavenumber[known[-1]]])
    return k, power.power[at] * (k / power.wavenumber[at]) ** exponent


def _circles(field: Field) -> tuple[np.ndarray, np.ndarray]:
    mesh = field.variable.mesh
    if not isinstance(mesh, RegularMesh) or not mesh.grid.periodic:
        raise InputError("waves round the Earth need a latitude–longitude grid that goes all round it")
    return field.values.astype(np.float64), mesh.grid.latitude.numpy()
