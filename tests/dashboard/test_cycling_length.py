"""Sliders that follow the testbed: the length of a static B, the localisation radius, the observation errors."""

import pytest

from dashboard.controls import LiveSlider
from dashboard.cycling.controls import CyclingControls
from dashboard.cycling.method_controls import MethodControls
from dashboard.cycling.scales import has_distances
from dashboard.cycling.sections import TESTBEDS
from dashboard.cycling.state import CyclingState
from dashboard.races import RACES
from tests.dashboard.live_races import look, steps, wait_until

RING = """
kind: cycling
dynamics: {name: lorenz96, points: 12}
methods: [{name: 3dvar}, {name: hybrid, members: 5, length: 3.5}, {name: etkf, members: 6}]
cycles: 1000
spinup: 5
"""


@pytest.fixture
def state():
    state = CyclingState(text=RING)
    wait_until(lambda: state.live.ready)
    yield state
    RACES.drop(state.live)
    state.close()


def knobs(controls: MethodControls) -> list[LiveSlider | None]:
    """Return the slider of each card, or None where a card has none."""
    return [next((k for k in card if "B length" in str(getattr(k, "label", ""))), None) for card in controls._list]


def test_its_left_end_is_the_climate(state):
    var, hybrid, etkf = knobs(MethodControls(state))
    assert etkf is None
    assert (var.value, var.start, hybrid.value) == (0.0, 0.0, 3.5)
    assert var.label == "B length [points] (0: climate)"
    var.value = 2.0
    assert state.methods[0].length == 2.0
    assert state.settings().methods[0].length == 2.0
    var.value = 0.0
    assert state.methods[0].length is None
    assert "length" not in state.settings().methods[0].tree()
    assert state.problem == ""


def test_it_turns_in_mid_run_without_a_new_start(state):
    steps(state, 2)
    race, (var, hybrid, _) = state.live, knobs(MethodControls(state))
    for knob, value in ((var, 4.0), (hybrid, 0.0)):
        marks = len(race.race.marks)
        knob.value = value
        wait_until(lambda marks=marks: len(race.race.marks) == marks + 1)
    assert (state.live is race, state.stale) == (True, "")
    steps(state, 1)
    assert [(mark.cycle, mark.text) for mark in look(state).marks] == [
        (2, "3dvar: B length 4"), (2, "hybrid: B length of the climate"),
    ]  # fmt: skip
    assert [contestant.method.length for contestant in race.race.cycling.contestants[:2]] == [4.0, None]


@pytest.mark.parametrize("testbed", TESTBEDS)
def test_it_has_the_unit_of_the_testbed_and_is_not_there_without_distances(state, testbed, monkeypatch):
    monkeypatch.setattr(state, "reset", lambda: None)  # the climates of large testbeds take long to sample
    controls = MethodControls(state)
    state.choose_testbed(testbed)
    kept = 3.5 if testbed == "lorenz96" else None  # the same testbed, the same unit
    assert [section.length for section in state.methods[:2]] == [None, kept]
    shown = knobs(controls)[:2]
    if testbed in ("lorenz63", "circle"):
        assert shown == [None, None]
        return
    unit = TESTBEDS[testbed].MODEL.distance_unit
    assert [knob.value for knob in shown] == [0.0, kept or 0.0]
    for knob in shown:
        assert (f"[{unit}]" in knob.label) == bool(unit)
        assert knob.end == {"advection-1d": 0.5, "advection-diffusion": 0.4, "shallow-water": 3000.0}.get(testbed, 20.0)


def test_a_length_of_a_file_is_shown_even_where_it_cannot_be(state):
    far = state.yaml().replace("length: 3.5", "length: 60.0")
    state.take(far)
    wide = knobs(MethodControls(state))[1]
    assert (wide.value, wide.end) == (60.0, 60.0)
    state.take("kind: cycling\ndynamics: {name: lorenz63}\nmethods: [{name: 3dvar, length: 2.0}]\n")
    wait_until(lambda: state.live.problem)
    look(state)
    assert "lorenz63 has no distances" in state.problem
    knobs(MethodControls(state))[0].value = 0.0
    wait_until(lambda: state.live.ready)
    assert state.problem == ""
    steps(state, 1)


def radii(controls: MethodControls) -> list[LiveSlider]:
    """Return the sliders of localisation radii."""
    return [k for card in controls._list for k in card if str(getattr(k, "label", "")).startswith("Radius")]


@pytest.mark.parametrize("testbed", TESTBEDS)
def test_radii_and_errors_have_the_size_that_suits_the_testbed(state, testbed, monkeypatch):
    monkeypatch.setattr(state, "reset", lambda: None)
    controls = CyclingControls(state)
    state.add_method("letkf")
    state.choose_testbed("kolmogorov")
    state.choose_testbed(testbed)
    sigma = state.network.sigma
    for knob in (controls.sigma, controls.noise):
        assert knob.value == sigma
        assert sigma * 1.5 < knob.end < sigma * 6
        assert knob.step < sigma / 5
    shown, usual = radii(controls.methods), TESTBEDS[testbed].RADIUS
    if usual is None:
        assert bool(shown) == has_distances(testbed)
        return
    unit = TESTBEDS[testbed].MODEL.distance_unit
    local = shown[-1]
    assert (f"[{unit}]" in local.label) == bool(unit)
    assert local.value == pytest.approx(state.methods[-1].localization.radius)
    assert local.start < local.value < local.end / 2
    assert local.step <= local.value / 4
    local.value = local.end
    assert state.methods[-1].localization is None
    local.value = 10 * local.step
    assert state.methods[-1].localization.radius == pytest.approx(10 * local.step)


def test_a_radius_of_a_file_beyond_the_slider_is_not_taken_for_none(state):
    state.take(RING.replace("{name: etkf, members: 6}", "{name: letkf, members: 6, localization: {radius: 45.0}}"))
    knob = radii(MethodControls(state))[-1]
    assert (knob.value, knob.end) == (45.0, 45.5)
    assert state.methods[-1].localization.radius == 45.0


def test_sliders_show_as_many_decimals_as_their_steps_have(state):
    controls = CyclingControls(state)
    state.choose_testbed("lorenz96")
    scale = next(k for card in controls.methods._list for k in card if getattr(k, "label", "") == "B scale")
    assert (scale.step, scale.format) == (0.002, "0.[000]")
    assert controls.sigma.format == "0.[00]"
