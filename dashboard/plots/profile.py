"""States along a line, with the observations, and below them the increment and the innovations."""

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import panel as pn
from bokeh.core.property.vectorization import Value
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, HoverTool, Range1d, Segment, WheelZoomTool
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, dashes, legend_above, plain_figure, replace_columns, set_limits
from dashboard.plots.dragging import Dragging
from dashboard.plots.numbers import reading
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL, OBSERVATIONS, REJECTED, TRUTH

#: Pixels of the upper and of the lower figure.
UPPER_HEIGHT, LOWER_HEIGHT = 330, 220
CURVES = ("truth", "background", "analysis", "lower", "upper", "increment")
OBSERVED, OUT = "observations", "rejected ×"
_TOOLS = "xpan,xwheel_zoom,box_zoom,reset,save"
_SIZE = 8


class LiveProfile:
    """Two figures with one x axis, whose lines and points can be replaced while they are shown.

    Parameters
    ----------
    on_tap
        Called with x where a person clicks either figure.
    on_move
        Called with the index of an observation and its new x after a person has dragged it, in either figure. It stays
        where it was dropped until observations are marked anew.
    """

    def __init__(
        self, on_tap: Callable[[float], None] | None = None, on_move: Callable[[int, float], None] | None = None
    ) -> None:
        self._on_tap, self._on_move = on_tap, on_move
        self._scene: Hashable = None
        self._moving = True
        self._dragging: list[Dragging] = []
        self._lines, self._marks = ColumnDataSource(), ColumnDataSource()
        self._units: tuple[str, str] | None = None
        self._listed: dict[str, bool] = {}
        self._observed_label = ""
        self.figure: figure | None = None
        self.lower: figure | None = None
        self._panes = [pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0) for _ in range(2)]
        self.pane = pn.Column(*self._panes, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        scene: Hashable,
        x: Sequence[float] | np.ndarray,
        curves: Mapping[str, Sequence[float] | np.ndarray | None],
        limits: tuple[float, float],
        increment_limits: tuple[float, float],
        units: str,
        x_units: str = "km",
    ) -> None:
        """Replace the lines.

        Parameters
        ----------
        scene
            A new one shows all of x again and takes the observations away; otherwise a person's zoom stays.
        x
            Places of the grid points, (n,), increasing.
        curves
            Any of ``truth``, ``background``, ``analysis``, ``increment``, and ``lower`` and ``upper`` ends of the band
            round the analysis; each (n,), or None.
        limits, increment_limits
            Of the y axes.
        units, x_units
            Of the state, and of x.

        Raises
        ------
        ValueError
            If a curve is unknown or has another length than x.
        """
        if unknown := set(curves) - set(CURVES):
            raise ValueError(f"curves: {', '.join(sorted(unknown))}; expected any of {', '.join(CURVES)}")
        places = column("x", x)
        data = {"x": places} | {name: column(name, curves.get(name), places.size) for name in CURVES}
        if self.figure is None:
            self._build()
        assert self.figure is not None
        assert self.lower is not None
        replace_columns(self._lines, data)
        if scene != self._scene:
            self._scene = scene
            half = (places[-1] - places[0]) / max(places.size - 1, 1) / 2 or 0.5
            self._unzoom()
            set_limits(self.figure.x_range, float(places[0] - half), float(places[-1] + half))
            self.mark([], [], 0.0, [])
        set_limits(self.figure.y_range, *limits)
        set_limits(self.lower.y_range, *increment_limits)
        self._label(units, x_units)
        for name in ("truth", "background", "analysis"):
            self._list(name, curves.get(name) is not None)
        self._list("±2σ", curves.get("lower") is not None)

    def mark(
        self,
        x: Sequence[float] | np.ndarray,
        y: Sequence[float] | np.ndarray | None,
        sigma: float | Sequence[float] | np.ndarray,
        innovation: Sequence[float] | np.ndarray | None,
        used: Sequence[bool] | np.ndarray | None = None,
        observed_label: str = OBSERVED,
    ) -> None:
        """Replace the observations.

        Parameters
        ----------
        x
            Their places, (p,).
        y
            Their values, (p,); None where they are not values of the state, and cannot be drawn beside it.
        sigma
            Standard deviation of their errors, one or (p,), drawn as vertical bars.
        innovation
            y − H(x_b), (p,); with None, the lower figure has points on its zero line that only tell the places.
        used
            Which are not rejected, (p,), by default all.
        observed_label
            Their name in the legend.

        Raises
        ------
        RuntimeError
            If no lines have been shown yet.
        ValueError
            If the lengths differ.
        """
        if self.figure is None:
            raise RuntimeError("observations were put on a figure that shows no lines yet")
        places = column("x", x)
        size = places.size
        values = column("y", y, size)
        bar = np.full(size, sigma) if np.ndim(sigma) == 0 else column("sigma", np.asarray(sigma), size)
        d = np.zeros(size) if innovation is None else column("innovation", innovation, size)
        kept = column("used", None if used is None else np.asarray(used, float), size) != 0
        data = {
            "x": places,
            "y": values,
            "low": values - bar,
            "high": values + bar,
            "innovation": d,
            # A marker without a size is not drawn, so that one source, and one index, serves both kinds.
            "used": np.where(kept, _SIZE, np.nan),
            "rejected": np.where(kept, np.nan, _SIZE + 2),
        }
        self._marks.data = {name: values.tolist() for name, values in data.items()}
        if observed_label != self._observed_label:
            self._observed_label = observed_label
            self._items[OBSERVED].label = Value(observed_label)
        self._list(OBSERVED, bool(kept.any()))
        self._list(OUT, bool((~kept).any()))

    def set_moving(self, moving: bool) -> None:
        """Let observations be dragged, as they can be at first, or not, so that a drag always pans."""
        self._moving = moving
        for dragging in self._dragging:
            dragging.allow(moving)

    # What is set at every step of a slider and seldom another: to find that out, Bokeh takes longer than for the lines.

    def _label(self, units: str, x_units: str) -> None:
        """Name the axes."""
        if (units, x_units) == self._units:
            return
        self._units = units, x_units
        assert self.figure is not None
        assert self.lower is not None
        self.figure.yaxis.axis_label = f"state [{units}]" if units else "state"
        self.lower.xaxis.axis_label = f"x [{x_units}]" if x_units else "x"
        self.lower.yaxis.axis_label = f"increment [{units}]" if units else "increment"

    def _list(self, name: str, there: bool) -> None:
        """Name something in the legend, or not."""
        if self._listed.get(name) != there:
            self._listed[name] = self._items[name].visible = there

    def _build(self) -> None:
        upper = plain_figure(UPPER_HEIGHT, "", "", tools=_TOOLS)
        lower = plain_figure(LOWER_HEIGHT, "", "", tools=_TOOLS, x_range=upper.x_range)
        lower.toolbar_location = None  # what is done above happens here too
        for fig in (upper, lower):
            fig.toolbar.active_scroll = next(tool for tool in fig.tools if isinstance(tool, WheelZoomTool))
        upper.xaxis.visible = False
        band = upper.varea("x", "lower", "upper", source=self._lines, fill_color=ANALYSIS, fill_alpha=0.28)
        lines = {
            name: upper.line("x", name, source=self._lines, color=color, line_width=2, line_dash=dashes(name, 2))
            for name, color in (("truth", TRUTH), ("background", BACKGROUND), ("analysis", ANALYSIS))
        }
        lower.line("x", "increment", source=self._lines, color=ANALYSIS, line_width=2)
        lower.hspan(0, line_color=NEUTRAL, line_width=1)
        bars = Segment(x0="x", y0="low", x1="x", y1="high", line_color=OBSERVATIONS, line_width=1.5)
        upper.add_glyph(self._marks, bars)
        stems = Segment(x0="x", y0=Value(0.0), x1="x", y1="innovation", line_color=OBSERVATIONS, line_width=1.5)
        lower.add_glyph(self._marks, stems)
        used, out = self._points(upper, "y")
        self._points(lower, "innovation")
        entries = {name: [line] for name, line in lines.items()} | {"±2σ": [band], OBSERVED: [used], OUT: [out]}
        self._items = legend_above(upper, entries)
        number = reading(digits=4)
        shown = [
            ("x", "@x{0.[00]}"),
            *((name, f"@{name}{{custom}}") for name in ("truth", "background", "analysis", "increment")),
        ]
        hover = HoverTool(renderers=[lines["analysis"]], tooltips=shown, mode="vline")
        hover.formatters = {f"@{name}": number for name, _ in shown[1:]}
        upper.add_tools(hover)
        self._listen(upper, "y")
        self._listen(lower, "innovation")
        self.figure, self.lower = upper, lower
        self._panes[0].object, self._panes[1].object = upper, lower
        self.set_moving(self._moving)

    def _listen(self, fig: figure, y: str) -> None:
        tapped, moved = self._on_tap, self._on_move
        if tapped is not None:
            fig.on_event(Tap, lambda event: tapped(float(event.x)))
        if moved is not None:
            self._dragging.append(Dragging(fig, self._marks, ("x", y), lambda k, x, _y: moved(k, x), along="x"))

    def _unzoom(self) -> None:
        """Forget which limits were set last, so that the next ones are set even where they are the same."""
        for fig in (self.figure, self.lower):
            assert fig is not None
            for axis in (fig.x_range, fig.y_range):
                assert isinstance(axis, Range1d)
                axis.reset_start = None

    def _points(self, fig: figure, y: str) -> tuple[GlyphRenderer, GlyphRenderer]:
        used = fig.scatter("x", y, source=self._marks, size="used", fill_color=OBSERVATIONS, line_color=NEUTRAL)
        cross = fig.scatter("x", y, source=self._marks, marker="x", size="rejected", line_color=REJECTED, line_width=2.5)
        return used, cross
