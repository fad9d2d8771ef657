"""The growth of small errors, measured when it is asked for: it needs forecasts of its own."""

import math

import panel as pn
import panel_material_ui as pmui

from backends.experiments.rollout.growth import GrowthView, growth_of
from backends.experiments.rollout.prepare import Prepared
from backends.experiments.rollout.view import RolloutView
from dashboard.controls import html, notice, one_message, tell
from dashboard.plots.race.frame import ANY_HEIGHT, with_units
from dashboard.plots.rollout.growth import ErrorGrowth
from dashboard.rollout.state import FORECASTS
from dashboard.theme import number
from dashboard.worker import LatestWins

ABOUT = """
<h2 class="section">Growth of small errors</h2><div class="hint">How fast pairs of forecasts by the true model part that
differ by a billionth, and the leading Lyapunov exponent of the testbed, which says the same from its tangent-linear
model.</div>
"""


class GrowthPart:
    """A button that measures, and what comes out."""

    def __init__(self) -> None:
        self._view: RolloutView | None = None
        self._work: LatestWins[Prepared, GrowthView] = LatestWins(FORECASTS, growth_of, self._on_growth, self._on_failed)
        self.measure = pmui.Button(
            label="Measure", icon="speed", variant="outlined", size="small", on_click=self._on_measure,
            description="Takes some seconds on the server",
        )  # fmt: skip
        self._problem, self._words, self.figure = notice("problem"), html(""), ErrorGrowth()
        self.pane = pn.Column(
            html(ABOUT), pn.Row(self.measure, margin=0), self._problem, self._words, self.figure.pane,
            sizing_mode="stretch_width", margin=0, visible=False, styles=ANY_HEIGHT,
        )  # fmt: skip

    def show(self, view: RolloutView | None) -> None:
        """Offer to measure in the testbed of other forecasts; there is none in an archive."""
        old, self._view = self._view, view
        testbed = view is not None and view.prepared.settings.start.world == "testbed"
        self.pane.visible = testbed
        if view is None or (old is not None and old.prepared is view.prepared):
            return
        self._words.object, self.figure.pane.object = "", None
        self.measure.param.update(disabled=False, label="Measure")
        tell(self._problem, "problem", "")

    def wait(self) -> None:
        """Block until what was asked for is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything."""
        self._work.close()
        self._view = None

    def _on_measure(self, _event: object) -> None:
        if self._view is not None:
            self.measure.param.update(disabled=True, label="Measuring …")
            self._work.request(self._view.prepared)

    def _on_growth(self, prepared: Prepared, growth: GrowthView) -> None:
        if self._view is None or self._view.prepared is not prepared:
            return
        unit = self._view.time_unit
        with one_message():
            self.measure.param.update(disabled=False, label="Measure")
            tell(self._problem, "problem", "")
            self._words.object = _said(growth, unit)
            self.figure.show(growth.times, growth.factor, growth.fitted, with_units("time", unit))

    def _on_failed(self, problem: str) -> None:
        self.measure.param.update(disabled=False, label="Measure")
        tell(self._problem, "problem", problem)


def _said(growth: GrowthView, unit: str) -> str:
    """Return the numbers of growth; doubling times only where errors grow by more than chance."""
    per, unit = (f" per {unit}", f" {unit}") if unit else (" per unit of time", "")
    grows = growth.rate > 2 * growth.rate_se
    doubling = f"{number(growth.doubling_time)}{unit}" if grows else "they do not grow"
    expected = f" (from the exponent: {number(math.log(2) / growth.exponent)}{unit})" if grows and growth.exponent > 0 else ""
    return (
        f'<div class="facts" data-role="growth"><span><span class="name">rate</span><b>{number(growth.rate)}</b> ± '
        f'{growth.rate_se:.1g}{per}</span><span><span class="name">doubling time</span><b>{doubling}</b>{expected}</span>'
        f'<span><span class="name">Lyapunov exponent</span><b>{number(growth.exponent)}</b>{per}</span></div>'
    )
