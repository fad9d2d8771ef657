"""The small figures: minimisation, statistics, and the surface of a score."""

import numpy as np
import pytest
from bokeh.events import Tap

from dashboard.plots.axes import log_limits
from dashboard.plots.convergence import LiveHistory
from dashboard.plots.statistics import LiveHistogram, LiveSpectrum, LiveTaylor
from dashboard.plots.surface import LiveSurface


def test_the_cost_and_its_terms_change_in_place():
    live = LiveHistory()
    live.show([0, 2, 3], [10, 6, 4], [5.0, 1.0, 0.1], 6.5)
    figures = live.figure, live.lower
    assert live._source.data["total"].tolist() == [10, 8, 7]
    assert live._minimum.data["y"] == [6.5, 6.5]
    assert live.figure.y_range.start == 0
    live.show([0, 2, 3, 4], [10, 6, 4, 2], [5.0, 1.0, 0.1, 0.0])
    assert (live.figure, live.lower) == figures
    assert live._minimum.data["y"] == []
    assert np.isnan(live._source.data["gradient"][-1])  # has no place on a logarithmic axis
    assert live.figure.x_range.end > 3


def test_a_cost_that_falls_far_gets_a_logarithmic_axis():
    live = LiveHistory()
    live.show([0, 1e-9, 3], [1e5, 100, 4], [5.0, 1.0, 0.1])
    assert type(live.figure.y_scale).__name__ == "LogScale"
    assert np.isnan(live._source.data["jb"][0])
    assert live.figure.y_range.start > 0.1
    logarithmic = live.figure
    live.show([0, 1], [10, 6], [5.0, 1.0])
    assert live.figure is not logarithmic
    assert live.pane[0].object is live.figure


def test_a_history_has_as_many_gradients_as_costs():
    with pytest.raises(ValueError, match=r"gradient: shape \(2,\), expected \(1,\)"):
        LiveHistory().show([1], [1], [1, 2])
    with pytest.raises(ValueError, match="no iterations"):
        LiveHistory().show([], [], [])


def test_histograms_share_their_bins_and_count_everything():
    live = LiveHistogram()
    background, analysis = np.random.default_rng(1).normal(0, [[2], [1]], (2, 300))
    live.show(background, analysis, "K")
    figure = live.figure
    bars = live._bars.data
    assert bars["background"].sum() == bars["analysis"].sum() == 300
    assert bars["left"][0] == -bars["right"][-1] == pytest.approx(-np.abs(background).max())
    assert len(bars["left"]) % 2 == 1  # one bin lies about zero
    live.show(np.r_[background, np.nan], analysis, "K", limit=1.0)
    assert live.figure is figure
    assert (figure.x_range.start, figure.x_range.end) == (-1, 1)
    assert live._bars.data["background"].sum() == (np.abs(background) <= 1).sum()


@pytest.mark.parametrize("values", [[], [0.0], [np.nan]])
def test_histograms_of_next_to_nothing_can_be_drawn(values):
    live = LiveHistogram()
    live.show(values, values)
    assert live.figure.x_range.end == 1


def test_negative_eigenvalues_are_marked_by_their_absolute_value():
    live = LiveSpectrum()
    live.show([1.0, -1e-3, 100, 0], floor=1e-2, units="K²")
    np.testing.assert_array_equal(live._values.data["positive"], [100, 1, np.nan, np.nan])
    np.testing.assert_array_equal(live._values.data["negative"], [np.nan, np.nan, np.nan, 1e-3])
    assert live._floor.data["y"] == [1e-2, 1e-2]
    assert live._items["negative, |λ| ×"].visible
    figure = live.figure
    live.show([3.0, 2.0])
    assert live.figure is figure
    assert not live._items["negative, |λ| ×"].visible
    assert not live._items["floor"].visible
    with pytest.raises(ValueError, match="expected at least one"):
        live.show([])


def test_the_reference_line_of_a_taylor_test_has_slope_two():
    live = LiveTaylor()
    h = 10.0 ** -np.arange(6)
    live.show(h, -3 * h**2)
    figure = live.figure
    line = live._slope.data
    assert np.diff(np.log(line["y"]))[0] / np.diff(np.log(line["x"]))[0] == pytest.approx(2)
    assert line["y"][-1] == pytest.approx(3)
    assert live._rest.data["h"][0] == pytest.approx(1e-5)
    live.show(h, np.zeros(6))
    assert live.figure is figure
    assert len(live._slope.data["x"]) == 0
    with pytest.raises(ValueError, match="all positive"):
        live.show([0.0, 1], [1, 1])


@pytest.mark.parametrize("values", [[], [0, -1], [np.nan], [5.0], [1e-12, 1e3]])
def test_logarithmic_limits_hold_the_values(values):
    low, high = log_limits(values)
    assert 0 < low < high
    assert all(low < v < high for v in values if v > 0)


def surface(**options):
    live = LiveSurface(**options)
    live.show(np.arange(12.0).reshape(3, 4), [0.1, 1, 10, 100], [50, 100, 150], (0, 11), "RMSE", "K", "σ_b [K]", "L [km]")
    return live


def test_a_surface_changes_in_place():
    live = surface()
    figure = live.figure
    assert live._image.data["image"][0][2, 3] == 11
    assert live._image.data["at_x"][0][0].tolist() == pytest.approx([0.1, 1, 10, 100])
    assert figure.xaxis[0].major_label_overrides == {0: "0.1", 1: "1", 2: "10", 3: "100"}
    assert live._bar.title == "RMSE [K]"
    live.show(np.full((2, 30), np.nan), np.arange(30), [1000, 1234.5], (2, 5), "score")
    assert live.figure is figure
    assert (live._mapper.low, live._mapper.high) == (2, 5)
    assert len(figure.xaxis[0].ticker.ticks) <= 6
    assert figure.yaxis[0].major_label_overrides[0] == "1000"
    assert (figure.x_range.end, figure.y_range.end) == (29.5, 1.5)


def test_settings_are_marked_between_the_cells_and_follow_the_axes():
    live = surface()
    live.mark(current=(10**0.5, 75), best=(1, 100), likeliest=(1e4, 100))
    assert live._marks["current"].data == {"x": [pytest.approx(1.5)], "y": [pytest.approx(0.5)]}
    assert live._marks["minimum"].data == {"x": [1], "y": [1]}
    assert live._marks["maximum likelihood"].data["x"] == []  # beyond the surface
    assert "current" in live._legend.object
    assert "likelihood" not in live._legend.object
    live.show(np.zeros((2, 2)), [1, 2], [75, 100], (0, 1), "score")
    assert live._marks["minimum"].data == {"x": [0], "y": [1]}
    live.mark()
    assert live._legend.object == ""


def test_a_click_on_a_surface_gives_the_settings_of_the_cell():
    taps = []
    live = surface(on_tap=lambda *settings: taps.append(settings))
    for x, y in ((1.8, 0.4), (-0.9, 0.0), (0.0, 2.6)):
        live.figure._trigger_event(Tap(live.figure, x=x, y=y))
    assert taps == [(10, 50)]


@pytest.mark.parametrize(
    ("values", "x", "message"),
    [(np.zeros((2, 3)), [1, 2], "expected"), (np.zeros((2, 2)), [2, 1], "increasing"), (np.zeros((2, 0)), [], "not empty")],
)
def test_a_surface_refuses_what_does_not_fit(values, x, message):
    with pytest.raises(ValueError, match=message):
        LiveSurface().show(values, x, [1, 2], (0, 1), "score")
    with pytest.raises(RuntimeError, match="no surface yet"):
        LiveSurface().mark()
