"""The diagnostics, each with a sentence on what it means, and the Taylor test of the gradient."""

import math
from html import escape

import panel as pn
import panel_material_ui as pmui
import torch

from backends.assimilation.diagnostics import Diagnostics
from backends.assimilation.taylor import TaylorTest, taylor_test
from backends.experiments.outcome import Outcome
from backends.experiments.pictures import array
from dashboard.controls import html, notice, tell
from dashboard.plots.statistics import LiveHistogram, LiveTaylor
from dashboard.theme import number, units_label
from dashboard.worker import DEVICE, LatestWins

#: Observations that are named in the table of influence.
NAMED = 8
#: Why some diagnostics are not defined with a Huber cost.
NOT_QUADRATIC = "it supposes Gaussian errors, and the Huber cost is not quadratic"
NOT_LINEAR = "it supposes an analysis linear in the innovations, and the weights of the Huber cost depend on them"
#: Seed of the state and direction of the Taylor test.
SEED = 0


class DiagnosticsView:
    """Numbers with their meaning, histograms of O−B and O−A, the most influential observations, the Taylor test."""

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._table, self._influence = html(), html()
        self._histogram, self._taylor = LiveHistogram(), LiveTaylor()
        self._problem = notice("problem")
        self._verdict = html()
        self._testing: LatestWins[Outcome, TaylorTest] = LatestWins(
            DEVICE, lambda outcome: taylor_test(outcome.problem, torch.Generator().manual_seed(SEED)), self._on_tested,
            lambda text: tell(self._problem, "problem", text),
        )  # fmt: skip
        self.test = pmui.Button(
            label="Test the gradient", variant="outlined", size="small", on_click=self._on_test,
            description="Taylor test of the gradient of J at a random state, in control space",
        )  # fmt: skip
        self._curve = pn.Column(self._verdict, self._taylor.pane, sizing_mode="stretch_width", margin=0, visible=False)
        right = pn.Column(
            html('<div class="panel-title">O−B and O−A</div>'), self._histogram.pane,
            html('<div class="panel-title">Influence <span class="hint">degrees of freedom for signal of each</span></div>'),
            self._influence, margin=0, styles={"flex": "1 1 360px", "min-width": "0", "max-width": "620px"},
        )  # fmt: skip
        left = pn.Column(self._table, margin=0, styles={"flex": "1 1 460px", "min-width": "0", "max-width": "760px"})
        taylor = pn.Column(
            html('<div class="panel-title">Taylor test <span class="hint">is the gradient of J right?</span></div>'),
            self.test, self._problem, self._curve, margin=0,
            styles={"flex": "1 1 360px", "min-width": "0", "max-width": "620px"},
        )  # fmt: skip
        self.pane = pn.FlexBox(left, right, taylor, gap="8px 24px", sizing_mode="stretch_width")

    def show(self, outcome: Outcome) -> None:
        """Show an outcome whose diagnostics have been computed."""
        if outcome is not self._outcome:
            self._curve.visible = False  # the test was of another problem
        self._outcome = outcome
        units = units_label(outcome.case.units)
        self._table.object = _table(outcome, units)
        used = outcome.used.cpu().numpy()
        omb, oma = array(outcome.analysis.innovation)[used], array(outcome.analysis.residual)[used]
        self._histogram.show(omb, oma, units)
        self._influence.object = _influence(outcome, units)

    def close(self) -> None:
        """Let go of everything."""
        self._testing.close()
        self._outcome = None

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._testing.wait()

    def _on_test(self, _event: object) -> None:
        if self._outcome is not None:
            tell(self._problem, "problem", "")
            self._testing.request(self._outcome)

    def _on_tested(self, _request: Outcome, result: TaylorTest) -> None:
        self._taylor.show(result.steps.numpy(), result.remainder.numpy())
        right = result.slope > 1.9
        self._verdict.object = (
            '<div class="hint">|J(v + hδ) − J(v) − h ∇Jᵀδ| falls with slope '
            f"<b>{result.slope:.2f}</b>: {'the gradient is right' if right else '2 would be right'}. For smaller steps h "
            "rounding takes over.</div>"
        )
        self._curve.visible = True


def _table(outcome: Outcome, units: str) -> str:
    d, p = outcome.diagnostics, int(outcome.used.sum())
    huber = bool(outcome.settings.method.huber)
    unit = f" {escape(units)}" if units else ""
    weights = " With the weights of the Huber cost." if huber else ""
    rows = [
        (
            "J at x_b",
            number(d.j_background),
            f"No increment: all of J is in the observation term{', with the Huber cost' if huber else ''}.",
        ),
        ("J at x_a", f"{number(d.j)} = {number(d.jb)} + {number(d.jo)}", "J_b + J_o at the minimum."),
        (
            "χ²/p",
            f"{number(d.chi2_per_obs)}{_verdict(d)}",
            f"Not defined: {NOT_QUADRATIC}."
            if huber
            else "1 on average where B and R are right; 95 % of draws lie in the interval. Above: innovations are larger than "
            "B and R say; below: smaller.",
        ),
        (
            "DFS",
            f"{number(d.dfs)} of {p}",
            "Degrees of freedom for signal: how many numbers the observations determine; the rest repeats the background."
            + weights,
        ),
        (
            "σ_b by Desroziers",
            f"{number(d.sigma_b_desroziers)}{unit} <span class='hint'>assumed {number(outcome.sigma_b)}</span>",
            f"Not defined: {NOT_LINEAR}."
            if huber
            else "What innovations and increments suggest for σ_b. Far from the assumed one: B or R is wrong.",
        ),
        (
            "σ_o by Desroziers",
            f"{number(d.sigma_o_desroziers)}{unit} <span class='hint'>assumed {number(outcome.sigma_o)}</span>",
            f"Not defined: {NOT_LINEAR}." if huber else "What innovations and residuals suggest for σ_o.",
        ),
        (
            "−log p(d)",
            number(d.neg_log_likelihood),
            f"Not defined: {NOT_QUADRATIC}."
            if huber
            else "Likelihood of the innovations: smaller is more likely. It needs no truth.",
        ),
        (
            "O−B",
            f"mean {number(d.omb.mean)}, std {number(d.omb.std)}{unit}, n {d.omb.count}",
            "Observation minus background: a mean far from zero is a bias.",
        ),
        (
            "O−A",
            f"mean {number(d.oma.mean)}, std {number(d.oma.std)}{unit}",
            f"Observation minus analysis. The mean of (O−A) · (O−B) is {number(d.product)}"
            + ("." if huber else f"; where B and R are right, {number(d.variance_o)} on average, the mean σ_o²."),
        ),
        ("condition of S", number(d.condition_s), "Of H B Hᵀ + R, which the closed form factorises." + weights),
        (
            "condition of the Hessian",
            number(d.condition_hessian),
            "Of I + (HU)ᵀR⁻¹HU: how hard the problem is for iterative solvers." + weights,
        ),
    ]
    body = "".join(
        f"<tr><th>{escape(name)}</th><td><b>{value}</b><div class='hint'>{text}</div></td></tr>" for name, value, text in rows
    )
    return f'<table class="about diagnostics" data-role="diagnostics">{body}</table>'


def _verdict(d: Diagnostics) -> str:
    """Return whether χ²/p lies where it should, as HTML; nothing where it is not defined."""
    low, high = d.chi2_interval
    if not math.isfinite(d.chi2_per_obs):
        return ""
    verdict, color = ("inside", "better") if low <= d.chi2_per_obs <= high else ("outside", "worse")
    return f' <span class="{color}">{verdict} {number(low)} … {number(high)}</span>'


def _influence(outcome: Outcome, units: str) -> str:
    signal = outcome.diagnostics.dfs_per_obs
    if not len(signal):
        return '<div class="hint">No observations, no influence: the analysis is the background.</div>'
    order = signal.argsort(descending=True)[:NAMED].tolist()
    places, names, kinds = outcome.observations.places, outcome.case.domain.names, outcome.case.domain.units
    head = "".join(f"<th>{name}{f' [{unit}]' if unit else ''}</th>" for name, unit in zip(names, kinds, strict=True))
    rows = "".join(
        "<tr>"
        + f"<td>{k + 1}</td>"
        + "".join(f"<td>{float(c):.3g}</td>" for c in places[k])
        + f"<td>{number(float(outcome.analysis.innovation[k]))}</td><td><b>{float(signal[k]):.3f}</b></td></tr>"
        for k in order
    )
    d = f"O−B{f' [{escape(units)}]' if units else ''}"
    return f'<table class="numbers"><tr><th>observation</th>{head}<th>{d}</th><th>DFS</th></tr>{rows}</table>'
