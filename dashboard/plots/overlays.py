"""Contours, barbs and streamlines on one figure; built once, then only their data change."""

import numpy as np
from bokeh.core.property.vectorization import Field
from bokeh.models import ColorMapper, ColumnDataSource
from bokeh.models.glyphs import Text
from bokeh.plotting import figure

from backends.fields.overlays.asked import Overlay
from backends.fields.overlays.triangles import Triangles
from dashboard.theme import REJECTED, number

#: Lines are black with a pale edge, so that they are seen on dark colours too.
LINE, EDGE = "#111111", "rgba(255, 255, 255, 0.55)"


class MapOverlays:
    """The glyphs over the field of one figure; all of them begin empty."""

    def __init__(self, fig: figure, mapper: ColorMapper) -> None:
        self.contours, self.negative, self.wind = (ColumnDataSource(data={"x": [], "y": []}) for _ in range(3))
        self.labels = ColumnDataSource(data={"x": [], "y": [], "text": []})
        self.filled = ColumnDataSource(data={"xs": [], "ys": []})
        self.calms = ColumnDataSource(data={"x": [], "y": []})
        self.careless = ColumnDataSource(data={"xs": [], "ys": [], "value": []})
        self.edges = ColumnDataSource(data={"x": [], "y": []})
        fig.patches(
            "xs",
            "ys",
            source=self.careless,
            fill_color=Field("value", transform=mapper),
            fill_alpha=0.8,
            line_color=REJECTED,
            line_width=0.6,
        )
        fig.line("x", "y", source=self.edges, line_color=EDGE, line_width=1.8)
        fig.line("x", "y", source=self.edges, line_color=LINE, line_width=0.6)
        for source, dash in ((self.contours, "solid"), (self.negative, "dashed")):
            fig.line("x", "y", source=source, line_color=EDGE, line_width=2.4)
            fig.line("x", "y", source=source, line_color=LINE, line_width=1.1, line_dash=dash)
        fig.line("x", "y", source=self.wind, line_color=EDGE, line_width=3)
        fig.line("x", "y", source=self.wind, line_color=LINE, line_width=1.2)
        fig.patches("xs", "ys", source=self.filled, fill_color=LINE, line_color=LINE)
        fig.scatter("x", "y", source=self.calms, size=7, fill_color=None, line_color=LINE)
        text = Text(
            x="x", y="y", text="text", text_font_size="11px", text_color=LINE, text_align="center", text_baseline="middle",
            background_fill_color="white", background_fill_alpha=0.75
        )  # fmt: skip
        fig.add_glyph(self.labels, text)

    def show(self, overlay: Overlay) -> None:
        """Draw contours, wind and triangles, or take them away where there are none."""
        lines, wind = overlay.contours, overlay.wind
        empty = np.empty((0, 2))
        _points(self.contours, empty if lines is None else lines.lines)
        _points(self.negative, empty if lines is None else lines.negative)
        labels = [] if lines is None else lines.labels
        self.labels.data = {
            "x": [x for x, _, _ in labels],
            "y": [y for _, y, _ in labels],
            "text": [number(level, digits=7) for _, _, level in labels],
        }
        _points(self.wind, empty if wind is None else wind.lines)
        _points(self.calms, empty if wind is None else wind.calms)
        filled = np.empty((0, 3, 2)) if wind is None else wind.filled
        self.filled.data = {"xs": list(filled[..., 0]), "ys": list(filled[..., 1])}
        self._show_triangles(overlay.triangles)

    def _show_triangles(self, found: Triangles | None) -> None:
        _points(self.edges, np.empty((0, 2)) if found is None else found.edges)
        if found is None or found.careless is None or found.values is None:
            if len(self.careless.data["value"]):
                self.careless.data = {"xs": [], "ys": [], "value": []}
            return
        corners = found.careless
        self.careless.data = {"xs": list(corners[..., 0]), "ys": list(corners[..., 1]), "value": found.values}


def _points(source: ColumnDataSource, points: np.ndarray) -> None:
    # Nothing is sent where nothing was and nothing comes.
    if len(points) or len(source.data["x"]):
        source.data = {"x": points[:, 0].astype(np.float32), "y": points[:, 1].astype(np.float32)}
