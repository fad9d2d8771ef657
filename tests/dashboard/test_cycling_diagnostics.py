"""The diagnostics tab of a race that has run, without a server."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from backends.cycling.verification import Score
from backends.errors import InputError
from dashboard.cycling import skill
from dashboard.cycling.diagnostics import QUANTITIES, DiagnosticsView
from dashboard.cycling.first_guess import table
from dashboard.cycling.state import CyclingState
from dashboard.races import RACES
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
    run(state, 0)
    looked(view, state)
    assert "Start the race" in view._table.object
    assert view._skill is None
    run(state, 3)
    looked(view, state)
    assert view._table.object == ""
    assert not view._figures.objects
    assert "Cycle 3 of the spin-up of 5" in view._about.object
    assert view.ranks._notice.shown
    assert view.ablation._notice.shown


def test_everything_is_shown_of_a_race_that_has_run(state, view):
    run(state, 50)
    looked(view, state)
    assert text_of(view._problem) == ""
    assert view._figures.objects
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


def test_a_quantity_is_chosen_without_computing(state, view, monkeypatch):
    run(state, 12)
    looked(view, state)
    monkeypatch.setattr(view._computing, "request", lambda _request: pytest.fail("computed"))
    for name, (attribute, right, log, _) in reversed(QUANTITIES.items()):  # the first is the one that is shown already
        view.quantity.value = name
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

    monkeypatch.setattr(skill, "diagnose", fails)
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
    assert "<b>0.250\u00a0±\u00a00.011</b>" in text
    assert "<td>0.5</td>" in text
    assert text.count('class="worse"') == 2  # χ²/p and the bias of the second
    assert '<span class="worse">1.30</span>' in text
    assert '<span class="worse">−0.50\u00a0±\u00a00.10</span>' in text
    assert "<td>0.81</td>" in text
    assert "<td>–</td>" in text


def test_the_table_escapes_and_says_why_a_method_ended():
    text = table((entry(SCRIPT, None, None, "its state stopped being finite in cycle 3"),), (method(),))
    assert "<script" not in text
    assert "stopped being finite" in text
    assert "±" not in text.split("</tr>")[1]
