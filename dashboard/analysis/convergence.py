"""How an iterative solver came to the minimum."""

import panel as pn

from backends.experiments.outcome import Outcome
from dashboard.analysis.scores import facts
from dashboard.controls import html
from dashboard.plots.convergence import LiveHistory
from dashboard.theme import number

EMPTY = (
    '<div class="hint">A closed form has no iterations. Choose conjugate gradients, L-BFGS or Gauss–Newton under Method, and '
    "see here how J and its gradient fall, with the exact minimum as a line.</div>"
)
#: What the history is of with a Huber cost, whose J is another one.
WEIGHTED = (
    "Quadratic cost of the last problem that was solved, with the weights of the Huber cost; J at x_a is among the diagnostics"
)


class ConvergenceView:
    """J, J_b, J_o and the gradient's norm by iteration, and the minimum from the closed form."""

    def __init__(self) -> None:
        self._history = LiveHistory()
        self._facts, self._empty = html(), html(EMPTY)
        self.pane = pn.Column(self._empty, self._facts, self._history.pane, sizing_mode="stretch_width", max_width=980)
        self._history.pane.visible = False

    def show(self, outcome: Outcome) -> None:
        """Show the history of an outcome, or why there is none."""
        history = outcome.analysis.history
        self._empty.visible = history is None
        self._facts.visible = self._history.pane.visible = history is not None
        if history is None:
            return
        minimum = outcome.minimum
        self._history.show(history.jb.tolist(), history.jo.tolist(), history.gradient.tolist(), minimum)
        huber = bool(outcome.settings.method.huber)
        j, first = float(history.j[-1]), float(history.j[0])
        entries = [
            ("iterations", str(history.iterations), "Until the gradient was small enough, or the most iterations were reached"),
            ("J with the last weights", number(j), WEIGHTED) if huber else ("J", number(j), "Cost where the solver ended"),
            ("‖∇J‖", f"{float(history.gradient[-1]):.2e}", "Norm of the gradient in control space where the solver ended"),
        ]
        if minimum is not None:
            gap = (j - minimum) / (first - minimum) if first > minimum else 0.0
            entries += [
                ("exact minimum", number(minimum), "½ dᵀS⁻¹d, from the closed form"),
                ("normalised gap", f"{gap:.1e}", "(J − J*) / (J(x_b) − J*): 0 at the exact minimum"),
            ]
        self._facts.object = facts(entries, "convergence")
