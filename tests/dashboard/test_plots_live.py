"""The map that changes in place: frames, points, and what happens when a person drags one."""

import numpy as np
import pytest

from backends.fields.raster import Raster
from dashboard.plots.live import LiveMap
from dashboard.theme import FieldStyle

PLANE = Raster(np.arange(12, dtype=np.float32).reshape(3, 4), 0, 200, 0, 12)
GLOBE = Raster(np.zeros((18, 36), np.float32), -180, 180, -90, 90)


def shown(raster=PLANE, **options):
    live = LiveMap(530, 345, **{"frame": "plane", **options})
    live.show("scene", raster, FieldStyle(), (0, 11), "q", "g/kg")
    return live


def drop(live, index, x, y, origin):
    """Tell the server what the browser tells when a point is dropped."""
    live._points.dragging.moved.data = {
        "index": [index], "from_x": [origin[0]], "from_y": [origin[1]], "x": [x], "y": [y], "count": [1],
    }  # fmt: skip


def test_a_plane_has_kilometres_on_its_axes_and_fills_the_box():
    live = shown()
    figure = live.figure
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("x [km]", "z [km]")
    assert (figure.x_range.start, figure.x_range.end, figure.y_range.start, figure.y_range.end) == (0, 200, 0, 12)
    assert figure.aspect_ratio == pytest.approx(530 / 345)
    assert "x = $x" in dict(figure.hover[0].tooltips)["at"]
    assert "°" not in str(figure.xaxis[0].formatter)
    assert len(figure.renderers) == len(shown(GLOBE, frame="geographic").figure.renderers) - 1  # no coastline


def test_a_plane_changes_in_place_until_another_scene():
    live = shown()
    figure = live.figure
    live.show("scene", Raster(PLANE.values * 2, 0, 200, 0, 12), FieldStyle(), (0, 22), "q", "g/kg")
    assert live.figure is figure
    assert live.pane.object is figure
    np.testing.assert_array_equal(live._image.data["image"][0], PLANE.values * 2)
    assert (live._mapper.low, live._mapper.high) == (0, 22)
    live.show("other", PLANE, FieldStyle(), (0, 11), "q", "g/kg")
    assert live.figure is not figure


def test_rejected_points_are_crosses_and_sizes_can_be_given():
    live = shown()
    live.mark(np.array([1.0, 2, 3]), [4.0, 5, 6], [0.1, 0.2, 0.3], [False, True, False], [5, 6, 7])
    data = live._marks.data
    assert (data["x"], data["z"], data["color"]) == ([1, 2, 3], [4, 5, 6], [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(data["used"], [5, np.nan, 7])
    np.testing.assert_array_equal(data["rejected"], [np.nan, 6, np.nan])
    live.mark([1.0], [4.0], [0.1])
    assert np.isnan(live._marks.data["rejected"]).all()
    assert np.isfinite(live._marks.data["used"]).all()


def test_equal_points_are_not_sent_again():
    live = shown()
    live.mark([1.0], [4.0], [0.1])
    data = live._marks.data
    live.mark([1.0], [4.0], [0.1])
    assert live._marks.data is data


@pytest.mark.parametrize("wrong", [{"y": [1.0]}, {"fill": []}, {"rejected": [True]}, {"sizes": [3, 4, 5]}])
def test_points_of_different_lengths_are_refused(wrong):
    with pytest.raises(ValueError, match="lengths of x, y, fill, rejected, sizes"):
        shown().mark(**{"x": [1.0, 2.0], "y": [1.0, 2.0], "fill": [0.0, 0.0], **wrong})


def test_points_need_a_field():
    with pytest.raises(RuntimeError, match="no field yet"):
        LiveMap(530, 345).mark([], [], [])


def test_a_chosen_place_has_a_cross_until_it_is_taken_away():
    live = shown()
    live.point_at(120, 6)
    assert live._points.chosen.data == {"x": [120], "y": [6]}
    live.point_at(None)
    assert live._points.chosen.data == {"x": [], "y": []}


def test_dropping_a_point_reports_it_and_marking_does_not():
    moves = []
    live = shown(on_move=lambda *move: moves.append(move))
    live.mark([50.0, 100], [2.0, 5], [0, 0])
    live.mark([50.0, 110], [2.0, 5], [0, 0])
    assert moves == []
    drop(live, 1, 120.5, 6.5, (110, 5))
    assert moves == [(1, 120.5, 6.5)]
    assert live._marks.data["x"] == [50, 120.5]
    assert live._marks.data["z"] == [2, 6.5]
    live.mark([50.0, 110], [2.0, 5], [0, 0])  # the page puts it back
    assert live._marks.data["x"] == [50, 110]


def test_a_drop_among_points_that_are_no_longer_there_is_not_reported():
    moves = []
    live = shown(on_move=lambda *move: moves.append(move))
    live.mark([50.0], [2.0], [0])
    drop(live, 1, 120.5, 6.5, (110, 5))
    drop(live, 0, 120.5, 6.5, (49, 2))
    assert moves == []
    assert live._marks.data["x"] == [50]


def test_moving_can_be_forbidden_and_stays_so_for_new_scenes():
    live = shown(on_move=lambda *_: None)
    assert live._points.dragging.moved.tags == []
    live.set_moving(False)
    assert live._points.dragging.moved.tags == ["off"]
    live.show("other", PLANE, FieldStyle(), (0, 11), "q", "g/kg")
    assert live._points.dragging.moved.tags == ["off"]
    live.set_moving(True)
    assert live._points.dragging.moved.tags == []


def test_without_a_listener_points_stay_put():
    live = shown()
    assert live._points.dragging is None
    live.set_moving(True)
    assert not live.figure.js_event_callbacks


@pytest.mark.parametrize(("frame", "expected"), [("plane", (30.0, 40.0)), ("geographic", (40.0, 30.0))])
def test_a_click_is_told_in_the_frames_own_order(frame, expected):
    from bokeh.events import Tap

    taps = []
    live = shown(GLOBE, frame=frame, on_tap=lambda *place: taps.append(place))
    live.figure._trigger_event(Tap(live.figure, x=30.0, y=40.0))
    assert taps == [expected]


def test_a_map_of_points_alone_has_no_grey_sheet():
    nothing = Raster(np.full((2, 2), np.nan, np.float32), -10, 10, 40, 60)
    live = shown(nothing, frame="geographic", transparent_missing=True)
    live.mark([0.0], [50.0], [3.0])
    assert live._mapper.nan_color in {"rgba(0, 0, 0, 0)", (0, 0, 0, 0.0)}
    assert shown(nothing)._mapper.nan_color != live._mapper.nan_color
    lines = [r.glyph.line_color for r in live.figure.renderers if hasattr(r.glyph, "line_color")]
    assert "#888888" in lines  # the coastline is seen on the light and on the dark page
