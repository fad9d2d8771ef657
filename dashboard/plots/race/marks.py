"""Vertical lines where a setting was changed in mid-run, each with a few words."""

from collections.abc import Sequence

import numpy as np
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.models import ColumnDataSource, Text, VSpan
from bokeh.plotting import figure

from dashboard.theme import NEUTRAL

#: Lines that are drawn, the newest of all; rows of words; characters of each.
MOST_MARKS, ROWS, LENGTH = 40, 4, 42
#: Pixels of a character, and of the frame's width as long as the browser has not told it.
_CHARACTER, _WIDTH = 6, 800
_NONE: dict[str, list] = {"x": [], "y": [], "text": [], "align": [], "offset": []}


class Marks:
    """The marks of a figure with ranges called ``unit``."""

    def __init__(self, fig: figure) -> None:
        self._figure, self.source = fig, ColumnDataSource(data=_NONE)
        fig.add_glyph(self.source, VSpan(x="x", line_color=NEUTRAL, line_width=1, line_dash="dotdash"))
        words = Text(
            x="x", y="y", text="text", text_align={"field": "align"}, x_offset={"field": "offset"}, text_baseline="top",
            text_color=NEUTRAL, text_font_size="11px",
        )  # fmt: skip
        fig.add_glyph(self.source, words, y_range_name="unit")

    def show(self, x: np.ndarray, texts: Sequence[str], start: float, end: float) -> None:
        """Replace the marks.

        Parameters
        ----------
        x
            Where they are, (m,), increasing; those at the same place are one.
        texts
            Their words.
        start, end
            Of the horizontal axis; marks beyond it are left out.
        """
        merged: dict[float, list[str]] = {}
        for place, text in zip(x.tolist(), texts, strict=True):
            if start <= place <= end:
                merged.setdefault(place, []).append(text)
        newest = sorted(merged.items())[-MOST_MARKS:]
        if not newest:
            if len(self.source.data["x"]):
                self.source.data = _NONE
            return
        words = [_cut(", ".join(parts)) for _, parts in newest]
        at = np.array([place for place, _ in newest])
        share = (at - start) / (end - start)
        widths = np.array([_CHARACTER * (len(text) + 1) / self._width() for text in words])
        right = share + widths > 1  # at the right edge there is room on the left only
        rows = _rows(share, right, widths)
        self.source.data = {
            "x": at,
            "y": 0.99 - 0.065 * np.maximum(rows, 0),
            "text": [text if row >= 0 else "" for text, row in zip(words, rows, strict=True)],
            "align": ["right" if side else "left" for side in right],
            "offset": np.where(right, -4, 4),
        }

    def _width(self) -> int:
        try:
            return max(self._figure.inner_width, 1)
        except UnsetValueError:
            return _WIDTH


def _rows(share: np.ndarray, right: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return in which row the words of each mark find room, beginning with the newest; -1 for those that find none."""
    rows = np.full(share.size, -1)
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS)]
    for k in reversed(range(share.size)):
        left, end = (share[k] - widths[k], share[k]) if right[k] else (share[k], share[k] + widths[k])
        for row, others in enumerate(taken):
            if all(end <= other[0] or left >= other[1] for other in others):
                others.append((left, end))
                rows[k] = row
                break
    return rows


def _cut(text: str) -> str:
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"
