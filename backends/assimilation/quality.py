"""Quality control: observations that disagree too much with the background, and a cost that hardly minds outliers."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, Problem, Solver
from backends.errors import InputError

#: Robust weights are found again until none changes by more than this, or so many times.
SETTLED, ROUNDS = 1e-6, 200


def background_check(innovation: Tensor, spread: Tensor, threshold: float) -> Tensor:
    """Return which observations pass, shape (..., p), boolean.

    Parameters
    ----------
    innovation
        d = y − H(x_b), shape (..., p).
    spread
        The standard deviations √((H B Hᵀ + R)_kk) that are expected of it, shape (p,).
    threshold
        Observations with |d| above so many of them fail; with 0 all pass.
    """
    if threshold == 0:
        return torch.ones_like(innovation, dtype=torch.bool)
    return innovation.abs() <= threshold * spread


def huber_cost(residual: Tensor, sigma: Tensor, huber: float) -> Tensor:
    """Return ρ(r) of each residual, shape (..., p): ½ r² for |r| ≤ c, else c |r| − ½ c², r = residual / σ_o.

    Parameters
    ----------
    residual
        Observation minus state, shape (..., p).
    sigma
        σ_o of each observation, shape (p,).
    huber
        The threshold c; with 0, which stands for no robust cost, ½ r² everywhere.
    """
    size = residual.abs() / sigma
    if not huber:
        return 0.5 * size.square()
    return torch.where(size <= huber, 0.5 * size.square(), huber * size - 0.5 * huber**2)


def robust(problem: Problem, solver: Solver, huber: float) -> tuple[Analysis, Tensor]:
    """Minimise with the Huber cost ρ(r) = ½ r² for |r| ≤ c, else c |r| − ½ c², r = (y − H(x)) / σ_o.

    By iteratively reweighted least squares: σ_o is divided by √w with w = min(1, c / |r|) of the last residuals, until the
    weights settle. For a single case; the same for every solver.

    Returns
    -------
    The analysis, with J_o that of the Huber cost, and the weights w, shape (p,).

    Raises
    ------
    InputError
        If observation errors are correlated: the cost is a sum over observations then no longer.
    """
    if problem.observation_error.correlation is not None:
        raise InputError("the Huber cost needs independent observation errors; set L_o, their correlation length, to zero")
    sigma = problem.observation_error.sigma
    weight = torch.ones_like(sigma)
    for _ in range(ROUNDS):
        analysis = solver(replace(problem, observation_error=problem.observation_error.weighted(weight)))
        size = analysis.residual.abs() / sigma
        new = (huber / size.clamp(min=1e-30)).clamp(max=1.0)
        moved = float((new - weight)[problem.used].abs().max()) if bool(problem.used.any()) else 0.0
        weight = new
        if moved < SETTLED:
            break
    cost = huber_cost(analysis.residual, sigma, huber)
    return replace(analysis, jo=cost[problem.used].sum()), weight


def of_one_case(solver: Callable[[Problem], Analysis], problem: Problem, huber: float) -> tuple[Analysis, Tensor]:
    """Return the analysis and the weights of the observations, all one where the cost is quadratic."""
    if huber:
        return robust(problem, solver, huber)
    return solver(problem), torch.ones_like(problem.observation_error.sigma)
