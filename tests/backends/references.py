"""Covariances as plain numpy matrices, each formed in the most direct way there is."""

import numpy as np

from backends.geometry.plane import VerticalPlane
from backends.geometry.sphere import EARTH_RADIUS_KM, Points

#: Correlation functions of r = d / L, written out once more.
FUNCTIONS = {
    "gaussian": lambda r: np.exp(-(r**2) / 2),
    "exponential": lambda r: np.exp(-r),
    "soar": lambda r: (1 + r) * np.exp(-r),
    "matern52": lambda r: (1 + r + r**2 / 3) * np.exp(-r),
    "gaspari-cohn": lambda r: gaspari_cohn(r / np.sqrt(10 / 3)),
}


def gaspari_cohn(r: np.ndarray) -> np.ndarray:
    """Equation 4.10 of Gaspari and Cohn (1999) term by term, with c = 1 and z = r."""
    r = np.asarray(r, dtype=float)
    with np.errstate(divide="ignore"):
        outer = r**5 / 12 - r**4 / 2 + 5 * r**3 / 8 + 5 * r**2 / 3 - 5 * r + 4 - 2 / (3 * r)
    inner = -(r**5) / 4 + r**4 / 2 + 5 * r**3 / 8 - 5 * r**2 / 3 + 1
    return np.where(r <= 1, inner, np.where(r < 2, outer, 0.0))


def great_circle(a: Points, b: Points) -> np.ndarray:
    """Distances by Vincenty's formula, km, shape (len(a), len(b))."""
    f1, l1 = (np.deg2rad(v.numpy())[:, None] for v in (a.latitude, a.longitude))
    f2, l2 = (np.deg2rad(v.numpy())[None, :] for v in (b.latitude, b.longitude))
    y = np.hypot(np.cos(f2) * np.sin(l2 - l1), np.cos(f1) * np.sin(f2) - np.sin(f1) * np.cos(f2) * np.cos(l2 - l1))
    return EARTH_RADIUS_KM * np.arctan2(y, np.sin(f1) * np.sin(f2) + np.cos(f1) * np.cos(f2) * np.cos(l2 - l1))


def circulant(points: int, name: str, length: float, sigma: float, periodised: bool = True) -> np.ndarray:
    """B on the periodic line without a floor, the images of 60 turns each way summed one by one."""
    x = np.arange(points) / points
    apart = x[:, None] - x
    if not periodised:
        return sigma**2 * FUNCTIONS[name](np.minimum(abs(apart), 1 - abs(apart)) / length)
    total = sum(FUNCTIONS[name](abs(apart + turn) / length) for turn in range(-60, 61))
    return sigma**2 * total / total[0, 0]


def separable(plane: VerticalPlane, name: str, lengths: tuple[float, float], sigma: float) -> np.ndarray:
    """B on the plane without a floor, σ² (C_z ⊗ C_x) for lengths L_x, L_z."""
    x, z = plane.x.numpy(), plane.z.numpy()
    cx, cz = FUNCTIONS[name](abs(x[:, None] - x) / lengths[0]), FUNCTIONS[name](abs(z[:, None] - z) / lengths[1])
    return sigma**2 * np.kron(cz, cx)


def floored(matrix: np.ndarray, share: float) -> np.ndarray:
    """The matrix with eigenvalues raised to a share of the largest."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.maximum(values, share * values[-1]) @ vectors.T


def added(matrix: np.ndarray, share: float) -> np.ndarray:
    """The matrix plus a share of its largest eigenvalue on the diagonal."""
    return matrix + share * np.linalg.eigvalsh(matrix)[-1] * np.eye(len(matrix))
