"""Markers on a few points of each of several lines, for who does not see their colours."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Scatter
from bokeh.plotting import figure

from backends.pictures.style import MARKERS

#: Points of a line that are marked, at most, and more than half as many.
MOST = 8
SIZE = 8

#: Of the letters of markers in kept pictures: Bokeh's name, and the sign in a text.
_DRAWN = {
    "o": ("circle", "●"),
    "s": ("square", "■"),
    "^": ("triangle", "▲"),
    "D": ("diamond", "◆"),
    "v": ("inverted_triangle", "▼"),
    "h": ("hex", "⬢"),
    "P": ("plus", "✚"),
    "*": ("star", "★"),
}

#: How much larger than a circle markers with points are drawn, so that they cover about as much.
_LARGER = {"star": 1.7, "diamond": 1.5, "triangle": 1.2, "inverted_triangle": 1.2, "plus": 1.3, "hex": 1.1}


def marker_of(colour: str) -> str:
    """Return Bokeh's marker of a colour, as kept pictures have it; a circle for colours without one."""
    return _DRAWN[MARKERS.get(colour, "o")][0]


def size_of(marker: str, size: float) -> float:
    """Return the pixels across a marker that is to look as large as a circle of so many."""
    return size * _LARGER.get(marker, 1.0)


def sign(colour: str) -> str:
    """Return the marker of a colour as HTML, for the name of what it stands for."""
    return f'<span class="sign" style="color:{colour}" aria-hidden="true">{_DRAWN[MARKERS.get(colour, "o")][1]}</span>'


def marked(positions: np.ndarray, place: int, lines: int) -> np.ndarray:
    """Return which points of a line are marked; each keeps its marker while the line grows to twice its length.

    Parameters
    ----------
    positions
        Whole numbers that count on along the line, such as cycles, (K,), increasing.
    place, lines
        Of the line among how many; their markers stand beside each other where lines lie upon each other.
    """
    if not positions.size:
        return np.empty(0, dtype=int)
    spacing = 1
    while positions[-1] - positions[0] + 1 > MOST * spacing:
        spacing *= 2
    first = spacing * place // lines
    block = (positions.astype(np.int64) - first) // spacing
    return np.flatnonzero(np.diff(block, prepend=(int(positions[0]) - 1 - first) // spacing))


def marked_values(values: np.ndarray, place: int, lines: int) -> np.ndarray:
    """Return which of the values (n,) of a line are marked, among those that there are; see :func:`marked`."""
    known = np.flatnonzero(np.isfinite(values))
    return known[marked(known, place, lines)]


class Dots:
    """The markers of one line, which are sent only when they are others.

    Parameters
    ----------
    fig
        The figure of the line.
    marker, colour
        Of the line.
    """

    def __init__(self, fig: figure, marker: str, colour: str) -> None:
        self.source = ColumnDataSource(data={"x": [], "y": []})
        look = Scatter(x="x", y="y", size=size_of(marker, SIZE), marker=marker, fill_color=colour, line_color=None)
        self.renderer = fig.add_glyph(self.source, look)

    def show(self, x: np.ndarray, y: np.ndarray) -> None:
        """Replace the markers."""
        new: dict[str, Any] = {"x": np.asarray(x, dtype=float), "y": np.asarray(y)}
        old = self.source.data
        if not all(np.array_equal(new[name], old[name], equal_nan=True) for name in new):
            self.source.data = new
