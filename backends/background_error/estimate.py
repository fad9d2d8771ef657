"""Background errors estimated from data: the NMC method, as GEN_BE does it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM


@dataclass(frozen=True, eq=False)
class Estimate:
    """What lagged differences tell about background errors.

    Attributes
    ----------
    sigma
        Standard deviation at each grid point, shape (n,), in the unit of the field.
    length
        Correlation length of a Gaussian with the same curvature, km, shape (ny, nx), and its median `typical`.
    eofs
        Leading empirical orthogonal functions, shape (k, n), orthonormal with the weights of area: E W Eᵀ = I.
    explained
        Share that each explains of the variance, a mean over the area, shape (k,).
    samples
        Number of differences.
    """

    sigma: Tensor
    length: Tensor
    typical: float
    eofs: Tensor
    explained: Tensor
    samples: int


def nmc(differences: Tensor, grid: LatLonGrid, modes: int = 20) -> Estimate:
    """Estimate from differences between fields at two lags (Parrish and Derber, 1992, Mon. Wea. Rev. 120, 1747–1763).

    Two fields with independent errors of equal variance differ with twice that variance: the covariance of the
    differences is halved. Lengths are those of Daley, L² = −1 / ρ''(0), from the variance of the gradient of the
    normalised errors, L² = 1 / ½ (var ∂ε/∂x + var ∂ε/∂y) (Belo Pereira and Berre, 2006, Mon. Wea. Rev. 134, 2466–2489).

    EOFs are of errors weighted with √cos φ, so that regions count by their area (North et al., 1982, Mon. Wea. Rev. 110,
    699–706).

    Parameters
    ----------
    differences
        Shape (k, n), k ≥ 3.
    grid
        Of n points.
    modes
        Number of EOFs.

    Raises
    ------
    InputError
        If there are fewer than three differences, one is missing (NaN), or the field does not vary.
    """
    if len(differences) < 3:
        raise InputError(f"the NMC method needs at least three differences of times; came {len(differences)}")
    if not bool(torch.isfinite(differences).all()):
        raise InputError("the NMC method needs fields without missing values; at least one is NaN or infinite")
    errors = (differences - differences.mean(0)) / math.sqrt(2)
    sigma = errors.std(0, correction=1)
    floor = 1e-3 * float(sigma.square().mean().sqrt())
    if floor == 0:
        raise InputError("the differences of the fields are all zero: nothing can be estimated from them")
    sigma = sigma.clamp(min=floor)  # a point that never changes, such as sea ice, still needs a σ_b
    length = _lengths((errors / sigma).unflatten(-1, grid.shape), grid)
    explained, eofs = _eofs(errors, grid.area_weights(), modes)
    return Estimate(
        sigma=sigma,
        length=length,
        typical=float(length.median()),
        eofs=eofs,
        explained=explained,
        samples=len(differences),
    )


def _eofs(errors: Tensor, area: Tensor, modes: int) -> tuple[Tensor, Tensor]:
    """Return the shares explained, shape (m,), and the EOFs, shape (m, n), of errors (k, n) with mean zero."""
    amplitudes, values, _ = torch.linalg.svd(errors * area.sqrt(), full_matrices=False)
    shares = values.square() / values.square().sum()
    some = min(modes, int((shares > torch.finfo(shares.dtype).eps).sum()))  # k centred errors have k − 1 directions
    # Regressed on, rather than divided by the weights, which are zero at a pole.
    return shares[:some], (amplitudes / values)[:, :some].T @ errors


def _lengths(normalised: Tensor, grid: LatLonGrid) -> Tensor:
    """Return the length at each grid point, km, shape (ny, nx), from errors (k, ny, nx) of unit variance with divisor k − 1."""
    rows = torch.deg2rad(grid.latitude) * EARTH_RADIUS_KM
    columns = torch.deg2rad(grid.longitude) * EARTH_RADIUS_KM
    along = torch.gradient(normalised, spacing=(rows,), dim=(1,))[0]
    if grid.periodic:
        step = 2 * float(columns[1] - columns[0])
        across = (normalised.roll(-1, dims=2) - normalised.roll(1, dims=2)) / step
    else:
        across = torch.gradient(normalised, spacing=(columns,), dim=(2,))[0]
    # Towards the poles a degree of longitude shrinks; at the pole itself only the other direction counts.
    shrink = torch.deg2rad(grid.latitude).cos()[:, None].clamp(min=0.02)
    # The mean has been taken off and σ has the divisor k − 1: with another one lengths would be √(k / (k − 1)) too long.
    squared = 0.5 * (along.square() + (across / shrink).square()).sum(0) / (len(normalised) - 1)
    return squared.clamp(min=1e-12).rsqrt()
