"""A background for observations without a model: a plane in latitude, longitude and height, fitted to them."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError

#: One more than there are coefficients, so that a residual is left.
FEWEST_STATIONS = 5
#: Least singular value of the scaled design relative to the greatest, below which the coefficients are not determined.
_RANK_TOLERANCE = 1e-8
_PREDICTORS = ("latitude", "longitude", "height")


@dataclass(frozen=True, eq=False)
class Regression:
    """value ≈ c₀ + c₁ latitude + c₂ longitude + c₃ height, each centred and scaled.

    Attributes
    ----------
    centre, scale
        Shape (3,), of latitude (degrees north), longitude (degrees east) and height (m).
    coefficients
        Shape (4,), in the unit of the values: the value at `centre`, then the change over one `scale` of each.
    """

    centre: Tensor
    scale: Tensor
    coefficients: Tensor

    def predict(self, latitude: Tensor, longitude: Tensor, height: Tensor) -> Tensor:
        """Return the values, shape (q,), float64, at places of shape (q,): degrees north, degrees east, metres.

        Longitudes may lie on any branch; those nearest to the stations' mean longitude are meant.

        Raises
        ------
        InputError
            If the shapes differ or a number is not finite.
        """
        columns = _columns(latitude, longitude, height)
        return _design(columns.to(self.centre.device), self.centre, self.scale) @ self.coefficients


def fit_regression(latitude: Tensor, longitude: Tensor, height: Tensor, values: Tensor) -> Regression:
    """Fit the plane by least squares to the observations that an analysis uses, never to those it is verified with.

    Parameters
    ----------
    latitude, longitude, height
        Shape (p,): degrees north, degrees east on any branch, metres above mean sea level.
    values
        Shape (p,).

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, there are fewer than 5 stations, or they lie such that the plane is
        not determined: on one line, or all at one height.
    """
    columns = _columns(latitude, longitude, height)
    y = values.to(columns)
    if y.shape != columns.shape[:1]:
        raise InputError(f"a regression needs one value per station; came {tuple(y.shape)} for {len(columns)} stations")
    if not bool(torch.isfinite(y).all()):
        raise InputError(f"the values of a regression must be finite; {int((~torch.isfinite(y)).sum())} are not")
    if len(y) < FEWEST_STATIONS:
        raise InputError(
            f"a regression on latitude, longitude and height needs at least {FEWEST_STATIONS} stations; came {len(y)}"
        )
    lam = torch.deg2rad(columns[:, 1])
    centre = columns.mean(0)
    # The mean of longitudes on both sides of the dateline is not their arithmetic mean.
    centre[1] = math.degrees(math.atan2(float(lam.sin().mean()), float(lam.cos().mean())))
    spread = _design(columns, centre, torch.ones_like(centre))[:, 1:]
    centre = centre + spread.mean(0)
    scale = spread.std(0, correction=0)
    flat = [name for name, s in zip(_PREDICTORS, scale, strict=True) if float(s) < 1e-9]
    if flat:
        raise InputError(f"a regression on height needs stations apart; all {len(y)} have the same {' and '.join(flat)}")
    U, s, Vt = torch.linalg.svd(_design(columns, centre, scale), full_matrices=False)
    if float(s[-1]) < _RANK_TOLERANCE * float(s[0]):
        raise InputError(
            f"a regression needs stations whose latitude, longitude and height are independent of each other; "
            f"those of the {len(y)} that came lie on one plane"
        )
    return Regression(centre, scale, Vt.T @ ((U.T @ y) / s))


def _columns(latitude: Tensor, longitude: Tensor, height: Tensor) -> Tensor:
    """Return the predictors side by side, shape (p, 3), float64."""
    if latitude.ndim != 1 or not latitude.shape == longitude.shape == height.shape:
        raise InputError(
            "a regression needs one latitude, longitude and height per place; came shapes "
            f"{tuple(latitude.shape)}, {tuple(longitude.shape)} and {tuple(height.shape)}"
        )
    columns = torch.stack([latitude.double(), longitude.double(), height.double()], dim=-1)
    for name, column in zip(_PREDICTORS, columns.unbind(-1), strict=True):
        if not bool(torch.isfinite(column).all()):
            raise InputError(f"the {name}s of a regression must be finite; at least one is NaN or infinite")
    return columns


def _design(columns: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """Return the matrix of the least-squares problem, shape (p, 4): a one, and the scaled distances from the centre."""
    apart = columns - centre
    apart[:, 1] = (apart[:, 1] + 180) % 360 - 180
    return torch.cat([torch.ones_like(apart[:, :1]), apart / scale], dim=-1)
