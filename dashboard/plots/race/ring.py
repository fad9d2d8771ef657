"""States along a ring or a line: the truth, and what one method makes of it."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line, Scatter, Segment, VArea
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, dashes, set_limits
from dashboard.plots.race.frame import Notice, calm, finite, legend, race_figure, require_configured, value_hover, with_units
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL, OBSERVATIONS, TRUTH

Uncertainty = Literal["members", "spread", "none"]
#: Points of all members together; of more members only some are drawn.
MOST_MEMBER_POINTS = 12_000
CURVES = {"truth": (TRUTH, 2.2), "background": (BACKGROUND, 1.8), "analysis": (ANALYSIS, 2.2)}


class RingProfile:
    """Truth, background and analysis against the points of a ring or a line, with members or a band of ±2 spreads.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = 300) -> None:
        self._height = height
        self._uncertainty: Uncertainty = "members"
        self._shown: dict | None = None
        self._follow: tuple[float, float] | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def configure(
        self,
        places: Sequence[float] | np.ndarray,
        name: str = "state",
        units: str = "",
        x_label: str = "point",
        limits: tuple[float, float] | None = None,
        periodic: bool = True,
    ) -> None:
        """Take over another system, and clear the figure.

        Parameters
        ----------
        places
            Of the points, (n,), increasing and evenly spaced.
        name, units
            Of the state.
        x_label
            Of the places, with their unit.
        limits
            Ends of the vertical axis; by default it follows truth, background and analysis.
        periodic
            Whether the last point is a neighbour of the first.
        """
        self._places, self._limits, self._periodic = column("places", places), limits, periodic
        if self._places.size < 2:
            raise ValueError(f"places: {self._places.size} of them, expected at least two")
        self._labels = name, units, x_label
        self._build()

    def set_uncertainty(self, kind: Uncertainty) -> None:
        """Draw the members as thin lines, or a band of ±2 spreads round the analysis, or neither."""
        self._uncertainty = kind
        if self._shown is not None:
            self.show(**self._shown)

    def show(
        self,
        truth: np.ndarray | None,
        background: np.ndarray | None,
        analysis: np.ndarray | None,
        members: np.ndarray | None = None,
        spread: np.ndarray | None = None,
        observed: tuple[np.ndarray, np.ndarray] | None = None,
        sigma_o: float = 0.0,
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        truth, background, analysis
            States (n,), the latter two means of a method; None where there is none.
        members, spread
            Members (N, n) and standard deviations (n,) of the analysis.
        observed
            Numbers of the observed points and the values there, (p,) each.
        sigma_o
            Standard deviation of the observation errors, drawn as bars.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        require_configured(self)
        n = self._places.size
        data = {
            name: finite(column(name, values, n))
            for name, values in (("truth", truth), ("background", background), ("analysis", analysis))
        }
        deviation = finite(column("spread", spread if self._uncertainty == "spread" else None, n))
        data |= {"lower": data["analysis"] - 2 * deviation, "upper": data["analysis"] + 2 * deviation}
        self._curves.data = {"x": self._around(self._places, True), **{k: self._around(v) for k, v in data.items()}}
        self._show_members(members if self._uncertainty == "members" else None)
        at, values = observed or (np.empty(0, int), np.empty(0))
        where, seen = self._places[np.asarray(at, int)], column("observed", values, np.size(at))
        self._points.data = {"x": where, "y": seen, "low": seen - sigma_o, "high": seen + sigma_o}
        present = {"truth": truth, "background": background, "analysis": analysis, "members": members, "spread": spread}
        for name, some in present.items():
            self._entries[name].visible = some is not None and (name in CURVES or name == self._uncertainty)
        self._notice.show(all(some is None for some in (truth, background, analysis)))
        if self._limits is None:
            known = np.concatenate([data[name][np.isfinite(data[name])] for name in CURVES])
            ends = (float(known.min()), float(known.max())) if known.size else (np.nan, np.nan)
            self._follow = calm(self._follow, *ends)
        set_limits(self.figure.y_range, *(self._limits or self._follow or (0.0, 1.0)))
        self._shown = {
            "truth": truth, "background": background, "analysis": analysis, "members": members, "spread": spread,
            "observed": observed, "sigma_o": sigma_o,
        }  # fmt: skip

    def clear(self) -> None:
        """Take everything away."""
        require_configured(self)
        self._follow = None
        self.show(None, None, None)
        self._shown = None

    def _around(self, values: np.ndarray, places: bool = False) -> np.ndarray:
        """Return (…, n) values on the way round the ring, with the neighbours of both ends beyond the frame."""
        if not self._periodic:
            return values
        shift = (self._places[-1] - self._places[0]) * self._places.size / (self._places.size - 1) if places else 0.0
        return np.concatenate([values[..., -1:] - shift, values, values[..., :1] + shift], axis=-1)

    def _show_members(self, members: np.ndarray | None) -> None:
        if members is None or not len(members):
            self._lines.data = {"x": [], "y": []}
            return
        x = self._around(self._places, True)
        states = np.asarray(members)
        if states.ndim != 2 or states.shape[1] != self._places.size:
            raise ValueError(f"members: shape {states.shape}, expected (any, {self._places.size})")
        most = max(MOST_MEMBER_POINTS // x.size, 1)
        some = finite(self._around(states[:: -(-len(states) // most)]))
        # One line for all, with a gap after each: many times faster than a line for each.
        gap = np.full((len(some), 1), np.nan, np.float32)
        self._lines.data = {"x": np.tile(np.r_[x, np.nan], len(some)), "y": np.hstack([some, gap]).ravel()}

    def _build(self) -> None:
        self._shown, self._follow = None, None
        name, units, x_label = self._labels
        fig = race_figure(self._height, x_label, with_units(name, units))
        self.figure: figure = fig
        half = (self._places[1] - self._places[0]) / 2
        set_limits(fig.x_range, float(self._places[0] - half), float(self._places[-1] + half))
        self._curves = ColumnDataSource(data={key: [] for key in ("x", *CURVES, "lower", "upper")})
        self._lines = ColumnDataSource(data={"x": [], "y": []})
        self._points = ColumnDataSource(data={key: [] for key in ("x", "y", "low", "high")})
        band = fig.add_glyph(self._curves, VArea(x="x", y1="lower", y2="upper", fill_color=ANALYSIS, fill_alpha=0.25))
        members = fig.add_glyph(self._lines, Line(x="x", y="y", line_color=NEUTRAL, line_alpha=0.55, line_width=0.8))
        drawn: dict[str, GlyphRenderer] = {}
        for key, (color, width) in CURVES.items():
            look = Line(x="x", y=key, line_color=color, line_width=width, line_dash=dashes(key, width))
            drawn[key] = fig.add_glyph(self._curves, look)
        bars = fig.add_glyph(
            self._points, Segment(x0="x", y0="low", x1="x", y1="high", line_color=OBSERVATIONS, line_width=1.5)
        )
        dots = Scatter(x="x", y="y", size=7, fill_color=OBSERVATIONS, line_color=NEUTRAL)
        points = fig.add_glyph(self._points, dots)
        entries = [(key, [line]) for key, line in drawn.items()]
        items = legend(
            fig, [*entries, ("members", [members]), ("±2 spreads", [band]), ("observations", [bars, points])], columns=3
        )
        self._entries = dict(zip((*CURVES, "members", "spread", "points"), items, strict=True))
        number = value_hover(units)
        lines = HoverTool(
            renderers=[drawn["truth"]],
            mode="vline",
            tooltips=[(x_label, "@x{0.[00]}"), *((k, f"@{k}{{custom}}") for k in CURVES)],
        )
        lines.formatters = {f"@{key}": number for key in CURVES}
        point = HoverTool(renderers=[points], tooltips=[("observation", "@y{custom}"), (x_label, "@x{0.[00]}")])
        point.formatters = {"@y": number}
        fig.add_tools(lines, point)
        self._notice: Notice = Notice(fig)
        set_limits(fig.y_range, *(self._limits or (0.0, 1.0)))
        self.pane.object = fig
