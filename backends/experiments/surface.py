"""The tuning surface: a score over two parameters, computed in one batch."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backends.assimilation.innovation import InnovationCovariance
from backends.background_error.base import BackgroundError
from backends.errors import InputError
from backends.experiments.cases import REAL
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.settings import AnalysisSettings
from backends.observing.operators import LinearOperator

Parameter = Literal["sigma_b", "length", "sigma_o", "count", "floor"]
Score = Literal["rmse", "chi2", "likelihood"]
PARAMETERS: tuple[Parameter, ...] = ("sigma_b", "length", "sigma_o", "count", "floor")
SCORES: tuple[Score, ...] = ("rmse", "chi2", "likelihood")
#: Elements of matrices p x p, and of states, that are held at once.
BLOCK = 20_000_000
#: Settings on each side of a surface.
MOST = 60


@dataclass(frozen=True)
class SurfaceAxis:
    """One parameter and the values it takes, in ascending order."""

    parameter: Parameter
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Surface:
    """A score at each pair of values.

    Attributes
    ----------
    x, y
        The parameters.
    score
        ``rmse``: of the analysis, in the unit of the state; ``chi2``: χ²/p − 1; ``likelihood``: −log p(d).
    values
        Shape (len(y.values), len(x.values)).
    """

    x: SurfaceAxis
    y: SurfaceAxis
    score: Score
    values: Tensor

    @property
    def best(self) -> tuple[float, float]:
        """The pair (x, y) with the least score, or for χ²/p − 1 the one nearest to zero."""
        judged = self.values.abs() if self.score == "chi2" else self.values
        row, column = divmod(int(judged.argmin()), judged.shape[1])
        return self.x.values[column], self.y.values[row]


def usual_axis(
    experiment: AnalysisExperiment, settings: AnalysisSettings, parameter: Parameter, count: int = 20
) -> SurfaceAxis:
    """Return a range that holds what is worth trying: standard deviations over a factor of 25, lengths over 50."""
    start, case = experiment.case.suggested, experiment.case
    if parameter == "count":
        most = min(max(2 * settings.observations.count, 20), int(case.valid.sum()), 400)
        steps = {max(1, round(most * (k + 1) / count)) for k in range(count)}
        return SurfaceAxis(parameter, tuple(float(k) for k in sorted(steps)))
    low, high = {
        "sigma_b": (start.sigma / 5, start.sigma * 5),
        "sigma_o": (start.sigma_o / 5, start.sigma_o * 5),
        "length": (case.longest / 50, case.longest),
        "floor": (1e-8, 1e-1),
    }[parameter]
    values = torch.logspace(math.log10(low), math.log10(high), count, dtype=torch.float64).clamp(low, high)
    return SurfaceAxis(parameter, tuple(values.tolist()))


def tuning_surface(
    experiment: AnalysisExperiment, settings: AnalysisSettings, x: SurfaceAxis, y: SurfaceAxis, score: Score
) -> Surface:
    """Return a score over two parameters; all others, the data and the errors in them stay as they are.

    The observations are those that the current settings use. For each pair of a length and a floor H B Hᵀ is formed once;
    standard deviations scale it, and fewer observations are the first ones of the network.

    Raises
    ------
    InputError
        If the parameters are the same or do not apply, H is not linear, or there are no observations.
    """
    _check(settings, x, y)
    if score == "rmse" and not experiment.case.has_truth:
        raise InputError("there is no truth here that an RMSE could be against; the likelihood needs none")
    chosen = {x.parameter: x.values, y.parameter: y.values}
    most = int(max(chosen.get("count", (settings.observations.count,))))
    base = settings.model_copy(
        update={"observations": settings.observations.model_copy(update={"count": most, "noise": _noise(experiment, settings)})}
    )
    outcome = experiment.run(base)
    operator = outcome.problem.operator
    if not isinstance(operator, LinearOperator):
        raise InputError("the tuning surface needs a linear observation operator")
    if not len(operator):
        raise InputError("the tuning surface needs at least one observation")
    ys, xs = torch.meshgrid(*(torch.tensor(axis.values, dtype=torch.float64) for axis in (y, x)), indexing="ij")
    flat = {x.parameter: xs.flatten(), y.parameter: ys.flatten()}
    like = torch.ones_like(flat[x.parameter])
    lengths = flat.get("length", like * outcome.length)
    floors = flat.get("floor", like * settings.background_error.floor)
    scale_b = (flat.get("sigma_b", like * outcome.sigma_b) / outcome.sigma_b).square()
    scale_o = (flat.get("sigma_o", like * outcome.sigma_o) / outcome.sigma_o).square()
    counts = flat.get("count", like * len(operator))
    values, ratio = torch.empty_like(like), outcome.length_z / outcome.length
    for length, floor in set(zip(lengths.tolist(), floors.tolist(), strict=True)):
        which = ((lengths == length) & (floors == floor)).nonzero()[:, 0]
        b_settings = settings.background_error.model_copy(
            update={"sigma": outcome.sigma_b, "length": length, "floor": floor, "length_z": ratio * length}
        )
        B = experiment.errors.make(b_settings)
        batch = _Batch(experiment, outcome.problem.background, outcome.analysis.innovation, B, operator, outcome.used)
        R = outcome.problem.observation_error.matrix().double()
        values[which] = batch.scores(score, scale_b[which], scale_o[which], counts[which], R)
    return Surface(x, y, score, values.reshape(xs.shape))


class _Batch:
    """Settings that share all but standard deviations and the number of observations."""

    def __init__(
        self,
        experiment: AnalysisExperiment,
        background: Tensor,
        innovation: Tensor,
        B: BackgroundError,
        operator: LinearOperator,
        used: Tensor,
    ) -> None:
        self.case, self.background, self.d, self.B, self.operator, self.used = (
            experiment.case, background, innovation, B, operator, used
        )  # fmt: skip
        self.HBHt = B.observed(operator).double()

    def scores(self, score: Score, scale_b: Tensor, scale_o: Tensor, counts: Tensor, R: Tensor) -> Tensor:
        """Return the score at each setting, shape (m,)."""
        p, device = len(self.operator), self.d.device
        together = max(1, BLOCK // max(p * p, self.B.size if score == "rmse" else 1))
        parts = []
        for begin in range(0, len(counts), together):
            piece = slice(begin, begin + together)
            b, o, k = (v[piece].to(device)[:, None] for v in (scale_b, scale_o, counts))
            used = self.used & (torch.arange(p, device=device) < k)
            S = InnovationCovariance(b[..., None] * self.HBHt, o[..., None] * R, used)
            d = self.d.expand(len(k), p)
            if score == "likelihood":
                parts.append(S.negative_log_likelihood(d))
            elif score == "chi2":
                parts.append(S.twice_minimum(d) / S.count - 1)
            else:
                increment = self.B.spread(self.operator, (b * S.solve(d)).to(self.background.dtype))
                parts.append(self.case.rmse(self.background + increment))
        return torch.cat(parts).cpu().double()


def _noise(experiment: AnalysisExperiment, settings: AnalysisSettings) -> float:
    """Return the true σ_o, which must not follow the σ_o that is varied."""
    noise = settings.observations.noise
    return experiment.sigma_o(settings) if noise is None else noise


def _check(settings: AnalysisSettings, x: SurfaceAxis, y: SurfaceAxis) -> None:
    if x.parameter == y.parameter:
        raise InputError(f"the tuning surface needs two different parameters; came {x.parameter} twice")
    if settings.method.huber:
        raise InputError("the tuning surface is that of the quadratic cost; set huber, the robust cost, to zero")
    for axis in (x, y):
        if not 1 <= len(axis.values) <= MOST:
            raise InputError(f"a side of the tuning surface has 1 to {MOST} values; came {len(axis.values)}")
        if axis.parameter == "count" and settings.observations.placement not in (None, "random"):
            raise InputError("the number of observations can be varied where they are placed at random")
        if axis.parameter == "count" and settings.case.name in (*REAL, "course-1d", "course-2d"):
            raise InputError(f"the number of observations of {settings.case.name} is that of its file")
        if axis.parameter in ("length", "floor") and settings.background_error.source == "ensemble":
            raise InputError(f"an ensemble B has no {axis.parameter} to vary; take a static one")
        if axis.parameter == "floor" and settings.case.name == "stations":
            raise InputError("B between stations has no floor to vary")
