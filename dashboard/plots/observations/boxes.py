"""What a person has drawn with the box tool."""

from typing import Any

from bokeh.events import SelectionGeometry

from backends.fields.raster import Window


def drawn_box(event: Any) -> Window | None:
    """Return the box that a :class:`bokeh.events.SelectionGeometry` is the end of drawing, in the figure's coordinates."""
    assert isinstance(event, SelectionGeometry)
    shape: Any = event.geometry
    if not event.final or shape is None or shape.get("type") != "rect":
        return None
    return Window(shape["x0"], shape["x1"], shape["y0"], shape["y1"])
