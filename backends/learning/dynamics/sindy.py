"""SINDy: the right-hand side as a sparse combination of known terms; Brunton, Proctor and Kutz (2016, PNAS 113, 3932)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError

#: Terms of the library for three components.
TERMS = ("1", "x", "y", "z", "xy", "xz", "yz")
#: Rounds of thresholding; it usually settles in three.
ROUNDS = 10


def library(state: Tensor) -> Tensor:
    """Return the terms 1, x, y, z, xy, xz, yz of states (..., 3), (..., 7)."""
    x, y, z = state.unbind(-1)
    return torch.stack([torch.ones_like(x), x, y, z, x * y, x * z, y * z], -1)


@dataclass(frozen=True, eq=False)
class Sindy:
    """A right-hand side ẋ = Θ(x) C.

    Attributes
    ----------
    coefficients
        C, (7, 3): a column for each component.
    """

    coefficients: Tensor

    def __call__(self, state: Tensor) -> Tensor:
        """Return ẋ of states (..., 3)."""
        return library(state) @ self.coefficients.to(state)


def fit(states: Tensor, tendencies: Tensor, threshold: float = 0.1) -> Sindy:
    """Return the combination that fits pairs (x, ẋ), by least squares with thresholding.

    Terms whose coefficient is smaller than the threshold are dropped and the rest fitted again, until none is dropped.

    Parameters
    ----------
    states, tendencies
        (E, 3) each.
    threshold
        Smallest coefficient that is kept.

    Raises
    ------
    InputError
        If there are fewer pairs than terms, or the terms cannot be told apart on these states.
    """
    theta = library(states)
    if len(theta) < len(TERMS):
        raise InputError(f"SINDy needs at least {len(TERMS)} pairs of state and tendency, one for each term; came {len(theta)}")
    # Columns of length 1: their sizes differ by a factor of hundreds.
    length = theta.square().sum(0).sqrt()
    scaled = theta / length
    if int(torch.linalg.matrix_rank(scaled)) < len(TERMS):
        raise InputError("SINDy cannot tell its terms apart on these states; sample more of the state space")
    C = torch.linalg.lstsq(scaled, tendencies).solution / length[:, None]
    for _ in range(ROUNDS):
        kept = C.abs() >= threshold
        new = torch.zeros_like(C)
        for column in range(C.shape[1]):
            some = kept[:, column]
            if bool(some.any()):
                solved = torch.linalg.lstsq(scaled[:, some], tendencies[:, column : column + 1]).solution[:, 0]
                new[some, column] = solved / length[some]
        settled = torch.equal(new != 0, C != 0)
        C = new
        if settled:
            break
    return Sindy(C)


def lorenz63_coefficients(sigma: float, rho: float, beta: float) -> Tensor:
    """Return the coefficients that Lorenz (1963) has, (7, 3), float64."""
    C = torch.zeros(len(TERMS), 3, dtype=torch.float64)
    C[1, 0], C[2, 0] = -sigma, sigma
    C[1, 1], C[2, 1], C[5, 1] = rho, -1.0, -1.0
    C[3, 2], C[4, 2] = -beta, 1.0
    return C
