"""The numbers of an outcome, by the names that files, the command line and pages share."""

import math

from backends.device import compute_device, device_name
from backends.experiments.outcome import Outcome

#: Estimates that are averaged as squares.
DESROZIERS = ("sigma_b_desroziers", "sigma_o_desroziers")


def scores(outcome: Outcome) -> dict[str, float]:
    """Return the scores of one outcome; NaN where one is not defined, as χ²/p without observations."""
    d = outcome.diagnostics
    suffix = "withheld_" if outcome.case.withheld else ""
    if outcome.case.has_truth:
        result = {f"rmse_{suffix}background": outcome.rmse_background, f"rmse_{suffix}analysis": outcome.rmse_analysis}
    else:
        result = {"omb_mean": d.omb.mean, "omb_std": d.omb.std, "oma_mean": d.oma.mean, "oma_std": d.oma.std}
    result |= {
        "jb": d.jb,
        "jo": d.jo,
        "j": d.j,
        "chi2_per_obs": d.chi2_per_obs,
        "dfs": d.dfs,
        "observations_used": float(outcome.used.sum()),
        "sigma_b_desroziers": d.sigma_b_desroziers,
        "sigma_o_desroziers": d.sigma_o_desroziers,
        "neg_log_likelihood": d.neg_log_likelihood,
        "iterations": float(outcome.analysis.iterations),
    }
    if suffix:
        result["reduction"] = 1 - outcome.rmse_analysis / outcome.rmse_background
    if outcome.optimum is not None:
        result |= {"sigma_b": outcome.sigma_b, "length": outcome.length, "sigma_o": outcome.sigma_o}
    return result


def summary_of(numbers: dict[str, float], seconds: float) -> dict[str, float | int | str | None]:
    """Return numbers as they are written: whole ones as such, NaN as null, with wall time and the device."""
    written: dict[str, float | int | str | None] = {
        name: None if not math.isfinite(value) else int(value) if value == int(value) and name in WHOLE else value
        for name, value in numbers.items()
    }
    return {**written, "seconds": seconds, "device": device_name(compute_device())}


#: Scores that count something.
WHOLE = {"observations_used", "iterations", "draws"}
