"""Vorticity and divergence of a wind on the sphere."""

import numpy as np

from backends.geometry.sphere import EARTH_RADIUS_KM

#: a, metres.
EARTH_RADIUS = 1000 * EARTH_RADIUS_KM


def vorticity(u: np.ndarray, v: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return the relative vorticity ζ = (∂v/∂λ − ∂(u cos φ)/∂φ) / (a cos φ), s⁻¹.

    Central differences, of second order also where the spacing is uneven, but of first order on the row beside a pole;
    one-sided at the edges of a region, and of first order where there are two rows or columns alone. Columns that go all round
    are closed. On a pole it is the circulation along the next circle of latitude over the area inside.

    Parameters
    ----------
    u, v
        Eastward and northward wind, (..., ny, nx), m s⁻¹.
    latitude, longitude
        Degrees, (ny,) and (nx,), both increasing.
    """
    return _curl(v, u, latitude, longitude)


def divergence(u: np.ndarray, v: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return the divergence δ = (∂u/∂λ + ∂(v cos φ)/∂φ) / (a cos φ), s⁻¹; arguments and differences as of the vorticity."""
    return _curl(u, -v, latitude, longitude)


def _curl(along: np.ndarray, across: np.ndarray, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return (∂along/∂λ − ∂(across cos φ)/∂φ) / (a cos φ)."""
    phi, lam = np.deg2rad(latitude), np.deg2rad(longitude)
    along, across = np.asarray(along, "f8"), np.asarray(across, "f8")
    cos = np.cos(phi)[:, None]
    turn = 2 * np.pi
    closed = lam[-1] - lam[0] + 1.5 * (lam[1] - lam[0]) > turn
    if closed:
        lam = np.r_[lam[-1] - turn, lam, lam[0] + turn]
        along = np.concatenate([along[..., -1:], along, along[..., :1]], axis=-1)
    eastward = np.gradient(along, lam, axis=-1, edge_order=1 if closed or len(lam) < 3 else 2)
    if closed:
        eastward = eastward[..., 1:-1]
    northward = np.gradient(across * cos, phi, axis=-2, edge_order=1 if len(phi) < 3 else 2)
    on_pole = np.isclose(np.abs(latitude), 90)
    result = (eastward - northward) / (EARTH_RADIUS * np.where(on_pole[:, None], np.nan, cos))
    for row, neighbour in ((0, 1), (-1, -2)):
        if on_pole[row] and closed:
            mean = across[..., neighbour, :].mean(-1, keepdims=True)
            inside = EARTH_RADIUS * (1 - abs(np.sin(phi[neighbour])))
            result[..., row, :] = np.sign(phi[row]) * mean * cos[neighbour] / inside
    return result
