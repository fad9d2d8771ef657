"""Figures of trainings: what grows is streamed, what is compared is dashed, maps share their colours."""

import numpy as np
import pytest
from bokeh.models import ColumnDataSource

from backends.learning.gallery import Map, Panel, Series
from backends.learning.metrics import groups
from backends.learning.smoothing import Smoother
from dashboard.plots.race.frame import METHOD_MARKERS
from dashboard.plots.training.curves import FEW, MOST_DRAWN, Curve, Curves, stride_of
from dashboard.plots.training.pictures import CurvePicture, MapPicture, key_of, map_limits, picture, shape_of
from tests.dashboard.helpers import SCRIPT


def grown(count: int) -> Curve:
    x = np.arange(1.0, count + 1)
    return Curve("loss", x, 1 / x, references={"3D-Var": 0.5})


def test_only_what_is_new_is_sent(monkeypatch):
    figure = Curves("Loss")
    figure.show([grown(10)], "iteration", True)
    first = figure.figure
    source = figure._lines["loss"]._source
    sent, stream = [], ColumnDataSource.stream
    monkeypatch.setattr(ColumnDataSource, "stream", lambda self, new: (sent.append(len(new["x"])), stream(self, new)))
    figure.show([grown(14)], "iteration", True)
    figure.show([grown(14)], "iteration", True)
    assert sent == [4]
    assert list(source.data["x"]) == list(range(1, 15))
    assert figure.figure is first
    figure.show([grown(14)], "iteration", True, key="another run")
    assert list(source.data["x"]) == list(range(1, 15))
    figure.show([grown(14)], "iteration", False, key="another run")
    assert figure.figure is not first


@pytest.mark.parametrize("steps", [1, 7, 500])
def test_long_curves_are_thinned_alike_however_they_grow(steps):
    count = 5000
    figure = Curves("Loss")
    for k in [*range(100, count, steps * 37), count]:
        figure.show([grown(k)], "iteration", False)
    x = figure._lines["loss"]._source.data["x"]
    stride = stride_of(count)
    assert list(x) == list(range(1, count + 1, stride))
    assert MOST_DRAWN / 2 <= len(x) <= MOST_DRAWN


def test_references_reach_as_far_as_the_curve_and_logarithms_have_no_negative_numbers():
    figure = Curves("Loss")
    curve = Curve("loss", np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, np.inf]), references={"a": 2.0, "b": -1.0})
    figure.show([curve], "iteration", True)
    line = figure._lines["loss"]
    np.testing.assert_array_equal(line._source.data["y"], [1.0, np.nan, np.nan])
    assert [list(source.data["x"]) for source in line._references.values()] == [[1.0, 3.0], []]
    assert list(line._references["a"].data["y"]) == [2.0, 2.0]


def test_the_axis_leaves_references_far_below_aside_where_it_is_logarithmic():
    figure = Curves("Error")
    curve = Curve("network", np.arange(3.0), np.array([1.0, 0.5, 0.4]), references={"near": 0.1, "far": 1e-15})
    figure.show([curve], "iteration", True)
    line = figure._lines["network"]
    assert figure._range.renderers == [*line.own, line.dashed["near"]]
    figure.show([curve], "iteration", False)
    line = figure._lines["network"]
    assert figure._range.renderers == [*line.own, *line.dashed.values()]


def test_a_smoothed_curve_is_drawn_over_the_raw_one():
    figure = Curves("Loss")
    x, y = np.arange(3.0), np.array([1.0, 3.0, 2.0])
    figure.show([Curve("loss", x, y, smooth=np.array([1.0, 2.0, 2.0]))], "iteration", False)
    raw, smooth = figure._lines["loss"].renderers
    assert (raw.glyph.y, smooth.glyph.y) == ("y", "smooth")
    assert raw.glyph.line_alpha < 0.5


def test_several_curves_are_told_apart_by_markers_and_a_single_one_needs_none():
    figure = Curves("Loss")
    x = np.arange(1.0, 65.0)
    figure.show([Curve("a", x, 1 / x, smooth=2 / x), Curve("b", x, 3 / x)], "iteration", True)
    first, second = (figure._lines[name]._marks for name in "ab")
    assert (first.renderer.glyph.marker, second.renderer.glyph.marker) == METHOD_MARKERS[:2]
    assert list(first.source.data["x"]) == [8 * k + 1 for k in range(8)]
    np.testing.assert_allclose(first.source.data["y"], 2 / first.source.data["x"])
    np.testing.assert_allclose(second.source.data["y"], 3 / second.source.data["x"])
    assert not set(first.source.data["x"]) & set(second.source.data["x"])
    assert all(
        marks.renderer in entry.renderers for marks, entry in zip((first, second), figure.figure.legend[0].items, strict=True)
    )
    figure.show([Curve("a", x, 1 / x)], "iteration", True)
    assert figure._lines["a"]._marks is None


def test_smoothing_is_an_unbiased_weighted_mean_however_it_is_cut():
    values = np.random.default_rng(1).normal(size=200)
    weights = (1 - 1 / 20) ** np.arange(200)[::-1]
    means = Smoother(20).extend(values)
    np.testing.assert_allclose(means[-1], (weights * values).sum() / weights.sum())
    np.testing.assert_allclose(means[0], values[0])
    cut = Smoother(20)
    np.testing.assert_allclose(np.concatenate([cut.extend(part) for part in np.split(values, [3, 50])]), means)
    np.testing.assert_allclose(Smoother(1).extend(values), values)
    np.testing.assert_allclose(Smoother(5).extend(np.array([np.nan, 2.0, np.inf])), [np.nan, 2.0, 2.0])
    with pytest.raises(ValueError, match="length"):
        Smoother(0.5)


def test_metrics_are_sorted_by_what_belongs_together():
    counts = dict.fromkeys(("loss", "jb", "jo", "learning_rate", "gradient_norm"), 100)
    rare = ("cost_gap_median", "cost_gap_p95", "j_network", "j_3dvar", "jb_network", "jb_3dvar", "j_background", "seconds")
    rare = (*rare, "crps_network", "crps_reference", "score")
    found = groups(counts | dict.fromkeys(rare, 7))
    assert found.terms == ("loss", "jb", "jo")
    assert found.compared == {
        "cost": (("j_network", ("j_3dvar", "j_background")), ("jb_network", ("jb_3dvar",))),
        "crps": (("crps_network", ("crps_reference",)),),
    }
    assert found.gaps == ("cost_gap_median", "cost_gap_p95")
    assert found.system == ("learning_rate", "gradient_norm")
    assert found.others == ("score",)


def series_panel(log: str = "") -> Panel:
    x, y = (1.0, 2.0, 3.0), (1e-3, 0.0, 5.0)
    return Panel("case", "x", "y", (Series("truth", "truth", x, y), Series("obs", "observations", x[:1], y[2:])), log=log)


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_a_picture_of_curves_holds_all_that_can_be_drawn(log):
    drawn = picture(series_panel(log))
    assert isinstance(drawn, CurvePicture)
    figure = drawn.figure
    assert figure.x_range.start < 1.0
    assert figure.x_range.end > 3.0
    assert figure.y_range.end >= 5.0
    y = drawn._sources[0].data["y"]
    assert np.isnan(y[1]) == ("y" in log)


def test_maps_of_a_picture_share_limits_and_points():
    extent = (0.0, 0.0, 2.0, 1.0)
    maps = (
        Map("truth", ((1.0, 2.0),), extent), Map("network", ((0.0, 3.0),), extent),
        Map("difference", ((-1.0, 0.5),), extent, "difference"),
    )  # fmt: skip
    panel = Panel("case", "x", "y", (Series("obs", "observations", (0.5,), (0.5,)),), maps)
    drawn = picture(panel)
    assert isinstance(drawn, MapPicture)
    mappers = drawn._mappers
    assert mappers["state"].low <= 0.0
    assert mappers["state"].high >= 3.0
    assert (mappers["difference"].low, mappers["difference"].high) == (-1.0, 1.0)
    assert len({id(pane.object.x_range) for pane in drawn.panes}) == 1
    assert drawn._images[1].data["image"][0].tolist() == [[0.0, 3.0]]
    assert shape_of(panel) != shape_of(series_panel())
    assert map_limits([Map("gap", ((np.nan,),), extent)], False) == (0.0, 1.0)


def test_labels_in_the_key_are_text():
    assert "<script" not in key_of([Series(SCRIPT, "truth", (), ())])


@pytest.mark.parametrize("count", [FEW, FEW + 1])
def test_a_legend_shows_no_curve_as_switched_off_when_there_are_too_many_points_for_dots(count):
    places = np.arange(count, dtype=float)
    curves = Curves("J")
    curves.show([Curve("J", places, places + 1), Curve("J_b", places, places + 2)], "iteration", log=True)
    listed = [drawn for item in curves.figure.legend[0].items for drawn in item.renderers]
    assert all(drawn.visible for drawn in listed)
    dots = [drawn for drawn in curves.figure.renderers if drawn not in listed]
    assert [drawn.visible for drawn in dots] == [count <= FEW] * 2
