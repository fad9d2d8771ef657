"""The local ensemble transform Kalman filter, all local analyses at once."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.ensemble_space import standardised
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.assimilation.methods.localisation import Neighbourhood, Neighbours
from backends.assimilation.methods.matrix_functions import inverse_and_root

#: Local analyses are done in blocks of about this many numbers (32 MB).
BLOCK = 4_000_000


@dataclass
class LETKF(InflatedEnsemble):
    """Local ensemble transform Kalman filter; Hunt, Kostelich and Szunyogh (2007, Physica D 230, 112–126).

    The analysis of each component is that of an ETKF that sees R⁻¹ multiplied by ρ, a function of the distance between
    component and observation. Only one column of the transform is needed at each: with x the component's deviations,
    A = (N − 1) I + Y ρR⁻¹ Yᵀ and b = Y ρR⁻¹ d, the new mean is x̄ + bᵀ A⁻¹ x and the new deviations are √(N−1) A^{-1/2} x.

    Attributes
    ----------
    radius
        r: ρ is the Gaspari–Cohn function with half-support 1.82 r; infinite: no localisation.
    """

    radius: float = 4.0
    name: ClassVar[str] = "letkf"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._neighbourhood = Neighbourhood()

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        mean, X, Y, d = standardised(members, observed)
        near = self._neighbourhood.find(self.setting.model, observed.components, self.radius)
        E, N, n = X.shape
        size = max(1, BLOCK // (E * N * max(1, near.count)))
        seen = Y.mT.contiguous()
        parts = [self._local(X[..., part], seen, d, near.of(part)) for part in _slices(n, size)]
        return mean + torch.cat(parts, dim=-1)

    def _local(self, X: Tensor, seen: Tensor, d: Tensor, near: Neighbours) -> Tensor:
        """Return the analysis ensemble minus the background mean of some components, (E, N, c); `seen` is Yᵀ, (E, p, N)."""
        N = seen.shape[-1]
        # (E, c, m, N): what the observations near each component see of each member. In this order nothing is copied below.
        Y = seen[:, near.index]
        weighted = (Y * near.weight.to(Y)[..., None]).mT
        x = X.mT[..., None]
        inverse, root = inverse_and_root(weighted @ Y, N - 1, x)
        b = weighted @ d[:, near.index][..., None]
        increment = (b * inverse).sum(-2)
        return (increment + (N - 1) ** 0.5 * root[..., 0]).mT


def _slices(n: int, size: int) -> list[slice]:
    return [slice(k, min(n, k + size)) for k in range(0, n, size)]
