"""The numbers of an analysis, in words."""

import math
from html import escape

from backends.experiments.cases import REAL
from backends.experiments.outcome import Outcome
from dashboard.theme import number

Fact = tuple[str, str, str]
CHI2 = "2J / p at the minimum: 1 on average where B and R are right"
NO_CHI2 = "Not defined with the Huber cost, which is not quadratic"
ROBUST = "Huber cost of (y − H(x_a)) / σ_o, summed over the observations"


def facts(entries: list[Fact], role: str) -> str:
    """Return facts (name, value, tooltip; names and values are markup of our own) as a line of HTML."""
    cells = (f'<span title="{escape(tip)}"><span class="name">{name}</span><b>{text}</b></span>' for name, text, tip in entries)
    return f'<div class="facts" data-role="{role}">{"".join(cells)}</div>'


def scores(outcome: Outcome, units: str) -> str:
    """Return the line of scores as HTML, each with a tooltip that says what it is."""
    huber = bool(outcome.settings.method.huber)
    analysis, used, p = outcome.analysis, int(outcome.used.sum()), len(outcome.observations)
    before, after = outcome.rmse_background, outcome.rmse_analysis
    change = f"{100 * (after / before - 1):+.0f} %".replace("-", "−") if before else "–"
    better = "better" if after < before else "worse"
    against = "at withheld stations" if outcome.case.withheld else "against the truth"
    counted = f"{used}" if used == p else f'{used} <span class="worse">({p - used} rejected)</span>'
    errors: list[Fact] = [
        (
            "RMSE withheld background" if outcome.case.withheld else "RMSE background",
            f"{number(before)} {escape(units)}",
            f"Root-mean-square error of x_b {against}",
        ),
        (
            "analysis",
            f'{number(after)} {escape(units)} <span class="{better}">({change})</span>',
            f"Root-mean-square error of x_a {against}",
        ),
    ]
    entries: list[Fact] = [
        *(errors if outcome.case.has_truth else _departures(outcome, units)),
        ("J<sub>b</sub>", number(float(analysis.jb)), "½ (x_a − x_b)ᵀ B⁻¹ (x_a − x_b)"),
        ("J<sub>o</sub>", number(float(analysis.jo)), ROBUST if huber else "½ (y − H(x_a))ᵀ R⁻¹ (y − H(x_a))"),
        ("χ²/p", number(outcome.chi2_per_obs), NO_CHI2 if huber else CHI2),
        ("observations", counted, "Observations used; the background check rejects others, drawn as crosses"),
    ]
    if analysis.iterations:
        entries.append(("iterations", f"{analysis.iterations}", "Iterations of the solver"))
    entries.append(
        ("solved in", f"{1000 * outcome.seconds:.1f} ms", "Wall time of B, S and the solution on the compute device")
    )
    return facts(entries, "scores")


def _departures(outcome: Outcome, units: str) -> list[Fact]:
    """Return O−B and O−A, all that is known of errors where nobody knows the truth."""
    used = outcome.used
    d, r = outcome.analysis.innovation[used], outcome.analysis.residual[used]
    return [
        (name, f"{number(float(v.mean()))} ± {number(float(v.std(correction=0)))} {escape(units)}", tip)
        for name, v, tip in (
            ("O−B", d, "Mean ± standard deviation of y − H(x_b) over the observations used. Nobody knows the truth here"),
            (
                "O−A",
                r,
                "Mean ± standard deviation of y − H(x_a): small where the analysis is drawn to the observations, right or not",
            ),
        )
    ]


def settings_line(outcome: Outcome, units: str) -> str:
    """Return the settings that the analysis was made with as HTML."""
    s, p = outcome.settings, len(outcome.observations)
    b, o = s.background_error, s.observations
    km = f" {escape(outcome.case.length_units)}" if outcome.case.length_units else ""
    parts = [f"σ<sub>b</sub> {number(outcome.sigma_b)} {escape(units)}".strip(), f"L {number(outcome.length)}{km}"]
    if s.case.name in ("xz-2d", "course-2d"):
        parts.append(f"L<sub>z</sub> {number(outcome.length_z)}{km}")
    parts += [
        b.correlation if b.source == "static" else f"{b.source} B",
        f"σ<sub>o</sub> {number(outcome.sigma_o)} {escape(units)}".strip(),
        f"{p} observation{'' if p == 1 else 's'}",
        _seeds(getattr(s.case, "seed", None), o.seed if s.case.name not in REAL else None),
        s.method.solver,
    ]
    return f'<div class="hint" data-role="settings">for {" · ".join(parts)}</div>'


def _seeds(of_case: int | None, of_observations: int | None) -> str:
    """Return the seeds that the numbers belong to, of the truth and of the observations, as far as there are any."""
    if of_case is None or of_observations is None or of_case == of_observations:
        return f"seed {(of_case if of_observations is None else of_observations) or 0}"
    return f"seeds {of_case} (truth), {of_observations} (observations)"


def percent(value: float) -> str:
    """Return a share in per cent; a dash where it is not defined."""
    return f"{100 * value:.0f} %" if math.isfinite(value) else "–"
