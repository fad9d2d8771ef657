"""The ensemble of one method before and after the newest analysis, in the plane of two components."""

from collections.abc import Mapping, Sequence

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Scatter, Segment, VSpan
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import set_limits
from dashboard.plots.race.frame import Notice, calm, finite, legend, race_figure, require_configured, value_hover, with_units
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL, OBSERVATIONS, TRUTH

MEMBER_SIZE, MEAN_SIZE = 7, 15
#: Of more members than this, only some are drawn.
MOST_MEMBERS = 1000


class Cloud:
    """Members before the analysis, hollow, and after it, filled, with their means, the truth, and what was observed.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = 360) -> None:
        self._height = height
        self._shown: dict | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def configure(self, names: Sequence[str], units: str = "", plane: tuple[int, int] = (0, 1)) -> None:
        """Take over another system, and clear the figure.

        Parameters
        ----------
        names, units
            Of the n components.
        plane
            Numbers of the two that are drawn.
        """
        self._names, self._units, self._shown = tuple(names), units, None
        self._check(*plane)
        self._plane = plane
        self._ends: list[tuple[float, float] | None] = [None, None]
        self._build()

    def set_plane(self, across: int, up: int) -> None:
        """Draw two other components.

        Raises
        ------
        ValueError
            If they are not two different ones of those that there are.
        """
        self._check(across, up)
        self._plane, self._ends = (across, up), [None, None]
        self._name_axes()
        if self._shown is not None:
            self.show(**self._shown)

    def _check(self, across: int, up: int) -> None:
        if across == up or not {across, up} <= set(range(len(self._names))):
            raise ValueError(f"plane: {across}, {up}; expected two different components below {len(self._names)}")

    def _name_axes(self) -> None:
        names = [self._names[k] for k in self._plane]
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = (with_units(name, self._units) for name in names)
        for hover, what in self._hovers.items():
            hover.tooltips = [("", what), (names[0], "@x{custom}"), (names[1], "@y{custom}")]

    def show(
        self,
        before: np.ndarray | None,
        after: np.ndarray | None,
        truth: np.ndarray | None = None,
        observed: Mapping[int, float] | None = None,
        means: tuple[np.ndarray | None, np.ndarray | None] | None = None,
        linked: bool = True,
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        before, after
            Members before and after the analysis, (N, n); None where a method has none.
        truth
            The true state, (n,).
        observed
            Observed values by component; those of the plane are drawn as lines.
        means
            Means before and after, (n,) each; by default those of the members.
        linked
            Whether a member after the analysis comes from the one with the same number before it; lines then join the two.

        Raises
        ------
        ValueError
            If a state has another number of components.
        """
        require_configured(self)
        first, last = (self._pick(name, states) for name, states in (("before", before), ("after", after)))
        self._members["before"].data, self._members["after"].data = _columns(first), _columns(last)
        joined = linked and len(first) == len(last)
        ends = np.hstack([first, last]) if joined else np.empty((0, 4))
        self._links.data = dict(zip(("x0", "y0", "x1", "y1"), ends.T, strict=True))
        for name, members, mean in zip(("before", "after"), (first, last), means or (None, None), strict=True):
            if mean is not None:
                middle = self._pick("means", np.asarray(mean)[None])
            else:
                middle = members.mean(0, keepdims=True) if len(members) else members
            self._means[name].data = _columns(middle)
        true = self._pick("truth", None if truth is None else np.asarray(truth)[None])
        self._truth.data = _columns(true)
        values = [None if observed is None else observed.get(component) for component in self._plane]
        for line, value in zip(self._lines, values, strict=True):
            line.data = {"at": [] if value is None else [value]}
        middles = np.concatenate([np.column_stack([source.data["x"], source.data["y"]]) for source in self._means.values()])
        everything = np.concatenate([first, last, true, middles])
        self._notice.show(not len(everything))
        self._follow(everything)
        self._shown = {
            "before": before, "after": after, "truth": truth, "observed": observed, "means": means, "linked": linked,
        }  # fmt: skip

    def clear(self) -> None:
        """Take everything away."""
        require_configured(self)
        self._ends = [None, None]
        self.show(None, None)
        self._shown = None

    def _pick(self, name: str, states: np.ndarray | None) -> np.ndarray:
        if states is None:
            return np.empty((0, 2), np.float32)
        if np.ndim(states) != 2 or np.shape(states)[1] != len(self._names):
            raise ValueError(f"{name}: shape {np.shape(states)}, expected {len(self._names)} components")
        return finite(np.asarray(states)[:: -(-max(len(states), 1) // MOST_MEMBERS), self._plane])

    def _follow(self, points: np.ndarray) -> None:
        for k, axis in enumerate((self.figure.x_range, self.figure.y_range)):
            known = points[np.isfinite(points[:, k]), k]
            if known.size:
                # A cloud that wanders must not make the axes jump with each cycle, but has to stay large enough to see.
                self._ends[k] = calm(self._ends[k], float(known.min()), float(known.max()), least=0.25)
            set_limits(axis, *(self._ends[k] or (0.0, 1.0)))

    def _build(self) -> None:
        fig = race_figure(self._height, "", "", tools="pan,wheel_zoom,reset,save")
        fig.frame_align = False  # the attractor beside it has a legend at its right, for which this needs no room
        self.figure: figure = fig
        nothing: dict[str, list] = {"x": [], "y": []}
        self._lines = [ColumnDataSource(data={"at": []}) for _ in range(2)]
        spans: list[GlyphRenderer] = [
            fig.add_glyph(source, span) for source, span in zip(self._lines, (VSpan(x="at"), HSpan(y="at")), strict=True)
        ]
        for span in spans:
            span.glyph.update(line_color=OBSERVATIONS, line_width=2, line_dash="dashed")
        self._links = ColumnDataSource(data={key: [] for key in ("x0", "y0", "x1", "y1")})
        fig.add_glyph(
            self._links, Segment(x0="x0", y0="y0", x1="x1", y1="y1", line_color=NEUTRAL, line_alpha=0.5, line_width=0.7)
        )
        self._members = {name: ColumnDataSource(data=nothing) for name in ("before", "after")}
        self._means = {name: ColumnDataSource(data=nothing) for name in ("before", "after")}
        self._truth = ColumnDataSource(data=nothing)
        clouds: dict[str, GlyphRenderer] = {}
        means: dict[str, list[GlyphRenderer]] = {}
        for name, color in (("before", BACKGROUND), ("after", ANALYSIS)):
            look = Scatter(
                x="x", y="y", size=MEMBER_SIZE, line_color=color, line_width=1.4,
                fill_color=color if name == "after" else None, fill_alpha=0.65,
            )  # fmt: skip
            clouds[name] = fig.add_glyph(self._members[name], look)
        for name, color in (("before", BACKGROUND), ("after", ANALYSIS)):
            for shade, width in (("white", 5.5), (color, 3)):  # a pale edge keeps it visible among members like it
                look = Scatter(x="x", y="y", size=MEAN_SIZE, marker="cross", line_color=shade, line_width=width)
                means[name] = [*means.get(name, []), fig.add_glyph(self._means[name], look)]
        look = Scatter(x="x", y="y", size=MEAN_SIZE, marker="star", fill_color=TRUTH, line_color="white", line_width=0.7)
        truth = fig.add_glyph(self._truth, look)
        # In a legend, where it is small, the pale edge would cover the star.
        look = Scatter(x="x", y="y", size=MEAN_SIZE, marker="star", fill_color=TRUTH, line_color=TRUTH)
        sign = fig.add_glyph(ColumnDataSource(data={"x": [np.nan], "y": [np.nan]}), look)
        entries = [("members before", [clouds["before"]]), ("after", [clouds["after"]])]
        entries += [("mean before", means["before"]), ("mean after", means["after"])]
        legend(fig, [*entries, ("truth", [truth, sign]), ("observed", spans)], columns=3)
        number = value_hover(self._units)
        self._hovers: dict[HoverTool, str] = {}
        for renderers, what in (
            (list(clouds.values()), "member"),
            ([truth], "truth"),
            (means["before"] + means["after"], "mean"),
        ):
            hover = HoverTool(renderers=[*renderers], formatters={"@x": number, "@y": number})
            self._hovers[hover] = what
            fig.add_tools(hover)
        self._name_axes()
        self._notice: Notice = Notice(fig)
        self._follow(np.empty((0, 2)))
        self.pane.object = fig


def _columns(points: np.ndarray) -> dict[str, np.ndarray]:
    return {"x": points[:, 0], "y": points[:, 1]}
