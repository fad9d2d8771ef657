"""The part of a map that is looked at, which an address can say."""

from collections.abc import Callable
from typing import Any

from bokeh.models import Range1d
from bokeh.plotting import figure

from backends.fields.raster import Window


class PartOfMap:
    """What maps have in common that can be zoomed into; a map sets `_whole` when it has built its figure.

    Parameters
    ----------
    on_window
        Called with the area that is looked at after that has changed.
    """

    def __init__(self, on_window: Callable[[Window], None] | None) -> None:
        self._on_window = on_window
        self.figure: figure | None = None
        #: All of the map, and the part of it that is looked at first, if one has been asked for.
        self._whole: Window | None = None
        self._first: tuple[Window | None, Callable[[str], Any]] | None = None

    @property
    def part(self) -> Window | None:
        """The part of the map that is looked at; None where it is all of it."""
        return None if self.figure is None or (now := window_of(self.figure)) == self._whole else now

    def begin_at(self, part: Window | None, report: Callable[[str], Any]) -> None:
        """Look at a part, or all, of what is shown next; `report` is told where it cannot be looked at."""
        self._first = part, report

    def look_at(self, part: Window | None, report: Callable[[str], Any]) -> None:
        """Look at a part of the map, or at all of it; `report` is told where it lies beside the map."""
        if self.figure is None or self._whole is None or part == self.part:
            return
        whole = self._whole
        seen = whole if part is None else part
        if min(seen.east, whole.east) <= max(seen.west, whole.west) or min(seen.north, whole.north) <= max(
            seen.south, whole.south
        ):
            report(f"zoom: lies beside the map, which goes from {_ends(whole)}; came {_ends(seen)}")
            return
        self.figure.x_range.update(start=seen.west, end=seen.east)
        self.figure.y_range.update(start=seen.south, end=seen.north)
        if self._on_window is not None:
            self._on_window(seen)

    def _look_at_first(self) -> None:
        """Look at the part that has been asked for; called at the end of each drawing."""
        if self._first is not None:
            first, self._first = self._first, None
            self.look_at(*first)


def window_of(fig: figure) -> Window:
    """Return what a figure shows; the browser tells the server of each pan and zoom."""
    x, y = fig.x_range, fig.y_range
    assert isinstance(x, Range1d)
    assert isinstance(y, Range1d)
    return Window(*(float(end) for end in (x.start, x.end, y.start, y.end)))  # type: ignore[arg-type]  # of other axes: a time


def _ends(part: Window) -> str:
    return f"{part.west:.4g} to {part.east:.4g} and {part.south:.4g} to {part.north:.4g}"
