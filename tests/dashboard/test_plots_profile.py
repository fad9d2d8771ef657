"""The figure of a periodic line."""

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.document.events import ColumnDataChangedEvent
from bokeh.events import Tap
from bokeh.models import Line

from dashboard.plots.profile import LiveProfile
from dashboard.plots.race.ring import RingProfile
from dashboard.theme import ANALYSIS, BACKGROUND, TRUTH

X = np.arange(0, 100, 10.0)


def show(live, scene="scene", shift=0.0, limits=(-3, 3), **curves):
    usual = {name: np.sin(X / 10) + shift for name in ("truth", "background", "analysis", "lower", "upper", "increment")}
    live.show(scene, X, {**usual, **curves}, limits, (-1, 1), "K")


def test_lines_change_in_place():
    live = LiveProfile()
    show(live)
    figures = live.figure, live.lower
    lines = {
        r.glyph.y: r.glyph.line_color for r in live.figure.renderers if r.data_source is live._lines and hasattr(r.glyph, "y")
    }
    assert lines == {"truth": TRUTH, "background": BACKGROUND, "analysis": ANALYSIS}
    show(live, shift=2.0)
    assert (live.figure, live.lower) == figures
    np.testing.assert_allclose(live._lines.data["analysis"], np.sin(X / 10) + 2)
    assert [pane.object for pane in live.pane] == list(figures)
    assert live.lower.x_range is live.figure.x_range
    assert live.lower.yaxis[0].axis_label == "increment [K]"


def test_the_browser_is_told_of_those_lines_alone_that_have_changed():
    live, told = LiveProfile(), []
    show(live, truth=None)
    document = Document()
    document.add_root(live.figure)
    document.add_root(live.lower)
    document.on_change(told.append)
    show(live, truth=None)
    assert not told
    show(live, truth=None, analysis=np.cos(X), increment=np.where(X == 10, np.nan, np.sin(X / 10)))
    (event,) = told
    assert isinstance(event, ColumnDataChangedEvent)
    assert sorted(event.cols) == ["analysis", "increment"]
    np.testing.assert_array_equal(live._lines.data["analysis"], np.cos(X))
    live.show("scene", X[:5], {"analysis": X[:5]}, (-3, 3), (-1, 1), "K")
    assert {len(column) for column in live._lines.data.values()} == {5}


def test_names_of_axes_and_legend_follow_what_is_shown():
    live = LiveProfile()
    show(live)
    live.show("scene", X, {"analysis": X}, (-3, 3), (-1, 1), "Pa", "m")
    assert (live.figure.yaxis[0].axis_label, live.lower.xaxis[0].axis_label) == ("state [Pa]", "x [m]")
    assert not live._items["truth"].visible
    show(live)
    assert live._items["truth"].visible
    assert live.lower.yaxis[0].axis_label == "increment [K]"


def test_zoom_stays_until_limits_or_scene_change():
    live = LiveProfile()
    show(live)
    assert (live.figure.x_range.start, live.figure.x_range.end) == (-5, 95)
    live.figure.x_range.update(start=20, end=40)  # as a person does
    live.figure.y_range.update(start=0, end=1)
    show(live, shift=1.0)
    assert (live.figure.x_range.start, live.figure.y_range.end) == (20, 1)
    show(live, limits=(-4, 4))
    assert (live.figure.x_range.start, live.figure.y_range.end) == (20, 4)
    show(live, scene="other", limits=(-4, 4))
    assert (live.figure.x_range.start, live.figure.x_range.end) == (-5, 95)


def test_what_there_is_none_of_is_not_in_the_legend():
    live = LiveProfile()
    show(live, truth=None, lower=None, upper=None)
    assert np.isnan(live._lines.data["truth"]).all()
    assert {name for name, item in live._items.items() if item.visible} == {"background", "analysis"}


def test_observations_have_bars_stems_and_crosses():
    live = LiveProfile()
    show(live)
    live.mark([10, 20], [1.0, 2.0], [0.1, 0.2], [0.5, -0.5], used=[True, False], observed_label="y")
    data = live._marks.data
    np.testing.assert_allclose(data["low"], [0.9, 1.8])
    np.testing.assert_allclose(data["high"], [1.1, 2.2])
    assert data["innovation"] == [0.5, -0.5]
    assert np.isnan(data["used"]).tolist() == [False, True]
    assert np.isnan(data["rejected"]).tolist() == [True, False]
    assert live._items["observations"].label.value == "y"


def test_observations_that_are_not_values_of_the_state_are_only_placed():
    live = LiveProfile()
    show(live)
    live.mark([10, 20], None, 0.1, None)
    assert np.isnan(live._marks.data["y"]).all()
    assert live._marks.data["innovation"] == [0, 0]


def test_a_new_scene_has_no_observations():
    live = LiveProfile()
    show(live)
    live.mark([10], [1.0], 0.1, [0.5])
    show(live, scene="other")
    assert live._marks.data["x"] == []


def test_wrong_input_is_refused():
    live = LiveProfile()
    with pytest.raises(RuntimeError, match="no lines yet"):
        live.mark([], [], 0.1, [])
    with pytest.raises(ValueError, match="expected any of truth"):
        show(live, forecast=X)
    with pytest.raises(ValueError, match=r"truth: shape \(3,\), expected \(10,\)"):
        show(live, truth=[1, 2, 3])
    with pytest.raises(ValueError, match="limits of an axis"):
        show(live, limits=(1, 1))
    show(live)
    with pytest.raises(ValueError, match="innovation"):
        live.mark([1, 2], [1, 2], 0.1, [1])


def test_clicks_and_drops_in_either_figure_are_told():
    taps, moves = [], []
    live = LiveProfile(taps.append, lambda *move: moves.append(move))
    show(live)
    live.mark([10.0, 20.0], [1.0, 2.0], 0.1, [0.5, -0.5])
    for figure in (live.figure, live.lower):
        figure._trigger_event(Tap(figure, x=42.0, y=0.0))
    assert taps == [42, 42]
    upper, lower = live._dragging
    upper.moved.data = {"index": [1], "from_x": [20], "from_y": [2], "x": [33.5], "y": [2], "count": [1]}
    lower.moved.data = {"index": [0], "from_x": [10], "from_y": [0.5], "x": [11.5], "y": [0.5], "count": [1]}
    assert moves == [(1, 33.5), (0, 11.5)]
    live.set_moving(False)
    assert upper.moved.tags == lower.moved.tags == ["off"]


@pytest.mark.parametrize("figure", ["profile", "ring"])
def test_truth_background_and_analysis_are_told_apart_without_colours(figure):
    if figure == "profile":
        live = LiveProfile()
        show(live)
        lines = [r.glyph for r in live.figure.renderers if isinstance(r.glyph, Line)]
    else:
        ring = RingProfile()
        ring.configure(np.arange(5))
        lines = [r.glyph for r in ring.figure.renderers if isinstance(r.glyph, Line)]
    dashed = {line.y: line.line_dash for line in lines if line.y in ("truth", "background", "analysis")}
    assert dashed["analysis"] == []
    assert dashed["truth"][0] < 4 < dashed["background"][0]  # dots, and dashes
