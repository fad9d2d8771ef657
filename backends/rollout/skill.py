"""Curves of skill over lead time, with bootstrap intervals over the starts."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

#: Resamples of the starts, and the part of them that an interval holds.
RESAMPLES, WITHIN = 1000, 0.9
#: Anomaly correlation below which a forecast is no longer counted as useful.
USEFUL = 0.6

#: How the numbers of the starts become one: their mean, or the root of their mean.
How = Literal["mean", "root"]


@dataclass(frozen=True, eq=False)
class Curve:
    """A score over lead time with its standard error and a 90 % interval, (K + 1,) each; NaN where it is not defined."""

    value: Tensor
    error: Tensor
    low: Tensor
    high: Tensor


def resamples(blocks: Tensor, seed: int = 0, draws: int = RESAMPLES) -> Tensor:
    """Return the weights (draws, S), sum 1, that bootstrap samples give to starts.

    Whole blocks are drawn with replacement (Künsch, 1989, Ann. Stat. 17, 1217–1241): starts within a block see the same
    weather, and intervals that took them for independent would be too narrow.

    Parameters
    ----------
    blocks
        Number of the group of each start, (S,).
    seed
        Of the draws.
    """
    _, member = blocks.unique(return_inverse=True)
    groups = int(member.max()) + 1
    drawn = torch.randint(groups, (draws, groups), generator=torch.Generator().manual_seed(seed))
    counts = torch.zeros(draws, groups, dtype=torch.float64).scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float64))
    weights = counts[:, member]
    return weights / weights.sum(1, keepdim=True)


def curve(values: Tensor, weights: Tensor, how: How = "mean") -> Curve:
    """Return the score of numbers (S, K + 1) by lead, over all starts and over the resamples.

    Parameters
    ----------
    values
        Of each start and lead; squares, where `how` is root.
    weights
        Of :func:`resamples`. Where all starts are one block nothing can be said of the error: it is NaN.
    how
        What the score is.
    """
    values = values.double()
    return _curve(_taken(values.mean(0), how), _taken(weights @ values, how), weights)


def relative(squares: Tensor, baseline: Tensor, weights: Tensor) -> Curve:
    """Return by how many percent the RMSE is below that of a baseline, 100 (1 − RMSE / RMSE_b), from squares (S, K + 1).

    Both are of the same starts in each resample, so that what makes a start hard for both does not widen the interval.
    """
    ours, theirs = squares.double(), baseline.double()

    def gain(mine: Tensor, other: Tensor) -> Tensor:
        return torch.where(other > 0, 100 * (1 - (mine / other).sqrt()), math.nan)

    return _curve(gain(ours.mean(0), theirs.mean(0)), gain(weights @ ours, weights @ theirs), weights)


def lead_below(leads: Tensor, values: Tensor, threshold: float = USEFUL) -> float | None:
    """Return the lead at which values (K + 1,) first fall below a threshold, between leads interpolated; None: they do not.

    Leads at which a value is not defined are passed over.
    """
    known = ~torch.isnan(values)
    at, value = leads[known].tolist(), values[known].tolist()
    for k, v in enumerate(value):
        if v < threshold:
            if k == 0:
                return float(at[0])
            share = (value[k - 1] - threshold) / (value[k - 1] - v)
            return float(at[k - 1] + share * (at[k] - at[k - 1]))
    return None


def _taken(mean: Tensor, how: How) -> Tensor:
    return mean.sqrt() if how == "root" else mean


def _curve(value: Tensor, drawn: Tensor, weights: Tensor) -> Curve:
    if bool((weights == weights[0]).all()):
        unknown = torch.full_like(value, math.nan)
        return Curve(value, unknown, unknown, unknown)
    tail = (1 - WITHIN) / 2
    low, high = torch.quantile(drawn, torch.tensor([tail, 1 - tail], dtype=drawn.dtype), dim=0)
    return Curve(value, drawn.std(0), low, high)
