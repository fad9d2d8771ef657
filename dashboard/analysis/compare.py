"""Two settings side by side: one that was pinned, the current one, and the difference."""

from html import escape
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from backends.experiments.outcome import Outcome
from backends.experiments.pairs import to_pairs
from backends.experiments.pictures import empty_raster, frame_of, on_axes, states, to_raster
from backends.experiments.summary import scores
from backends.fields.field import combine, statistics
from backends.geometry.scattered import ScatteredPoints
from backends.pictures.pinned import comparable, others
from dashboard.analysis.fields import DIFFERENCE, GRAY
from dashboard.analysis.scores import settings_line
from dashboard.analysis.state import AnalysisState
from dashboard.controls import html
from dashboard.plots.live import LiveMap
from dashboard.plots.pair import LivePair
from dashboard.theme import ANALYSIS, PICKED, FieldStyle, limits, number, style_of, units_label

WIDTH, HEIGHT = 430, 300
#: Characters of a setting that differs.
LONGEST_VALUE = 40
WAITING = '<div class="hint">Computing the pinned analysis …</div>'
EMPTY = '<div class="hint">Pin the analysis that is shown, then change a setting: both stand here side by side.</div>'
CHANGED = '<div class="hint">The pinned analysis is of another case. Pin the one that is shown to compare settings of it.</div>'
NAMES = {
    "rmse_background": "RMSE background", "rmse_analysis": "RMSE analysis",
    "rmse_withheld_background": "RMSE withheld, background", "rmse_withheld_analysis": "RMSE withheld, analysis",
    "omb_mean": "mean O−B", "omb_std": "std O−B", "oma_mean": "mean O−A", "oma_std": "std O−A",
    "jb": "J_b", "jo": "J_o", "j": "J", "chi2_per_obs": "χ²/p", "dfs": "DFS",
    "observations_used": "observations", "sigma_b_desroziers": "σ_b by Desroziers", "sigma_o_desroziers": "σ_o by Desroziers",
    "neg_log_likelihood": "−log p(d)", "iterations": "iterations",
}  # fmt: skip


class CompareView:
    """The pinned and the current analysis, their difference, and their scores in one table."""

    def __init__(self, state: AnalysisState) -> None:
        self.state = state
        self.pin = pmui.Button(
            label="Pin this analysis", variant="contained", size="small", on_click=lambda _: state.pin(),
            description="Keep the analysis that is shown to compare others with it",
        )  # fmt: skip
        self.unpin = pmui.Button(
            label="Unpin", variant="text", size="small", visible=False, on_click=lambda _: state.pinned.keep(None),
            description="Let go of the pinned analysis; the address says it no more",
        )  # fmt: skip
        self._words, self._table = html(EMPTY), html()
        self._pictures = pn.Column(sizing_mode="stretch_width", margin=0)
        self._frame, self._scene = "", None
        self._maps: dict[str, LiveMap] = {}
        self._pair: LivePair | None = None
        buttons = pn.Row(self.pin, self.unpin, margin=0)
        self.pane = pn.Column(buttons, self._words, self._pictures, self._table, sizing_mode="stretch_width")

    def show(self) -> None:
        """Show both analyses, or what to do first."""
        pinned, current = self.state.pinned.outcome, self.state.detailed
        waits = pinned is None and self.state.pinned.settings is not None
        self.unpin.visible = pinned is not None or waits
        both = pinned is not None and current is not None and comparable(pinned, current)
        self._pictures.visible = self._table.visible = both
        if not both:
            self._words.object = WAITING if waits else EMPTY if pinned is None else CHANGED
            return
        units = units_label(current.case.units)
        self._words.object = (
            f"<div>pinned {settings_line(pinned, units)}</div><div>current {settings_line(current, units)}</div>"
            f"{_changes(pinned, current)}"
        )
        self._show_pictures(pinned, current, units)
        self._table.object = _table(pinned, current)

    def _show_pictures(self, pinned: Outcome, current: Outcome, units: str) -> None:
        frame = frame_of(current.case.domain)
        if frame != self._frame:
            self._build(frame)
        first, second = (states(outcome)["analysis"] for outcome in (pinned, current))
        shared, apart = combine([statistics(first), statistics(second)]), statistics(second - first)
        if self._pair is not None:
            x = current.case.domain.coordinates()[:, 0].cpu().numpy()
            truth = states(current)["truth"]
            span = limits(FieldStyle(), combine([shared, statistics(truth)]))
            self._pair.show(x, truth, first, second, span, limits(DIFFERENCE, apart), units)
            return
        field = self.state.opened.prepared.field if self.state.opened is not None else None
        style = style_of(field.variable) if field is not None else FieldStyle()
        spans = {"pinned": limits(style, shared), "current": limits(style, shared), "difference": limits(DIFFERENCE, apart)}
        for name, values in (("pinned", first), ("current", second), ("difference", second - first)):
            self._draw(name, values, current, DIFFERENCE if name == "difference" else style, spans[name], units)

    def _draw(
        self, name: str, values: np.ndarray, outcome: Outcome, style: FieldStyle, span: tuple[float, float], units: str
    ) -> None:
        domain, scene = outcome.case.domain, (id(outcome.case), outcome.case.truth.shape)
        if isinstance(domain, ScatteredPoints):
            self._maps[name].show(scene, empty_raster(domain), style, span, name, units)
            x, y = on_axes(domain.coordinates().cpu().numpy(), domain)
            self._maps[name].mark(x, y, values)
        else:
            self._maps[name].show(scene, to_raster(values, domain), style, span, name, units)

    def _build(self, frame: str) -> None:
        self._frame, self._maps, self._pair = frame, {}, None
        if frame == "line":
            self._pair = LivePair()
            self._pictures.objects = [self._pair.pane]
            return
        kind: Any = "plane" if frame == "plane" else "geographic"
        boxes = []
        for name, color, title in (
            ("pinned", PICKED[0], "Pinned analysis"),
            ("current", ANALYSIS, "Current analysis"),
            ("difference", GRAY, "Current − pinned"),
        ):
            self._maps[name] = LiveMap(
                WIDTH, HEIGHT, frame=kind, linked_to=self._maps.get("pinned"), transparent_missing=frame == "stations"
            )
            head = html(f'<div class="panel-title"><span class="swatch" style="background:{color}"></span>{title}</div>')
            style = {"flex": "1 1 300px", "min-width": "0", "max-width": "560px"}
            boxes.append(pn.Column(head, self._maps[name].pane, margin=0, styles=style, css_classes=["map-box"]))
        self._pictures.objects = [pn.FlexBox(*boxes, gap="4px 8px", sizing_mode="stretch_width")]


def _changes(pinned: Outcome, current: Outcome) -> str:
    """Return all settings that differ, by their keys, and which of truth and background are others."""
    before, after = _said(pinned), _said(current)
    # What one leaves open and the other says may come to the same.
    keys = [key for key, text in before.items() if text != after.get(key, text) and "null" not in (text, after[key])]
    said = ", ".join(f"<code>{escape(key)}</code> {_short(before[key])} → {_short(after[key])}" for key in keys)
    words = f"differs: {said}." if said else "The settings are the same." if before == after else ""
    if differ := others(pinned, current):
        words += f" The analyses have another {' and another '.join(differ)}."
    return f'<div class="hint" data-role="changes">{words}</div>'


def _said(outcome: Outcome) -> dict[str, str]:
    """Return all settings by their keys, and the numbers of B and R also where they were left open."""
    numbers = {
        "background_error.sigma": outcome.sigma_b, "background_error.length": outcome.length,
        "background_error.length_z": outcome.length_z, "observations.sigma": outcome.sigma_o,
    }  # fmt: skip
    texts = dict(to_pairs(outcome.settings.model_dump(mode="json")))
    return texts | {key: str(value) for key, value in numbers.items() if texts.get(key) == "null"}


def _short(text: str) -> str:
    """Return the value of a setting in so few characters that several stand in a line."""
    try:
        return number(float(text))
    except ValueError:
        return escape(text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…")


def _table(pinned: Outcome, current: Outcome) -> str:
    """Return all scores of both, and the difference."""
    first, second = scores(pinned), scores(current)
    rows = "".join(
        f"<tr><th>{escape(NAMES.get(name, name))}</th><td>{number(first[name])}</td><td>{number(second[name])}</td>"
        f"<td>{number(second[name] - first[name])}</td></tr>"
        for name in second
        if name in first and name in NAMES
    )
    head = "<tr><th></th><th>pinned</th><th>current</th><th>difference</th></tr>"
    return f'<table class="numbers" data-role="compare">{head}{rows}</table>'
