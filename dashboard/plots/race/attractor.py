"""States of a small system in phase space: where the truth goes, and how closely each method follows."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line, Scatter
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import set_limits
from dashboard.plots.race.frame import (
    MOST_POINTS,
    Notice,
    calm,
    finite,
    legend,
    method_colour,
    method_marker,
    race_figure,
    require_configured,
    value_hover,
    with_units,
)
from dashboard.plots.race.turning import Coordinates, Turning
from dashboard.theme import NEUTRAL, OBSERVATIONS, TRUTH

#: Pixels across members, means, and the newest truth.
MEMBER_SIZE, HEAD_SIZE, TRUTH_SIZE = 6, 9, 15
BEFORE, AFTER, OBSERVED = "before", "after", "observed"


class Attractor:
    """Trails of the truth and of the methods' analyses, and members of one method before and after the analysis.

    Two components are drawn as a plane, three in orthographic projection, which a drag turns.

    Parameters
    ----------
    height
        Pixels.
    trail
        How many of the newest states a trail has at most.
    """

    def __init__(self, height: int = 440, trail: int = 200) -> None:
        self._height, self._trail = height, min(trail, MOST_POINTS)
        self._turning = Turning()
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def configure(
        self,
        names: Sequence[str],
        units: str = "",
        limits: np.ndarray | None = None,
        backdrop: np.ndarray | None = None,
        components: Sequence[int] | None = None,
    ) -> None:
        """Take over another system, and clear the figure.

        Parameters
        ----------
        names
            Of the n components, two or more.
        units
            Of all of them.
        limits
            Ends of the axis of each, (n, 2); by default they follow what is drawn.
        backdrop
            States of a long free run, (m, n), drawn as faint dots behind everything: the attractor.
        components
            Two or three that are drawn, by default the first three if there are just three, otherwise the first two.
        """
        self._names: tuple[str, ...] = tuple(names)
        self._units = units
        self._limits = None if limits is None else np.asarray(limits, float)
        self._backdrop = None if backdrop is None else np.asarray(backdrop)[-4 * MOST_POINTS :]
        self._labels: tuple[str, ...] = ()
        self._shown: tuple | None = None
        self.set_components(*(components or range(3 if len(names) == 3 else 2)))

    def set_components(self, *components: int) -> None:
        """Draw the plane of two components, or the space of three.

        Raises
        ------
        ValueError
            If they are not two or three different ones of those that there are.
        """
        good = set(components) <= set(range(len(self._names)))
        if len(components) not in {2, 3} or len(set(components)) != len(components) or not good:
            raise ValueError(f"components: {components}, expected two or three different ones below {len(self._names)}")
        self._components: tuple[int, ...] = tuple(components)
        self._seen: list[tuple[float, float] | None] = [None] * len(components)
        self._build()
        if self._shown is not None:
            self.show(*self._shown)

    def set_view(self, azimuth: float, elevation: float) -> None:
        """Look at the space of three components from a direction, in degrees; a drag does the same."""
        self._turning.set(azimuth, elevation)

    def show(
        self,
        truth: np.ndarray,
        means: Mapping[str, np.ndarray | None],
        chosen: str = "",
        before: np.ndarray | None = None,
        after: np.ndarray | None = None,
        observed: Mapping[int, float] | None = None,
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        truth
            True states, (K, n), the newest last.
        means
            For each method, by its label and in the order of the colours, its analyses (k, n), or None.
        chosen
            Label of the method that the members belong to.
        before, after
            Its members before and after the newest analysis, (N, n).
        observed
            Newest observed values by component. Where all components that are drawn are observed, that is a point; with
            one of them missing a line, with two a frame.
        """
        require_configured(self)
        if tuple(means) != self._labels:
            self._labels = tuple(means)
            self._build()
        trails = {
            label: self._columns(None if states is None else states[-self._trail :])
            for label, states in {"": truth, **means}.items()
        }
        self._follow(truth)
        heads = []
        for label, points in trails.items():
            self._trails[label].data = points
            heads.append([points[name][-1] if points[name].size else np.nan for name in points])
        newest = np.array(heads, np.float32).T
        self._heads.data = {
            **{f"c{k}": column for k, column in enumerate(newest)},
            "color": [TRUTH, *(method_colour(k) for k in range(len(means)))],
            "label": ["truth", *means],
            "marker": ["circle", *(method_marker(k) for k in range(len(means)))],
            "size": [TRUTH_SIZE, *[HEAD_SIZE] * len(means)],
        }
        place = self._labels.index(chosen) if chosen in self._labels else 0
        for name, members in ((BEFORE, before), (AFTER, after)):
            self._members[name].data = self._columns(members)
            glyph = self._clouds[name].glyph
            assert isinstance(glyph, Scatter)
            glyph.update(line_color=method_colour(place), fill_color=method_colour(place) if name == AFTER else None)
            self._member_entries[name].visible = members is not None
        for label, states in means.items():
            self._entries[label].visible = states is not None
        self._observe(observed or {})
        self._notice.show(not len(truth))
        self._shown = (truth, means, chosen, before, after, observed)

    def clear(self) -> None:
        """Take everything away but the backdrop; the methods stay until others come, so that the figure stays the same."""
        require_configured(self)
        self._seen = [None] * len(self._components)
        self.show(np.empty((0, len(self._names))), dict.fromkeys(self._labels))
        self._shown = None

    def _columns(self, states: np.ndarray | None) -> dict[str, np.ndarray]:
        if states is None:
            return {f"c{k}": np.empty(0, np.float32) for k in range(len(self._components))}
        if np.ndim(states) != 2 or np.shape(states)[1] != len(self._names):
            raise ValueError(f"states: shape {np.shape(states)}, expected (any, {len(self._names)})")
        some = finite(np.asarray(states)[:, self._components])
        return {f"c{k}": some[:, k] for k in range(len(self._components))}

    def _follow(self, truth: np.ndarray) -> None:
        """Set the ends of the axes: those given, or such that the backdrop and the truth lie between them."""
        ends = []
        for k, component in enumerate(self._components):
            if self._limits is not None:
                ends.append(tuple(self._limits[component]))
                continue
            drawn = [states[:, component] for states in (self._backdrop, truth) if states is not None and len(states)]
            known = np.concatenate(drawn) if drawn else np.empty(0)
            known = known[np.isfinite(known)]
            low, high = (known.min(), known.max()) if known.size else (np.nan, np.nan)
            seen = self._seen[k] = calm(self._seen[k], float(low), float(high), least=0.2)
            ends.append(seen)
        self._ends = np.array(ends, float)
        if len(ends) == 2:
            set_limits(self.figure.x_range, *ends[0])
            set_limits(self.figure.y_range, *ends[1])
        else:
            self._turning.hold(self._ends, [self._names[k] for k in self._components])

    def _observe(self, observed: Mapping[int, float]) -> None:
        """Draw what has been observed: all states of the box that agree with it."""
        values = [observed.get(component) for component in self._components]
        free = [k for k, value in enumerate(values) if value is None]
        edges = [(v, v) if v is not None else tuple(end) for v, end in zip(values, self._ends, strict=True)]
        corners = np.array(list(product(*edges)), float)
        if not free:
            path, point = corners[:0], corners[:1]
        elif len(free) == 1:
            path, point = np.unique(corners, axis=0), corners[:0]
        elif len(free) == 2 and len(values) == 3:
            path, point = np.unique(corners, axis=0)[[0, 1, 3, 2, 0]], corners[:0]
        else:
            path = point = corners[:0]
        self._paths.data = {f"c{k}": path[:, k] for k in range(len(values))}
        self._points.data = {f"c{k}": point[:, k] for k in range(len(values))}

    def _build(self) -> None:
        solid = len(self._components) == 3
        names = [self._names[k] for k in self._components]
        across, up = ["", ""] if solid else [with_units(name, self._units) for name in names]
        fig = race_figure(self._height, across, up, tools="save" if solid else "pan,wheel_zoom,reset,save")
        self.figure: figure = fig
        at: Coordinates = self._turning.attach(fig) if solid else {"x": "c0", "y": "c1"}
        empty = self._columns(None)
        backdrop = ColumnDataSource(data=self._columns(self._backdrop))
        fig.add_glyph(backdrop, Scatter(**at, size=2, line_color=None, fill_color=NEUTRAL, fill_alpha=0.4))
        self._paths, self._points = ColumnDataSource(data=empty), ColumnDataSource(data=empty)
        path = fig.add_glyph(self._paths, Line(**at, line_color=OBSERVATIONS, line_width=2, line_dash="dashed"))
        self._trails = {label: ColumnDataSource(data=empty) for label in ("", *self._labels)}
        lines: dict[str, GlyphRenderer] = {}
        for k, (label, source) in enumerate(self._trails.items()):
            color, width = (TRUTH, 4.5) if not k else (method_colour(k - 1), 1.5)
            lines[label] = fig.add_glyph(source, Line(**at, line_color=color, line_width=width, line_alpha=0.85))
        self._members = {name: ColumnDataSource(data=empty) for name in (BEFORE, AFTER)}
        self._clouds: dict[str, GlyphRenderer] = {
            name: fig.add_glyph(source, Scatter(**at, size=MEMBER_SIZE, line_width=1.2, fill_color=None, fill_alpha=0.75))
            for name, source in self._members.items()
        }
        self._heads = ColumnDataSource(data={**empty, "color": [], "label": [], "size": [], "marker": []})
        look = Scatter(**at, size="size", marker="marker", fill_color={"field": "color"}, line_color="white", line_width=1.5)
        heads = fig.add_glyph(self._heads, look)
        look = Scatter(**at, size=HEAD_SIZE + 2, marker="diamond", fill_color=OBSERVATIONS, line_color="white", line_width=1.5)
        point = fig.add_glyph(self._points, look)
        nowhere = ColumnDataSource(data=self._columns(np.full((1, len(self._names)), np.nan)))
        methods = []
        for k, label in enumerate(self._labels):  # whose entry in the legend bears the marker, too
            look = Scatter(**at, size=HEAD_SIZE, marker=method_marker(k), fill_color=method_colour(k), line_color=None)
            methods.append((label, [lines[label], fig.add_glyph(nowhere, look)]))
        members = [(name, [cloud]) for name, cloud in self._clouds.items()]
        items = legend(fig, [("truth", [lines[""]]), *methods, *members, (OBSERVED, [path, point])], "right")
        self._entries = dict(zip(self._labels, items[1:], strict=False))
        self._member_entries = dict(zip((BEFORE, AFTER), items[-3:], strict=False))
        number = value_hover(self._units)
        rows = [(name, f"@c{k}{{custom}}") for k, name in enumerate(names)]
        for some, what in (([heads], "@label"), (list(self._clouds.values()), "member")):
            hover = HoverTool(renderers=[*some], tooltips=[("", what), *rows])
            hover.formatters = {f"@c{k}": number for k in range(len(names))}
            fig.add_tools(hover)
        self._notice: Notice = Notice(fig)
        self._follow(np.empty((0, len(self._names))))
        self.pane.object = fig
