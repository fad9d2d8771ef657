"""Whether the methods of a race know how good they are, and which of two is better."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from backends.cycling.record import Record
from backends.experiments.cycling.race import Race

Array = np.ndarray
#: Stretches of a run that are averaged for lines and bars.
BLOCKS = 40


@dataclass(frozen=True, eq=False)
class MethodDiagnostics:
    """Diagnostics of one method, after the spin-up; means over the experiments.

    Attributes
    ----------
    ranks
        Share of the truth's ranks among the members of the background times N + 1, shape (N + 1,): 1 where members and
        truth cannot be told apart. None without an ensemble.
    cycles
        Middle of each stretch of the run, (B,).
    error, spread
        Root-mean-square error and spread of the background over each stretch, (B,).
    chi2, ratio_o, ratio_b
        χ²/p; estimated over assumed σ_o and σ_b after Desroziers et al. (2005), over each stretch, (B,).
    bias
        Mean error of the analysis over each stretch, (B,).
    extras
        Numbers that only this method has, by name, over each stretch, (B,).
    costs
        Cost by iteration in the newest analysis of a variational method, else None.
    """

    ranks: Array | None
    cycles: Array
    error: Array
    spread: Array
    chi2: Array
    ratio_o: Array
    ratio_b: Array
    bias: Array
    extras: dict[str, Array]
    costs: Array | None


@dataclass(frozen=True, eq=False)
class Comparison:
    """First-guess errors of method A minus those of method B, on the same truth and observations.

    Attributes
    ----------
    cycles, difference
        Middle of each stretch of the run, and the mean difference of the background RMSE over it, (B,).
    significant
        Whether a stretch differs from zero by more than two of its standard errors, (B,).
    mean, error
        Over all stretches after the spin-up, and its standard error; NaN where there are too few.
    """

    cycles: Array
    difference: Array
    significant: Array
    mean: float
    error: float


def diagnose(race: Race) -> tuple[MethodDiagnostics, ...]:
    """Return the diagnostics of each method, in their order."""
    return tuple(
        _of(contestant.record, race, getattr(contestant.method, "history", None)) for contestant in race.cycling.contestants
    )


def compare(race: Race, a: int, b: int) -> Comparison:
    """Return method a minus method b; only cycles that both have run count."""
    records = [race.cycling.contestants[k].record for k in (a, b)]
    since = race.settings.spinup
    count = max(0, min(record.cycles for record in records) - since)
    first, second = (record.of("rmse_background", since)[:count].double().mean(1).cpu().numpy() for record in records)
    middle, parts = _blocks(first - second, since)
    means = np.array([part.mean() for part in parts])
    errors = np.array([_standard_error(part) for part in parts])
    significant = np.abs(means) > 2 * errors
    n = len(means)
    error = float(means.std(ddof=1) / math.sqrt(n)) if n > 2 else math.nan
    return Comparison(middle, means, significant, float(means.mean()) if n else math.nan, error)


def _of(record: Record, race: Race, history: list[float] | None) -> MethodDiagnostics:
    since = race.settings.spinup
    numbers = {
        name: record.of(name, since).double().cpu()
        for name in (
            "rmse_background", "spread_background", "chi2_per_obs", "sigma_o2_desroziers", "sigma_b2_desroziers",
            "bias_analysis", "omb",
        )
    }  # fmt: skip
    sigma_o = race.settings.observations.sigma

    def blocks(values: torch.Tensor) -> Array:
        return np.array([np.nanmean(part) if np.isfinite(part).any() else np.nan
                         for part in _blocks(values.mean(1).numpy(), since)[1]])  # fmt: skip

    spread2 = blocks(numbers["spread_background"].square())
    extras = {
        name: _last_blocks(torch.stack(values).double().mean(1).cpu().numpy(), since) for name, values in record.extras.items()
    }
    ranks = None
    if record.ranks is not None:
        counts = record.ranks.sum(0).double().cpu().numpy()
        ranks = counts / counts.sum() * len(counts)
    middle, _ = _blocks(numbers["omb"].mean(1).numpy(), since)
    return MethodDiagnostics(
        ranks=ranks,
        cycles=middle,
        error=np.sqrt(blocks(numbers["rmse_background"].square())),
        spread=np.sqrt(spread2),
        chi2=blocks(numbers["chi2_per_obs"]),
        ratio_o=np.sqrt(np.clip(blocks(numbers["sigma_o2_desroziers"]), 0, None)) / sigma_o,
        ratio_b=np.sqrt(np.clip(blocks(numbers["sigma_b2_desroziers"]), 0, None) / spread2),
        bias=blocks(numbers["bias_analysis"]),
        extras=extras,
        costs=None if not history else np.asarray(history, dtype=float),
    )


def _blocks(values: Array, since: int) -> tuple[Array, list[Array]]:
    """Return the middles of up to 40 stretches of a record that begins after `since`, and the stretches."""
    if not len(values):
        return np.zeros(0), []
    parts = np.array_split(values, min(BLOCKS, len(values)))
    ends = np.cumsum([len(part) for part in parts])
    return since + ends - np.array([len(part) for part in parts]) / 2, parts


def _last_blocks(values: Array, since: int) -> Array:
    return np.array([part.mean() for part in _blocks(values[since:], since)[1]])


def _standard_error(part: Array) -> float:
    """Return the standard error of the mean of a stretch, as if every tenth of it were independent."""
    if len(part) < 20:
        return math.inf
    means = np.array([tenth.mean() for tenth in np.array_split(part, 10)])
    return float(means.std(ddof=1) / math.sqrt(10))
