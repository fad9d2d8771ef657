"""The figures of a race: what their sources hold after cycles have been shown."""

from itertools import combinations

import bokeh.plotting
import numpy as np
import panel as pn
import pytest
from bokeh.document import Document
from bokeh.events import Tap
from bokeh.models import ColorMapper, Legend, LogScale
from bokeh.themes import built_in_themes

from dashboard.plots.race.attractor import Attractor
from dashboard.plots.race.cloud import Cloud
from dashboard.plots.race.frame import LINE_STYLES, METHOD_COLOURS, NOTHING, calm, drawn, method_colour
from dashboard.plots.race.hovmoller import Hovmoller
from dashboard.plots.race.innovations import REACH, Innovations
from dashboard.plots.race.marks import MOST_MARKS
from dashboard.plots.race.planes import PANELS, PlaneRace
from dashboard.plots.race.ring import RingProfile
from dashboard.plots.race.timeline import RaceTimeline
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL, OBSERVATIONS, TRUTH

LABELS = ("LETKF", "3D-Var")
#: Every kind of figure, and what its system is.
FIGURES = {
    RaceTimeline: None,
    Attractor: ("xyz",),
    RingProfile: (np.arange(8),),
    Hovmoller: (8,),
    PlaneRace: ((0, 1, 0, 1),),
    Cloud: ("xyz",),
    Innovations: None,
}


def made(kind):
    plot = kind()
    if FIGURES[kind] is not None:
        plot.configure(*FIGURES[kind])
    return plot


def figures(plot):
    """Return all Bokeh figures of a plot."""
    panes = [plot.pane] if isinstance(plot.pane, pn.pane.Bokeh) else list(plot.pane)
    return [pane.object for pane in panes]


def ends(axis):
    return axis.start, axis.end


def curves(count, level=1.0, labels=LABELS):
    base = level * (1 + 0.1 * np.sin(np.arange(count)))
    return {label: {"analysis": base * (k + 1), "background": base * (k + 2), "spread": base} for k, label in enumerate(labels)}


def timeline(count=30, **options):
    plot = RaceTimeline(**options)
    plot.show(np.arange(1, count + 1), curves(count), [], 1.0)
    return plot


# Colours --------------------------------------------------------------------------------------------------------------


def _linear(colour):
    value = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# How red-, green- and blue-blind people see linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1).
SIGHT = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def _lab(linear):
    t = XYZ @ np.clip(linear, 0, 1) / (XYZ @ np.ones(3))
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_methods_can_be_told_apart_by_everybody_and_from_truth_and_observations(sight):
    seen = {colour: _lab(SIGHT[sight] @ _linear(colour)) for colour in (*METHOD_COLOURS, TRUTH, OBSERVATIONS)}
    pairs = [pair for pair in combinations(seen, 2) if pair != (TRUTH, OBSERVATIONS)]
    closest = min(np.linalg.norm(seen[a] - seen[b]) for a, b in pairs)
    assert closest > 16  # from 2.3 on a difference is just noticeable; the theme's own eight come as close as 10


@pytest.mark.parametrize("paper", ["#ffffff", "#1e1e1e"])
def test_methods_are_seen_on_light_and_dark_paper(paper):
    shade = [float((XYZ @ _linear(colour))[1]) + 0.05 for colour in (paper, *METHOD_COLOURS)]
    assert min(max(s, shade[0]) / min(s, shade[0]) for s in shade[1:]) > 2.0


def test_six_methods_have_six_colours_and_quantities_other_lines():
    assert len(set(METHOD_COLOURS)) == 6
    assert [method_colour(k) for k in range(7)] == [*METHOD_COLOURS, METHOD_COLOURS[0]]
    assert len(set(LINE_STYLES.values())) == 3


@pytest.mark.parametrize("kind", FIGURES)
def test_axes_take_the_colours_of_the_theme(kind):
    document = Document(theme=built_in_themes["dark_minimal"])
    plot = made(kind)
    bare = bokeh.plotting.figure()
    bare.line([0, 1], [0, 1], legend_label="any")
    for pane in (plot.pane, pn.pane.Bokeh(bare)):
        document.add_root(pane.get_root(document))
    assert bare.xaxis[0].major_label_text_color != bokeh.plotting.figure().xaxis[0].major_label_text_color  # it is dark
    for figure in figures(plot):
        assert figure.background_fill_color == bare.background_fill_color
        assert {axis.major_label_text_color for axis in figure.axis} == {bare.xaxis[0].major_label_text_color}
        legends = figure.select({"type": Legend})
        assert {legend.label_text_color for legend in legends} <= {bare.legend[0].label_text_color}
        texts = [r.glyph for r in figure.renderers if type(r.glyph).__name__ == "Text"]
        assert texts
        assert {glyph.text_color for glyph in texts} == {NEUTRAL}


@pytest.mark.parametrize("kind", FIGURES)
def test_before_the_first_cycle_a_figure_says_so(kind):
    for figure in figures(made(kind)):
        words = [
            text
            for renderer in figure.renderers
            if type(renderer.glyph).__name__ == "Text"
            for text in renderer.data_source.data["text"]
        ]
        assert NOTHING in words


@pytest.mark.parametrize("kind", [kind for kind, system in FIGURES.items() if system])
def test_a_figure_has_to_know_its_system(kind):
    with pytest.raises(RuntimeError, match=f"{kind.__name__}: configure"):
        kind().show(*[np.ones((3, 3))] * 3)
    with pytest.raises(RuntimeError, match="comes first"):
        kind().clear()


# What is drawn --------------------------------------------------------------------------------------------------------


def test_of_many_cycles_some_are_drawn_the_newest_always():
    cycles = np.arange(1, 10_001)
    chosen, step = drawn(cycles, 5000, 600)
    assert step == 9
    assert cycles[chosen[0]] > 5000
    assert cycles[chosen[-1]] == 10_000
    assert len(chosen) <= 601
    assert set(np.diff(cycles[chosen])) <= {9, 10_000 % 9 + 1}


def test_points_stay_where_they_are_while_new_ones_come():
    cycles = np.arange(1, 5001)
    before, _ = drawn(cycles[:4003], 3000, 600)
    after, _ = drawn(cycles, 3000, 600)
    old, new = set(cycles[before[:-1]]), set(cycles[after])
    assert {c for c in old if c > 2100} <= new
    assert not {c for c in new if 2100 < c < 4000} - old


def test_few_cycles_are_all_drawn():
    chosen, step = drawn(np.arange(3, 40), 500)
    assert (list(chosen), step) == (list(range(37)), 1)
    assert drawn(np.empty(0, int), 500)[0].size == 0
    assert list(drawn(np.arange(1, 31), 10)[0]) == list(range(20, 30))


def test_limits_are_calm():
    first = calm(None, 0.0, 9.0)
    assert first[0] <= 0
    assert first[1] >= 9
    assert calm(first, 0.5, 8.0) == first  # still well filled
    assert calm(first, 0.0, 12.0)[1] >= 12  # left
    assert calm(first, 0.0, 1.0)[1] < 2  # hardly filled
    assert calm(first, np.nan, np.nan) == first
    low, high = calm(None, 2.0, 2.0)
    assert low < 2 < high


# Timeline -------------------------------------------------------------------------------------------------------------


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


# Attractor ------------------------------------------------------------------------------------------------------------


def states(count=300):
    t = np.arange(count) / 10
    return np.column_stack([np.sin(t), np.cos(t), t / 10])


def test_trails_members_and_heads_of_an_attractor():
    plot = Attractor(trail=100)
    plot.configure("xyz")
    truth = states()
    before, after = np.ones((5, 3)), np.zeros((5, 3))
    plot.show(truth, {"LETKF": truth + 0.1, "3D-Var": None}, "LETKF", before, after, {0: 0.5})
    np.testing.assert_allclose(plot._trails[""].data["c1"], truth[-100:, 1], atol=1e-6)
    assert plot._trails["3D-Var"].data["c0"].size == 0
    assert not plot._entries["3D-Var"].visible
    np.testing.assert_allclose(plot._heads.data["c2"][:2], [truth[-1, 2], truth[-1, 2] + 0.1], rtol=1e-5)
    assert plot._heads.data["color"] == [TRUTH, *METHOD_COLOURS[:2]]
    hollow, filled = (plot._clouds[name].glyph for name in ("before", "after"))
    assert hollow.fill_color is None
    assert filled.fill_color == hollow.line_color == METHOD_COLOURS[0]
    plot.show(truth, {"LETKF": truth, "3D-Var": truth}, "3D-Var", before, after)
    assert hollow.line_color == METHOD_COLOURS[1]
    plot.show(truth, {"LETKF": truth, "3D-Var": truth}, "3D-Var", None, None)
    assert plot._members["before"].data["c0"].size == 0
    assert not plot._member_entries["before"].visible


@pytest.mark.parametrize(
    ("observed", "path", "point"),
    [({0: 0.5, 1: -0.5, 2: 1.0}, 0, 1), ({0: 0.5, 2: 1.0}, 2, 0), ({1: 0.5}, 5, 0), ({}, 0, 0)],
)
def test_in_space_an_observation_is_a_point_a_line_or_a_frame(observed, path, point):
    plot = Attractor()
    plot.configure(("x", "y", "z"), limits=np.array([[-1, 1], [-2, 2], [0, 3.0]]))
    plot.show(states(), {}, observed=observed)
    assert len(plot._paths.data["c0"]) == path
    assert len(plot._points.data["c0"]) == point
    for component, value in observed.items():
        assert set(plot._paths.data[f"c{component}"]) | set(plot._points.data[f"c{component}"]) == {value}
    if path == 5:  # closed, along edges
        corners = np.column_stack([plot._paths.data[f"c{k}"] for k in range(3)])
        assert (corners[0] == corners[-1]).all()
        assert ((np.diff(corners, axis=0) != 0).sum(1) == 1).all()


def test_a_plane_shows_two_components_on_axes():
    plot = Attractor()
    plot.configure(("u", "v", "w"), units="m/s", limits=np.array([[-1, 1], [-2, 2], [0, 3.0]]))
    plot.show(states(), {"LETKF": states()}, observed={2: 1.5})
    plot.set_components(0, 2)
    figure = plot.figure
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("u [m/s]", "w [m/s]")
    assert ends(figure.x_range) + ends(figure.y_range) == (-1, 1, 0, 3)
    assert set(plot._trails[""].data) == {"c0", "c1"}
    np.testing.assert_allclose(plot._trails[""].data["c1"], states()[-200:, 2], rtol=1e-6)  # what had been shown is there
    np.testing.assert_allclose(plot._paths.data["c1"], [1.5, 1.5])
    np.testing.assert_allclose(sorted(plot._paths.data["c0"]), [-1, 1])
    with pytest.raises(ValueError, match="two or three different ones below 3"):
        plot.set_components(0, 3)
    with pytest.raises(ValueError, match="two or three"):
        plot.set_components(1, 1)


def test_the_direction_of_sight_outlives_the_figure():
    plot = made(Attractor)
    plot.set_view(120, 100)
    figure = plot.figure
    plot.configure(("x", "y", "z"))
    assert plot.figure is not figure
    np.testing.assert_allclose(plot._turning.angles, [120, 90])
    used = {glyph.x.expr.args["view"] for glyph in (r.glyph for r in plot.figure.renderers) if hasattr(glyph.x, "expr")}
    assert used == {plot._turning.view}


def test_two_components_make_a_plane_and_the_box_follows_the_states():
    plot = Attractor()
    plot.configure(("x", "v"))
    assert plot._components == (0, 1)
    plot.configure(("x", "y", "z"), backdrop=states())
    box = plot._turning.box.data
    assert box["centre"][2] - box["half"][2] <= 0
    assert box["centre"][2] + box["half"][2] >= states()[-1, 2]
    plot.show(states() + 5, {})
    box = plot._turning.box.data
    assert box["centre"][0] + box["half"][0] >= 6
    with pytest.raises(ValueError, match=r"expected \(any, 3\)"):
        plot.show(np.ones((4, 2)), {})


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


# Cloud ----------------------------------------------------------------------------------------------------------------


def test_a_cloud_before_and_after():
    plot = Cloud()
    plot.configure(("x", "y", "z"), units="m")
    random = np.random.default_rng(2)
    before, after = random.normal(size=(20, 3)), random.normal(size=(20, 3)) * 0.3
    plot.show(before, after, np.zeros(3), {1: 0.5, 2: 9.0})
    np.testing.assert_allclose(plot._members["before"].data["y"], before[:, 1], rtol=1e-6)
    np.testing.assert_allclose(plot._means["after"].data["x"], [after[:, 0].mean()], rtol=1e-4)
    np.testing.assert_allclose(plot._links.data["x1"], after[:, 0], rtol=1e-6)
    assert plot._lines[0].data == {"at": []}
    assert plot._lines[1].data == {"at": [0.5]}
    assert plot.figure.yaxis[0].axis_label == "y [m]"
    low, high = ends(plot.figure.x_range)
    assert low < before[:, 0].min() < before[:, 0].max() < high
    plot.set_plane(2, 0)
    np.testing.assert_allclose(plot._members["after"].data["x"], after[:, 2], rtol=1e-6)
    assert plot._lines[0].data == {"at": [9.0]}
    plot.show(before, after, linked=False, means=(np.ones(3), None))
    assert len(plot._links.data["x0"]) == 0
    np.testing.assert_allclose(plot._means["before"].data["x"], [1])


def test_a_cloud_that_drifts_keeps_its_axes_until_it_leaves_them():
    plot = made(Cloud)
    points = np.random.default_rng(3).normal(size=(50, 3))
    plot.show(points, points)
    old = ends(plot.figure.x_range)
    plot.show(points * 0.9 + 0.05, points)
    assert ends(plot.figure.x_range) == old
    plot.show(points + 30, points + 30)
    assert ends(plot.figure.x_range) != old
    broken = points.copy()
    broken[3] = np.nan
    plot.show(broken, None)
    assert np.isfinite(ends(plot.figure.x_range)).all()
    with pytest.raises(ValueError, match="two different components below 3"):
        plot.set_plane(1, 1)
    with pytest.raises(ValueError, match="before: shape"):
        plot.show(np.ones((4, 2)), None)


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
