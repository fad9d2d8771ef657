"""The budget of the tracer on the plane: its terms since the start, and what is left when they are added up."""

import panel as pn

from backends.experiments.rollout.tracer import TracerBudget, budgets_of, has_tracer
from backends.experiments.rollout.view import RolloutView
from dashboard.controls import html, notice, one_message, tell
from dashboard.plots.race.frame import ANY_HEIGHT, grid, with_units
from dashboard.plots.rollout.curves import LeadCurve, LeadCurves
from dashboard.rollout.state import FORECASTS
from dashboard.worker import LatestWins

ABOUT = """
<h2 class="section">Budget of the tracer</h2><div class="hint">What came and went since the start that the Play
tab shows, mean over members: change of content = source − loss − outflow. Loss is decay and sponge, outflow what the wind
carries out. What does not add up is rounding; models without fluxes, such as persistence, have no budget.</div>
"""
#: Terms, in the order of their figures.
TERMS = {
    "source": "source",
    "loss": "loss",
    "outflow": "outflow",
    "change": "change of content",
    "closure": "what does not add up",
}


class BudgetPart:
    """A figure for each term, computed when forecasts of the tracer are shown."""

    def __init__(self) -> None:
        self._view: RolloutView | None = None
        self._work: LatestWins[RolloutView, dict[str, TracerBudget]] = LatestWins(
            FORECASTS, budgets_of, self._on_budgets, self._on_failed
        )
        self._problem, self._words = notice("problem"), html("")
        self.figures: dict[str, LeadCurves] = {}
        self._figures = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self.pane = pn.Column(
            html(ABOUT),
            self._problem,
            self._words,
            self._figures,
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
            styles=ANY_HEIGHT,
        )

    def show(self, view: RolloutView | None) -> None:
        """Compute the budgets of other forecasts; there are none but of the tracer."""
        self._view = view
        self.pane.visible = view is not None and has_tracer(view)
        self._figures.objects = []
        tell(self._problem, "problem", "")
        self._words.object = ""
        if view is not None and self.pane.visible:
            self._words.object = '<div class="hint">Adding up …</div>'
            self._work.request(view)

    def wait(self) -> None:
        """Block until the budgets are there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything."""
        self._work.close()
        self._view = None

    def _on_budgets(self, view: RolloutView, budgets: dict[str, TracerBudget]) -> None:
        if view is not self._view:
            return
        unit = with_units("lead time", view.time_unit)
        with one_message():
            self._words.object = ""
            self.figures = {term: LeadCurves(name, with_truth=True) for term, name in TERMS.items()}
            for term, figure in self.figures.items():
                # Models without a budget keep their place, so that colours are those of their cards.
                nothing = 0 * view.leads + float("nan")
                curves = {
                    label: LeadCurve(getattr(budgets[label], term) if label in budgets else nothing) for label in view.labels
                }
                figure.show(view.leads, curves, unit, "m²", getattr(budgets["truth"], term))
            self._figures.objects = [grid(*(figure.pane for figure in self.figures.values()), least=420, columns_at_most=2)]

    def _on_failed(self, problem: str) -> None:
        self._words.object = ""
        tell(self._problem, "problem", problem)
