"""Ensemble Kalman filters that update members with a gain: the stochastic one and the deterministic one."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.ensemble_space import standardised
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import InflatedEnsemble


@dataclass
class StochasticEnKF(InflatedEnsemble):
    """Ensemble Kalman filter with perturbed observations; Burgers, van Leeuwen and Evensen (1998, Mon. Weather Rev. 126,
    1719–1724).

    Every member i takes in observations of its own: x_i + K (y + ε_i − H x_i), ε_i drawn from N(0, R). The mean of the ε_i is
    removed, so that they add no noise to the mean of the analysis, and the factor √(N/(N−1)) gives each of them the variance
    back that this costs.
    """

    name: ClassVar[str] = "enkf"

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        _, X, Y, d = standardised(members, observed)
        N = Y.shape[-2]
        drawn = self.normal(*Y.shape)
        perturbations = (N / (N - 1)) ** 0.5 * (drawn - drawn.mean(-2, keepdim=True))
        return members + gained(Y, d[:, None] + perturbations - Y, X)


@dataclass
class DEnKF(InflatedEnsemble):
    """Deterministic ensemble Kalman filter; Sakov and Oke (2008, Tellus A 60, 361–371).

    The mean is updated with K and the deviations with K/2, X − ½ K H X: to first order in K H the covariance is (I − K H) P;
    what is neglected, ¼ K H P Hᵀ Kᵀ, makes the ensemble wider.
    """

    name: ClassVar[str] = "denkf"

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        _, X, Y, d = standardised(members, observed)
        return members + gained(Y, d[:, None] - 0.5 * Y, X)


def gained(Y: Tensor, z: Tensor, X: Tensor) -> Tensor:
    """Return K z, one in each row, with K of an ensemble: z Yᵀ [Y Yᵀ + (N − 1) I]⁻¹ X.

    Among fewer observations than members z [Yᵀ Y + (N − 1) I]⁻¹ Yᵀ X, which is the same, is cheaper.

    Parameters
    ----------
    Y
        Deviations of the members at the observations, in units of σ_o, shape (E, N, p).
    z
        What the gain is applied to, in units of σ_o, shape (E, k, p).
    X
        Deviations of the members, shape (E, N, n).
    """
    N, p = Y.shape[-2:]
    unit = torch.eye(min(N, p), dtype=Y.dtype, device=Y.device)
    if p < N:
        return z @ torch.linalg.solve(Y.mT @ Y + (N - 1) * unit, Y.mT @ X)
    return torch.linalg.solve(Y @ Y.mT + (N - 1) * unit, Y @ z.mT).mT @ X
