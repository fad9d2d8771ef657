"""Points on a map: observations that are used or rejected, and a cross at a chosen place."""

from collections.abc import Callable, Sequence

import numpy as np
from bokeh.core.property.vectorization import Field
from bokeh.models import ColorMapper, ColumnDataSource
from bokeh.plotting import figure

from dashboard.plots.dragging import Dragging
from dashboard.plots.marked import marker_of, size_of
from dashboard.theme import MISSING, REJECTED

#: Pixels across a point with a value, and one with a colour of its own, which stands for a line in a plot.
VALUE_SIZE, COLOR_SIZE = 7, 12
REJECTED_SIZE, CHOSEN_SIZE = 10, 18


class MapPoints:
    """The points of one figure.

    Parameters
    ----------
    fig
        The figure that they are drawn on.
    columns
        Names of the two coordinates.
    mapper
        The colours of their values; without it, they are given colours of their own, and have the markers of these.
    edge
        Colour of the line round a point.
    on_move
        As of :class:`Dragging`; without it, points cannot be dragged.
    """

    def __init__(
        self,
        fig: figure,
        columns: tuple[str, str],
        mapper: ColorMapper | None,
        edge: str,
        on_move: Callable[[int, float, float], None] | None,
    ) -> None:
        self._columns, self._colored = columns, mapper is None
        self._marked: list[list] | None = None
        self.source = ColumnDataSource()
        self.mark([], [], [])
        fill = Field("color") if mapper is None else Field("color", transform=mapper)
        marker = "marker" if self._colored else "circle"
        if self._colored:  # a pale rim keeps it visible on a field of its own colour
            fig.scatter(*columns, source=self.source, marker=marker, size="used", line_color="white", line_width=4.5)
        fig.scatter(*columns, source=self.source, marker=marker, size="used", fill_color=fill, line_color=edge)
        # A pale line under the cross keeps it visible on colours like its own.
        fig.scatter(*columns, source=self.source, marker="x", size="rejected", line_color="white", line_width=4.5)
        fig.scatter(*columns, source=self.source, marker="x", size="rejected", line_color=REJECTED, line_width=2.5)
        self.chosen = ColumnDataSource(data={"x": [], "y": []})
        for color, width in (("white", 5), ("black", 2)):
            fig.scatter("x", "y", source=self.chosen, marker="cross", size=CHOSEN_SIZE, line_color=color, line_width=width)
        self._on_move = on_move
        self.dragging = None if on_move is None else Dragging(fig, self.source, columns, self._moved)

    def mark(
        self,
        x: Sequence[float] | np.ndarray,
        y: Sequence[float] | np.ndarray,
        fill: Sequence[float] | Sequence[str] | np.ndarray,
        rejected: Sequence[bool] | np.ndarray | None = None,
        sizes: Sequence[float] | np.ndarray | None = None,
    ) -> None:
        """Replace the points.

        Parameters
        ----------
        x, y
            Their places, (p,).
        fill
            Values in the field's unit, or colours if points have their own.
        rejected
            Which are drawn as a cross, by default none.
        sizes
            Pixels across each.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        given: list[list] = [_floats(x), _floats(y), list(fill) if self._colored else _floats(fill)]
        count = [len(values) for values in (*given, rejected, sizes) if values is not None]
        if len(set(count)) > 1:
            lengths = ", ".join(map(str, count))
            raise ValueError(f"lengths of x, y, fill, rejected, sizes: {lengths}; expected equal ones")
        out = np.zeros(count[0], dtype=bool) if rejected is None else np.asarray(rejected, dtype=bool)
        size = np.where(out, REJECTED_SIZE, COLOR_SIZE if self._colored else VALUE_SIZE) if sizes is None else np.asarray(sizes)
        marked = [*given, out.tolist(), size.tolist()]
        if marked == self._marked:
            return  # the browser would draw the whole map again
        self._marked = marked
        markers = [marker_of(color) for color in given[2]] if self._colored else []
        if self._colored:
            size = np.array([size_of(marker, pixels) for marker, pixels in zip(markers, size, strict=True)], dtype=float)
        # A marker without a size is not drawn, so that one source, and one index, serves both kinds.
        columns = [*given, np.where(out, np.nan, size).tolist(), np.where(out, size, np.nan).tolist()]
        if self._colored and not columns[0]:
            columns = [[np.nan], [np.nan], [MISSING], [np.nan], [np.nan]]  # Bokeh takes no empty list of colours
            markers = [marker_of(MISSING)]
        data = dict(zip((*self._columns, "color", "used", "rejected"), columns, strict=True))
        if self._colored:
            data["marker"] = markers
        self.source.data = data

    def point_at(self, x: float | None, y: float | None = None) -> None:
        """Put a cross at a place, or take it away."""
        there = x is not None and y is not None
        self.chosen.data = {"x": [x], "y": [y]} if there else {"x": [], "y": []}

    def _moved(self, index: int, x: float, y: float) -> None:
        self._marked = None  # what was marked last is no longer what is shown
        assert self._on_move is not None
        self._on_move(index, x, y)


def _floats(values: Sequence | np.ndarray) -> list[float]:
    return np.asarray(values, dtype=float).tolist()
