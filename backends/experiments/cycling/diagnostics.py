"""Whether the methods of a race know how good they are, and which of two is better."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from backends.cycling.cycling import Contestant
from backends.cycling.record import Record
from backends.cycling.verification import Score, time_mean
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.stretches import Stretches, mean, memory_of, standard_error

Array = np.ndarray
#: Most bars of a rank histogram; of larger ensembles neighbouring ranks are counted together.
MOST_RANKS = 60
#: Independent numbers that a stretch needs at least to be compared, and its cycles.
INDEPENDENT, SHORTEST = 6, 20
#: Most cycles of which the numbers that only one method has are looked at.
MOST_EXTRAS = 4000
#: An assumed variance of background errors below this times σ_o² is rounding error.
LEAST_VARIANCE = 1e-6

Average = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Ranks:
    """A rank histogram: how often the truth lies between which members of the background.

    Attributes
    ----------
    edges
        Of the bars, in ranks from 0 to N + 1, shape (B + 1,).
    heights
        How often, relative to a flat histogram, (B,): 1 where members and truth cannot be told apart.
    band
        Half the width about 1 of the range that holds 95 % of the bars if members and truth cannot be told apart and all
        that was counted is independent, (B,): 1.96 √((1 − π) / (π n)) for a bar that expects a share π of n. Neighbouring
        points and successive cycles are not quite independent, so the true band is wider.
    count
        What was counted in all, n: cycles times components times experiments.
    """

    edges: Array
    heights: Array
    band: Array
    count: int


@dataclass(frozen=True, eq=False)
class MethodDiagnostics:
    """Diagnostics of one method; means over the experiments that it did not lose, over each of B stretches of the run.

    Attributes
    ----------
    error, spread, spread_ratio
        Root-mean-square error and spread of the background, and the spread over the error, (B,).
    chi2, ratio_o, ratio_b
        χ²/p; estimated over assumed σ_o, and σ_b at the observations, after Desroziers et al. (2005, Q. J. R. Meteorol. Soc.
        131, 3385–3396), (B,); zero where the estimate of the variance is not positive.
    bias
        Mean error of the background over components, (B,).
    overall
        The same numbers over the whole run.
    bias_score, crps
        Bias with its standard error, and CRPS of the background, over the whole run.
    ranks
        None without an ensemble, or with weights.
    extras
        Numbers that only this method has, by name, (B,) each.
    costs
        J of the newest analysis of a variational method, experiment 0: an array for each outer loop, with J and then J of
        the linearised problem after each inner iteration; the last is J at the analysis. None of other methods.
    """

    error: Array
    spread: Array
    spread_ratio: Array
    chi2: Array
    ratio_o: Array
    ratio_b: Array
    bias: Array
    overall: dict[str, float]
    bias_score: Score
    crps: float
    ranks: Ranks | None
    extras: dict[str, Array]
    costs: tuple[Array, ...] | None


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Diagnostics of all methods after the spin-up.

    Attributes
    ----------
    cycles
        Middles of the stretches, (B,).
    length
        Cycles of each.
    methods
        In their order.
    """

    cycles: Array
    length: int
    methods: tuple[MethodDiagnostics, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """First-guess errors of method A minus those of method B, on the same truth and observations.

    Attributes
    ----------
    edges
        Where the stretches begin and end, (B + 1,).
    difference, errors
        Mean difference of the background RMSE over each stretch, and its standard error, (B,).
    significant
        Whether a stretch differs from zero by more than two standard errors, (B,).
    mean, error
        Over all cycles after the spin-up, and its standard error as of all scores; NaN where there are too few.
    cycles
        How many these are.
    memory
        How many cycles count as one independent one.
    """

    edges: Array
    difference: Array
    errors: Array
    significant: Array
    mean: float
    error: float
    cycles: int
    memory: float


def diagnose(race: Race) -> Diagnostics:
    """Return the diagnostics of each method; the race must not be stepped meanwhile."""
    stretches = Stretches.of(race.settings.spinup, race.cycle)
    sigma_o = assumed_sigma(race)[stretches.since :]
    methods = tuple(_of(contestant, stretches, sigma_o) for contestant in race.cycling.contestants)
    return Diagnostics(stretches.middles, stretches.length, methods)


def compare(race: Race, a: int, b: int) -> Comparison:
    """Return method a minus method b; only cycles that both have run count, and experiments that neither lost."""
    since = race.settings.spinup
    first, second = (race.cycling.contestants[k].record for k in (a, b))
    counted = _counted(first, second)
    K = max(0, min(first.cycles, second.cycles) - since)
    difference = first.of("rmse_background", since)[:K].double() - second.of("rmse_background", since)[:K].double()
    series = _averaged(difference, counted)
    K = int(np.isfinite(series).cumprod().sum())  # up to where the state of one of them stopped being finite
    series = series[:K]
    memory = memory_of(series, (mark.cycle - since for mark in race.marks))
    stretches = Stretches.of(since, since + K, max(SHORTEST, INDEPENDENT * memory))
    parts = stretches.split(series)
    means, errors = parts.mean(1), standard_error(parts, memory)
    score = time_mean(difference[:K, counted.to(difference.device)])
    return Comparison(stretches.edges, means, errors, np.abs(means) > 2 * errors, score.mean, score.error, K, memory)


def assumed_sigma(race: Race) -> Array:
    """Return the σ_o that the methods assumed in each cycle, (K,); NaN where a change of it is no longer remembered."""
    sigma = np.full(race.cycle, race.settings.observations.sigma)
    moments = race.trace.moments
    changes = [0, *sorted({mark.cycle for mark in race.marks}), race.cycle]
    for begin, end in pairwise(changes):
        if race.marks and end > begin:  # between two changes it is what it was in the last of these cycles
            kept = end >= moments[0].number
            sigma[begin:end] = float(moments[end - moments[0].number].sigma[:1].mean()) if kept else np.nan
    return sigma


def rank_histogram(counts: Array) -> Ranks:
    """Return the histogram of the counts (N + 1,) of each rank."""
    size, n = len(counts), int(counts.sum())
    edges = np.round(np.linspace(0, size, min(size, MOST_RANKS) + 1)).astype(int)
    share = np.diff(edges) / size
    with np.errstate(invalid="ignore", divide="ignore"):
        heights = np.add.reduceat(counts.astype(float), edges[:-1]) / (n * share)
        band = 1.96 * np.sqrt((1 - share) / (share * n))
    return Ranks(edges, heights, band, n)


def _of(contestant: Contestant, stretches: Stretches, sigma_o: Array) -> MethodDiagnostics:
    record, since = contestant.record, stretches.since
    counted = _counted(record)

    def series(name: str, power: Literal[1, 2] = 1) -> Array:
        values = record.of(name, since).double()
        return _averaged(values if power == 1 else values.square(), counted)

    variance_o = sigma_o[: max(0, record.cycles - since)] ** 2
    hpht = series("omb_expected", 2) - variance_o  # mean of the diagonal of H P Hᵀ
    hpht = np.where(hpht > LEAST_VARIANCE * variance_o, hpht, np.nan)
    desroziers_o, desroziers_b = series("sigma_o2_desroziers") / variance_o, series("sigma_b2_desroziers")
    error2, spread2 = series("rmse_background", 2), series("spread_background", 2)
    chi2, bias = series("chi2_per_obs"), series("bias_background")

    def averaged(over: Average) -> dict[str, Array]:
        """Roots are taken of means: of squares, and of products that may be negative."""
        return {
            "error": np.sqrt(over(error2)),
            "spread": np.sqrt(over(spread2)),
            "spread_ratio": np.sqrt(_ratio(over(spread2), over(error2))),
            "chi2": over(chi2),
            "ratio_o": np.sqrt(over(desroziers_o).clip(min=0)),
            "ratio_b": np.sqrt(_ratio(over(desroziers_b), over(hpht)).clip(min=0)),
            "bias": over(bias),
        }

    scored = record.of("bias_background", since)
    return MethodDiagnostics(
        **averaged(stretches.means),
        overall={name: float(value) for name, value in averaged(mean).items()},
        bias_score=time_mean(scored[:, counted.to(scored.device)]),
        crps=float(mean(series("crps_background"))),
        ranks=None if record.ranks is None else rank_histogram(record.ranks.cpu()[counted].sum(0).numpy()),
        extras={name: _extra(values, stretches, counted) for name, values in record.extras.items()},
        costs=_costs(getattr(contestant.method, "history", None)),
    )


def _counted(*records: Record) -> Tensor:
    """Return which experiments count, (E,) boolean: those that no method lost; otherwise those that stayed finite, or all."""
    good, finite = records[0].good(), records[0].blown_up == 0
    for record in records[1:]:
        good, finite = good & record.good(), finite & (record.blown_up == 0)
    return next((some for some in (good, finite) if bool(some.any())), torch.ones_like(good))


def _averaged(values: Tensor, counted: Tensor) -> Array:
    """Return the means (K,) of numbers (K, E) over the experiments that count."""
    some = values if bool(counted.all()) else values[:, counted.to(values.device)]
    # A mean over one experiment would take longer than all else.
    return (some[:, 0] if some.shape[1] == 1 else some.mean(1)).cpu().numpy()


def _ratio(a: Array, b: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(b > 0, a / b, np.nan)


def _extra(values: list[Tensor], stretches: Stretches, counted: Tensor) -> Array:
    """Return the means over stretches of numbers that are kept cycle by cycle, (E,) each; of long runs only some are read."""
    since, K = stretches.since, len(values) - stretches.since
    if K < 1:
        return np.full(stretches.count, np.nan)
    every = max(1, K // MOST_EXTRAS)
    series = np.full(K, np.nan)
    series[::every] = _averaged(torch.stack(values[since::every]).double(), counted)
    return stretches.means(series)


def _costs(history: list[Tensor] | None) -> tuple[Array, ...] | None:
    return tuple(loop.double().cpu().numpy() for loop in history) if history else None
