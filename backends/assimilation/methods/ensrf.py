"""The serial ensemble square-root filter: one observation after another."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.assimilation.methods.localisation import Neighbourhood, Neighbours


@dataclass
class EnSRF(InflatedEnsemble):
    """Ensemble square-root filter; Whitaker and Hamill (2002, Mon. Weather Rev. 130, 1913–1924), section 3.

    With independent errors the observations may be taken in one by one. Each has a scalar innovation variance s = h P hᵀ + σ_o²
    and a gain k = P hᵀ / s; the mean gets k times the innovation, the deviations X − α k (h X) with α = 1/(1 + √(σ_o²/s)),
    which makes their covariance (I − k h) P exactly. With localisation k is multiplied by a function ρ of the distance
    between observation and component, and the order of the observations matters a little.

    Attributes
    ----------
    radius
        r: ρ is the Gaspari–Cohn function with half-support 1.82 r; infinite: no localisation.
    """

    radius: float = math.inf
    name: ClassVar[str] = "ensrf"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._neighbourhood = Neighbourhood()
        self._near: Neighbours | None = None

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        N, H = members.shape[-2], observed.operator
        mean = members.mean(-2, keepdim=True)
        # The mean as one more row: it is observed and changed together with the deviations.
        state = torch.cat([mean, members - mean], dim=-2)
        scaled = H.weight / observed.error.sigma[:, None]
        values = observed.values / observed.error.sigma
        for j, (near, rho) in enumerate(self._reach(observed)):
            hx = (state[..., H.index[j]] * scaled[j]).sum(-1)
            y = hx[:, 1:]  # the deviations at the observation, in units of σ_o
            local = state[..., near]
            s = y.square().sum(-1, keepdim=True) / (N - 1) + 1
            k = rho * (y[:, None] @ local[:, 1:]) / ((N - 1) * s[..., None])
            alpha = 1 / (1 + s.rsqrt())
            change = torch.cat([values[:, j : j + 1] - hx[:, :1], -alpha * y], dim=-1)
            state = state.index_copy(-1, near, torch.addcmul(local, change[..., None], k))
        return state[:, :1] + state[:, 1:]

    def _reach(self, observed: Observed) -> list[tuple[Tensor, Tensor | float]]:
        """Return the components that each observation changes, ascending, with ρ of each."""
        model, p = self.setting.model, len(observed)
        if math.isinf(self.radius):
            return [(torch.arange(model.size, device=observed.values.device), 1.0)] * p
        near = self._neighbourhood.find(model, observed.components, self.radius)
        if near is not self._near:  # another network or radius: sort pairs of component and observation by observation
            some = near.weight > 0
            which, order = near.index[some].sort(stable=True)
            counts = which.bincount(minlength=p).tolist()
            components, weights = some.nonzero()[order, 0], near.weight[some][order].to(observed.values)
            self._near, self._parts = near, list(zip(components.split(counts), weights.split(counts), strict=True))
        return self._parts
