"""The ensemble transform Kalman filter."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.base import EnsembleMethod
from backends.assimilation.methods.ensemble_space import standardised
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.inflation import inflated, relaxed, rotated
from backends.dynamics.base import Dynamics


@dataclass
class InflatedEnsemble(EnsembleMethod):
    """An ensemble method with inflation and rotation round its own analysis.

    Attributes
    ----------
    inflation
        Factor on the analysis deviations, after the analysis.
    prior_inflation
        Factor on the background deviations, before the analysis.
    additive
        Standard deviation of independent noise that each member gets at the end of a forecast, in the state's unit.
    relaxation
        α of the relaxation to the prior spread.
    rotation
        Whether deviations are rotated randomly after the analysis.
    """

    inflation: float = 1.0
    prior_inflation: float = 1.0
    additive: float = 0.0
    relaxation: float = 0.0
    rotation: bool = False

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Run all members forward, widen them where that is wanted; return the background."""
        state = model.advance(self.state, steps, time)
        if self.additive:
            noise = self.normal(*state.shape)
            state = state + self.additive * (noise - noise.mean(-2, keepdim=True))
        self.state = inflated(state, self.prior_inflation)
        return Estimate.of_members(self.state)

    def analyse(self, observed: Observed) -> Estimate:
        """Take the observations in, then relax, inflate and rotate; return the analysis."""
        background = self.state
        state = relaxed(self.update(background, observed), background, self.relaxation)
        state = inflated(state, self.inflation)
        self.state = rotated(state, self.generator) if self.rotation else state
        return Estimate.of_members(self.state)

    @abstractmethod
    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n) of a background ensemble, without inflation."""


@dataclass
class ETKF(InflatedEnsemble):
    """Ensemble transform Kalman filter; Bishop et al. (2001, Mon. Weather Rev. 129, 420–436), with the symmetric root.


    With deviations X and Y = H X: P̃ = [(N − 1) I + Y R⁻¹ Yᵀ]⁻¹, w̄ = P̃ Y R⁻¹ d, W = [(N − 1) P̃]^{1/2}, and the analysis
    ensemble is x̄ + (w̄ + W) X; ensembles are rows.
    """

    name: ClassVar[str] = "etkf"

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        N = members.shape[-2]
        x, X, Y, d = standardised(members, observed)
        eigenvalues, Q = torch.linalg.eigh(Y @ Y.mT)
        eigenvalues = eigenvalues.clamp(min=0)[:, None] + (N - 1)
        w = (Q / eigenvalues) @ (Q.mT @ (Y @ d[..., None]))
        W = (Q * ((N - 1) / eigenvalues).sqrt()) @ Q.mT
        return x + (w.mT + W) @ X
