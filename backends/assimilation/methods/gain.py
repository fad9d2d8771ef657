"""The gain of a B that does not change: formed once for each network, kept until H, R or B is another."""

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Observed
from backends.background_error.base import BackgroundError


class StaticGain:
    """K = B Hᵀ (H B Hᵀ + R)⁻¹ and the variance of A = (I − K H) B, for the newest H, R and B."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()

    def analysis(self, B: BackgroundError, observed: Observed, background: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return the increment, (E, n), and the analysis variance, (n,) expanded to (E, n).

        Parameters
        ----------
        B, scale
            The background error covariance is `scale` times B.
        observed
            y, H and R.
        background
            x_b, shape (E, n).
        """
        key = (B, observed.operator, scale, tuple(observed.error.sigma.tolist()))
        if key != self._key:
            self._prepare(B, observed, scale, background)
            self._key = key
        d = observed.values - observed.operator(background)
        return d @ self._gain.T, self._variance.expand_as(background)

    def _prepare(self, B: BackgroundError, observed: Observed, scale: float, background: Tensor) -> None:
        H = observed.operator
        PHt = scale * B.cross(H, torch.arange(B.size, device=background.device)).T
        S = H(PHt.T).T + observed.error.matrix()
        self._gain = torch.linalg.solve(S, PHt.T).T
        self._variance = scale * B.variance() - (self._gain * PHt).sum(1)
