"""Whether the statistics fit the data: what one analysis tells about B and R."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis
from backends.assimilation.innovation import InnovationCovariance
from backends.assimilation.quality import huber_cost
from backends.observing.errors import ObservationError


@dataclass(frozen=True)
class Moments:
    """Number, mean and standard deviation (divisor n) of a set of differences; NaN of none."""

    count: int
    mean: float
    std: float


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Diagnostics of one analysis; numbers are NaN where they are not defined, as with no observations.

    χ²/p, the Desroziers estimates and the likelihood suppose Gaussian errors and an analysis that is linear in the innovations.
    With a Huber cost they are NaN: it is not quadratic, and its weights depend on the innovations.

    Attributes
    ----------
    j_background
        J at x_b, where J_b is zero: ½ dᵀ R⁻¹ d, or the Huber cost of d.
    jb, jo
        The terms of J at the analysis.
    chi2_per_obs
        χ²/p = 2 J_min / p; 1 on average where B and R are right.
    chi2_interval
        Where 95 % of χ²/p lie if they are.
    dfs
        Degrees of freedom for signal tr(H K), and `dfs_per_obs` those of each observation, shape (p,); with a Huber cost those
        of the last weights.
    sigma_b_desroziers, sigma_o_desroziers
        The standard deviations that the innovations and residuals of this analysis suggest.
    product, variance_o
        The mean of d_oa d_ob over the observations used, and what it is on average where B and R are right (Desroziers et al.,
        2005): the mean of the diagonal of R.
    neg_log_likelihood
        −log p(d).
    omb, oma
        Moments of O−B and O−A over the observations used.
    condition_s, condition_hessian
        Condition numbers of S and of the Hessian in control space, I + (H U)ᵀ R⁻¹ H U; with a Huber cost those of the last
        weights.
    """

    j_background: float
    jb: float
    jo: float
    chi2_per_obs: float
    chi2_interval: tuple[float, float]
    dfs: float
    dfs_per_obs: Tensor
    sigma_b_desroziers: float
    sigma_o_desroziers: float
    product: float
    variance_o: float
    neg_log_likelihood: float
    omb: Moments
    oma: Moments
    condition_s: float
    condition_hessian: float

    @property
    def j(self) -> float:
        """J at the analysis."""
        return self.jb + self.jo


def diagnose(
    analysis: Analysis,
    covariance: InnovationCovariance,
    observation_error: ObservationError,
    sigma_b: float,
    sigma_o: float,
    huber: float = 0.0,
) -> Diagnostics:
    """Return the diagnostics of a single case.

    Parameters
    ----------
    analysis
        Of the problem.
    covariance
        S of the problem; of a nonlinear one, with H linearised at the analysis; with a Huber cost, with its last weights.
    observation_error
        R of the problem, without weights.
    sigma_b, sigma_o
        The standard deviations assumed, which the Desroziers estimates scale.
    huber
        Threshold of the Huber cost that the analysis minimises; 0 of a quadratic one.
    """
    used = covariance.used
    p = int(used.sum())
    d, r = analysis.innovation.double(), analysis.residual.double()
    jb, jo = float(analysis.jb), float(analysis.jo)
    scale_b, scale_o = desroziers(analysis.innovation, analysis.residual, covariance)
    omb, oma, S, HBHt, R = d, r, covariance.total, covariance.background, covariance.observation
    if p < len(used):
        keep = used.nonzero()[:, 0]
        omb, oma = d[keep], r[keep]
        S, HBHt, R = (matrix[keep][:, keep] for matrix in (S, HBHt, R))
    quadratic = not huber
    sigma = observation_error.sigma[used].double()
    white = torch.linalg.solve(R, omb) if p else omb
    at_background = 0.5 * (omb * white) if quadratic else huber_cost(omb, sigma, huber)
    return Diagnostics(
        j_background=float(at_background.sum()),
        jb=jb,
        jo=jo,
        chi2_per_obs=2 * (jb + jo) / p if p and quadratic else math.nan,
        chi2_interval=chi2_interval(p if quadratic else 0),
        dfs=float(covariance.signal.sum()),
        dfs_per_obs=covariance.signal,
        sigma_b_desroziers=sigma_b * _root(scale_b) if quadratic else math.nan,
        sigma_o_desroziers=sigma_o * _root(scale_o) if quadratic else math.nan,
        product=float((oma * omb).mean()),
        variance_o=float(sigma.square().mean()) if quadratic else math.nan,
        neg_log_likelihood=float(covariance.negative_log_likelihood(d)) if quadratic else math.nan,
        omb=moments(omb),
        oma=moments(oma),
        condition_s=_condition(torch.linalg.eigvalsh(S)),
        condition_hessian=_hessian_condition(HBHt, R),
    )


def desroziers(innovation: Tensor, residual: Tensor, covariance: InnovationCovariance) -> tuple[Tensor, Tensor]:
    """Return the factors by which the innovations scale H B Hᵀ and R, shape (...) each.

    E[d_ab d_obᵀ] = H B Hᵀ and E[d_oa d_obᵀ] = R (Desroziers et al., 2005, Q. J. R. Meteorol. Soc. 131, 3385–3396), both
    summed over the observations used and divided by the trace that is assumed; multiply σ_b² and σ_o² by them.
    """
    used = covariance.used
    d, r = (torch.where(used, values.double(), 0.0) for values in (innovation, residual))
    traces = (
        torch.where(used, matrix.diagonal(dim1=-2, dim2=-1), 0.0).sum(-1)
        for matrix in (covariance.background, covariance.observation)
    )
    of_background, of_observations = traces
    return ((d - r) * d).sum(-1) / of_background, (r * d).sum(-1) / of_observations


@lru_cache(maxsize=1000)  # it depends on the number of observations alone, which stays while everything else is tuned
def chi2_interval(count: int, probability: float = 0.95) -> tuple[float, float]:
    """Return the quantiles of χ²_p / p that hold the given probability between them; NaN for p = 0.

    The quantiles of the χ² distribution are found by bisection on the regularised incomplete gamma function.
    """
    if not count:
        return math.nan, math.nan
    shape = torch.tensor(count / 2, dtype=torch.float64)
    low = torch.zeros(2, dtype=torch.float64)
    high = torch.full((2,), 2.0 * count + 60, dtype=torch.float64)
    wanted = torch.tensor([(1 - probability) / 2, (1 + probability) / 2], dtype=torch.float64)
    for _ in range(80):
        middle = (low + high) / 2
        below = torch.special.gammainc(shape, middle / 2) < wanted
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return float(low[0]) / count, float(low[1]) / count


def moments(values: Tensor) -> Moments:
    """Return the moments of values of shape (p,)."""
    if not len(values):
        return Moments(0, math.nan, math.nan)
    return Moments(len(values), float(values.mean()), float(values.std(correction=0)))


def _root(square: Tensor) -> float:
    value = float(square)
    return math.sqrt(value) if value >= 0 else math.nan


def _condition(eigenvalues: Tensor) -> float:
    return float(eigenvalues[-1] / eigenvalues[0]) if len(eigenvalues) else math.nan


def _hessian_condition(background: Tensor, observation: Tensor) -> float:
    """Return 1 + the largest eigenvalue of R⁻¹ H B Hᵀ: all eigenvalues of the Hessian but p are one."""
    if not len(background):
        return math.nan
    factor = torch.linalg.cholesky(observation)
    half = torch.linalg.solve_triangular(factor, background, upper=False)
    white = torch.linalg.solve_triangular(factor, half.T, upper=False)
    return 1 + float(torch.linalg.eigvalsh((white + white.T) / 2)[-1])
