"""Contours, wind and triangles over the map: their controls, and what is drawn for them after every new picture."""

from dataclasses import replace
from html import escape
from itertools import pairwise
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.dataset import FieldDataset
from backends.fields.meshes import TriangleMesh
from backends.fields.overlays.asked import Asked, Overlay, overlay
from backends.fields.overlays.triangles import MOST, Triangles
from backends.fields.picture import Picture
from backends.fields.raster import Window
from backends.fields.roles import wind_pairs
from dashboard.controls import Group, html, notice, one_message, tell
from dashboard.explore.options import variable_options
from dashboard.explore.state import ExploreState
from dashboard.plots.live import LiveMap
from dashboard.theme import number, units_label
from dashboard.worker import FILES, LatestWins

NONE, HERE = "none", "as shown"
Request = tuple[FieldDataset, Picture, Asked, Window | None, int, int]


class MapOverlaysView:
    """A group of controls for the sidebar, and the lines on a map; latest wins."""

    def __init__(self, state: ExploreState, on_map: LiveMap) -> None:
        self.state, self.map = state, on_map
        self.asked = Asked()
        self._window: Window | None = None
        self._offered: object = None
        self._offering = False
        self._pairs: dict[str, tuple[str, str]] = {}
        self._drawing: LatestWins[Request, Overlay] = LatestWins(
            FILES, lambda request: overlay(*request), self._on_overlay, self._on_failed
        )
        self._problem, self.words, self._cell_words = notice("problem"), html(margin=(0, 10)), html(margin=(0, 10))
        self._build()
        self.group = Group("Contours and wind", self._controls)
        self._cells = pn.Column(
            self.edges, self.careless, self._cell_words, sizing_mode="stretch_width", margin=0, visible=False
        )
        self.pane = pn.Column(self.group.pane, self._cells, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._offer, "opened")
        state.param.watch(self._on_scene, ["opened", "variable", "shown"])
        state.param.watch(self._offer_cells, ["opened", "variable"])
        state.param.watch(lambda _: self.draw(), "picture")

    def _build(self) -> None:
        wide: dict[str, Any] = {"sizing_mode": "stretch_width"}
        self.contoured = pmui.Select(
            label="Contours of", options=[NONE], value=NONE, **wide,
            description="Variable whose contour lines are drawn over the colours, at the same time and member.",
        )  # fmt: skip
        self.level = pmui.Select(
            label="at level", options=[HERE], value=HERE, visible=False, **wide,
            description="Level of the contoured variable; as shown: the level of the colours.",
        )  # fmt: skip
        self.levels = pmui.TextInput(
            label="Contour levels", placeholder="automatic", visible=False, **wide,
            description="One number is the interval, in the unit of the variable; several with blanks between are the levels.",
        )  # fmt: skip
        self.wind = pmui.Select(
            label="Wind", options=[NONE], value=NONE, **wide,
            description="Eastward and northward wind (u, v) at the time, level and member of the map; winds along the rows of "
            "a turned grid are turned first.",
        )  # fmt: skip
        self.style = pmui.Select(
            label="drawn as", options=["barbs", "streamlines"], value="barbs", visible=False, **wide,
            description="Barbs on some grid points, thinned to the view, or lines along the wind.",
        )  # fmt: skip
        self.unit = pmui.Select(
            label="Barbs count", options=["kn", "m/s"], value="kn", visible=False, **wide,
            description="Unit of a half barb (5), a full barb (10) and a pennant (50): knots, or metres per second.",
        )  # fmt: skip
        self.edges = pmui.Checkbox(
            label="Edges of triangles", value=False, size="small",
            description=f"The cells of the grid, whose edges are great circles, where at most {MOST:,} are in view.",
        )  # fmt: skip
        self.careless = pmui.Checkbox(
            label="Dateline drawn carelessly", value=False, size="small",
            description="Adds what programs draw that project the corners of each triangle and fill what is between them: "
            "a triangle from 179°E to 179°W becomes a streak across the whole map. The map itself looks up the triangle that "
            "holds each pixel, and needs no such care.",
        )  # fmt: skip
        controls = (
            self.contoured, self.level, self.levels, self.wind, self.style, self.unit, self.edges, self.careless,
        )  # fmt: skip
        for control in controls:
            control.param.watch(self._on_control, "value")

    def _controls(self) -> list[Any]:
        return [
            self.contoured, self.level, self.levels, self.wind, pn.Row(self.style, self.unit), self.words, self._problem,
        ]  # fmt: skip

    @property
    def of_triangles(self) -> bool:
        """Whether the variable lies on triangles with known corners, so that they can be drawn."""
        return bool(self._cells.visible)

    # From the controls to what is asked for -----------------------------------------------------------------------

    def _offer(self, *_events: Event) -> None:
        dataset = self.state.opened
        if dataset is None or dataset is self._offered:
            return
        self._offered, self._offering = dataset, True
        self.contoured.param.update(options={NONE: NONE, **variable_options(dataset)}, value=NONE)
        pairs = wind_pairs({**dataset.variables, **dataset.derived})
        self._pairs = {f"{u}, {v}": (u, v) for u, v in pairs}
        self.wind.param.update(options={NONE: NONE, **{name: name for name in self._pairs}}, value=NONE, disabled=not pairs)
        self.levels.value = ""
        self._offering = False
        self._on_control()

    def _offer_cells(self, *_events: Event) -> None:
        dataset, name = self.state.opened, self.state.variable
        there = dataset is not None and name and isinstance(dataset.variable(name).mesh, TriangleMesh)
        self._cells.visible = bool(there)

    def _on_control(self, event: Event | None = None) -> None:
        dataset = self.state.opened
        if self._offering or dataset is None:
            return
        if event is not None and event.obj is self.contoured:
            self._offer_levels(dataset)
        contoured = "" if self.contoured.value in (NONE, None) else self.contoured.value
        wind = self._pairs.get(self.wind.value)
        with one_message():
            self.levels.visible = bool(contoured)
            self.level.visible = bool(contoured) and len(self.level.options) > 1
            self.style.visible = wind is not None
            self.unit.visible = wind is not None and self.style.value == "barbs"
        self.asked = replace(
            self.asked, contoured=contoured, level=None if self.level.value == HERE else self.level.value,
            levels=self.levels.value, wind=wind, style=self.style.value, unit=self.unit.value,
            edges=self.edges.value, careless=self.careless.value,
        )  # fmt: skip
        self.draw(changed=True)

    def _offer_levels(self, dataset: FieldDataset) -> None:
        axis = None if self.contoured.value == NONE else dataset.variable(self.contoured.value).axis("level")
        labels = {} if axis is None or len(axis) < 2 else {label: k for k, label in enumerate(axis.labels)}
        self._offering = True
        self.level.param.update(options={HERE: HERE, **labels}, value=HERE)
        self.levels.value = ""
        self._offering = False

    @property
    def seen(self) -> Window | None:
        """The part of the map that is seen, in its x and y; None for all of it."""
        return self._window

    @property
    def size(self) -> tuple[int, int]:
        """Pixels of the map on the screen."""
        return self.map.inner

    # Drawing ------------------------------------------------------------------------------------------------------

    def look_at(self, window: Window) -> None:
        """Draw for a part of the map."""
        self._window = window
        self.draw()

    def _on_scene(self, *_events: Event) -> None:
        self._window = None

    def draw(self, changed: bool = False) -> None:
        """Ask for what lies over the picture; without a wish, only after something has been taken away."""
        picture, dataset = self.state.picture, self.state.opened
        if picture is None or dataset is None or not (changed or self.asked.anything):
            return
        self._drawing.request((dataset, picture, self.asked, self._window, *self.map.inner))

    def _on_overlay(self, request: Request, found: Overlay) -> None:
        dataset, picture, asked, *_ = request
        if asked != self.asked or dataset is not self.state.opened or picture.field.variable.name != self.state.variable:
            return
        with one_message():
            self.map.overlay(found)
            tell(self._problem, "problem", "")
            self.words.object = _words(found)
            self._cell_words.object = _of_triangles(request[2], found.triangles)

    def _on_failed(self, problem: str) -> None:
        with one_message():
            self.map.overlay(Overlay())
            tell(self._problem, "problem", problem)
            self.words.object = self._cell_words.object = ""

    def wait(self) -> None:
        """Block until what was asked for is there; for programs without a browser."""
        self._drawing.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._drawing.close()


def _words(found: Overlay) -> str:
    if found.field is None or found.contours is None:
        return ""
    every = {number(b - a) for a, b in pairwise(found.contours.levels)}
    step = f", every {every.pop()}" if len(every) == 1 else ""
    units = escape(units_label(found.field.variable.units) or "1")
    return f'<div class="hint">Contours in {units}{step}; dashed below zero.</div>'


def _of_triangles(asked: Asked, found: Triangles | None) -> str:
    if found is None:
        return ""
    said = []
    if asked.edges and found.seen > MOST:
        said.append(f"{found.seen:,} triangles are in view; edges are drawn from {MOST:,} downwards. Zoom in.")
    elif asked.edges:
        said.append(f"{found.seen:,} triangles in view.")
    if asked.careless and not found.across:
        said.append("No triangle lies across a meridian at which this map is cut open.")
    elif asked.careless:
        said.append(f"{found.across:,} triangles lie across the meridian at which the map is cut open: outlined in red.")
    return f'<div class="hint">{" ".join(said)}</div>'
