"""Reconstructions that need no training: kriging, linear interpolation, and the mean of the observations."""

from collections.abc import Callable

import torch
from torch import Tensor

from backends.learning.graph.cases import Cases
from backends.learning.graph.fields import Fields


def kriging(cases: Cases, fields: Fields, sigma: float) -> Tensor:
    """Return B Hᵀ (H B Hᵀ + R)⁻¹ y, the linear estimate of least variance, with the covariance that the truth was drawn with.

    Simple kriging, or optimal interpolation (Gandin 1963): the mean is known to be 0. For normally distributed fields it is
    the mean given the observations, and no estimate has a smaller expected square error.

    Parameters
    ----------
    cases
        E lines of n nodes.
    fields
        What B is of.
    sigma
        σ_o; R = σ_o² I.

    Returns
    -------
    Shape (E, n).
    """

    def kriged(line: Cases) -> Tensor:
        seen = line.observed[0]
        B = fields.covariance(line.apart()[0][:, seen], line.domain)  # between all nodes and the observed ones
        S = B[seen] + sigma**2 * torch.eye(B.shape[1], dtype=B.dtype, device=B.device)
        return (B @ torch.cholesky_solve(line.values[0, seen][:, None], torch.linalg.cholesky(S))).T

    return _each(cases, kriged)


def interpolated(cases: Cases) -> Tensor:
    """Return the straight line between the nearest observed nodes on either side, round the line, (E, n).

    At an observed node that is the observation itself.
    """

    def straight(line: Cases) -> Tensor:
        seen = line.observed[0]
        x, order = line.places[0, seen].sort()
        y = line.values[0, seen][order]
        # The last observed node is also before the first one, a line's length away, and the first one behind the last.
        x = torch.cat([x[-1:] - line.domain, x, x[:1] + line.domain])
        y = torch.cat([y[-1:], y, y[:1]])
        right = torch.searchsorted(x, line.places[0]).clamp(1, len(x) - 1)
        share = (line.places[0] - x[right - 1]) / (x[right] - x[right - 1])
        return (y[right - 1] + share * (y[right] - y[right - 1]))[None]

    return _each(cases, straight)


def observed_mean(cases: Cases) -> Tensor:
    """Return the mean of the observations of each line at all of its nodes, (E, n)."""
    mean = cases.values.sum(1, keepdim=True) / cases.observed.sum(1, keepdim=True)
    return mean.expand_as(cases.values)


def distance_to_observation(cases: Cases) -> Tensor:
    """Return how far the nearest observed node is from each node, (E, n)."""
    return _each(cases, lambda line: line.apart().abs()[:, :, line.observed[0]].amin(-1))


def _each(cases: Cases, function: Callable[[Cases], Tensor]) -> Tensor:
    """Return what a function makes of each line: they have different numbers of observations."""
    return torch.cat([function(cases[k : k + 1]) for k in range(len(cases))])
