"""Fields in a race: the ring, its Hovmöller diagram, and maps of the plane."""

import numpy as np
import pytest
from bokeh.events import Tap
from bokeh.models import ColorMapper

from dashboard.plots.race.hovmoller import Hovmoller
from dashboard.plots.race.planes import PANELS, PlaneRace
from dashboard.plots.race.ring import RingProfile
from tests.dashboard.race_figures import ends

# Ring -----------------------------------------------------------------------------------------------------------------


def ring(**shown):
    plot = RingProfile()
    plot.configure(np.arange(10), units="m", limits=(-3, 3))
    usual = {name: np.sin(np.arange(10)) for name in ("truth", "background", "analysis")}
    plot.show(**{**usual, **shown})
    return plot


def test_a_ring_is_closed_beyond_its_frame():
    plot = ring()
    data = plot._curves.data
    np.testing.assert_allclose(data["x"], np.arange(-1, 11))
    np.testing.assert_allclose(data["truth"][[0, -1]], np.sin([9, 0]), rtol=1e-6)
    assert ends(plot.figure.x_range) == (-0.5, 9.5)
    assert ends(plot.figure.y_range) == (-3, 3)
    assert plot.figure.yaxis[0].axis_label == "state [m]"
    plot.configure(np.arange(10), periodic=False)
    plot.show(np.zeros(10), None, None)
    assert len(plot._curves.data["x"]) == 10
    assert np.isnan(plot._curves.data["analysis"]).all()


def test_members_are_one_line_with_gaps_and_not_too_many():
    plot = ring(members=np.ones((4, 10)))
    y = plot._lines.data["y"]
    assert y.size == 4 * 13
    assert np.isnan(y).sum() == 4
    assert np.isnan(y[12])
    plot.show(np.zeros(10), None, np.zeros(10), members=np.ones((5000, 10)))
    assert plot._lines.data["y"].size < 13_100
    with pytest.raises(ValueError, match=r"members: shape \(4, 9\)"):
        plot.show(np.zeros(10), None, None, members=np.ones((4, 9)))


def test_uncertainty_is_members_or_a_band_or_nothing():
    plot = ring(members=np.ones((4, 10)), spread=np.full(10, 0.5))
    assert np.isnan(plot._curves.data["upper"]).all()
    plot.set_uncertainty("spread")
    np.testing.assert_allclose(plot._curves.data["upper"] - plot._curves.data["analysis"], 1.0, rtol=1e-6)
    assert len(plot._lines.data["x"]) == 0
    assert plot._entries["spread"].visible
    assert not plot._entries["members"].visible
    plot.set_uncertainty("none")
    assert np.isnan(plot._curves.data["upper"]).all()
    assert len(plot._lines.data["x"]) == 0


def test_observations_lie_at_their_points_with_bars():
    plot = ring(observed=(np.array([2, 7]), np.array([0.5, -1.0])), sigma_o=0.25)
    data = plot._points.data
    assert list(data["x"]) == [2, 7]
    assert list(data["high"] - data["low"]) == [0.5, 0.5]
    plot.clear()
    assert len(plot._points.data["x"]) == 0
    assert plot._notice.shown


# Hovmöller ------------------------------------------------------------------------------------------------------------


def test_three_images_on_the_same_axes_with_fixed_colours():
    plot = Hovmoller(window=200)
    plot.configure(8, units="K", limits=(-5, 5), error_limit=2.0)
    truth = np.random.default_rng(0).normal(size=(30, 8))
    plot.show(np.arange(1, 31), truth, truth + 0.5)
    image = {name: source.data["image"][0] for name, source in plot._sources.items()}
    np.testing.assert_allclose(image["truth"], truth, rtol=1e-6)
    np.testing.assert_allclose(image["error"], 0.5, rtol=1e-5)
    assert (plot._mappers["state"].low, plot._mappers["state"].high) == (-5, 5)
    assert (plot._mappers["error"].low, plot._mappers["error"].high) == (-2, 2)
    assert len({figure.y_range for figure in plot.figures.values()}) == 1
    assert ends(plot._y_range) == (0.5, 50.5)  # grows in steps
    assert plot._sources["truth"].data["y"] == [0.5]
    assert plot._sources["truth"].data["dh"] == [30]
    assert plot.figures["error"].title.text == "analysis − truth [K]"


def test_the_window_of_a_hovmoller_diagram_rolls_and_is_thinned():
    plot = Hovmoller(window=100)
    plot.configure(4)
    states = np.arange(5000.0)[:, None] * np.ones(4)
    plot.show(np.arange(1, 5001), states, states)
    assert plot._sources["truth"].data["image"][0][-1, 0] == 4999
    assert ends(plot._y_range) == (4900.5, 5000.5)
    plot.set_window(2000)
    data = plot._sources["truth"].data
    assert len(data["image"][0]) <= 221
    assert data["image"][0][-1, 0] == 4999
    assert data["y"][0] + data["dh"][0] >= 5000
    first, step = data["image"][0][0, 0] + 1, data["dh"][0] / len(data["image"][0])
    assert data["y"][0] < first <= data["y"][0] + step  # a row lies at its cycles


def test_missing_cycles_and_ended_methods_leave_gaps_in_images():
    plot = Hovmoller()
    plot.configure(3)
    truth = np.ones((4, 3))
    plot.show(np.array([1, 2, 5, 6]), truth, np.full((4, 3), np.nan))
    image = plot._sources["truth"].data["image"][0]
    assert image.shape == (6, 3)
    assert np.isnan(image[2:4]).all()
    assert np.isnan(plot._sources["error"].data["image"][0]).all()
    with pytest.raises(ValueError, match=r"analysis: shape \(4, 2\), expected \(4, 3\)"):
        plot.show(np.arange(4), truth, np.ones((4, 2)))


def test_error_colours_are_symmetric_and_calm():
    plot = Hovmoller()
    plot.configure(40)
    error = np.random.default_rng(1).normal(size=(50, 40))
    plot.show(np.arange(50), np.zeros((50, 40)), error)
    mapper = plot._mappers["error"]
    assert mapper.low == -mapper.high
    old = mapper.high
    plot.show(np.arange(50), np.zeros((50, 40)), error * 0.8)
    assert mapper.high == old


# Planes ---------------------------------------------------------------------------------------------------------------


def planes(**options):
    plot = PlaneRace(**options)
    plot.configure((0, 200, 0, 100), "q", "g/kg", "x [km]", "y [km]", limits=(-2, 2))
    return plot


def test_five_maps_share_axes_and_colours():
    plot = planes()
    truth, background = np.ones((5, 8)), np.zeros((5, 8))
    plot.show(truth, background, background + 0.25, np.full((5, 8), 0.1))
    image = {name: plot._sources[name].data["image"][0] for name in PANELS}
    np.testing.assert_allclose(image["increment"], 0.25)
    assert image["truth"].dtype == np.float32
    assert {ends(figure.x_range) for figure in plot.figures.values()} == {(0, 200)}
    assert len({figure.y_range for figure in plot.figures.values()}) == 1
    mappers = {name: figure.select_one({"type": ColorMapper}) for name, figure in plot.figures.items() if name in PANELS[3:]}
    assert mappers["increment"].low == -mappers["increment"].high
    assert mappers["spread"].low == 0
    assert (plot._mappers["state"].low, plot._mappers["state"].high) == (-2, 2)
    assert plot._sources["truth"].data["dw"] == [200]
    assert plot.figures["truth"].xaxis[0].axis_label == "x [km]"


def test_a_map_without_a_field_is_empty_and_panels_can_be_left_out():
    plot = planes()
    plot.show(np.ones((5, 8)), None, np.full((5, 8), np.nan))
    assert plot._sources["increment"].data["image"] == []
    assert plot._notices["increment"].shown
    assert not plot._notices["truth"].shown
    plot.set_panels(("truth", "analysis"))
    assert [pane.visible for pane in plot._panes.values()] == [True, False, True, False, False]
    with pytest.raises(ValueError, match="panels: error"):
        plot.set_panels(("error",))
    with pytest.raises(ValueError, match="two dimensions"):
        plot.show(np.ones(5), None, None)


def test_a_large_field_is_thinned():
    plot = planes()
    plot.show(np.ones((500, 1000)), None, None)
    assert max(plot._sources["truth"].data["image"][0].shape) <= 220


def test_stations_are_on_all_maps_and_clicks_and_drops_are_told():
    taps, moves = [], []
    plot = planes(on_tap=lambda *place: taps.append(place), on_move=lambda *move: moves.append(move))
    plot.mark([30.0, 120.0], [40.0, 60.0], [0.5, -0.5], [False, True])
    source = plot._points.source
    assert source.data["x"] == [30, 120]
    assert np.isnan(source.data["used"]).tolist() == [False, True]
    for figure in plot.figures.values():
        assert any(renderer.data_source is source for renderer in figure.renderers)
    figure = plot.figures["analysis"]
    figure._trigger_event(Tap(figure, x=42.0, y=7.0))
    assert taps == [(42, 7)]
    plot._dragging[3].moved.data = {
        "index": [1], "from_x": [120], "from_y": [60], "x": [100.5], "y": [50], "count": [1],
    }  # fmt: skip
    assert moves == [(1, 100.5, 50)]
    plot.set_moving(False)
    plot.configure((0, 1, 0, 1))
    assert {tuple(dragging.moved.tags) for dragging in plot._dragging} == {("off",)}
    plot.mark([0.5], [0.5])
    assert np.isnan(plot._points.source.data["color"]).all()


def test_many_observations_are_small_and_few_are_large():
    plot = PlaneRace()
    plot.configure((0.0, 1.0, 0.0, 1.0))
    sizes = {}
    for count in (10, 120, 480, 5000):
        plot.mark(np.zeros(count), np.zeros(count), np.zeros(count))
        (sizes[count],) = set(plot._points.source.data["used"])
    assert sizes[10] == sizes[120] == 7
    assert sizes[480] == pytest.approx(3.5)  # four times as many cover as much of the map
    assert sizes[5000] == 3
