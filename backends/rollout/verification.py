"""What is verified of an ensemble forecast: error, bias, spread, CRPS and anomaly correlation of each start."""

import math

import torch
from torch import Tensor

from backends.cycling.verification import fair_crps
from backends.rollout.world import Scored, World

#: What :func:`verify` returns, in the order of its first axis.
NUMBERS = ("mse", "bias", "variance", "crps", "acc")
#: Anomalies below so many units in the last place of the climate are the rounding of a mean over members.
ROUNDING = 64


def verify_each(states: Tensor, truth: Tensor, usual: Tensor, world: World) -> Tensor:
    """Return the numbers of each part of a state that has scores of its own, (len(NUMBERS), S, F); see :func:`verify`."""
    parts = world.scored
    numbers = [verify(states[..., s.part], truth[..., s.part], usual[..., s.part], s) for s in parts]
    return torch.stack(numbers, dim=-1)


def verify(states: Tensor, truth: Tensor, usual: Tensor, world: World | Scored) -> Tensor:
    """Return the numbers of each start, (len(NUMBERS), S); means over components are weighted, errors scaled.

    `mse` and `bias` are the mean square and the mean of the error of the ensemble mean; `variance` is the mean over the
    components of the ensemble's unbiased variance, NaN of a single member. `crps` is fair: see
    :func:`backends.cycling.verification.fair_crps`. `acc` is the
    anomaly correlation: see :func:`anomaly_correlation`.

    Parameters
    ----------
    states
        Members, (S, N, n).
    truth, usual
        The true state and that of the climate at this time, (S, n) each.
    world
        Whose norm it is: of the state, or of the part of it that is scored.
    """
    area, scale = world.norm.area, world.norm.scale
    mean = states.mean(1)
    error = scale * (mean - truth)
    variance = (scale * states).var(1) @ area if states.shape[1] > 1 else torch.full_like(error[:, 0], math.nan)
    crps = fair_crps(scale * states, scale * truth) @ area
    return torch.stack([error.square() @ area, error @ area, variance, crps, anomaly_correlation(mean, truth, usual, world)])


def anomaly_correlation(forecast: Tensor, truth: Tensor, usual: Tensor, world: World | Scored) -> Tensor:
    """Return the correlation over the components of the anomalies f′ = f − c and t′ = t − c from the climate c, (S,).

    Σ w f′ t′ / √(Σ w f′² Σ w t′²), with the mean of the anomalies over each field taken off first (the centred form; Wilks,
    2011, Statistical Methods in the Atmospheric Sciences, equation 8.65), unless the components are no field. NaN where one of
    the anomalies is zero to rounding, as that of climatology is.
    """
    w, scale = world.norm.area, world.norm.scale
    f, t = (_centred(scale * (state - usual), world) for state in (forecast, truth))
    rounding = (ROUNDING * torch.finfo(f.dtype).eps) ** 2 * ((scale * usual).square() @ w)
    ff, tt = f.square() @ w, t.square() @ w
    return torch.where((ff > rounding) & (tt > rounding), (f * t) @ w / (ff * tt).sqrt(), math.nan)


def _centred(anomaly: Tensor, world: World | Scored) -> Tensor:
    """Return anomalies (S, n) without their weighted mean over each field."""
    if world.fields == 0:
        return anomaly
    fields, w = anomaly.unflatten(-1, (world.fields, -1)), world.norm.area.unflatten(-1, (world.fields, -1))
    mean = (fields * w).sum(-1, keepdim=True) / w.sum(-1, keepdim=True)
    return (fields - mean).flatten(-2)
