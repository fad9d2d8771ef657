"""The iterative ensemble Kalman smoother."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.ensemble_space import Gram, standardised
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.dynamics.base import Dynamics
from backends.errors import InputError


@dataclass
class IEnKS(InflatedEnsemble):
    """Iterative ensemble Kalman smoother; Bocquet and Sakov (2014, Q. J. R. Meteorol. Soc. 140, 1521–1535).

    The ensemble that is carried on lies at the beginning of a window of `lag` cycles. The newest observations, at its end,
    correct that ensemble: J(w) = ½ |y − H M(x₀ + w X₀)|² / σ_o² + ½ (N − 1) |w|² is minimised over weights w by Gauss–Newton
    steps, with sensitivities Y from an ensemble that is run through the window again in each iteration, transformed by
    T = [I + Y Yᵀ/(N − 1)]^{-1/2}. Then the window slides by one cycle, so each observation is used once. With lag 1 it is the
    iterative ensemble Kalman filter of Sakov, Oliver and Bertino (2012, Mon. Weather Rev. 140, 1988–2004).

    Background and analysis are those at the end of the window. Inflation, relaxation and rotation act on the smoothed
    ensemble at its beginning, additive noise and prior inflation on that ensemble when the window has slid.

    Attributes
    ----------
    lag
        Cycles in the window, at least 1.
    iterations
        Most iterations; one, on a linear model, is the ETKF. `extras` has how many were done.
    tolerance
        An experiment has converged when |δw|² < `tolerance` · N.
    """

    lag: int = 1
    iterations: int = 10
    tolerance: float = 1e-5
    name: ClassVar[str] = "ienks"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lag < 1 or self.iterations < 1:
            raise InputError(
                f"{self.name} needs a window of at least 1 cycle and at least 1 iteration; "
                f"came lag {self.lag}, iterations {self.iterations}"
            )

    def begin(self) -> Estimate:
        """Draw the ensemble of the start, at the beginning of a window that has no cycle yet."""
        #: Model, steps and time of each cycle between the ensemble that is kept and the newest observations.
        self._window: list[tuple[Dynamics, int, float]] = []
        return super().begin()

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Add a cycle to the window, let it slide where that makes it too long; return the background at its end."""
        self._window.append((model, steps, time))
        while len(self._window) > self.lag:
            super().forecast(*self._window.pop(0))
        self._background = self._through_window(self.state)
        return Estimate.of_members(self._background)

    def analyse(self, observed: Observed) -> Estimate:
        """Correct the ensemble at the beginning of the window; return the analysis at its end."""
        super().analyse(observed)
        return Estimate.of_members(self._analysis)

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the smoothed ensemble (E, N, n) at the beginning of the window; keep the analysis at its end."""
        E, N, _ = members.shape
        x0 = members.mean(-2, keepdim=True)
        X0 = members - x0
        final = self._background
        first = final - final.mean(-2, keepdim=True)
        self._analysis = torch.empty_like(members)
        w = members.new_zeros(E, 1, N)
        T = torch.eye(N, dtype=members.dtype, device=members.device).repeat(E, 1, 1)
        inverse = T.clone()
        done = members.new_zeros(E)
        busy = torch.arange(E, device=members.device)  # experiments that have not converged
        for number in range(1, self.iterations + 1):
            _, _, Y, d = standardised(final, replace(observed, values=observed.values[busy]))
            Y = inverse[busy] @ Y  # as the deviations would be without the transform of the iterations before
            dw, new, inverse[busy] = _gauss_newton(Y, d, w[busy])
            # The step beyond the ensemble that was run is linear: no other run is needed, and one iteration is an ETKF.
            self._analysis[busy] = final + (dw + new - T[busy]) @ first[busy]
            w[busy] += dw
            T[busy] = new
            done[busy] = number
            busy = busy[dw.square().sum((-2, -1)) >= self.tolerance * N]
            if number == self.iterations or not len(busy):
                break
            final = self._through_window(x0[busy] + (w[busy] + T[busy]) @ X0[busy])
        self.extras = {"iterations": done}
        return x0 + (w + T) @ X0

    def _through_window(self, members: Tensor) -> Tensor:
        for model, steps, time in self._window:
            members = model.advance(members, steps, time)
        return members


def _gauss_newton(Y: Tensor, d: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the step from w, shape (E, 1, N), then T and its inverse, shape (E, N, N).

    The gradient of −J is Y d − (N − 1) w, its Hessian nearly (N − 1) I + Y Yᵀ.
    """
    N1 = Y.shape[-2] - 1
    gram = Gram.of(Y)
    gradient = Y @ d[..., None] - N1 * w.mT
    dw = gram.apply(lambda s2: 1 / (s2 + N1), gradient).mT
    unit = torch.eye(N1 + 1, dtype=Y.dtype, device=Y.device)
    T = gram.apply(lambda s2: (1 + s2 / N1).rsqrt(), unit)
    return dw, T, gram.apply(lambda s2: (1 + s2 / N1).sqrt(), unit)
