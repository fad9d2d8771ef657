"""The bootstrap particle filter: members count by how well they fit, and are drawn anew when few of them still count."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.base import EnsembleMethod
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.dynamics.base import Dynamics
from backends.errors import InputError

#: 1 − Σ w² below which one member has all the weight, so that weighted members have no covariance.
DEGENERATE = 1e-10


@dataclass
class ParticleFilter(EnsembleMethod):
    """Bootstrap particle filter; Gordon, Salmond and Smith (1993, IEE Proc. F 140, 107–113).

    Weights are multiplied by p(y|x_i) = exp(−½ |y − H x_i|²_R), and the analysis is the weighted ensemble. When the effective
    size 1/Σ w² has become small, members are resampled in proportion to their weights, which are equal from then on. A model
    without noise keeps copies of a member together for ever: they are jittered, as draws from a density estimate whose
    kernels have the covariance of the weighted ensemble and the width N^{−1/(n+4)} that suits a normal distribution (Musso,
    Oudjane and Le Gland, 2001, in Sequential Monte Carlo Methods in Practice, section 12.2.2).

    Attributes
    ----------
    regularisation
        Width of the jitter, in units of N^{−1/(n+4)}; 0: none.
    resample_below
        Members are resampled where the effective size is below this share of N; 0: never.
    log_weights
        Logarithms of the weights, shape (E, N).
    """

    members: int = 100
    regularisation: float = 0.0
    resample_below: float = 0.5
    name: ClassVar[str] = "pf"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.regularisation < math.inf:
            raise InputError(f"the regularisation must be a number that is not negative; came {self.regularisation:g}")
        if not 0 <= self.resample_below <= 1:
            raise InputError(f"the share of N to resample below must lie between 0 and 1; came {self.resample_below:g}")

    def begin(self) -> Estimate:
        """Draw the ensemble of the start, all members alike."""
        estimate = super().begin()
        self.log_weights = torch.full_like(self.state[..., 0], -math.log(self.members))
        return estimate

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Run all members forward, their weights stay; return the background."""
        self.state = model.advance(self.state, steps, time)
        return Estimate.of_members(self.state, self.log_weights.exp())

    def analyse(self, observed: Observed) -> Estimate:
        """Weigh the members by the observations; return the weighted ensemble, from before the resampling."""
        residual = observed.values[:, None] - observed.operator(self.state)
        log_likelihood = -0.5 * (residual * observed.error.solve(residual)).sum(-1)
        # Normalised among logarithms: far from all members every likelihood is zero in floating point, not their ratios.
        self.log_weights = torch.log_softmax(self.log_weights + log_likelihood, dim=-1)
        weights = self.log_weights.exp()
        analysis = Estimate.of_members(self.state, weights)
        size = effective_size(weights)
        self.extras = {"effective_size": size}
        few = (size < self.resample_below * self.members).nonzero()[:, 0]
        if len(few):
            self.state = self.state.index_copy(0, few, self._resampled(self.state[few], weights[few]))
            self.log_weights = self.log_weights.index_fill(0, few, -math.log(self.members))
        return analysis

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean with a little noise, all members alike."""
        super().replace(bad)
        self.log_weights = self.log_weights.masked_fill(bad[:, None], -math.log(self.members))

    def _resampled(self, members: Tensor, weights: Tensor) -> Tensor:
        """Return members (E, N, n) that all count alike."""
        E, N, n = members.shape
        u = torch.rand(E, 1, generator=self.generator, dtype=members.dtype, device=members.device)
        parents = systematic(weights, u)
        drawn = members.gather(1, parents[..., None].expand(E, N, n))
        if not self.regularisation:
            return drawn
        root = covariance_root(members, weights)
        width = self.regularisation * N ** (-1 / (n + 4))
        jitter = width * self.normal(E, N, root.shape[-2]) @ root
        return torch.where(duplicated(parents)[..., None], drawn + jitter, drawn)


def effective_size(weights: Tensor) -> Tensor:
    """Return how many members count, 1/Σ w² of weights (..., N) that sum to 1, between 1 and N; shape (...).

    Kong, Liu and Wong (1994, J. Am. Stat. Assoc. 89, 278–288), with the coefficient of variation written out.
    """
    return 1 / weights.square().sum(-1)


def systematic(weights: Tensor, u: Tensor) -> Tensor:
    """Return numbers of members drawn in proportion to their weights, ascending, shape (..., N).

    The points (u + k)/N, k = 0 … N − 1, are looked up in the cumulated weights: member i is drawn N w_i times on average,
    and never more than one time more or less (Kitagawa, 1996, J. Comput. Graph. Stat. 5, 1–25, appendix).

    Parameters
    ----------
    weights
        Shape (..., N), summing to 1.
    u
        Uniform on [0, 1), shape (..., 1).
    """
    N = weights.shape[-1]
    cumulated = weights.cumsum(-1)
    points = (torch.arange(N, dtype=u.dtype, device=u.device) + u) / N
    return torch.searchsorted(cumulated / cumulated[..., -1:], points, right=True).clamp(max=N - 1)


def duplicated(parents: Tensor) -> Tensor:
    """Return which members share their parent with another, (..., N) boolean, of parents in ascending order."""
    same = parents[..., 1:] == parents[..., :-1]
    return torch.nn.functional.pad(same, (0, 1)) | torch.nn.functional.pad(same, (1, 0))


def covariance_root(members: Tensor, weights: Tensor) -> Tensor:
    """Return a root C of the unbiased weighted covariance Cᵀ C of members, shape (E, min(N, n), n).

    It is the triangular factor of the weighted deviations √(w/(1 − Σ w²)) (x_i − x̄), which needs no covariance matrix and
    may be singular. Where one member has all the weight, all members count alike.

    Parameters
    ----------
    members, weights
        Shapes (E, N, n) and (E, N).
    """
    alike = 1 - weights.square().sum(-1, keepdim=True) < DEGENERATE
    weights = torch.where(alike, 1 / weights.shape[-1], weights)
    X = members - (weights[..., None] * members).sum(-2, keepdim=True)
    factor = weights / (1 - weights.square().sum(-1, keepdim=True))
    return torch.linalg.qr(factor.sqrt()[..., None] * X, mode="r").R
