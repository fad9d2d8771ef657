"""The numbers of an analysis, in words."""

from html import escape

from backends.assimilation.twin import TwinResult
from dashboard.theme import number


def scores(result: TwinResult, units: str) -> str:
    """Return the line of scores as HTML, each with a tooltip that says what it is."""
    analysis, p = result.analysis, len(result.observations.points)
    before, after = result.rmse_background, result.rmse_analysis
    change = f"{100 * (after / before - 1):+.0f} %".replace("-", "−") if before else "–"
    better = "better" if after < before else "worse"
    jb, jo, j = float(analysis.jb), float(analysis.jo), float(analysis.j)
    facts = [
        (
            "RMSE background",
            f"{number(before)} {escape(units)}",
            "Root-mean-square error of x_b against the truth, weighted by area",
        ),
        (
            "analysis",
            f'{number(after)} {escape(units)} <span class="{better}">({change})</span>',
            "Root-mean-square error of x_a against the truth, weighted by area",
        ),
        ("J<sub>b</sub>", number(jb), "½ (x_a − x_b)ᵀ B⁻¹ (x_a − x_b)"),
        ("J<sub>o</sub>", number(jo), "½ (y − H x_a)ᵀ R⁻¹ (y − H x_a)"),
        ("2J / p", number(2 * j / p) if p else "–", "About 1 where B and R are right: 2J at the minimum has mean p"),
        ("solved in", f"{1000 * analysis.seconds:.1f} ms", "Wall time of the analysis on the compute device"),
    ]
    cells = (f'<span title="{tip}"><span class="name">{name}</span><b>{text}</b></span>' for name, text, tip in facts)
    return f'<div class="facts" data-role="scores">{"".join(cells)}</div>'


def settings_line(result: TwinResult, units: str) -> str:
    """Return the settings that the analysis was made with as HTML."""
    s, p = result.settings, len(result.observations.points)
    parts = [
        f"σ<sub>b</sub> {number(s.sigma_b)} {escape(units)}",
        f"L {number(s.length)} km",
        f"σ<sub>o</sub> {number(s.sigma_o)} {escape(units)}",
        f"{p} observation{'' if p == 1 else 's'}",
        f"seed {s.network.seed}",
    ]
    return f'<div class="hint" data-role="settings">for {" · ".join(parts)}</div>'
