"""A box in space that a drag turns: the browser projects, so that nothing has to be computed or sent anew meanwhile."""

from collections.abc import Sequence
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from bokeh.core.property.vectorization import Expr
from bokeh.models import ColumnDataSource, CustomJS, CustomJSExpr, DataRange1d, Line, Text
from bokeh.plotting import figure

from dashboard.theme import NEUTRAL

#: Direction from which the box is seen at first, in degrees.
AZIMUTH, ELEVATION = -55.0, 15.0
#: Half the width and height of what is seen; the box reaches from −1 to 1 in each direction, its corners to √3.
REACH = 1.6

# Orthographic: with azimuth a and elevation e, X to the front, Y to the right and Z up at a = e = 0.
_CODE = """
    const {azimuth: [a], elevation: [e]} = view.data
    const {centre, half} = box.data
    const weights = %s
    const columns = ["c0", "c1", "c2"].map((name) => this.data[name])
    const result = new Float64Array(columns[0].length)
    for (let k = 0; k < 3; k++) {
      for (let i = 0; i < result.length; i++) result[i] += weights[k] * (columns[k][i] - centre[k]) / half[k]
    }
    return result
"""
_ACROSS = _CODE % "[-Math.sin(a), Math.cos(a), 0]"
_UP = _CODE % "[-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)]"
# delta_x and delta_y count from where the drag began.
_DRAG = """
    const {azimuth: [a], elevation: [e]} = view.data
    if (cb_obj.event_name == "panstart") {
      view.begin = [a, e]
      return
    }
    const [a0, e0] = view.begin
    const up = Math.min(Math.max(e0 + cb_obj.delta_y / 150, -Math.PI / 2), Math.PI / 2)
    view.data = {azimuth: [a0 - cb_obj.delta_x / 150], elevation: [up]}
"""


#: Where the glyphs of a figure lie.
Coordinates: TypeAlias = dict[str, Any]


class Turning:
    """The direction of sight, and the box round the states; one for all figures that are built one after the other."""

    def __init__(self) -> None:
        #: Azimuth and elevation in radians, which the browser changes too.
        self.view = ColumnDataSource(data={"azimuth": [np.radians(AZIMUTH)], "elevation": [np.radians(ELEVATION)]})
        #: Centre of the box and half its width, along each component.
        self.box = ColumnDataSource(data={"centre": [0.0, 0.0, 0.0], "half": [1.0, 1.0, 1.0]})
        self._held: tuple | None = None

    @property
    def angles(self) -> tuple[float, float]:
        """Azimuth and elevation in degrees."""
        data = self.view.data
        return float(np.degrees(data["azimuth"][0])), float(np.degrees(data["elevation"][0]))

    def set(self, azimuth: float, elevation: float) -> None:
        """Look from another direction, in degrees."""
        up = np.radians(np.clip(elevation, -90, 90))
        self.view.data = {"azimuth": [float(np.radians(azimuth))], "elevation": [float(up)]}

    def attach(self, fig: figure) -> Coordinates:
        """Make a figure without data turn; return what the coordinates x and y of its glyphs have to be."""
        self._held = None
        # Only ranges that follow data can be kept true to scale while the figure's width changes.
        bound = fig.scatter([-REACH, REACH], [-REACH, REACH], alpha=0)
        fig.x_range = DataRange1d(renderers=[bound], range_padding=0)
        fig.y_range = DataRange1d(renderers=[bound], range_padding=0)
        fig.match_aspect = True
        fig.axis.visible = False
        fig.grid.visible = False
        fig.outline_line_color = None
        across, up = (CustomJSExpr(args={"view": self.view, "box": self.box}, code=code) for code in (_ACROSS, _UP))
        at: Coordinates = {"x": Expr(across), "y": Expr(up)}
        nothing: dict[str, list] = {"c0": [], "c1": [], "c2": []}
        self._edges, self._words = ColumnDataSource(data=nothing), ColumnDataSource(data={**nothing, "text": []})
        fig.add_glyph(self._edges, Line(**at, line_color=NEUTRAL, line_alpha=0.55))
        words = Text(**at, text="text", text_color=NEUTRAL, text_font_size="12px", text_align="center", text_baseline="middle")
        fig.add_glyph(self._words, words)
        drag = CustomJS(args={"view": self.view}, code=_DRAG)
        for event in ("panstart", "pan"):
            fig.js_on_event(event, drag)
        return at

    def hold(self, ends: np.ndarray, names: Sequence[str]) -> None:
        """Put the box round what lies between the ends (3, 2) of the three components, and write their names at its edges."""
        held = (ends.tolist(), tuple(names))
        if held == self._held:
            return
        self._held = held
        centre, half = ends.mean(1), (ends[:, 1] - ends[:, 0]) / 2
        self.box.data = {"centre": centre.tolist(), "half": half.tolist()}
        pieces = []
        for direction in range(3):
            others = [k for k in range(3) if k != direction]
            for a, b in product((0, 1), repeat=2):
                piece = np.full((3, 3), np.nan)
                piece[:2, direction] = ends[direction]
                piece[:2, others[0]], piece[:2, others[1]] = ends[others[0], a], ends[others[1], b]
                pieces.append(piece)
        edges = np.concatenate(pieces)
        self._edges.data = {f"c{k}": edges[:, k] for k in range(3)}
        places, texts = [], []
        # Beside the lower edges at the front, and the upright edge at the left, as it is seen at first.
        for direction, away in ((0, (0.0, -1.15, -1.1)), (1, (1.15, 0.0, -1.1)), (2, (-1.12, -1.12, 0.0))):
            for along, text in ((-0.92, f"{ends[direction, 0]:g}"), (0.0, names[direction]), (0.92, f"{ends[direction, 1]:g}")):
                place = np.array(away)
                place[direction] = along
                places.append(centre + half * place)
                texts.append(text.replace("-", "−") if along else text)
        at = np.array(places)
        self._words.data = {**{f"c{k}": at[:, k] for k in range(3)}, "text": texts}
