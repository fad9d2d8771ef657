"""The pictures of an analysis: lines on the periodic line, six linked maps on planes, on the globe, and of stations."""

from collections.abc import Callable
from html import escape

import numpy as np
import panel as pn

from backends.experiments.outcome import Outcome
from backends.experiments.pictures import Marks, frame_of, marks, on_axes, rasters, states, station_rasters
from backends.fields.field import Statistics, combine, statistics
from backends.fields.raster import Raster
from backends.pictures.analysis import DIFFERENCE, LARGE, SMALL, SPREAD, WITHOUT_TRUTH, spans, titles
from dashboard.analysis.opening import Opened
from dashboard.controls import html
from dashboard.plots.live import LiveMap
from dashboard.plots.profile import LiveProfile
from dashboard.theme import ANALYSIS, BACKGROUND, TRUTH, FieldStyle, limits, style_of, units_label

MAP_WIDTH, MAP_HEIGHT = 430, 300
GRAY = "#888888"
#: Field and colour of its swatch.
PANELS = {
    "truth": TRUTH, "background": BACKGROUND, "analysis": ANALYSIS, "increment": GRAY, "error": GRAY, "spread": GRAY,
}  # fmt: skip
#: More observations than this cannot be dragged: on a crowded map most drags that mean the map would catch one.
MOST_MOVABLE = 300


class FieldsPanel:
    """Figures that are built once for each case and then changed in place.

    Parameters
    ----------
    on_tap
        Called with the coordinates of a place, in the domain's order, when a picture is clicked.
    on_move
        Called with the number of an observation and its new coordinates when it has been dragged.
    """

    def __init__(self, on_tap: Callable[[tuple[float, ...]], None], on_move: Callable[[int, tuple[float, ...]], None]) -> None:
        self._on_tap, self._on_move = on_tap, on_move
        self.pane = pn.Column(sizing_mode="stretch_width", margin=0)
        self.maps: dict[str, LiveMap] = {}
        self.profile: LiveProfile | None = None
        self.titles = {name: html(margin=(4, 0, 0, 36)) for name in PANELS}
        self._frame, self._known = "", True
        self._shown: object = None
        self._range = self._error_range = Statistics(np.nan, np.nan, np.nan, 0, 0)
        self._background: object = None
        self._outcome: object = None
        self._style, self._units, self._name = FieldStyle(), "", ""

    def show(self, opened: Opened, outcome: Outcome) -> None:
        """Show an analysis; what belongs to the case alone is only drawn when the case is new."""
        frame = frame_of(outcome.case.domain)
        if (frame, outcome.case.has_truth) != (self._frame, self._known):
            self._known = outcome.case.has_truth
            self._build(frame)
        new = opened is not self._shown
        if new:
            self._start(opened, outcome)
        fields, points = states(outcome), marks(outcome)
        self._outcome = outcome if outcome.detailed else None
        if frame == "line":
            self._show_line(outcome, fields, points)
        elif frame == "stations":
            self._show_stations(outcome, fields, points, new)
        else:
            self._show_maps(outcome, points, new)
        movable = len(points.x) <= MOST_MOVABLE and outcome.case.has_truth
        for figure in self.maps.values() if self.profile is None else (self.profile,):
            figure.set_moving(movable)

    def show_details(self, outcome: Outcome) -> None:
        """Show what is computed after the analysis: the posterior standard deviation and the observations' influence."""
        if frame_of(outcome.case.domain) != self._frame:
            return
        if self._frame == "line":
            if outcome is not self._outcome:  # otherwise they have come with the analysis
                self._show_line(outcome, states(outcome), marks(outcome))
            return
        raster = (station_rasters(outcome) if self._frame == "stations" else rasters(outcome, ("spread",)))["spread"]
        self._show_map("spread", raster, SPREAD, limits(SPREAD, statistics(raster.values)))
        points = marks(outcome)
        signal = points.signal if points.signal is not None else np.zeros(len(points.x))
        sizes = SMALL + (LARGE - SMALL) * np.sqrt(np.clip(signal, 0, 1))
        nothing = np.full(len(points.x), np.nan)
        self.maps["spread"].mark(points.x, points.y, nothing, rejected=points.rejected, sizes=sizes)

    # One figure for each kind of domain ----------------------------------------------------------------------------------

    def _show_line(self, outcome: Outcome, fields: dict[str, np.ndarray], points: Marks) -> None:
        assert self.profile is not None
        spread = fields["spread"]
        curves = {name: fields[name] for name in ("truth", "background", "analysis", "increment")}
        curves |= {"lower": fields["analysis"] - 2 * spread, "upper": fields["analysis"] + 2 * spread}
        x = np.append(outcome.case.domain.coordinates()[:, 0].cpu().numpy(), 1.0)
        curves = {name: np.append(values, values[0]) for name, values in curves.items()}  # at 1 the line begins again
        direct = outcome.settings.observations.operator == "point"
        # Lines and points leave the usual limits now and then, by gross errors or a nonlinear H: the limits then give way.
        values = (fields["analysis"], points.values) if direct else (fields["analysis"],)
        low, high = limits(FieldStyle(), combine([self._range, *map(statistics, values)]))
        room = 0.15 * (high - low)
        apart = combine([self._error_range, statistics(fields["increment"]), statistics(points.innovation)])
        self.profile.show(self._shown, x, curves, (low - room, high + room), limits(DIFFERENCE, apart), self._units, "")
        self.profile.mark(points.x, points.values if direct else None, outcome.sigma_o, points.innovation, ~points.rejected)

    def _show_maps(self, outcome: Outcome, points: Marks, new: bool) -> None:
        drawn = ["analysis", "increment", "error"]
        if new:
            drawn.append("truth")
        if new or outcome.problem.background is not self._background:
            drawn.append("background")
        self._background = outcome.problem.background
        # In the order of the panels: the first one shown is what the others are linked to. An unknown truth is all missing.
        for name, raster in rasters(outcome, tuple(name for name in PANELS if name in drawn)).items():
            style, span = (self._style, self._range) if name in ("truth", "background", "analysis") else (
                DIFFERENCE, self._error_range)  # fmt: skip
            self._show_map(name, raster, style, limits(style, span))
        if new:  # no other case's may stand there while this one's is computed
            empty = rasters(outcome, ("increment",))["increment"]
            blank = Raster(np.full_like(empty.values, np.nan), *_bounds(empty))
            self._show_map("spread", blank, SPREAD, (0.0, 1.0))
        direct = outcome.settings.observations.operator in ("point", "area", "channel")
        for name in ("truth", "background", "analysis", "increment"):
            fill = points.innovation if name == "increment" else points.values
            if name != "increment" and not direct:
                fill = np.full_like(fill, np.nan)  # a value in the unit of another quantity has no colour here
            self.maps[name].mark(points.x, points.y, fill, rejected=points.rejected)
        if not outcome.case.has_truth:
            self.maps["error"].mark(points.x, points.y, points.residual, rejected=points.rejected)

    def _show_stations(self, outcome: Outcome, fields: dict[str, np.ndarray], points: Marks, new: bool) -> None:
        between = station_rasters(outcome)
        empty = Raster(np.full_like(between["increment"].values, np.nan), *_bounds(between["increment"]))
        x, y = on_axes(outcome.case.domain.coordinates().cpu().numpy(), outcome.case.domain)
        span, differences = limits(self._style, self._range), limits(DIFFERENCE, self._error_range)
        for name in ("truth", "background", "analysis") if new else ("analysis",):
            self._show_map(name, empty, self._style, span)
            self.maps[name].mark(x, y, fields[name])
        self._show_map("increment", between["increment"], DIFFERENCE, differences)
        self.maps["increment"].mark(points.x, points.y, points.innovation, rejected=points.rejected)
        withheld = (outcome.case.weights > 0).cpu().numpy()
        self._show_map("error", empty, DIFFERENCE, differences)
        self.maps["error"].mark(x[withheld], y[withheld], fields["error"][withheld])

    def _show_map(self, name: str, raster: Raster, style: FieldStyle, span: tuple[float, float]) -> None:
        title = {"increment": "increment", "error": "error", "spread": "σ_a"}.get(name, self._name)
        self.maps[name].show(self._shown, raster, style, span, title, self._units)

    # A new case ----------------------------------------------------------------------------------------------------------

    def _build(self, frame: str) -> None:
        self._frame, self._shown = frame, None
        self.maps, self.profile = {}, None
        if frame == "line":
            self.profile = LiveProfile(on_tap=lambda x: self._on_tap((x,)), on_move=lambda k, x: self._on_move(k, (x,)))
            self.pane.objects = [self.profile.pane]
            return
        plane = frame == "plane"
        for name in PANELS:
            self.maps[name] = LiveMap(
                MAP_WIDTH,
                MAP_HEIGHT,
                on_tap=lambda a, b: self._on_tap((a, b)),
                linked_to=self.maps.get("truth"),
                frame="plane" if plane else "geographic",
                on_move=None if frame == "stations" else self._moved(plane),
                transparent_missing=frame == "stations" or (not self._known and name in WITHOUT_TRUTH),
            )
        boxes = [
            pn.Column(
                self.titles[name], self.maps[name].pane, margin=0,
                styles={"flex": "1 1 300px", "min-width": "0", "max-width": "560px"}, css_classes=["map-box"],
            )
            for name in PANELS
        ]  # fmt: skip
        self.pane.objects = [pn.FlexBox(*boxes, gap="2px 6px", sizing_mode="stretch_width", justify_content="flex-start")]

    def _moved(self, plane: bool) -> Callable[[int, float, float], None]:
        # Maps count longitude first, domains latitude first.
        return lambda k, x, y: self._on_move(k, (x, y) if plane else (y, x))

    def _start(self, opened: Opened, outcome: Outcome) -> None:
        self._shown = opened
        case, field = outcome.case, opened.prepared.field
        self._units = units_label(case.units)
        self._style = style_of(field.variable) if field is not None else FieldStyle()
        self._name = field.variable.title if field is not None else "state"
        self._range, self._error_range = spans(outcome)
        for name, (title, caption) in titles(outcome).items():
            self.titles[name].object = (
                f'<div class="panel-title"><span class="swatch" style="background:{PANELS[name]}"></span>{title}'
                f' <span class="hint">{escape(caption)}</span></div>'
            )


def _bounds(raster: Raster) -> tuple[float, float, float, float]:
    return raster.west, raster.east, raster.south, raster.north
