"""Choosing σ_b, L and σ_o by the likelihood of the innovations alone, which needs no truth."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.innovation import InnovationCovariance
from backends.errors import InputError

#: From (σ_b, L, σ_o), tensors without dimensions, to the covariance of the innovations.
Model = Callable[[Tensor, Tensor, Tensor], InnovationCovariance]
#: Innovations that three numbers may be estimated from.
FEWEST = 5

#: A setting within this share of its logarithmic range from an end counts as at the end.
EDGE = 0.01


@dataclass(frozen=True)
class Optimum:
    """Settings of maximum likelihood, −log p(d) there and at the start, and the evaluations it took.

    `at_bound` names those of σ_b, L and σ_o that ended at the edge of their range.
    """

    sigma_b: float
    length: float
    sigma_o: float
    neg_log_likelihood: float
    at_start: float
    evaluations: int
    at_bound: tuple[str, ...] = ()


def maximise(
    model: Model,
    innovation: Tensor,
    start: tuple[float, float, float],
    bounds: tuple[tuple[float, float], ...],
    iterations: int = 60,
) -> Optimum:
    """Return the maximum-likelihood setting, by gradient ascent through the factorisation of S.

    −log p(d) = ½ dᵀ S⁻¹ d + ½ log det S + ½ p log 2π is minimised over the logarithms of the three by L-BFGS; bounds are
    kept by a logistic map of each logarithm.

    Parameters
    ----------
    model
        Differentiable in its three arguments.
    innovation
        d = y − H(x_b), shape (p,).
    start
        σ_b, L and σ_o to begin with.
    bounds
        Least and greatest value of each.

    Raises
    ------
    InputError
        If too few observations are used to estimate three numbers from.
    """
    low, high = torch.tensor(bounds, dtype=torch.float64).log().T
    share = ((torch.tensor(start, dtype=torch.float64).log() - low) / (high - low)).clamp(0.02, 0.98)
    free = share.logit().requires_grad_()
    optimiser = torch.optim.LBFGS([free], max_iter=iterations, history_size=10, line_search_fn="strong_wolfe")
    best, evaluations, first = (float("inf"), free.detach().clone()), 0, float("nan")

    def settings(values: Tensor) -> Tensor:
        return (low + (high - low) * values.sigmoid()).exp()

    def closure() -> Tensor:
        nonlocal best, evaluations, first
        optimiser.zero_grad()
        sigma_b, length, sigma_o = settings(free).to(innovation.device)
        covariance = model(sigma_b, length, sigma_o)
        if (count := int(covariance.count)) < FEWEST:
            raise InputError(
                f"the likelihood of {count} innovations cannot tell σ_b, L and σ_o apart; use at least {FEWEST} observations"
            )
        value = covariance.negative_log_likelihood(innovation)
        value.backward()
        if evaluations == 0:
            first = float(value.detach())
        evaluations += 1
        if float(value.detach()) < best[0]:
            best = float(value.detach()), free.detach().clone()
        return value

    optimiser.step(closure)
    sigma_b, length, sigma_o = settings(best[1]).tolist()
    position = best[1].sigmoid()
    ended = ((position < EDGE) | (position > 1 - EDGE)).tolist()
    at_bound = tuple(name for name, there in zip(("σ_b", "L", "σ_o"), ended, strict=True) if there)
    return Optimum(sigma_b, length, sigma_o, best[0], first, evaluations, at_bound)
