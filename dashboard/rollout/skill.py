"""The Skill tab: scores over lead time with their intervals, and the same models from other starts."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.rollout.view import Band, RolloutView
from dashboard.controls import html, one_message
from dashboard.plots.race.frame import ANY_HEIGHT, grid, with_units
from dashboard.plots.rollout.curves import LeadCurve, LeadCurves
from dashboard.rollout.address_keys import Report, RolloutAddressView, one_of
from dashboard.rollout.others import OthersPart
from dashboard.rollout.play import EMPTY
from dashboard.rollout.state import RolloutState
from dashboard.rollout.table import table

#: A relative skill below this is only bad.
WORST = -100.0
USEFUL = 0.6


class SkillView:
    """A figure for each score, and the baseline that skill is relative to."""

    def __init__(self, state: RolloutState) -> None:
        self._view: RolloutView | None = None
        self.baseline = pmui.Select(
            label="Baseline", options=[""], value="", size="small", width=220,
            description="The model that skill is relative to",
        )  # fmt: skip
        self.baseline.param.watch(self._on_baseline, "value")
        self.field = pmui.Select(
            label="Field", options={"": 0}, value=0, size="small", width=220, visible=False,
            description="The field whose scores are shown; the file of scores has those of all",
        )  # fmt: skip
        self.field.param.watch(self._on_field, "value")
        self._labels: tuple[str, ...] = ()
        self._new: bool = True
        self._make()
        self._words = html(EMPTY)
        self._figures = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT, visible=False)
        self._bar = pn.Row(self.field, self.baseline, margin=0, visible=False)
        self.others = OthersPart(state)
        parts = (self._words, self._bar, self._figures, self.others.pane)
        self.pane = pn.Column(*parts, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)

    def show(self, view: RolloutView | None) -> None:
        """Draw the scores, or say that there are none."""
        if view is self._view:
            return
        self._view = view
        self.others.show(view)
        self._figures.visible = self._bar.visible = view is not None
        if view is None:
            self._words.object = EMPTY
            return
        if view.labels != self._labels:
            # All figures anew, in a new box: in an old one a browser keeps a gap.
            self._labels = view.labels
            self._make()
        options = list(view.labels)
        if options != self.baseline.options:
            chosen = view.labels[view.prepared.settings.baseline_number]
            self.baseline.param.update(options=options, value=chosen)
        if view.scored != self.field.options:
            self.field.options = {}  # a list that keeps its number goes on showing the name that belonged to it before
            self.field.param.update(options=view.scored, value=0, visible=len(view.scored) > 1)
        self._show_scores()
        if self._new:  # put there after they have been drawn, for drawing may exchange figures
            self._new = False
            figures = (self.rmse, self.skill, self.acc, self.crps, self.bias)
            self._figures.objects = [grid(*(figure.pane for figure in figures), least=420, columns_at_most=2)]

    @property
    def chosen(self) -> dict[str, Any]:
        """Field and baseline, by the keys of the page's address."""
        view = self._view
        if view is None:
            return {}
        usual, field = view.labels[view.prepared.settings.baseline_number], self.field.value
        return {
            "skill_field": next(name for name, number in view.scored.items() if number == field) if field else "",
            "skill_baseline": "" if self.baseline.value == usual else self.baseline.value,
        }

    def choose(self, wanted: RolloutAddressView, report: Report) -> None:
        """Choose what an address says of the forecasts that are shown."""
        view = self._view
        if view is not None:
            labels, usual = {label: label for label in view.labels}, view.labels[view.prepared.settings.baseline_number]
            self.baseline.value = one_of("skill_baseline", wanted.skill_baseline, labels, usual, report)
            self.field.value = one_of("skill_field", wanted.skill_field, view.scored, 0, report)

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.others.close()

    def _show_scores(self) -> None:
        """Draw the scores of the field that is chosen."""
        view, field = self._view, self.field.value or 0
        if view is None:
            return
        S, N = len(view.prepared.starts), view.result.members
        many = f"{S} start{'s' * (S > 1)}, {N} member{'s' * (N > 1)} each."
        how = "Bands: 90 % intervals from resampled starts." if S > 1 else "With a single start there are no intervals."
        self._words.object = f'{table(view, field)}<div class="hint">{many} {how}</div>'
        x, unit = with_units("lead time", view.time_unit), view.result.scored[field][2]
        curves = view.by_field[field]
        why = {forecast.label: forecast.ended for forecast in view.forecasts}
        self.rmse.show(
            view.leads,
            {label: _curve(band, why[label], curves["spread"][label]) for label, band in curves["rmse"].items()}, x, unit,
        )  # fmt: skip
        for score, figure in (("acc", self.acc), ("crps", self.crps), ("bias", self.bias)):
            bands = {label: _curve(band, why[label]) for label, band in curves[score].items()}
            figure.show(view.leads, bands, x, "" if score == "acc" else unit)
        self._show_skill()

    def _make(self) -> None:
        self._new = True
        self.rmse: LeadCurves = LeadCurves("RMSE (dashed: spread)", dashed="spread")
        self.skill: LeadCurves = LeadCurves("skill against baseline", reference=0.0, within=(WORST, 100.0))
        self.acc: LeadCurves = LeadCurves("anomaly correlation", reference=USEFUL, within=(-1.0, 1.0))
        self.crps: LeadCurves = LeadCurves("CRPS")
        self.bias: LeadCurves = LeadCurves("bias", reference=0.0)

    def _on_baseline(self, _event: Event) -> None:
        with one_message():
            self._show_skill()

    def _on_field(self, event: Event) -> None:
        if event.new is not None:
            with one_message():
                self._show_scores()

    def _show_skill(self) -> None:
        view = self._view
        if view is None or self.baseline.value not in view.labels:
            return
        bands = {label: _curve(band) for label, band in view.skill(self.baseline.value, self.field.value or 0).items()}
        self.skill.show(view.leads, bands, with_units("lead time", view.time_unit), "%")


def _curve(band: Band, ended: str = "", dashed: Band | None = None) -> LeadCurve:
    return LeadCurve(band.value, band.low, band.high, None if dashed is None else dashed.value, ended)
