"""What figures of a race have in common: colours, themes, notices, which cycles are drawn, calm limits."""

from itertools import combinations

import bokeh.plotting
import numpy as np
import panel as pn
import pytest
from bokeh.document import Document
from bokeh.models import Legend
from bokeh.themes import built_in_themes

from dashboard.plots.race.frame import LINE_STYLES, METHOD_COLOURS, NOTHING, calm, drawn, method_colour
from dashboard.theme import NEUTRAL, OBSERVATIONS, TRUTH
from tests.dashboard.race_figures import FIGURES, figures, made

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


@pytest.mark.parametrize("kind", FIGURES)
def test_every_entry_of_a_legend_has_its_sign_before_the_first_cycle(kind):
    for figure in figures(made(kind)):
        for item in (item for legend in figure.legend for item in legend.items):
            sources = [renderer.data_source for renderer in item.renderers]
            assert any(len(column) for source in sources for column in source.data.values()), item.label
