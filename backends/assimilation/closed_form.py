"""The minimum of J in closed form, in observation space and in state space."""

import time
from dataclasses import replace

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, Problem, finished
from backends.assimilation.innovation import InnovationCovariance
from backends.errors import InputError
from backends.observing.operators import LinearOperator

#: States up to this many points are solved in state space, where matrices have n² elements.
LARGEST_STATE = 6000


def innovation_covariance(problem: Problem) -> InnovationCovariance:
    """Return S of a problem with a linear H."""
    return InnovationCovariance(
        problem.background_error.observed(linear(problem)), problem.observation_error.matrix(), problem.used
    )


def observation_space(problem: Problem, covariance: InnovationCovariance | None = None) -> Analysis:
    """Return x_a = x_b + B Hᵀ S⁻¹ d, any number of cases at once.

    Parameters
    ----------
    problem
        With a linear H.
    covariance
        S, where it is already there.
    """
    start = time.perf_counter()
    H, B = linear(problem), problem.background_error
    d = problem.innovation()
    S = covariance or innovation_covariance(problem)
    w = S.solve(d)
    increment = B.spread(H, w.to(d.dtype))
    of_background = (S.background @ w[..., None])[..., 0]  # H (x_a − x_b)
    residual = d - of_background.to(d.dtype)
    jb = 0.5 * (w * of_background).sum(-1)
    jo = 0.5 * (w * (S.observation @ w[..., None])[..., 0]).sum(-1)
    if d.is_cuda:
        torch.cuda.synchronize(d.device)
    seconds = time.perf_counter() - start
    return Analysis(problem.background + increment, increment, d, residual, jb, jo, w.to(d.dtype), None, seconds)


def state_space(problem: Problem) -> Analysis:
    """Return the solution of (I + B Hᵀ R⁻¹ H) (x_a − x_b) = B Hᵀ R⁻¹ d for a single case.

    These are the normal equations (B⁻¹ + Hᵀ R⁻¹ H) δx = Hᵀ R⁻¹ d, multiplied by B so that B need not have an inverse.

    Raises
    ------
    InputError
        If the state has more than 6,000 points.
    """
    start = time.perf_counter()
    H, B = linear(problem), problem.background_error
    if B.size > LARGEST_STATE:
        raise InputError(
            f"the state-space solver handles up to {LARGEST_STATE} grid points; came {B.size}. Use the closed form in "
            "observation space"
        )
    active = problem.of_used()
    H = linear(active)
    if not len(H):
        zero = problem.background.new_zeros(())
        return finished(problem, torch.zeros_like(problem.background), zero, zero)
    d, HB = active.innovation(), B.apply(H.dense())  # (p, n)
    to_state = active.observation_error.solve(HB.T).T  # R⁻¹ H B, (p, n)
    matrix = torch.eye(B.size, dtype=d.dtype, device=d.device) + to_state.T @ H.dense()
    increment = torch.linalg.solve(matrix, to_state.T @ d)
    residual = d - H(increment)
    jo = active.observation_cost(residual)
    # At the minimum B⁻¹ δx = Hᵀ R⁻¹ (y − H x_a), which spares an inverse of B.
    jb = 0.5 * (H(increment) * active.observation_error.solve(residual)).sum(-1)
    result = finished(problem, increment, jb, jo)
    return replace(result, seconds=time.perf_counter() - start)


def posterior_variance(problem: Problem, covariance: InnovationCovariance, points: Tensor) -> Tensor:
    """Return the diagonal of A = B − B Hᵀ S⁻¹ H B at grid points, shape (len(points),); H is the tangent-linear one."""
    H, B = linear(problem), problem.background_error
    prior = B.variance()[points]
    if not len(H):
        return prior
    HB = torch.where(covariance.used[:, None], B.cross(H, points).double(), 0.0)
    white = torch.linalg.solve_triangular(covariance.factor, HB, upper=False)
    return (prior - white.square().sum(0).to(prior)).clamp(min=0)


def posterior_draws(problem: Problem, covariance: InnovationCovariance, draws: int, generator: torch.Generator) -> Tensor:
    """Draw errors of an analysis from N(0, A), shape (draws, n), for a single case; H is the tangent-linear one.

    Background and observations are perturbed with B and R and analysed: e_a = e_b + B Hᵀ S⁻¹ (e_o − H e_b), which has the
    covariance A = B − B Hᵀ S⁻¹ H B (Burgers, van Leeuwen and Evensen, 1998).
    """
    H, B = linear(problem), problem.background_error
    background = B.sample(draws, generator)
    if not len(H):
        return background
    white = torch.randn(draws, len(H), generator=generator, dtype=torch.float64).to(covariance.observation)
    observed = white @ torch.linalg.cholesky(covariance.observation).T
    w = covariance.solve(observed - H(background).to(observed))
    return background + B.spread(H, w.to(background))


def linear(problem: Problem) -> LinearOperator:
    """Return H, or raise InputError if it is not linear."""
    if not isinstance(problem.operator, LinearOperator):
        raise InputError(
            "the closed form needs a linear observation operator; choose Gauss–Newton or L-BFGS for a nonlinear one"
        )
    return problem.operator
