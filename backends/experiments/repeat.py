"""Many draws of one experiment, and statistics over them."""

import math
import time
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.assimilation.closed_form import observation_space
from backends.assimilation.diagnostics import desroziers
from backends.assimilation.innovation import InnovationCovariance
from backends.assimilation.quality import background_check
from backends.errors import InputError
from backends.experiments.cases import StationsCase
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.outcome import Outcome
from backends.experiments.settings import AnalysisSettings
from backends.experiments.summary import DESROZIERS, scores
from backends.memory import most
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator

#: Elements of matrices p x p, one per draw, that are factorised together: at most, and as a part of the numbers that fit into
#: memory, where each comes in four copies of double precision.
BLOCK, COPIES = 20_000_000, 4


def repeated(experiments: Iterator[AnalysisExperiment] | AnalysisExperiment, settings: AnalysisSettings) -> dict[str, float]:
    """Return the mean of each score over `settings.repeat` draws, and its standard error under the name with ``_se``.

    Parameters
    ----------
    experiments
        One experiment, of which the errors are drawn anew each time; or one for each draw, as for stations.
    settings
        With `repeat`.

    Raises
    ------
    InputError
        If no number of draws is set, or nothing about the case is random.
    """
    if settings.repeat is None:
        raise InputError("statistics over draws need repeat, their number, which is not set")
    draws = settings.repeat
    start = time.perf_counter()
    if isinstance(experiments, AnalysisExperiment):
        rows = (
            _in_batches(experiments, settings, draws)
            if _batched(experiments, settings)
            else (_row(experiments.run(settings, draw)) for draw in range(draws))
        )
    else:
        rows = (_row(experiment.run(settings)) for experiment in experiments)
    result = statistics(rows)
    result["draws"] = float(draws)
    result["seconds"] = time.perf_counter() - start
    return result


def statistics(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """Return mean and standard error of each column.

    The Desroziers estimates are roots of means of squares: their squares are averaged, which has no bias, and the standard
    error carried through the root.
    """
    columns: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    result: dict[str, float] = {}
    for name, values in columns.items():
        column = torch.tensor(values, dtype=torch.float64)
        squared = name in DESROZIERS
        column = column * column.abs() if squared else column
        mean, error = float(column.mean()), float(column.std()) / math.sqrt(len(column))
        if squared:
            mean = math.sqrt(mean) if mean > 0 else math.nan
            error = error / (2 * mean) if mean else math.nan
        result[name], result[f"{name}_se"] = mean, error
    return result


def _row(outcome: Outcome) -> dict[str, float]:
    """Return the scores of one draw, the Desroziers estimates with the sign of their squares, which single draws may have."""
    if outcome.settings.method.huber:  # their relations do not hold for it, see Diagnostics
        return scores(outcome)
    scale_b, scale_o = desroziers(outcome.analysis.innovation, outcome.analysis.residual, outcome.covariance)
    estimates = (outcome.sigma_b * _signed_root(scale_b), outcome.sigma_o * _signed_root(scale_o))
    return scores(outcome) | {name: float(value) for name, value in zip(DESROZIERS, estimates, strict=True)}


def _signed_root(square: Tensor) -> Tensor:
    return square.sign() * square.abs().sqrt()


def _batched(experiment: AnalysisExperiment, settings: AnalysisSettings) -> bool:
    network, method = experiment.network(settings.observations), settings.method
    if isinstance(settings.case, StationsCase):
        raise InputError("stations are split anew at each draw")
    return (
        method.solver == "closed-form"
        and not method.huber
        and settings.background_error.tune == "no"
        and isinstance(network.operator, LinearOperator)
    )


def _in_batches(experiment: AnalysisExperiment, settings: AnalysisSettings, draws: int) -> Iterator[dict[str, float]]:
    """Solve many draws at once: they share B, H and R, and differ in background and observations."""
    first = experiment.run(settings)
    p = len(first.observations)
    block = min(BLOCK, most() // (8 * COPIES))
    together = max(1, block // max(1, p * p, first.problem.background_error.size))
    for begin in range(0, draws, together):
        yield from _batch(experiment, settings, first, range(begin, min(draws, begin + together)))


def _batch(
    experiment: AnalysisExperiment, settings: AnalysisSettings, first: Outcome, which: range
) -> Iterator[dict[str, float]]:
    drawn = [experiment.draw(settings, draw) for draw in which]
    background = torch.stack([b for b, _, _ in drawn])
    observations = Observations(torch.stack([y.values for _, y, _ in drawn]), first.observations.places)
    B, R, H = first.problem.background_error, first.problem.observation_error, first.problem.operator
    everything = torch.ones_like(observations.values, dtype=torch.bool)
    problem = Problem(background, observations, H, B, R, everything)
    spread = (first.covariance.background.diagonal() + R.variance()).sqrt()
    used = background_check(problem.innovation(), spread, settings.method.background_check)
    shared = bool(used.all())
    S = InnovationCovariance(first.covariance.background, R.matrix(), torch.ones_like(first.used) if shared else used)
    analysis = observation_space(problem, S)
    scale_b, scale_o = desroziers(analysis.innovation, analysis.residual, S)
    count = used.sum(-1)
    columns: dict[str, Tensor] = {
        "rmse_background": experiment.case.rmse(background),
        "rmse_analysis": experiment.case.rmse(analysis.mean),
        "jb": analysis.jb,
        "jo": analysis.jo,
        "j": analysis.j,
        "chi2_per_obs": 2 * analysis.j / count,
        "dfs": S.signal.sum(-1).expand(len(which)),
        "observations_used": count,
        "sigma_b_desroziers": first.sigma_b * _signed_root(scale_b),
        "sigma_o_desroziers": first.sigma_o * _signed_root(scale_o),
        "neg_log_likelihood": S.negative_log_likelihood(analysis.innovation),
        "iterations": torch.zeros(len(which)),
    }
    listed = {name: column.tolist() for name, column in columns.items()}
    for k in range(len(which)):
        yield {name: float(values[k]) for name, values in listed.items()}
