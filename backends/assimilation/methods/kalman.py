"""The Kalman filter with its whole covariance matrix, for linear models and, linearised, for others."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.base import MeanMethod, Setting
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.tangent import TangentLinear, propagated
from backends.dynamics.base import Dynamics
from backends.errors import InputError


@dataclass
class ExtendedKalman(MeanMethod):
    """The extended Kalman filter: P ← ρ M′ P M′ᵀ + Q, with M′ the tangent-linear model along the forecast of the mean.

    Jazwinski (1970), Stochastic Processes and Filtering Theory, section 8.3. P begins as the diagonal of the first guess.

    Attributes
    ----------
    inflation
        Factor on P per unit of model time: ρ is this to the power of the length of the forecast.
    model_error
        Variance that each component gains per unit of model time: Q is this times the length of the forecast.
    covariance
        P, shape (E, n, n).
    """

    inflation: float = 1.0
    model_error: float = 0.0
    name: ClassVar[str] = "ekf"
    dense: ClassVar[bool] = True

    def begin(self) -> Estimate:
        """Begin at the first guess."""
        E = self.setting.experiments
        self.covariance = torch.diag_embed(self.setting.start_variance).repeat(E, 1, 1)
        return super().begin()

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Run the state and its covariance forward; return the background."""
        length = steps * model.dt
        tangent = TangentLinear(model, self.state, steps, time)
        P = self.inflation**length * propagated(self.covariance, tangent)
        if self.model_error:
            P.diagonal(dim1=-2, dim2=-1).add_(self.model_error * length)
        self.state, self.covariance = tangent.end, P
        return self._estimate()

    def analyse(self, observed: Observed) -> Estimate:
        """Take the observations in; return the analysis."""
        increment, self.covariance = kalman_update(self.state, self.covariance, observed)
        self.state = self.state + increment
        return self._estimate()

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean, without correlations."""
        super().replace(bad)
        some = torch.diag_embed(self.setting.climatology.variance())
        self.covariance = torch.where(bad[:, None, None], some, self.covariance)

    def _estimate(self) -> Estimate:
        return Estimate(self.state, self.covariance.diagonal(dim1=-2, dim2=-1))


@dataclass
class KalmanFilter(ExtendedKalman):
    """The Kalman filter, the best that can be done where the model is linear; Kalman (1960, J. Basic Eng. 82, 35–45).

    "Linear" allows for a constant forcing: M(x + δ) − M(x) = M′ δ for all x and δ.
    """

    name: ClassVar[str] = "kf"

    def start(self, setting: Setting, generator: torch.Generator) -> Estimate:
        """Begin at the first guess.

        Raises
        ------
        InputError
            If the model is not linear.
        """
        estimate = super().start(setting, generator)
        self._check(setting.model)
        return estimate

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Run the state and its covariance forward; return the background.

        Raises
        ------
        InputError
            If the model has been replaced by one that is not linear.
        """
        self._check(model)
        return super().forecast(model, steps, time)

    def _check(self, model: Dynamics) -> None:
        if getattr(self, "_checked", None) is model:
            return
        # As far from the first guess as states of the climate are.
        change = self.setting.climatology.variance().sqrt() * self.normal(*self.state.shape)
        tangent = TangentLinear(model, self.state, 1, 0.0)
        expected = (tangent.matrix @ change[..., None])[..., 0]
        actual = model.advance(self.state + change, 1, 0.0) - tangent.end
        off, size = float((actual - expected).norm()), float(expected.norm())
        if not off <= torch.finfo(change.dtype).eps ** 0.5 * (size + float(tangent.end.norm())):
            raise InputError(
                f"the Kalman filter needs a linear model; in one step of {model.name} the difference of two states departs "
                f"from its linearisation by {off / max(size, 1e-300):.1g} of its size: choose ekf or an ensemble method"
            )
        self._checked = model


def kalman_update(state: Tensor, covariance: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
    """Return the increment K d, shape (E, n), and the analysis covariance (I − K H) P, shape (E, n, n).

    With L Lᵀ = H P Hᵀ + R and V = L⁻¹ H P these are Vᵀ L⁻¹ d and P − Vᵀ V, which stays symmetric.

    Parameters
    ----------
    state, covariance
        The background x_b, shape (E, n), and its P, shape (E, n, n).
    observed
        y, H and R.
    """
    H = observed.operator
    HP = H(covariance).mT  # P is symmetric: H is applied to its rows
    d = observed.values - H(state)
    S = H(HP) + observed.error.matrix()
    # No error where this fails: S is not finite there, and that experiment alone ends.
    L = torch.linalg.cholesky_ex(S).L
    white = torch.linalg.solve_triangular(L, torch.cat([d[..., None], HP], dim=-1), upper=False)
    V = white[..., 1:]
    return (V.mT @ white[..., :1])[..., 0], covariance - V.mT @ V
