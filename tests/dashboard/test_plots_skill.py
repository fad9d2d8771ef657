"""The figures of skill, given arrays."""

import numpy as np
import pytest

from dashboard.plots.race.frame import METHOD_COLOURS
from dashboard.plots.skill.ablation import Ablation, verdict
from dashboard.plots.skill.costs import Costs
from dashboard.plots.skill.lines import StretchLines
from dashboard.plots.skill.ranks import MOST, RankHistograms
from dashboard.plots.skill.spread import SpreadError

NAN = float("nan")


def histogram(*heights, size=1.0):
    bars = np.array(heights, float)
    return np.arange(len(bars) + 1) * size, bars, np.full(len(bars), 0.2)


def test_each_ensemble_has_a_histogram_in_its_colour():
    ranks = RankHistograms()
    assert ranks._notice.shown
    ranks.show({"3dvar": None, "etkf": histogram(1.5, 0.5, 1), "letkf": histogram(0.9, 1.1)})
    assert list(ranks.figures) == ["etkf", "letkf"]
    assert [fig.renderers[0].glyph.fill_color for fig in ranks.figures.values()] == list(METHOD_COLOURS[1:3])
    data = ranks._sources["etkf"].data
    np.testing.assert_allclose(data["low"], 0.8)
    np.testing.assert_allclose(data["high"], 1.2)
    np.testing.assert_array_equal(data["right"], [1, 2, 3])
    assert {fig.y_range.end for fig in ranks.figures.values()} == {2.0}
    figures = list(ranks.figures.values())
    ranks.show({"3dvar": None, "etkf": histogram(1, 1, 1), "letkf": histogram(1, 1)})
    assert list(ranks.figures.values()) == figures
    ranks.clear()
    assert not ranks.figures


def test_high_bars_are_cut_and_say_how_high_they_are():
    ranks = RankHistograms()
    ranks.show({"etkf": histogram(9.25, 0.1, 3.5)})
    data = ranks._sources["etkf"].data
    assert data["text"] == ["9.2", "", ""]
    np.testing.assert_allclose(data["cut"], [MOST, 0.1, 3.5])
    assert ranks.figures["etkf"].y_range.end == MOST
    with pytest.raises(ValueError, match="band"):
        ranks.show({"etkf": (np.arange(3), np.ones(2), np.ones(3))})


def test_spread_and_error_share_their_limits():
    spread = SpreadError()
    assert spread._notice.shown
    cycles = np.array([10.0, 20, 30])
    spread.show(cycles, {"a": (np.array([1.0, 2, NAN]), np.array([2.0, 8, 1])), "b": (np.full(3, NAN), np.ones(3))})
    fig = spread.figure
    assert (fig.x_range.start, fig.x_range.end) == (fig.y_range.start, fig.y_range.end)
    assert fig.x_range.start < 1
    assert fig.x_range.end > 8
    np.testing.assert_array_equal(spread._sources["a"].data["cycle"], [10, 20])
    np.testing.assert_array_equal(spread._newest["a"].data["error"], [8])
    np.testing.assert_array_equal(spread._diagonal.data["x"], spread._diagonal.data["y"])
    assert [spread._items[label].visible for label in "ab"] == [True, False]
    assert not spread._notice.shown
    before = fig.x_range.start
    spread.show(cycles, {"a": (np.array([1.1, 2, 3]), np.array([2.0, 7, 1])), "b": (np.full(3, NAN), np.ones(3))})
    assert fig.x_range.start == before  # calm
    assert spread.figure is fig


def test_lines_follow_what_is_not_hidden():
    lines = StretchLines()
    assert lines._notice.shown
    cycles, values = np.arange(5.0, 50, 10), np.array([1.0, 1.2, 0.9, 1.1, 0.0])
    lines.show(
        cycles, {"a": values, "b": np.full(5, 30.0), "c": None}, "χ²/p", 1.0, log=True, marks=[(20, "σ_o 2"), (-9, "old")]
    )
    fig = lines.figure
    assert fig.y_range.end > 30
    assert fig.y_range.start < 0.9
    assert (fig.x_range.start, fig.x_range.end) == (0, 50)
    assert np.isnan(lines._sources["a"].data["value"][-1])  # nothing to see on a logarithmic axis
    np.testing.assert_array_equal(lines._marks.source.data["x"], [20.5])
    assert lines._reference.data["y"] == [1.0]
    assert not lines._items["c"].visible
    lines._items["b"].renderers[0].visible = False  # a click on its entry
    assert fig.y_range.end < 5
    lines.show(cycles, {"a": values, "b": np.full(5, 30.0), "c": None}, "bias", 0.0)
    assert lines.figure is not fig
    assert not lines._items["b"].renderers[0].visible
    assert 1.2 < lines.figure.y_range.end < 3
    assert lines.figure.y_range.start <= 0
    with pytest.raises(ValueError, match="a: shape"):
        lines.show(cycles, {"a": values[1:]}, "bias")


def test_a_burst_does_not_flatten_a_line():
    lines = StretchLines()
    values = np.r_[np.linspace(-1, 1, 30), 1e6]
    lines.show(np.arange(31.0), {"a": values}, "bias", 0.0)
    assert 1 < lines.figure.y_range.end < 30


def test_bars_are_sorted_by_sign_and_significance():
    ablation = Ablation()
    assert ablation._notice.shown
    difference, sure = np.array([-1.0, -0.1, 0.2, 2.0]), np.array([True, False, False, True])
    ablation.show("a", "b", np.arange(0.5, 5), difference, np.full(4, 0.3), sure, -0.25, 0.1)
    data = ablation._source.data
    for name, expected in (("better", 0), ("pale_better", 1), ("pale_worse", 2), ("worse", 3)):
        np.testing.assert_array_equal(np.flatnonzero(np.isfinite(data[name])), [expected])
    np.testing.assert_allclose(data["high"] - data["low"], 1.2, rtol=1e-6)
    assert ablation._title.text == "a is better by 0.25 ± 0.20"
    assert ablation.figure.y_range.start <= -1.6
    assert ablation.figure.y_range.end >= 2.6
    assert not ablation._notice.shown
    ablation.show("a", "b", np.array([0.5]), np.zeros(0), np.zeros(0), np.zeros(0, bool), NAN, NAN)
    assert ablation._notice.shown
    assert "too few" in ablation._title.text


def test_the_verdict_is_in_words():
    assert verdict("letkf", "3dvar", -0.0121, 0.0021) == "letkf is better by 0.0121 ± 0.0042"
    assert verdict("letkf", "3dvar", 12.34, 1.6) == "3dvar is better by 12.3 ± 3.2"
    assert verdict("a", "b", -0.5, 0.3) == "No significant difference: a − b = −0.50 ± 0.60"
    assert verdict("a", "b", 0.2, 0.0) == "b is better by 0.2000 ± 0.0000"
    assert verdict("a", "a", 0.0, 0.0) == "A and B are the same method"


def test_costs_go_on_from_loop_to_loop():
    costs = Costs()
    assert costs._notice.shown
    loops = (np.array([9.0, 5, 4]), np.array([4.5, 4.25]), np.array([4.2]))
    costs.show({"3dvar": None, "4dvar": loops})
    data = costs._lines["4dvar"].data
    np.testing.assert_array_equal(data["iteration"], [0, 1, 2, NAN, 2, 3, NAN, 3, NAN])
    np.testing.assert_allclose(data["cost"], [9, 5, 4, NAN, 4.5, 4.25, NAN, 4.2, NAN], rtol=1e-6)
    np.testing.assert_array_equal(costs._dots["4dvar"].data["iteration"], [0, 2, 3])
    np.testing.assert_allclose(costs._dots["4dvar"].data["cost"], [9, 4.5, 4.2], rtol=1e-6)
    assert not costs._items["3dvar"].visible
    assert costs.figure.y_range.start < 4.2
    assert costs.figure.y_range.end > 9
    linear = costs.figure
    costs.show({"3dvar": None, "4dvar": (np.array([900.0, 4]), np.array([4.0]))})
    assert costs.figure is not linear  # logarithmic from now on
    assert costs.figure.y_range.start > 0
    costs.show({"3dvar": None})
    assert costs._notice.shown


def test_the_first_and_the_last_dot_are_whole_however_the_costs_change():
    costs = Costs()
    for top in np.linspace(9, 40, 60):
        costs.show({"4dvar": (np.array([top, 5.0, 4]), np.array([4.0]))})
        axis = costs.figure.y_range
        assert axis.end - top > 0.02 * (axis.end - axis.start)
        assert 4 - axis.start > 0.02 * (axis.end - axis.start)


def test_methods_are_told_apart_without_their_colours():
    from bokeh.models import Scatter

    from dashboard.plots.rollout.curves import LeadCurve, LeadCurves

    labels = [f"method {k}" for k in range(6)]
    lines, curves = StretchLines(), LeadCurves("RMSE")
    lines.show(np.arange(3.0), {label: np.arange(3.0) for label in labels}, "χ²/p")
    curves.show(np.arange(3.0), {label: LeadCurve(np.arange(3.0)) for label in labels}, "lead")
    for figure in (lines.figure, curves.figure):
        markers = [r.glyph.marker for r in figure.renderers if isinstance(r.glyph, Scatter) and r.glyph.marker != "x"]
        assert len(set(markers)) == len(labels)
