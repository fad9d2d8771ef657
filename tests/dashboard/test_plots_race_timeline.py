"""Timelines of a race and its innovations: what their sources hold after cycles have been shown."""

import numpy as np
import pytest
from bokeh.models import LogScale

from dashboard.plots.race.frame import LINE_STYLES, METHOD_COLOURS, METHOD_MARKERS
from dashboard.plots.race.innovations import REACH, Innovations
from dashboard.plots.race.marks import MOST_MARKS
from dashboard.plots.race.timeline import RaceTimeline
from dashboard.theme import ANALYSIS, BACKGROUND
from tests.dashboard.race_figures import curves, ends

# Timeline -------------------------------------------------------------------------------------------------------------


def timeline(count=30, **options):
    plot = RaceTimeline(**options)
    plot.show(np.arange(1, count + 1), curves(count), [], 1.0)
    return plot


def test_a_timeline_has_a_line_for_each_method_and_quantity():
    plot = timeline()
    figure = plot.figure
    assert set(plot._source.data) == {"x", "cycle", *(f"{q}_{k}" for q in LINE_STYLES for k in range(2))}
    np.testing.assert_allclose(plot._source.data["background_1"], curves(30)["3D-Var"]["background"], rtol=1e-6)
    looks = {name: (line.glyph.line_color, line.glyph.line_width) for name, line in plot._lines.items()}
    assert looks["LETKF", "analysis"][0] == looks["LETKF", "spread"][0] == METHOD_COLOURS[0]
    assert looks["3D-Var", "background"][0] == METHOD_COLOURS[1]
    assert looks["LETKF", "background"][1] < looks["LETKF", "analysis"][1]
    assert plot._lines["LETKF", "spread"].glyph.line_dash == [5, 3]
    labels = [item.label.value for item in figure.legend[0].items]
    assert labels == ["LETKF", "3D-Var", "analysis RMSE", "background RMSE", "spread", "σ_o"]
    assert plot._reference.data == {"y": [1.0]}
    assert figure.xaxis[0].axis_label == "cycle"


def test_methods_are_told_apart_by_markers_which_stay_while_cycles_come():
    plot = timeline(100)
    sources = [dots.source for dots in plot._dots.values()]
    looks = [dots.renderer.glyph for dots in plot._dots.values()]
    assert [look.marker for look in looks] == list(METHOD_MARKERS[:2])
    assert [look.fill_color for look in looks] == list(METHOD_COLOURS[:2])
    before = [list(source.data["x"]) for source in sources]
    assert before == [[16 * k for k in range(1, 7)], [16 * k + 8 for k in range(6)]]
    plot.show(np.arange(1, 121), curves(120), [], 1.0)
    for source, old, name in zip(sources, before, ("LETKF", "3D-Var"), strict=True):
        assert list(source.data["x"])[: len(old)] == old
        cycles = np.asarray(source.data["x"], dtype=int)
        np.testing.assert_allclose(source.data["y"], curves(120)[name]["analysis"][cycles - 1], rtol=1e-6)
    kept = sources[0].data["x"]
    plot.show(np.arange(1, 122), curves(121), [], 1.0)
    assert sources[0].data["x"] is kept  # nothing is sent where no marker is new
    plot.set_visible("analysis", False)
    assert not plot._dots["LETKF"].renderer.visible
    entry = plot.figure.legend[0].items[0]
    assert [type(renderer.glyph).__name__ for renderer in entry.renderers] == ["Line", "Scatter"]


def test_a_timeline_changes_in_place_until_other_methods_race():
    plot = timeline()
    figure, source = plot.figure, plot._source
    plot.show(np.arange(1, 41), curves(40), [], 1.0)
    assert plot.figure is figure
    assert plot._source is source
    assert len(source.data["x"]) == 40
    plot.show(np.arange(1, 41), curves(40, labels=("ETKF",)), [], 1.0)
    assert plot.figure is not figure
    assert plot.pane.object is plot.figure
    assert list(plot._lines) == [("ETKF", q) for q in ("background", "spread", "analysis")]


def test_the_window_holds_the_last_cycles():
    plot = timeline(1000, window=100)
    assert plot._source.data["x"][0] == 901
    assert ends(plot.figure.x_range) == (900, 1000.5)
    plot.set_window(300)
    assert plot._source.data["x"][0] == 701
    plot.set_window(5000)
    assert len(plot._source.data["x"]) <= 600
    assert plot._source.data["x"][-1] == 1000
    assert "of each 2 cycles" in plot.figure.xaxis[0].axis_label


def test_against_time_marks_and_points_move_to_their_times():
    plot = RaceTimeline()
    cycles = np.arange(1, 101)
    plot.show(cycles, curves(100), [(40, "radius 4")], None, times=cycles * 0.05)
    np.testing.assert_allclose(plot._source.data["x"], cycles * 0.05)
    np.testing.assert_allclose(plot._marks.source.data["x"], [2.0])
    assert plot.figure.xaxis[0].axis_label == "model time"


def test_missing_and_endless_values_leave_gaps():
    plot = RaceTimeline()
    analysis = np.ones(30)
    analysis[5], analysis[6], analysis[20:] = np.inf, 1e300, np.nan
    plot.show(np.arange(1, 31), {"free": {"analysis": analysis, "spread": None}}, [], None)
    data = plot._source.data
    assert np.isnan(data["spread_0"]).all()
    assert np.isnan(data["background_0"]).all()
    assert list(np.flatnonzero(np.isnan(data["analysis_0"]))) == [5, 6, *range(20, 30)]
    low, high = ends(plot.figure.y_range)
    assert low == 0
    assert 1 < high < 3
    nothing = np.full(30, np.nan)
    plot.show(np.arange(1, 31), {"free": {"analysis": nothing}}, [], None)  # a method that never was finite
    assert ends(plot.figure.y_range) == (low, high)


def test_a_burst_does_not_flatten_the_rest_but_a_late_rise_is_seen():
    plot = RaceTimeline()
    burst, rise = np.ones(100), np.ones(100)
    burst[3] = 1e6
    rise[95:] = 12.0
    plot.show(np.arange(1, 101), {"a": {"analysis": burst}}, [], None)
    assert plot.figure.y_range.end < 10
    plot.show(np.arange(1, 101), {"a": {"analysis": rise}}, [], None)
    assert plot.figure.y_range.end > 12


def test_the_axis_can_be_logarithmic():
    plot = timeline()
    plot.set_log(True)
    assert isinstance(plot.figure.y_scale, LogScale)
    assert plot.pane.object is plot.figure
    low, high = ends(plot.figure.y_range)
    assert 0 < low < 0.9
    assert high > 3.3
    zero = {"a": {"analysis": np.array([0.0, 1.0, 2.0])}}
    plot.show([1, 2, 3], zero, [], None)
    assert np.isnan(plot._source.data["analysis_0"][0])  # which a logarithmic axis cannot show
    plot.set_log(False)
    assert plot._source.data["analysis_0"][0] == 0


def test_methods_and_quantities_hide_independently_and_stay_hidden():
    plot = timeline()
    plot.set_visible("background", False)
    plot._keys["method", "3D-Var"].visible = False  # as a click on the legend does
    hidden = {name for name, line in plot._lines.items() if not line.visible}
    assert hidden == {("LETKF", "background"), ("3D-Var", "background"), ("3D-Var", "analysis"), ("3D-Var", "spread")}
    assert plot.figure.y_range.end < 2  # limits of what is left
    plot.set_log(True)
    assert {name for name, line in plot._lines.items() if not line.visible} == hidden
    plot.set_visible("background", True)
    assert plot._lines["LETKF", "background"].visible
    assert not plot._lines["3D-Var", "background"].visible


def test_only_what_is_drawn_is_named():
    plot = RaceTimeline(quantities=("analysis",))
    analyses = {label: {"analysis": method["analysis"]} for label, method in curves(30).items()}
    plot.show(np.arange(1, 31), analyses)

    def named():
        return [item.label.value for item in plot.figure.legend[0].items if item.visible]

    assert named() == ["LETKF", "3D-Var", "analysis RMSE"]
    assert set(plot._source.data) == {"x", "cycle", "analysis_0", "analysis_1"}
    plot.show(np.arange(1, 31), analyses, sigma_o=1.0)
    assert named() == ["LETKF", "3D-Var", "analysis RMSE", "σ_o"]
    with pytest.raises(ValueError, match="spread; expected any of analysis"):
        plot.show(np.arange(1, 31), curves(30))


def test_marks_are_lines_with_words():
    plot = RaceTimeline()
    marks = [(40, "σ_o 2"), (40, "every 4"), (99, "LETKF: inflation 1.05")]
    plot.show(np.arange(1, 101), curves(100), marks, 1.0)
    data = plot._marks.source.data
    assert list(data["x"]) == [40, 99]
    assert data["text"] == ["σ_o 2, every 4", "LETKF: inflation 1.05"]
    assert data["align"] == ["left", "right"]  # at the right edge there is room on the left only
    plot.show(np.arange(1, 1001), curves(1000), [(300, "too old"), (501, "x" * 100)], 1.0)
    assert list(plot._marks.source.data["x"]) == [501]
    assert len(plot._marks.source.data["text"][0]) < 50
    plot.show(np.arange(1, 101), curves(100), [], 1.0)
    assert plot._marks.source.data["x"] == []


def test_words_of_marks_do_not_lie_on_each_other_and_the_newest_comes_first():
    plot = RaceTimeline()
    plot.show(np.arange(1, 201), curves(200), [(cycle, f"inflation 1.{cycle}") for cycle in range(100, 190)], 1.0)
    data = plot._marks.source.data
    assert len(data["x"]) == MOST_MARKS
    assert data["text"][-1] == "inflation 1.189"
    start, end = ends(plot.figure.x_range)
    boxes = []
    for x, y, text, align in zip(data["x"], data["y"], data["text"], data["align"], strict=True):
        if text:
            left, width = (x - start) / (end - start), 6 * len(text) / 800
            left -= width if align == "right" else 0
            assert all(other[0] != y or left >= other[2] or left + width <= other[1] for other in boxes)
            boxes.append((y, left, left + width))
    assert 2 < len(boxes) < MOST_MARKS


def test_a_timeline_refuses_wrong_input_and_is_cleared():
    plot = timeline()
    with pytest.raises(ValueError, match="expected any of analysis, background, spread"):
        plot.show([1], {"a": {"crps": np.ones(1)}})
    with pytest.raises(ValueError, match=r"a, spread: shape \(3,\), expected \(2,\)"):
        plot.show([1, 2], {"a": {"spread": np.ones(3)}})
    plot.clear()
    assert plot._notice.shown
    assert not any(len(values) for values in plot._source.data.values())
    plot.show([], {"a": {"analysis": np.empty(0)}})
    assert plot._notice.shown


# Innovations ----------------------------------------------------------------------------------------------------------


def test_departures_and_what_is_expected():
    plot = Innovations(units="m", window=50)
    ones = np.ones(100)
    plot.show(np.arange(1, 101), ones, 0.7 * ones, 1.1 * ones, None, np.array([-9.0, 0.0, 0.1, 9.0, np.nan]))
    data = plot._curves.data
    assert data["cycle"][0] == 51
    np.testing.assert_allclose(data["oma"], 0.7)
    assert np.isnan(data["expected_oma"]).all()
    assert plot._items["expected_omb"].visible
    assert not plot._items["expected_oma"].visible
    assert plot.figure.yaxis[0].axis_label == "root mean departure [m]"
    bars = plot._bars.data
    assert (bars["count"][0], bars["count"][-1]) == (1, 1)  # beyond the ends is counted in them
    assert bars["count"].sum() == 4
    assert (bars["top"] * np.diff(np.r_[bars["left"], REACH])).sum() == pytest.approx(1)
    assert not plot._empty.shown
    plot.show(np.arange(1, 101), ones, ones)
    assert plot._empty.shown
    plot.show(np.arange(1, 101), ones, ones, units="K")
    assert plot.figure.yaxis[0].axis_label == "root mean departure [K]"
    assert {plot._items["omb"].renderers[0].glyph.line_color, plot._items["oma"].renderers[0].glyph.line_color} == {
        BACKGROUND,
        ANALYSIS,
    }


def test_without_observations_departures_are_empty():
    plot = Innovations()
    missing = np.full(5, np.nan)
    plot.show(np.arange(5), missing, missing)
    assert np.isfinite(ends(plot.figure.y_range)).all()
    with pytest.raises(ValueError, match=r"oma: shape \(4,\), expected \(5,\)"):
        plot.show(np.arange(5), missing, np.ones(4))
