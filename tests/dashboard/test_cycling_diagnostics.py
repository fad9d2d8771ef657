"""The diagnostics tab: its figures given arrays, and the view of a race that has run, without a server."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from backends.cycling.verification import Score
from backends.errors import InputError
from dashboard.cycling import diagnostics as tab
from dashboard.cycling.diagnostics import QUANTITIES, DiagnosticsView
from dashboard.cycling.first_guess import table
from dashboard.cycling.races import RACES
from dashboard.cycling.state import CyclingState
from dashboard.plots.race.frame import METHOD_COLOURS
from dashboard.plots.skill.ablation import Ablation, verdict
from dashboard.plots.skill.costs import Costs
from dashboard.plots.skill.lines import StretchLines
from dashboard.plots.skill.ranks import MOST, RankHistograms
from dashboard.plots.skill.spread import SpreadError
from dashboard.worker import DEVICE
from tests.dashboard.helpers import SCRIPT, text_of

FILE = """
kind: cycling
dynamics: {name: lorenz63}
observations: {every: 3, sigma: 1.4}
methods: [{name: 3dvar, scale: 0.1}, {name: etkf, members: 6, inflation: 1.05}, {name: 4dvar, outer: 2}, {name: enkf-n}]
cycles: 1000
spinup: 5
"""
NAN = float("nan")


# --- Figures -----------------------------------------------------------------------------------------------------------


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
    assert fig.y_range.start < 1 / 1.5
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
    assert costs.figure.y_range.start < 4.2 < 9 < costs.figure.y_range.end
    linear = costs.figure
    costs.show({"3dvar": None, "4dvar": (np.array([900.0, 4]), np.array([4.0]))})
    assert costs.figure is not linear  # logarithmic from now on
    assert costs.figure.y_range.start > 0
    costs.show({"3dvar": None})
    assert costs._notice.shown


# --- The view ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def state():
    state = CyclingState(text=FILE)
    state.live._making.result()
    yield state
    if state.live is not None:
        RACES.drop(state.live)
    state.close()


@pytest.fixture
def view(state):
    view = DiagnosticsView(state)
    yield view
    view.close()


def run(state, cycles: int) -> None:
    """Run cycles on the device's thread, and look at them."""
    race = state.live.race
    DEVICE.submit(lambda: [race.step() for _ in range(cycles)]).result()
    state.look()
    state.wait()


def looked(view, state) -> None:
    """Show the newest moment as if enough time had passed."""
    view._due = 0.0
    view.show(state.view)
    view.wait()


def test_before_the_start_and_in_the_spinup_there_is_nothing(state, view):
    view.show(None)
    assert "Start the race" in view._table.object
    run(state, 3)
    looked(view, state)
    assert "Start the race" in view._table.object
    assert "Cycle 3 of the spin-up of 5" in view._about.object
    assert view.ranks._notice.shown
    assert view.ablation._notice.shown


def test_everything_is_shown_of_a_race_that_has_run(state, view):
    run(state, 50)
    looked(view, state)
    assert text_of(view._problem) == ""
    assert view._table.object.count("<tr>") == 5
    assert "45 cycles after the spin-up" in view._about.object
    assert list(view.ranks.figures) == ["etkf", "enkf-n"]
    assert len(view.spread._sources["etkf"].data["spread"]) == 22  # of two cycles each
    assert (view.a.value, view.b.value) == (1, 0)
    assert view.ablation._title.text != ""
    assert view._costs_part.visible
    assert np.isfinite(view.costs._dots["4dvar"].data["cost"]).all()
    assert not view.costs._items["3dvar"].visible
    assert view._extras_part.visible
    assert list(view.extra.options.values()) == ["inflation", "iterations", "cost", "cost_background"]
    assert view.extras._items["enkf-n"].visible
    assert not view.extras._items["4dvar"].visible
    view.extra.value = "cost"
    assert view.extras._items["4dvar"].visible
    assert view.extras.figure.yaxis.axis_label == "J at the analysis"


@pytest.mark.parametrize("name", list(QUANTITIES))
def test_a_quantity_is_chosen_without_computing(state, view, name, monkeypatch):
    run(state, 12)
    looked(view, state)
    monkeypatch.setattr(view._computing, "request", lambda _request: pytest.fail("computed"))
    view.quantity.value = name
    attribute, right, log, _ = QUANTITIES[name]
    assert view.consistency._reference.data["y"] == [right]
    drawn = view.consistency._sources["3dvar"].data["value"]
    expected = getattr(view._skill.diagnostics.methods[0], attribute)
    np.testing.assert_allclose(drawn, np.where(expected > 0, expected, NAN) if log else expected, rtol=1e-6)
    assert view.consistency.figure.yaxis.axis_label == name


def test_it_is_computed_only_now_and_then(state, view, monkeypatch):
    asked = []
    monkeypatch.setattr(view._computing, "request", asked.append)
    run(state, 6)
    view.show(state.view)
    view.show(state.view)
    run(state, 1)
    view.show(state.view)
    assert len(asked) == 1
    view._due = time.monotonic()  # later …
    view.show(state.view)
    view._due = 0.0
    view.show(state.view)  # … once, as nothing has been run since
    assert len(asked) == 2


def test_what_takes_long_is_computed_less_often(state, view):
    run(state, 6)
    looked(view, state)
    skill = view._skill
    view._on_computed((state.live, 1, 0), SimpleNamespace(**{**vars(skill), "seconds": 10.0}))
    assert view._due > time.monotonic() + 100


def test_another_pair_is_compared_at_once(state, view):
    run(state, 50)
    looked(view, state)
    first = view._skill.comparison.difference
    assert len(first) > 0
    view.a.value = 0
    view.wait()
    assert "the same method" in view.ablation._title.text
    view.b.value = 1
    view.wait()
    np.testing.assert_allclose(view._skill.comparison.difference, -first)


def test_a_new_race_begins_with_nothing(state, view):
    run(state, 12)
    looked(view, state)
    old = view._live
    state.reset()
    view.show(state.view)
    assert view._skill is None
    assert "Start the race" in view._table.object
    assert not view.ranks.figures
    view._on_computed((old, 1, 0), SimpleNamespace())  # comes too late
    assert view._skill is None


def test_a_single_method_is_compared_with_none(view, state):
    state.take(FILE.replace("methods: [", "methods: [{name: oi}]\ntitle: x #"))
    state.live._making.result()
    run(state, 8)
    looked(view, state)
    assert (view.a.value, view.b.value) == (0, 0)
    assert view._skill.comparison is None
    for part in (view._ablation_part, view._costs_part, view._extras_part):
        assert not part.visible


def test_a_failure_is_said_and_the_last_picture_kept(state, view, monkeypatch):
    run(state, 8)
    looked(view, state)
    before = view._table.object

    def fails(_race):
        raise InputError("no numbers")

    monkeypatch.setattr(tab, "diagnose", fails)
    run(state, 1)
    looked(view, state)
    assert "No numbers" in text_of(view._problem)
    assert view._table.object == before


def test_nothing_is_kept_after_the_session(state, view):
    run(state, 8)
    view.show(state.view)
    view.close()
    view.wait()
    assert view._live is view._skill is None
    view.show(None)


# --- The table ---------------------------------------------------------------------------------------------------------


def entry(label="a", rmse=0.25, error: float | None = 0.011, reason=None):
    return SimpleNamespace(label=label, rmse_background=rmse, rmse_background_error=error, reason=reason)


def method(bias=(0.01, 0.02), **overall):
    numbers = {"spread_ratio": 1.0, "chi2": 1.0, "ratio_o": 1.0, "ratio_b": 1.0, **overall}
    return SimpleNamespace(bias_score=Score(*bias), crps=0.5, overall=numbers)


def test_the_table_marks_what_is_best_and_what_is_off():
    text = table((entry(), entry("b", 0.5, None)), (method(chi2=1.3, ratio_o=0.81), method((-0.5, 0.1), ratio_b=NAN)))
    assert "<b>0.250 ± 0.011</b>" in text
    assert "<td>0.5</td>" in text
    assert text.count('class="worse"') == 2  # χ²/p and the bias of the second
    assert '<span class="worse">1.30</span>' in text
    assert '<span class="worse">−0.50 ± 0.10</span>' in text
    assert "<td>0.81</td>" in text
    assert "<td>–</td>" in text


def test_the_table_escapes_and_says_why_a_method_ended():
    text = table((entry(SCRIPT, None, None, "its state stopped being finite in cycle 3"),), (method(),))
    assert "<script" not in text
    assert "stopped being finite" in text
    assert "±" not in text.split("</tr>")[1]
