"""Curves as they are drawn: who does not see their colours tells them by their markers."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from backends.pictures.drawing import Curve, LinePanel
from backends.pictures.lines import ALONG, draw_lines
from backends.pictures.style import CURVE_COLOURS, DASHES, MARKERS, METHOD_COLOURS, NEUTRAL, PICKED


def drawn(*curves, **panel):
    ax = Figure().add_subplot()
    draw_lines(ax, LinePanel("", "x", "y", curves, **panel), wide=False)
    return ax.lines


@pytest.mark.parametrize("palette", [METHOD_COLOURS, CURVE_COLOURS, PICKED])
def test_each_colour_of_a_palette_has_a_marker_of_its_own(palette):
    assert len({MARKERS[colour] for colour in palette}) == len(palette)


@pytest.mark.parametrize("log_x", [False, True])
def test_curves_have_markers_where_they_have_values_and_seldom_one_under_another(log_x):
    x = np.arange(1.0, 301.0)
    y = np.where(x < 50, np.nan, x)
    first, second = drawn(Curve("a", PICKED[0], x, y), Curve("b", PICKED[1], x, y), log_x=log_x)
    assert first.get_marker() != second.get_marker()
    places = [set(line.get_markevery()) for line in (first, second)]
    assert len(places[0] & places[1]) <= (2 if log_x else 0)  # there is little room between 1 and 2
    for at in places:
        assert 1 < len(at) <= ALONG
        assert np.isfinite(y[list(at)]).all()


def test_a_curve_alone_and_references_have_no_markers():
    x = np.arange(5.0)
    assert [line.get_marker() for line in drawn(Curve("a", PICKED[0], x, x), Curve("σ_o", NEUTRAL, x, x, style=":"))] == [
        "None"
    ] * 2


def test_of_few_values_each_has_its_marker():
    x = np.arange(3.0)
    lines = drawn(Curve("a", PICKED[0], x, x), Curve("b", PICKED[1], x, x), Curve("_thin", PICKED[1], x, x, width=0.5))
    assert [line.get_markevery() for line in lines] == [[0, 1, 2], [0, 1, 2], None]


def test_truth_background_and_analysis_are_told_apart_by_dashes_and_not_by_markers():
    x = np.arange(40.0)
    curves = [Curve(name, PICKED[k], x, x, dashes=DASHES[name]) for k, name in enumerate(("truth", "background", "analysis"))]
    lines = drawn(*curves)
    assert [line.get_marker() for line in lines] == ["None"] * 3
    assert [line.is_dashed() for line in lines] == [True, True, False]
    told = [tuple(DASHES[role]) for role in ("truth", "background", "exact", "other", "network")]
    assert len(set(told)) == 5
