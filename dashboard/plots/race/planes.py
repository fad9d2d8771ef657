"""Maps of one method on a plane: truth, background, analysis, increment and spread, with the observations."""

from collections.abc import Callable, Sequence

import numpy as np
import panel as pn
from bokeh.core.property.vectorization import Field
from bokeh.events import Event, Tap
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    HoverTool,
    Image,
    LinearColorMapper,
    Range1d,
    Scatter,
)
from bokeh.models.annotations.labels import Title
from bokeh.models.annotations.legends import ColorBar
from bokeh.plotting import figure

from dashboard.plots.axes import set_limits
from dashboard.plots.dragging import Dragging
from dashboard.plots.numbers import linear_numbers
from dashboard.plots.points import MapPoints
from dashboard.plots.race.frame import (
    MOST_CELLS,
    Notice,
    calm,
    columns,
    finite,
    grid,
    race_figure,
    require_configured,
    value_hover,
    with_units,
)
from dashboard.theme import DIVERGING, FieldStyle

PANELS = ("truth", "background", "analysis", "increment", "spread")
#: Pixels that axes and colour bar take beside a map, and title and axes above and below it.
BESIDE, ABOUT = 120, 78
#: Pixels of a map's width at most and at least, and of its height at least, where axes still leave it some.
WIDEST, NARROWEST, LOWEST = 490, 140, 100
#: Maps side by side: more of them are too small for anything to be seen on.
MOST_BESIDE = 3
#: Pixels across a point of few; from so many on points shrink, so that they cover no more of the map, down to the least.
LARGE, FEW, LEAST = 7.0, 120, 3.0
_COLUMNS = ("x", "y")


class PlaneRace:
    """Up to five small maps that pan and zoom together, whose fields are replaced while they are shown.

    Parameters
    ----------
    height
        Most pixels of a map's height.
    on_tap
        Called with x and y where a person clicks a map.
    on_move
        Called with the index of a point and its new x and y after a person has dragged it on any map. The point stays
        where it was dropped until points are marked anew.
    """

    def __init__(
        self,
        height: int = 320,
        on_tap: Callable[[float, float], None] | None = None,
        on_move: Callable[[int, float, float], None] | None = None,
    ) -> None:
        self._height, self._on_tap, self._on_move = height, on_tap, on_move
        self._moving = True
        self._dragging: list[Dragging] = []
        self._panes: dict[str, pn.pane.Bokeh] = {}
        self._panels = tuple(PANELS)
        self.pane = grid(columns_at_most=MOST_BESIDE)

    def configure(
        self,
        extent: tuple[float, float, float, float],
        name: str = "state",
        units: str = "",
        x_label: str = "x",
        y_label: str = "y",
        limits: tuple[float, float] | None = None,
        increment_limit: float | None = None,
        spread_limit: float | None = None,
        style: FieldStyle | None = None,
        true_to_scale: bool = True,
    ) -> None:
        """Take over another system, and clear the maps.

        Parameters
        ----------
        extent
            Outer edges of the first and last cells: west, east, south, north.
        name, units
            Of the field.
        x_label, y_label
            Of the axes, with their unit.
        limits
            Values at both ends of the colours of truth, background and analysis; by default they follow the truth.
        increment_limit, spread_limit
            Upper ends of the colours of increment, which are symmetric, and spread; by default they follow the fields.
        style
            Colours of truth, background and analysis.
        true_to_scale
            Whether a unit is as long along x as along y; otherwise maps are twice as wide as high.
        """
        self._extent, self._limits = extent, limits
        self._tops = {"increment": increment_limit, "spread": spread_limit}
        self._labels, self._style = (name, units, x_label, y_label), style or FieldStyle()
        self._aspect = (extent[1] - extent[0]) / (extent[3] - extent[2]) if true_to_scale else 2.0
        across = min((self._height - ABOUT) * self._aspect, WIDEST)
        self._width, self._tall = across + BESIDE, across / self._aspect + ABOUT
        self._build()

    def set_panels(self, names: Sequence[str]) -> None:
        """Show only some of the maps.

        Raises
        ------
        ValueError
            If there is no such map.
        """
        if unknown := set(names) - set(PANELS):
            raise ValueError(f"panels: {', '.join(sorted(unknown))}; expected any of {', '.join(PANELS)}")
        self._panels = tuple(names)
        for name, pane in self._panes.items():
            pane.visible = name in names

    def show(
        self,
        truth: np.ndarray | None,
        background: np.ndarray | None,
        analysis: np.ndarray | None,
        spread: np.ndarray | None = None,
    ) -> None:
        """Replace the fields, (ny, nx) each, south to north and west to east; None leaves a map empty.

        The increment is the analysis minus the background.

        Raises
        ------
        ValueError
            If a field has not two dimensions.
        """
        require_configured(self)
        fields = {
            name: None if field is None else _field(name, field)
            for name, field in (("truth", truth), ("background", background), ("analysis", analysis), ("spread", spread))
        }
        first, last = fields["background"], fields["analysis"]
        fields["increment"] = None if first is None or last is None else last - first
        west, east, south, north = self._extent
        where = {"x": [west], "y": [south], "dw": [east - west], "dh": [north - south]}
        for name in PANELS:
            field = fields[name]
            self._notices[name].show(field is None)
            self._sources[name].data = {"image": [], "x": [], "y": [], "dw": [], "dh": []} if field is None else {
                "image": [field], **where
            }  # fmt: skip
        self._color(fields)

    def mark(
        self,
        x: Sequence[float] | np.ndarray,
        y: Sequence[float] | np.ndarray,
        values: Sequence[float] | np.ndarray | None = None,
        rejected: Sequence[bool] | np.ndarray | None = None,
    ) -> None:
        """Replace the observations.

        Parameters
        ----------
        x, y
            Their places, (p,).
        values
            Their values, (p,), in the colours of the state; without them, they have no colour.
        rejected
            Which were not used, (p,).

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        require_configured(self)
        size = min(LARGE, max(LEAST, LARGE * (FEW / max(len(x), 1)) ** 0.5))
        fill, sizes = np.full(len(x), np.nan) if values is None else values, np.full(len(x), size)
        self._points.mark(x, y, fill, rejected, sizes if rejected is None else None)

    def set_moving(self, moving: bool) -> None:
        """Let points be dragged, as they can be at first, or not, so that a drag always pans."""
        self._moving = moving
        for dragging in self._dragging:
            dragging.allow(moving)

    def clear(self) -> None:
        """Take everything away."""
        require_configured(self)
        self._follow.update(dict.fromkeys(self._follow))
        self.show(None, None, None)
        self.mark([], [])

    def _color(self, fields: dict[str, np.ndarray | None]) -> None:
        for name in self._follow:
            field = fields["truth" if name == "state" else name]
            if field is None or not np.isfinite(field).any():
                continue
            low, high = float(np.nanmin(field)), float(np.nanmax(field))
            if name != "state":
                low, high = 0.0, max(-low, high) or 1e-9
            self._follow[name] = calm(self._follow[name], low, high, least=0.3)
        self._mappers["state"].update(
            **dict(zip(("low", "high"), self._limits or self._follow["state"] or (0, 1), strict=True))
        )
        for name, given in self._tops.items():
            top = given or (self._follow[name] or (0.0, 1.0))[1]
            self._mappers[name].update(low=-top if name == "increment" else 0.0, high=top)

    def _build(self) -> None:
        self._follow: dict[str, tuple[float, float] | None] = dict.fromkeys(("state", "increment", "spread"))
        west, east, south, north = self._extent
        x_range, y_range = Range1d(), Range1d()
        set_limits(x_range, west, east)
        set_limits(y_range, south, north)
        state = list(self._style.palette)
        self._mappers = {
            name: LinearColorMapper(palette=palette, low=0, high=1, nan_color="rgba(0, 0, 0, 0)")
            for name, palette in (("state", state), ("increment", list(DIVERGING)), ("spread", list(FieldStyle().palette)))
        }
        self._sources: dict[str, ColumnDataSource] = {}
        self._notices: dict[str, Notice] = {}
        self._dragging = []
        self.figures: dict[str, figure] = {name: self._map(name, x_range, y_range) for name in PANELS}
        # The points of all maps are one source, sent once; only those of the states take its colours.
        edge = "black" if self._style.symmetric else "white"  # what is seen on most of the colours
        self._points = MapPoints(self.figures["truth"], _COLUMNS, self._mappers["state"], edge, None)
        fill = Field("color", transform=self._mappers["state"])
        for name, fig in self.figures.items():
            source = self._points.source
            if name in {"background", "analysis"}:
                fig.add_glyph(source, Scatter(x="x", y="y", size="used", fill_color=fill, line_color=edge))
            elif name != "truth":
                around = "black" if name == "increment" else "white"
                fig.add_glyph(source, Scatter(x="x", y="y", size="used", fill_color=None, line_color=around))
            if self._on_tap is not None:
                fig.on_event(Tap, self._tapped)
            if self._on_move is not None:
                self._dragging.append(Dragging(fig, source, _COLUMNS, self._on_move))
        self.set_moving(self._moving)
        # Exchanged all at once: of several that are exchanged one by one the browser may keep the old ones.
        self._panes = {
            name: pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0, visible=name in self._panels)
            for name, fig in self.figures.items()
        }
        self.pane.objects = list(self._panes.values())
        least = min(0.72 * self._width, BESIDE + max(NARROWEST, LOWEST * self._aspect))
        self.pane.styles = columns(int(least), MOST_BESIDE)

    def _tapped(self, event: Event) -> None:
        assert isinstance(event, Tap)
        if self._on_tap is not None and event.x is not None and event.y is not None:
            self._on_tap(float(event.x), float(event.y))

    def _map(self, name: str, x_range: Range1d, y_range: Range1d) -> figure:
        variable, units, x_label, y_label = self._labels
        fig = race_figure(self._height, x_label, y_label, tools="pan,wheel_zoom,reset,save")
        fig.update(
            x_range=x_range, y_range=y_range, height=None, sizing_mode="scale_width", aspect_ratio=self._width / self._tall,
            max_width=int(self._width), min_border_left=50, min_border_right=64, toolbar_location=None,
        )  # fmt: skip
        fig.title = Title(text=with_units(name, units))
        fig.grid.visible = False
        fig.axis.ticker = BasicTicker(desired_num_ticks=4)
        mapper = self._mappers.get(name, self._mappers["state"])
        self._sources[name] = ColumnDataSource(data={key: [] for key in ("image", "x", "y", "dw", "dh")})
        image = fig.add_glyph(self._sources[name], Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper))
        bar = ColorBar(color_mapper=mapper, width=10, padding=4, formatter=linear_numbers())
        bar.ticker = BasicTicker(desired_num_ticks=5)
        fig.add_layout(bar, "right")
        what = name if name in {"increment", "spread"} else variable
        hover = HoverTool(
            renderers=[image], tooltips=[(what, "@image{custom}"), (x_label, "$x{0.[00]}"), (y_label, "$y{0.[00]}")]
        )
        hover.formatters = {"@image": value_hover(units)}
        fig.add_tools(hover)
        self._notices[name] = Notice(fig)
        return fig


def _field(name: str, field: np.ndarray) -> np.ndarray:
    """Return what is drawn of a field: in single precision, and not more cells than a small map shows."""
    values = np.asarray(field)
    if values.ndim != 2:
        raise ValueError(f"{name}: shape {values.shape}, expected two dimensions")
    down, across = (-(-size // MOST_CELLS) for size in values.shape)
    return finite(values[::down, ::across])
