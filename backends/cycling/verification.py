"""What is verified at each cycle, and its statistics over many."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Estimate, Observed
from backends.dynamics.base import Norm
from backends.observing.operators import LinearOperator

#: Numbers of each cycle, method and experiment, in the order of the last axis of what is recorded.
NUMBERS = (
    "rmse_background", "rmse_analysis", "spread_background", "spread_analysis", "bias_background", "bias_analysis",
    "crps_background", "crps", "chi2_per_obs", "sigma_o2_desroziers", "sigma_b2_desroziers", "omb", "oma",
    "omb_expected",
)  # fmt: skip
_SQRT_PI, _SQRT_2 = math.sqrt(math.pi), math.sqrt(2)


def verify(
    background: Estimate,
    analysis: Estimate,
    truth: Tensor,
    observed: Observed,
    norm: Norm | None = None,
    assimilates: bool = True,
) -> Tensor:
    """Return the numbers of one cycle, shape (E, len(NUMBERS)), NaN where a method makes no statement.

    RMSE and spread are root means over the components, of squared errors and of variances. `bias` is the mean error over
    components, CRPS the mean over components. `chi2_per_obs` is the mean over observations of d² / (H P Hᵀ + R) with the
    diagonal of the matrix: one on average where spread and σ_o are right, as χ²/p with the whole matrix is, and defined for
    every method. The squares of Desroziers et al. (2005) are means over observations of d_oa d_ob and d_ab d_ob; `omb` and
    `oma` root means of squared innovations and residuals, `omb_expected` of the diagonal of H P Hᵀ + R. With a norm, means
    over components are weighted and errors scaled. Of a method that assimilates nothing, so that no analysis draws on the
    innovations, the squares of Desroziers et al. are NaN.
    """
    H = observed.operator
    d = observed.values - H(background.mean)
    residual = observed.values - H(analysis.mean)
    error_b, error_a = background.mean - truth, analysis.mean - truth
    variance_b, variance_a = (_or_nan(estimate.variance, error_b) for estimate in (background, analysis))
    S = _or_nan(None, d) if background.variance is None else innovation_variance(background, observed)
    # Means of several numbers at once: for small states each call costs the same, however much it does.
    squares = torch.stack([error_b.square(), error_a.square(), variance_b, variance_a])
    singles = torch.stack([error_b, error_a, _crps(background, error_b), _crps(analysis, error_a)])
    of_r, of_b = (residual * d, (d - residual) * d) if assimilates else (_or_nan(None, d),) * 2
    products = torch.stack([d.square() / S, of_r, of_b, d.square(), residual.square(), S]).mean(-1)
    means = [_mean(squares, norm, 2).sqrt(), _mean(singles, norm, 1), products[:3], products[3:].sqrt()]
    return torch.cat(means).T


def _or_nan(values: Tensor | None, like: Tensor) -> Tensor:
    return torch.full_like(like, math.nan) if values is None else values


def crps(estimate: Estimate, error: Tensor, norm: Norm | None = None) -> Tensor:
    """Return the continuous ranked probability score, mean over components, shape (E,).

    Of members the fair score, see :func:`fair_crps`, so that small ensembles compare with large ones and with a normal
    distribution. Of members with weights, whose number says little of how many count, that of their weighted distribution,
    E|x − t| − ½ E|x − x'| (Gneiting and Raftery, 2007, J. Am. Stat. Assoc. 102, 359–378, equation 21); of a mean and a variance
    that of the normal distribution (their equation 5); without either the absolute error, which is the score of a single value.

    Parameters
    ----------
    estimate
        Mean, and what it says of its errors.
    error
        Mean minus truth, shape (E, n).
    norm
        How components are weighted.
    """
    return _mean(_crps(estimate, error), norm, 1)


def _crps(estimate: Estimate, error: Tensor) -> Tensor:
    if estimate.members is not None:
        X = estimate.members - estimate.mean[:, None]  # member minus truth is X + error
        if estimate.weights is None:
            return fair_crps(X, -error)
        ordered, order = X.sort(1)
        w = estimate.weights[..., None].expand_as(X).gather(1, order)
        below = w.cumsum(1) - 0.5 * w
        half = (w * (2 * below - 1) * ordered).sum(1)  # ½ Σ_ij w_i w_j |x_i − x_j|
        return (estimate.weights[..., None] * (X + error[:, None]).abs()).sum(1) - half
    if estimate.variance is None:
        return error.abs()
    sigma = estimate.variance.clamp(min=torch.finfo(error.dtype).tiny).sqrt()
    z = error / sigma
    density = torch.exp(-0.5 * z.square()) / (_SQRT_2 * _SQRT_PI)
    return sigma * (z * torch.erf(z / _SQRT_2) + 2 * density - 1 / _SQRT_PI)


def fair_crps(members: Tensor, truth: Tensor) -> Tensor:
    """Return the fair continuous ranked probability score of each component, (S, n), of members (S, N, n).

    (1/N) Σ_i |x_i − t| − 1/(2 N (N − 1)) Σ_ij |x_i − x_j|: what the score of as many members as one likes would be on average
    (Ferro, 2014, Q. J. R. Meteorol. Soc. 140, 1917–1923), so that ensembles of different sizes compare; of a single member
    the absolute error.
    """
    N = members.shape[1]
    apart = (members - truth[:, None]).abs().mean(1)
    if N == 1:
        return apart
    rank = torch.arange(1 - N, N, 2, dtype=members.dtype, device=members.device)  # Σ_ij |x_i − x_j| = 2 Σ_i (2i − N − 1) x_(i)
    return apart - torch.einsum("i,sin->sn", rank, members.sort(1).values) / (N * (N - 1))


def ranks(estimate: Estimate, truth: Tensor) -> Tensor | None:
    """Return how often the truth lies in each gap between the members, counted over components: (E, N + 1)."""
    if estimate.members is None or estimate.weights is not None:
        return None
    N = estimate.members.shape[1]
    rank = (estimate.members < truth[:, None]).sum(1)
    return torch.nn.functional.one_hot(rank, N + 1).sum(1)


@dataclass(frozen=True)
class Score:
    """A time mean with its standard error; NaN where there is nothing to average."""

    mean: float
    error: float


def time_mean(values: Tensor, blocks: int = 20) -> Score:
    """Return the mean of a record (K, E) over cycles and experiments, and its standard error.

    Cycles follow from each other, so errors of the mean come from whole experiments where there are several, and otherwise
    from means over 20 stretches of the record, which are longer than the memory of the testbeds.
    """
    K, E = values.shape
    if K == 0 or E == 0:
        return Score(math.nan, math.nan)
    mean = float(values.mean())
    if E > 1:
        return Score(mean, float(values.mean(0).std()) / math.sqrt(E))
    if blocks * 2 > K:
        return Score(mean, math.nan)
    parts = values[: K // blocks * blocks, 0].reshape(blocks, -1).mean(1)
    return Score(mean, float(parts.std()) / math.sqrt(blocks))


def innovation_variance(background: Estimate, observed: Observed) -> Tensor:
    """Return the diagonal of H P Hᵀ + R, (E, p), of a background with a variance.

    Without members it is that of H P Hᵀ as if errors of the points that one observation uses were fully correlated.
    """
    return _observed_variance(observed.operator, background) + observed.error.variance()


def _observed_variance(H: LinearOperator, background: Estimate) -> Tensor:
    if background.members is None:
        assert background.variance is not None
        return H(background.variance)
    X, factor = background.deviations()
    return (factor[..., None] * H(X).square()).sum(-2)


def _mean(values: Tensor, norm: Norm | None, power: int) -> Tensor:
    """Return the mean over components of what scales like a power of the errors."""
    if norm is None:
        return values.mean(-1)
    return values @ (norm.area * norm.scale**power)
