"""Which of two methods has the smaller errors, stretch by stretch."""

import math

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Quad, Segment
from bokeh.models.annotations.labels import Title
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, set_limits
from dashboard.plots.race.frame import Notice, calm, finite, legend, race_figure, short, value_hover
from dashboard.plots.skill.frame import HEIGHT
from dashboard.theme import NEUTRAL, REJECTED, TRUTH

#: Colours of bars below and above zero, and how opaque those are that may be chance.
BETTER, WORSE, PALE = TRUTH, REJECTED, 0.28
WAITING = "too few cycles yet for bars"
_BARS = ("left", "right", "middle", "value", "low", "high", "better", "worse", "pale_better", "pale_worse")


class Ablation:
    """Bars of the errors of method A minus those of method B: green below zero, where A is better, red above, pale if not
    significant; with whiskers of two standard errors.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = HEIGHT) -> None:
        self._height = height
        self._limits: tuple[float, float] | None = None
        self._title = Title()
        self._source = ColumnDataSource()
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._build()

    def show(
        self,
        a: str,
        b: str,
        edges: np.ndarray,
        difference: np.ndarray,
        errors: np.ndarray,
        significant: np.ndarray,
        mean: float,
        error: float,
    ) -> None:
        """Replace the bars and the title.

        Parameters
        ----------
        a, b
            Labels of the methods.
        edges
            Where stretches begin and end, (B + 1,).
        difference, errors
            Mean difference of the errors over each stretch, and its standard error, (B,).
        significant
            Whether it may not be chance, (B,) boolean.
        mean, error
            Of all, and its standard error; NaN where too little is known.

        Raises
        ------
        ValueError
            If lengths differ.
        """
        bars = column("difference", difference)
        two = 2 * column("errors", errors, bars.size)
        ends = column("edges", edges, bars.size + 1)
        sure = column("significant", significant, bars.size).astype(bool)
        better = bars < 0
        self._source.data = {
            "left": ends[:-1], "right": ends[1:], "middle": (ends[:-1] + ends[1:]) / 2,
            "value": bars, "low": finite(bars - two), "high": finite(bars + two),
            **{
                name: np.where(which, bars, np.nan)
                for name, which in (
                    ("better", better & sure), ("worse", ~better & sure),
                    ("pale_better", better & ~sure), ("pale_worse", ~better & ~sure),
                )
            },
        }  # fmt: skip
        fig = self.figure
        self._title.text = verdict(a, b, mean, error)
        self._notice.show(not bars.size)
        if not bars.size:
            return
        set_limits(fig.x_range, float(ends[0]), float(ends[-1]))
        # Whiskers may leave the frame, bars may not.
        low, high = bars - np.minimum(two, np.abs(bars).max()), bars + np.minimum(two, np.abs(bars).max())
        self._limits = calm(self._limits, min(0.0, float(np.nanmin(low))), max(0.0, float(np.nanmax(high))))
        set_limits(fig.y_range, *self._limits)

    def clear(self) -> None:
        """Take everything away."""
        self._build()

    def _build(self) -> None:
        self._limits = None
        fig = race_figure(self._height, "cycle", "RMSE of A − RMSE of B")
        fig.title = self._title = Title(text="", text_font_size="14px")
        self._source = ColumnDataSource(data={name: [] for name in _BARS})
        drawn: dict[str, list[GlyphRenderer]] = {}
        for name, text, colour in (("better", "A", BETTER), ("worse", "B", WORSE)):
            drawn[f"{text} better"] = [self._bars(fig, name, colour, 0.9)]
            drawn[f"perhaps {text}"] = [self._bars(fig, f"pale_{name}", colour, PALE)]
        whisker = Segment(x0="middle", x1="middle", y0="low", y1="high", line_color=NEUTRAL, line_width=1.2)
        drawn["± 2 s.e."] = [fig.add_glyph(self._source, whisker)]
        fig.add_glyph(HSpan(y=0.0, line_color=NEUTRAL, line_width=1.5))
        legend(fig, list(drawn.items()))
        everything = Quad(left="left", right="right", bottom="low", top="high", fill_alpha=0, line_alpha=0)
        rows = [("cycles", "@left{0} to @right{0}"), ("A − B", "@value{custom}"), ("± 2 s.e.", "@low{custom} to @high{custom}")]
        hover = HoverTool(renderers=[fig.add_glyph(self._source, everything)], tooltips=rows)
        hover.formatters = {f"@{name}": value_hover(digits=3) for name in ("value", "low", "high")}
        fig.add_tools(hover)
        self._notice: Notice = Notice(fig, WAITING)
        self.figure: figure = fig
        self.pane.object = fig

    def _bars(self, fig: figure, name: str, colour: str, alpha: float) -> GlyphRenderer:
        look = Quad(left="left", right="right", bottom=0, top=name, fill_color=colour, fill_alpha=alpha, line_color="white",
                    line_width=0.5, line_alpha=0.3)  # fmt: skip
        return fig.add_glyph(self._source, look)


def verdict(a: str, b: str, mean: float, error: float) -> str:
    """Return in words which method is better and by how much, ± two standard errors."""
    if a == b:
        return "A and B are the same method"
    if not (math.isfinite(mean) and math.isfinite(error)):
        return f"{short(a)} against {short(b)}: too few cycles to tell"
    places = max(0, 1 - math.floor(math.log10(2 * error))) if error > 0 else 4
    amount = f"{abs(mean):.{places}f} ± {2 * error:.{places}f}"
    if abs(mean) <= 2 * error:
        sign = "−" if mean < 0 else ""
        return f"No significant difference: {short(a)} − {short(b)} = {sign}{amount}"
    return f"{short(a if mean < 0 else b)} is better by {amount}"
