"""Markers of lines and of the places that they belong to, for who does not see their colours."""

import numpy as np
import pytest
from bokeh.core.enums import MarkerType
from bokeh.models import Scatter

from backends.fields.raster import Raster
from backends.pictures.style import MARKERS
from dashboard.plots.cuts import LiveLines, Scale
from dashboard.plots.live import LiveMap
from dashboard.plots.marked import MOST, marked_values, marker_of, sign, size_of
from dashboard.plots.points import COLOR_SIZE, VALUE_SIZE
from dashboard.theme import PICKED, FieldStyle

NUMBER = Scale("number", "x")


def test_each_picked_place_has_a_marker_of_its_own_and_its_sign():
    signs = [sign(colour).replace(colour, "") for colour in PICKED]
    assert [marker_of(colour) for colour in PICKED] == [
        "square", "circle", "plus", "star", "inverted_triangle", "triangle", "diamond", "hex"
    ]  # fmt: skip
    assert [text[text.index(">") + 1] for text in signs] == list("■●✚★▼▲◆⬢")


@pytest.mark.parametrize("colour", MARKERS)
def test_pages_can_draw_the_marker_of_each_colour(colour):
    assert marker_of(colour) in MarkerType


def test_markers_stand_where_there_are_values_and_beside_those_of_other_lines():
    values = np.where(np.arange(64) < 20, np.nan, 1.0)
    first, second = (marked_values(values, place, 2) for place in range(2))
    for rows in (first, second):
        assert MOST // 2 < len(rows) <= MOST
        assert rows.min() >= 20
    assert not np.intersect1d(first, second).size
    assert not marked_values(np.full(5, np.nan), 0, 2).size


def test_points_with_colours_of_their_own_have_their_markers_and_others_are_circles():
    raster = Raster(np.zeros((3, 4), np.float32), 0, 200, 0, 12)
    for colored, fill, marker in ((True, PICKED[2:4], "marker"), (False, [1.0, 2.0], "circle")):
        live = LiveMap(530, 345, frame="plane", colored_points=colored)
        live.show("scene", raster, FieldStyle(), (0, 11), "q", "g/kg")
        live.mark([1.0, 2.0], [4.0, 5.0], fill)
        used = next(r.glyph for r in live.figure.renderers if isinstance(r.glyph, Scatter) and r.glyph.size == "used")
        assert used.marker == marker
        assert live._marks.data["used"] == [size_of(marker_of(c), COLOR_SIZE) if colored else VALUE_SIZE for c in fill]
        assert live._marks.data.get("marker", ["circle"] * 2) == [marker_of(colour) for colour in fill]


def test_several_lines_have_markers_and_a_single_one_needs_none():
    live = LiveLines(marked=True)
    x = np.arange(3.0)
    live.show([(x, x), (x, x + np.array([0, np.nan, 2]))], PICKED[:2], "ab", NUMBER, NUMBER)
    data = live._marks.data
    assert list(zip(data["x"], data["y"], data["marker"], strict=True)) == [
        (0, 0, "square"), (1, 1, "square"), (2, 2, "square"), (0, 0, "circle"), (2, 4, "circle")
    ]  # fmt: skip
    live.show([(x, x)], PICKED[:1], "a", NUMBER, NUMBER)
    assert not len(live._marks.data["x"])
