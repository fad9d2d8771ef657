"""The chunks of an array over two of its axes, those that a query reads, and what it asks for."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.events import Event, Tap
from bokeh.models import ColumnDataSource, HoverTool, Quad
from bokeh.plotting import figure

from dashboard.plots.axes import set_limits
from dashboard.plots.race.frame import race_figure
from dashboard.theme import ANALYSIS, NEUTRAL, REJECTED

#: Squares along an axis at most; of more chunks, neighbours are drawn as one.
MOST_SQUARES = 120
_HOVER = """<div style="font-size: 12px">positions @where<br>@read of @of chunks are read@stored</div>"""


@dataclass(frozen=True, eq=False)
class ChunkMap:
    """Chunks over two axes.

    Attributes
    ----------
    axes
        Names, across first; the second is empty where there is one only.
    lengths, chunk
        Positions along them, and of a chunk; 1 where there is no axis.
    read, of
        How many chunks are read, of how many, at each place of the grid, (chunks up, chunks across).
    stored
        Their bytes on disk; None where they are not known.
    wanted
        First and last position that the query asks for, along each axis.
    """

    axes: tuple[str, str]
    lengths: tuple[int, int]
    chunk: tuple[int, int]
    read: np.ndarray
    of: np.ndarray
    stored: np.ndarray | None
    wanted: tuple[tuple[int, int], tuple[int, int]]


class ChunkPicture:
    """Squares for chunks, filled where they are read, and a frame round what was asked for.

    Parameters
    ----------
    height
        Pixels.
    on_tap
        Called with the positions along both axes of a place that was clicked.
    """

    def __init__(self, height: int = 260, on_tap: Callable[[int, int], None] | None = None) -> None:
        self._on_tap = on_tap
        self._lengths = (0, 0)
        self.figure: figure = race_figure(height, "", "", tools="save")
        self.figure.grid.visible = False
        columns = ("left", "right", "bottom", "top", "read", "of", "alpha", "line", "where", "stored")
        self._chunks = ColumnDataSource(data={name: [] for name in columns})
        self._wanted = ColumnDataSource(data={name: [] for name in columns[:4]})
        edges: dict[str, Any] = {name: name for name in columns[:4]}
        look = Quad(**edges, fill_color=ANALYSIS, fill_alpha="alpha", line_color=NEUTRAL, line_alpha="line")
        squares = self.figure.add_glyph(self._chunks, look)
        self.figure.add_glyph(self._wanted, Quad(**edges, fill_alpha=0, line_color=REJECTED, line_width=2.5))
        self.figure.add_tools(HoverTool(renderers=[squares], tooltips=_HOVER))
        self.figure.on_event(Tap, self._tapped)

    def show(self, chunks: ChunkMap) -> list[int]:
        """Draw chunks; return how many are drawn as one square along each axis, across first."""
        self._lengths = chunks.lengths
        merged = [math.ceil(size / MOST_SQUARES) for size in reversed(chunks.read.shape)]
        read, of = _merged(chunks.read, merged), _merged(chunks.of, merged)
        edges = [
            np.minimum(np.arange(count + 1) * step * length, n)
            for count, step, length, n in zip(reversed(read.shape), merged, chunks.chunk, chunks.lengths, strict=True)
        ]
        x, y = np.meshgrid(np.arange(read.shape[1]), np.arange(read.shape[0]))
        left, right = edges[0][x.ravel()], edges[0][x.ravel() + 1]
        bottom, top = edges[1][y.ravel()], edges[1][y.ravel() + 1]
        part = np.divide(read, of, out=np.zeros(read.shape), where=of > 0).ravel()
        fine = max(read.shape) > MOST_SQUARES // 2
        sizes = None if chunks.stored is None else _merged(chunks.stored, merged).ravel()
        ends = zip(left.tolist(), right.tolist(), bottom.tolist(), top.tolist(), strict=True)
        self._chunks.data = {
            "left": left, "right": right, "bottom": bottom, "top": top, "read": read.ravel(), "of": of.ravel(),
            "alpha": np.where(part > 0, 0.3 + 0.55 * part, 0.0),
            "line": np.full(part.size, 0.25 if fine else 0.8),
            "where": [_where(chunks.axes, *four) for four in ends],
            "stored": [""] * part.size if sizes is None else [f", {size_of(size)} on disk" for size in sizes.tolist()],
        }  # fmt: skip
        (west, east), (south, north) = chunks.wanted
        self._wanted.data = {"left": [west], "right": [east + 1], "bottom": [south], "top": [north + 1]}
        set_limits(self.figure.x_range, 0, chunks.lengths[0])
        set_limits(self.figure.y_range, 0, chunks.lengths[1])
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = (f"{a} (position)" if a else "" for a in chunks.axes)
        self.figure.yaxis.visible = bool(chunks.axes[1])
        return merged

    def clear(self) -> None:
        """Take everything away."""
        for source in (self._chunks, self._wanted):
            source.data = {name: [] for name in source.data}

    def _tapped(self, event: Event) -> None:
        assert isinstance(event, Tap)
        if self._on_tap is not None and event.x is not None and event.y is not None and all(self._lengths):
            across, up = (int(np.clip(at, 0, n - 1)) for at, n in zip((event.x, event.y), self._lengths, strict=True))
            self._on_tap(across, up)


def size_of(count: float) -> str:
    """Return bytes as a person reads them."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= 1000
    return f"{count:.3g} GB"


def _where(axes: tuple[str, str], left: int, right: int, bottom: int, top: int) -> str:
    up = f" × {bottom}–{top - 1}" if axes[1] else ""
    return f"{left}–{right - 1}{up}"


def _merged(values: np.ndarray, steps: list[int]) -> np.ndarray:
    """Return sums of blocks of so many columns and rows."""
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], steps[1]), axis=0)
    return np.add.reduceat(rows, np.arange(0, values.shape[1], steps[0]), axis=1)
