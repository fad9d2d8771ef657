"""The finite-size ensemble Kalman filter, which needs no inflation."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.ensemble_space import Gram, standardised
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import InflatedEnsemble

#: λ is looked for up to here, on so many values at first; an ensemble 10⁴ times too narrow has lost the truth anyway.
LARGEST, VALUES = 1e8, 128
#: Newton steps from the best of these values.
STEPS = 6


@dataclass
class FiniteSizeEnKF(InflatedEnsemble):
    """EnKF-N; Bocquet (2011, Nonlin. Processes Geophys. 18, 735–750); Bocquet, Raanes and Hannart (2015, ibid. 22, 645–662).

    Mean and covariance of the prior are themselves uncertain when they come from N members. Integrating that out leaves an
    analysis of the ETKF with deviations multiplied by a factor that the innovation chooses, anew in each analysis; see
    :func:`inflation`. `extras` has this factor.
    """

    name: ClassVar[str] = "enkf-n"

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        mean, X, Y, d = standardised(members, observed)
        N1 = X.shape[-2] - 1
        gram = Gram.of(Y)
        Yd = Y @ d[..., None]
        square = inflation(gram, (gram.vectors.mT @ Yd)[..., 0]).square()[:, None]
        w = gram.apply(lambda s2: square / (square * s2 + N1), Yd)
        deviations = square.sqrt()[..., None] * gram.apply(lambda s2: (1 + square * s2 / N1).rsqrt(), X)
        self.extras = {"inflation": square[:, 0].sqrt()}
        return mean + w.mT @ X + deviations


def coefficients(gram: Gram) -> tuple[Tensor, Tensor]:
    """Return ε_N and c_L of the dual cost, shape (E, 1).

    ε_N = (N + 1)/N and c_L = N/(N − 1) make the dual favour a factor below one where observations say nothing. This is
    corrected, nearly as in equation 36 of Bocquet et al. (2015), by the weight of the prior in the analysis, the mean
    eigenvalue of (N − 1) [(N − 1) I + Y Yᵀ]⁻¹; the form is that of DAPPER 1.7.1, whose scores are published.
    """
    N, r = gram.vectors.shape[-2:]
    epsilon, c = (N + 1) / N, N / (N - 1)
    weight = (((N - 1) / (gram.values + N - 1)).sum(-1, keepdim=True) + (N - r)) / N
    correction = (epsilon / c) ** (0.5 * weight)
    return epsilon / correction, c * correction


def dual(square: Tensor, gram: Gram, b: Tensor, epsilon: Tensor, c: Tensor) -> Tensor:
    """Return the dual cost D less a constant at λ = l², shapes (E, …) of λ and of what comes back.

    D(l) = dᵀ [l² Yᵀ Y + (N − 1) I]⁻¹ d + ε_N / l² + c_L log l², with d and Y in units of σ_o: the dual cost of Bocquet et al.
    (2015) with ζ = (N − 1)/l², over N − 1. The first term is dᵀd/(N − 1) − λ/(N − 1) Σ b²/(λ s² + N − 1), with b = Vᵀ Y d and
    s² the eigenvalues of Y Yᵀ, which needs no division by a small s.
    """
    N1 = gram.vectors.shape[-2] - 1
    fit = (b.square()[:, None] / (square[..., None] * gram.values[:, None] + N1)).sum(-1)
    return epsilon / square + c * square.log() - square / N1 * fit


def inflation(gram: Gram, b: Tensor) -> Tensor:
    """Return the factor l that minimises the dual cost, shape (E,).

    The cost may have several minima, so the lowest is first found among many values. With θ = log λ the derivative is
    c_L − ε_N/λ − λ Σ b²/(λ s² + N − 1)², negative below λ = ε_N/c_L; its root is found by Newton steps that are halved
    intervals where they would leave the interval of the root.

    Parameters
    ----------
    gram
        Y Yᵀ.
    b
        Vᵀ Y d, shape (E, r).
    """
    N1 = gram.vectors.shape[-2] - 1
    epsilon, c = coefficients(gram)
    lowest = (epsilon / c).log()
    share = torch.linspace(0, 1, VALUES, dtype=b.dtype, device=b.device)
    values = lowest + share * (math.log(LARGEST) - lowest)
    best = dual(values.exp(), gram, b, epsilon, c).argmin(-1, keepdim=True)
    theta = values.gather(-1, best)
    left, right = values.gather(-1, (best - 1).clamp(min=0)), values.gather(-1, (best + 1).clamp(max=VALUES - 1))
    for _ in range(STEPS):
        square = theta.exp()
        size = square * gram.values + N1
        terms = square * b.square() / size.square()
        slope = c - epsilon / square - terms.sum(-1, keepdim=True)
        curvature = epsilon / square - (terms * (N1 - square * gram.values) / size).sum(-1, keepdim=True)
        left, right = torch.where(slope < 0, theta, left), torch.where(slope < 0, right, theta)
        theta = theta - slope / curvature
        inside = (curvature > 0) & (theta >= left) & (theta <= right)
        theta = torch.where(inside, theta, 0.5 * (left + right))
    return (0.5 * theta[:, 0]).exp()
