"""Correlation functions of distance, and what they are called."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError


def gaussian(r: Tensor) -> Tensor:
    """exp(−r² / 2), infinitely smooth."""
    return torch.exp(-0.5 * r.square())


def exponential(r: Tensor) -> Tensor:
    """exp(−r), rough: Matérn with ν = ½."""
    return torch.exp(-r)


def soar(r: Tensor) -> Tensor:
    """(1 + r) exp(−r), the second-order autoregressive function: Matérn with ν = 3/2."""
    return (1 + r) * torch.exp(-r)


def matern52(r: Tensor) -> Tensor:
    """(1 + r + r²/3) exp(−r): Matérn with ν = 5/2."""
    return (1 + r + r.square() / 3) * torch.exp(-r)


def gaspari_cohn(r: Tensor) -> Tensor:
    """Return the fifth-order piecewise rational function with compact support, r in half-widths: zero from r = 2 on.

    Gaspari and Cohn (1999, Q. J. R. Meteorol. Soc. 125, 723–757), equation 4.10.
    """
    near, far = r.clamp(max=1), r.clamp(1, 2)
    inner = 1 + near.square() * (-5 / 3 + near * (5 / 8 + near * (1 / 2 - near / 4)))
    outer = 4 - 5 * far + far.square() * (5 / 3 + far * (5 / 8 + far * (-1 / 2 + far / 12))) - 2 / (3 * far)
    return torch.where(r < 1, inner, outer.clamp(min=0))


#: Name → function of r = d / (factor · L), factor. For Gaspari–Cohn the half-width √(10/3) L has the curvature at zero of
#: the Gaussian with length L (Lorenc, 2003, Q. J. R. Meteorol. Soc. 129, 3183–3203).
CORRELATIONS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "gaussian": (gaussian, 1.0),
    "exponential": (exponential, 1.0),
    "soar": (soar, 1.0),
    "matern52": (matern52, 1.0),
    "gaspari-cohn": (gaspari_cohn, math.sqrt(10 / 3)),
}


def plain(value: float | Tensor) -> float:
    """Return the number of a tensor without dimensions, or the number itself."""
    return float(value.detach()) if isinstance(value, Tensor) else float(value)


@dataclass(frozen=True, eq=False)
class Correlation:
    """A correlation function with its length.

    Attributes
    ----------
    name
        One of :data:`CORRELATIONS`.
    length
        Correlation length L > 0, in the unit of the distances; a tensor where derivatives by it are wanted.

    Raises
    ------
    InputError
        If the name is unknown or L is not positive.
    """

    name: str
    length: float | Tensor

    def __post_init__(self) -> None:
        if self.name not in CORRELATIONS:
            raise InputError(f"the correlation must be one of {', '.join(CORRELATIONS)}; came {self.name!r}")
        length = plain(self.length)
        if not (math.isfinite(length) and length > 0):
            raise InputError(f"the correlation length L must be a positive number; came {length:g}")

    def __call__(self, distance: Tensor) -> Tensor:
        """Return the correlation at distances of any shape."""
        function, factor = CORRELATIONS[self.name]
        return function(distance / (factor * self.length))


def check_sigma_b(sigma: float) -> None:
    """Raise InputError unless σ_b is a positive number."""
    if not (math.isfinite(sigma) and sigma > 0):
        raise InputError(f"the background error σ_b must be a positive number; came {sigma:g}")


def check_floor(floor: float) -> None:
    """Raise InputError unless the floor α lies in [0, 1)."""
    if not 0 <= floor < 1:
        raise InputError(f"the floor α of the eigenvalues must be at least 0 and below 1; came {floor:g}")
