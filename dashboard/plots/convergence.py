"""How a minimisation went: the cost function and its gradient by iteration."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, dashed_line, legend_above, log_limits, plain_figure, positive, set_limits
from dashboard.theme import ANALYSIS, BACKGROUND, OBSERVATIONS

COST_HEIGHT, GRADIENT_HEIGHT = 230, 170
#: From this ratio of the greatest to the least cost on, the last iterations could not be told apart on a linear axis.
LOG_FROM = 50.0
#: Parts of the cost below this fraction of its greatest value do not widen a logarithmic axis.
LEAST_SHOWN = 1e-5


class LiveHistory:
    """The cost J with its two terms, and the norm of the gradient below; both replaced while they are shown."""

    def __init__(self) -> None:
        self._source = ColumnDataSource()
        self._log: bool | None = None
        self.figure: figure | None = None
        self.lower: figure | None = None
        self._panes = [pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0) for _ in range(2)]
        self.pane = pn.Column(*self._panes, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        jb: Sequence[float] | np.ndarray,
        jo: Sequence[float] | np.ndarray,
        gradient: Sequence[float] | np.ndarray,
        minimum: float | None = None,
    ) -> None:
        """Replace the curves; the figure of J is built anew only where it changes between a linear and a log axis.

        Parameters
        ----------
        jb, jo
            Background and observation term at each iteration, the starting point first, (k,).
        gradient
            Norm of the gradient, (k,).
        minimum
            The least J there is, where it is known in closed form.

        Raises
        ------
        ValueError
            If the lengths differ or are zero.
        """
        background = column("jb", jb)
        size = background.size
        if not size:
            raise ValueError("jb: no iterations, expected at least the starting point")
        observed, norm = column("jo", jo, size), column("gradient", gradient, size)
        total = background + observed
        some = total[np.isfinite(total) & (total > 0)]
        log = bool(some.size and some.max() > LOG_FROM * some.min())
        if log != self._log:
            self._build(log)
        assert self.figure is not None
        assert self.lower is not None
        kept = positive if log else np.asarray
        self._source.data = {
            "iteration": np.arange(size),
            "total": kept(total),
            "jb": kept(background),
            "jo": kept(observed),
            "gradient": positive(norm),
        }
        right = max(size - 1, 1)
        set_limits(self.figure.x_range, -0.03 * right, 1.03 * right)
        least = [] if minimum is None else [minimum]
        if log:
            values = np.concatenate([total, background, observed, least])
            shown = values[values > LEAST_SHOWN * np.nanmax(total)]  # the first steps of J_b may be as small as you like
            set_limits(self.figure.y_range, *log_limits(shown))
        else:
            top = np.nanmax([*total[np.isfinite(total)], *least, 0.0])
            set_limits(self.figure.y_range, 0.0, 1.08 * float(top) or 1.0)
        set_limits(self.lower.y_range, *log_limits(norm))
        self._minimum.data = {"x": [] if minimum is None else [-right, 2 * right], "y": least * 2}
        self._items["J*"].visible = minimum is not None

    def _build(self, log: bool) -> None:
        self._log = log
        upper = plain_figure(COST_HEIGHT, "", "cost J", log_y=log)
        upper.xaxis.visible = False
        renderer, self._minimum = dashed_line(upper)
        entries: dict[str, list[GlyphRenderer]] = {}
        for name, field, color in (("J", "total", ANALYSIS), ("J_b", "jb", BACKGROUND), ("J_o", "jo", OBSERVATIONS)):
            line = upper.line("iteration", field, source=self._source, color=color, line_width=2)
            dots = upper.scatter("iteration", field, source=self._source, color=color, size=5)
            entries[name] = [line, dots]
        self._items = legend_above(upper, {**entries, "J*": [renderer]})
        lower = plain_figure(GRADIENT_HEIGHT, "iteration", "‖∇J‖", log_y=True, x_range=upper.x_range)
        lower.line("iteration", "gradient", source=self._source, color=ANALYSIS, line_width=2)
        lower.scatter("iteration", "gradient", source=self._source, color=ANALYSIS, size=5)
        for fig in (upper, lower):
            fig.xaxis.ticker = BasicTicker(min_interval=1, num_minor_ticks=0)
        self.figure, self.lower = upper, lower
        self._panes[0].object, self._panes[1].object = upper, lower
