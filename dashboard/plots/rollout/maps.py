"""Forecasts on a plane or a map: the truth, each model, and each model minus the truth, at one lead after the other."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import panel as pn
from bokeh.events import Event, Tap
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    HoverTool,
    Image,
    Line,
    LinearColorMapper,
    Range1d,
    Scatter,
)
from bokeh.models.annotations.labels import Title
from bokeh.models.annotations.legends import ColorBar
from bokeh.plotting import figure

from backends.experiments.cycling.layout import Layout
from backends.pictures.rollout_states import map_palette
from dashboard.plots.axes import set_limits
from dashboard.plots.maps import write_degrees
from dashboard.plots.numbers import linear_numbers
from dashboard.plots.race.frame import MOST_CELLS, grid, race_figure, short, value_hover, with_units
from dashboard.plots.rollout.reel import Strip, as_frames
from dashboard.theme import DIVERGING, NEUTRAL

#: Pixels that axes take beside a map, and title and axes above and below it; of a map's width at most, and of a box at least.
BESIDE, ABOUT, WIDEST, LEAST = 66, 66, 420, 185

#: After the label of a model: what it differs in from the truth. The bar of the row says so, and titles need not.
APART = " − truth"


@dataclass(frozen=True)
class Named:
    """What a field is called, with the units of its values and of differences."""

    name: str
    unit: str
    difference_unit: str

    @property
    def value(self) -> str:
        """Label of values."""
        return with_units(self.name, self.unit)

    @property
    def difference(self) -> str:
        """Label of differences."""
        return with_units(f"{self.name}, forecast − truth", self.difference_unit)


class MapFrames:
    """A row of maps of states, and one of differences from the truth; all pan and zoom together.

    Parameters
    ----------
    on_tap
        Called with x and y where a person clicks a map.
    """

    def __init__(self, on_tap: Callable[[float, float], None] | None = None) -> None:
        self._on_tap = on_tap
        self._key: tuple = ()
        self.figures: dict[str, figure] = {}
        self._states = pn.Column(sizing_mode="stretch_width", margin=0)
        self._apart = pn.Column(sizing_mode="stretch_width", margin=0)
        self.pane = pn.Column(sizing_mode="stretch_width", margin=0, styles={"max-height": "none"})

    def show(
        self,
        layout: Layout,
        what: Named,
        truth: np.ndarray | None,
        models: Mapping[str, np.ndarray],
        limits: tuple[float, float],
        difference_limit: float,
        differences: Mapping[str, np.ndarray],
        coastlines: np.ndarray | None = None,
    ) -> list[Strip]:
        """Take over forecasts; return their frames.

        Parameters
        ----------
        layout, what
            How states lie, and what the field is called that is shown.
        truth
            (K + 1, size); None: models are shown alone.
        models, differences
            By the label of the model, (K + 1, size) each; differences may be none.
        limits, difference_limit
            Ends of the colours of states, and the upper end of those of differences, which are symmetric.
        coastlines
            (k, 2), pieces separated by rows of NaN.
        """
        states = {**({} if truth is None else {"truth": truth}), **models}
        key = (layout, what, tuple(states), tuple(differences))
        if key != self._key:
            self._key = key
            self._build(layout, what, tuple(states), tuple(differences), coastlines)
        symmetric = limits[0] == -limits[1]
        self._values.update(low=limits[0], high=limits[1], palette=map_palette(what.name, symmetric))
        self._differences.update(low=-difference_limit, high=difference_limit)
        fields = {**states, **{f"{label}{APART}": values for label, values in differences.items()}}
        strips = []
        for name, values in fields.items():
            frames = as_frames(_thinned(values.reshape(-1, *layout.shape)))
            self._sources[name].data = {**self._sources[name].data, "image": [frames[0]]}
            strips.append(Strip(self._sources[name], {"image": frames}, single=True))
        return strips

    def mark(self, x: float, y: float) -> None:
        """Mark the place whose series is shown."""
        self._chosen.data = {"x": [x], "y": [y]}

    def clear(self) -> None:
        """Take everything away."""
        self._key = ()
        self.pane.objects = []

    def _build(
        self, layout: Layout, what: Named, states: Sequence[str], differences: Sequence[str], coastlines: np.ndarray | None
    ) -> None:
        west, east, south, north = layout.edges
        x_range, y_range = Range1d(), Range1d()
        set_limits(x_range, west, east)
        set_limits(y_range, south, north)
        aspect = (east - west) / (north - south) if layout.true_to_scale else 2.0
        if coastlines is not None:  # as it is in the middle of the map
            aspect = (east - west) / (north - south) * math.cos(math.radians((north + south) / 2))
        self._values = LinearColorMapper(palette=list(DIVERGING), low=0, high=1, nan_color="rgba(0, 0, 0, 0)")
        self._differences = LinearColorMapper(palette=list(DIVERGING), low=-1, high=1, nan_color="rgba(0, 0, 0, 0)")
        self._chosen = ColumnDataSource(data={"x": [], "y": []})
        self._sources: dict[str, ColumnDataSource] = {}
        self.figures = {}
        for title in (*states, *(f"{label}{APART}" for label in differences)):
            mapper = self._values if title in states else self._differences
            shown = what.difference if title not in states else what.value
            fig = self._map(title, layout, shown, mapper, (x_range, y_range), aspect)
            if coastlines is not None:
                shore = ColumnDataSource(data={"x": coastlines[:, 0], "y": coastlines[:, 1]})
                fig.add_glyph(shore, Line(x="x", y="y", line_color="black", line_width=1, line_alpha=0.7))
                write_degrees(fig)
            for color, width in (("white", 5), ("black", 2)):
                look = Scatter(x="x", y="y", marker="cross", size=16, line_color=color, line_width=width)
                fig.add_glyph(self._chosen, look)
            self.figures[title] = fig
        panes = [pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in self.figures.values()]
        across = max(len(states), len(differences) + 1, 2)
        rows = [
            grid(*panes[: len(states)], least=LEAST, columns_at_most=across),
            _bar(self._values, what.value),
        ]
        if differences:
            # The first column stays empty: each difference lies below its forecast.
            gap = [pn.Spacer(height=0)] if "truth" in states else []
            apart = grid(*gap, *panes[len(states) :], least=LEAST, columns_at_most=across)
            rows += [apart, _bar(self._differences, what.difference)]
        self.pane.objects = rows

    def _map(
        self, title: str, layout: Layout, what: str, mapper: LinearColorMapper, ranges: tuple[Range1d, Range1d], aspect: float
    ) -> figure:
        x_label, y_label = layout.axes
        fig = race_figure(200, x_label, y_label, tools="pan,wheel_zoom,reset,save")
        fig.update(
            x_range=ranges[0], y_range=ranges[1], height=None, sizing_mode="scale_width",
            aspect_ratio=(WIDEST + BESIDE) / (WIDEST / aspect + ABOUT), max_width=WIDEST + BESIDE, min_border_left=54,
            min_border_right=10, toolbar_location=None,
        )  # fmt: skip
        fig.title = Title(text=short(title.removesuffix(APART)), text_font_size="13px")
        fig.grid.visible = False
        fig.axis.ticker = BasicTicker(desired_num_ticks=4)
        west, east, south, north = layout.edges
        where = {"x": [west], "y": [south], "dw": [east - west], "dh": [north - south]}
        source = self._sources[title] = ColumnDataSource(data={"image": [np.zeros((1, 1), np.float32)], **where})
        image = fig.add_glyph(source, Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper))
        rows = [(title, ""), (what, "@image{custom}"), (x_label, "$x{0.[00]}"), (y_label, "$y{0.[00]}")]
        hover = HoverTool(renderers=[image], tooltips=rows)
        hover.formatters = {"@image": value_hover()}
        fig.add_tools(hover)
        if self._on_tap is not None:
            fig.on_event(Tap, self._tapped)
        return fig

    def _tapped(self, event: Event) -> None:
        assert isinstance(event, Tap)
        if self._on_tap is not None and event.x is not None and event.y is not None:
            self._on_tap(float(event.x), float(event.y))


def _bar(mapper: LinearColorMapper, title: str) -> pn.pane.Bokeh:
    """Return one colour bar for a row of maps that share their colours."""
    fig = figure(height=58, max_width=560, sizing_mode="stretch_width", tools="", toolbar_location=None, min_border=0)
    fig.toolbar.logo = None
    fig.axis.visible = False
    fig.grid.visible = False
    fig.outline_line_color = None
    fig.border_fill_alpha = fig.background_fill_alpha = 0
    fig.scatter([0], [0], alpha=0)  # a figure without glyphs says so on the console
    bar = ColorBar(
        color_mapper=mapper, orientation="horizontal", height=10, padding=4, title=title, title_text_font_size="12px",
        title_text_font_style="normal", title_text_color=NEUTRAL, formatter=linear_numbers(),
    )  # fmt: skip
    fig.add_layout(bar, "below")
    return pn.pane.Bokeh(fig, sizing_mode="stretch_width", max_width=560, margin=(0, 0, 4, 46))


def _thinned(fields: np.ndarray) -> np.ndarray:
    """Return fields (K + 1, ny, nx) with no more cells than a small map shows."""
    down, across = (-(-size // MOST_CELLS) for size in fields.shape[1:])
    return fields[:, ::down, ::across]
