"""A local particle filter: each component has weights of its own, and its members are moved, not drawn."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.assimilation.methods.localisation import Neighbourhood
from backends.assimilation.methods.particle import effective_size
from backends.errors import InputError

#: Weights are found in blocks of about this many numbers (32 MB).
BLOCK = 4_000_000
#: Most that deviations are widened at once.
LARGEST = 1.15


@dataclass
class LocalParticleFilter(InflatedEnsemble):
    """The ensemble transform particle filter, localised; Reich (2013, SIAM J. Sci. Comput. 35, A2013–A2024).

    At component i member k has the weight w_ik ∝ exp(−½ Σ_j ρ_ij (y_j − H_j x_k)²/σ_o²): a particle filter that sees R⁻¹
    multiplied by ρ, as the LETKF does (Cheng and Reich, 2015, in Nonlinear Data Assimilation, Springer). Resampling each
    component by its own weights would tear fields apart between neighbours. Instead the members are moved by the linear map
    that takes equal weights to w_i with the least transport, whose mean is the weighted mean. The review of Farchi and Bocquet
    (2018, Nonlin. Processes Geophys. 25, 765–807) finds such maps the best of the local particle filters. Here the transport
    is one of each component alone, where sorting solves it exactly: members keep their ranks, so where weights change
    smoothly in space the members do too.

    Averages are less spread than what they average, and a narrow ensemble that has missed the truth stays narrow: where all
    but the outermost members get little weight, nothing spreads the others. So there is `relaxation`, and deviations are
    widened before an analysis where innovations have been larger than the spread explains, an estimate that the local
    adaptive particle filter made for its jitter (Potthast, Walter and Rhodin, 2019, Mon. Weather Rev. 147, 345–362). With
    the defaults the filter then keeps to the truth of Lorenz-96, 40 variables observed each time with σ_o = 1, where the
    bootstrap filter would need far more members than anyone can run (Snyder et al., 2008, Mon. Weather Rev. 136, 4629–4640).

    Attributes
    ----------
    radius
        r: ρ is the Gaspari–Cohn function with half-support 1.82 r; infinite: one weight for all of a member.
    adaptive
        Part of the newest cycle in the running means of innovation statistics that deviations are widened by; 0: never.
    """

    members: int = 40
    relaxation: float = 0.4
    radius: float = 3.0
    adaptive: float = 0.03
    name: ClassVar[str] = "lpf"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.adaptive <= 1:
            raise InputError(f"the part of the newest cycle in running means must lie between 0 and 1; came {self.adaptive:g}")
        self._neighbourhood = Neighbourhood()

    def begin(self) -> Estimate:
        """Draw the ensemble of the start."""
        estimate = super().begin()
        E, _, n = self.state.shape
        self._statistics = self.state.new_zeros(E, 2, n)
        return estimate

    def analyse(self, observed: Observed) -> Estimate:
        """Widen the ensemble where it has been too narrow, take the observations in, and relax; return the analysis."""
        if self.adaptive:
            mean = self.state.mean(-2, keepdim=True)
            self.state = mean + self._widening(mean, observed) * (self.state - mean)
        return super().analyse(observed)

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        misfit = ((observed.values[:, None] - observed.operator(members)) / observed.error.sigma).square()
        weights = torch.softmax(-0.5 * self._local(misfit, observed), dim=1)
        self.extras = {"effective_size": effective_size(weights.mT).mean(-1)}
        return transported(members, weights)

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean with a little noise."""
        super().replace(bad)
        self._statistics = self._statistics.masked_fill(bad[:, None, None], 0.0)

    def _widening(self, mean: Tensor, observed: Observed) -> Tensor:
        """Return λ at each component, shape (E, 1, n), from E[d²] = λ² H P Hᵀ + R among the observations near it."""
        H, variance = observed.operator, observed.error.variance()
        excess = (observed.values - H(mean)[:, 0]).square() / variance - 1
        expected = H(self.state).var(1) / variance
        newest = self._local(torch.stack([excess, expected], dim=1), observed)
        self._statistics = torch.lerp(self._statistics, newest, self.adaptive)
        excess, expected = self._statistics.split(1, dim=1)
        return (excess / expected.clamp(min=torch.finfo(expected.dtype).tiny)).clamp(1, LARGEST**2).sqrt()

    def _local(self, values: Tensor, observed: Observed) -> Tensor:
        """Return the sums of values at observations (E, N, p) near each component, tapered: (E, N, n)."""
        E, N, _ = values.shape
        model = self.setting.model
        if math.isinf(self.radius):  # of models without distances too
            return values.sum(-1, keepdim=True).expand(E, N, model.size)
        near = self._neighbourhood.find(model, observed.components, self.radius)
        rho = near.weight.to(values.dtype)
        size = max(1, BLOCK // (E * N * max(1, near.count)))
        parts = zip(near.index.split(size), rho.split(size), strict=True)
        return torch.cat([torch.einsum("enim,im->eni", values[..., index], weight) for index, weight in parts], dim=-1)


def transported(members: Tensor, weights: Tensor) -> Tensor:
    """Return members that count alike, moved from equal weights to those given with the least squared transport.

    In one dimension the optimal coupling of two distributions joins equal quantiles (Villani, 2003, Topics in Optimal
    Transportation, section 2.2). The member of rank k so gets the mean of the weighted distribution between its quantiles
    (k − 1)/N and k/N: N times the difference of S(u) = ∫₀ᵘ F⁻¹, which is linear between the cumulated weights.

    Parameters
    ----------
    members
        Shape (E, N, n).
    weights
        Shape (E, N, n), those of each component sum to 1.

    Returns
    -------
    members
        Shape (E, N, n); the means are the weighted means of those given, and the ranks are theirs.
    """
    E, N, n = members.shape
    centre = members.mean(1, keepdim=True)  # small numbers: S loses fewer digits
    x, order = (members - centre).mT.sort(-1)
    w = weights.mT.gather(-1, order)
    F, S = w.cumsum(-1), (w * x).cumsum(-1)
    u = torch.arange(1, N, dtype=x.dtype, device=x.device) / N
    at = torch.searchsorted(F, u.expand(E, n, N - 1).contiguous()).clamp(max=N - 1)
    between = S.gather(-1, at) - (F.gather(-1, at) - u) * x.gather(-1, at)
    means = N * torch.cat([torch.zeros_like(S[..., :1]), between, S[..., -1:]], dim=-1).diff(dim=-1)
    return centre + torch.empty_like(x).scatter(-1, order, means).mT
