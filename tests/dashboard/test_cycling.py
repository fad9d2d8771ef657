"""The state of the Cycling page: settings to races, knobs in mid-run, reloads, faults."""

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.errors import InputError
from backends.experiments.run import from_yaml
from dashboard.cycling.presets import PRESETS
from dashboard.cycling.sections import MOST_METHODS
from dashboard.cycling.state import CyclingState
from dashboard.races import MAKING, RACES, Races
from dashboard.worker import DEVICE
from tests.dashboard.live_races import SMALL, look, steps, wait_until


@pytest.fixture
def state():
    state = CyclingState(text=SMALL)
    wait_until(lambda: state.live.ready)
    yield state
    if state.live is not None:
        RACES.drop(state.live)
    state.close()


def test_a_step_is_one_cycle(state):
    steps(state, 3)
    view = look(state)
    assert view.cycle == 3
    assert view.labels == ("3dvar", "etkf")
    assert view.time == pytest.approx(3 * 25 * 0.01)
    assert [len(series["rmse_analysis"]) for series in view.series] == [3, 3]


def test_the_page_and_the_command_line_give_the_same_numbers(state):
    from backends.experiments.cycling.run import entries, run

    settings = state.settings().model_copy(update={"cycles": 20})
    steps(state, 20)
    shown = look(state).entries
    computed = entries(run(settings))
    assert [entry.rmse_analysis for entry in shown] == [entry.rmse_analysis for entry in computed]


def test_it_runs_pauses_and_goes_on(state):
    state.live.speed = math.inf
    state.live.start()
    wait_until(lambda: state.live.cycle > 10)
    state.live.pause()
    DEVICE.submit(lambda: None).result()  # after the slice that is being computed
    stood = state.live.cycle
    time.sleep(0.2)
    assert state.live.cycle == stood
    state.live.start()
    wait_until(lambda: state.live.cycle > stood)


def test_it_ends_with_the_last_cycle(state):
    state.run.cycles = 30
    wait_until(lambda: state.live.ready)
    state.live.speed = math.inf
    state.live.start()
    wait_until(lambda: state.live.finished)
    assert state.live.cycle == 30
    wait_until(lambda: not state.live.running)


def test_a_speed_is_kept(state):
    state.live.speed = 50.0
    began = time.monotonic()
    state.live.start()
    wait_until(lambda: state.live.cycle >= 20)
    assert time.monotonic() - began > 0.9 * 20 / 50 - 0.1  # never faster than asked for


def test_knobs_turn_in_mid_run_and_leave_marks(state):
    steps(state, 2)
    race = state.live
    state.methods[1].inflation = 1.3
    wait_until(lambda: len(race.race.marks) == 1)
    state.network.sigma = 2.0
    state.set_model("rho", 29.0)
    wait_until(lambda: len(race.race.marks) == 3)
    steps(state, 1)
    assert state.live is race
    assert [(mark.cycle, mark.text) for mark in look(state).marks] == [
        (2, "etkf: inflation 1.3"), (2, "σ_o 2"), (2, "model rho 29"),
    ]  # fmt: skip
    assert race.race.cycling.contestants[1].method.inflation == 1.3
    assert race.race.cycling.model.rho == 29.0
    assert race.race.dynamics.rho == 28.0
    assert float(race.race.cycling.newest.observed.error.sigma[0]) == 2.0


def test_what_needs_a_new_start_is_named_and_reset_gives_it(state):
    steps(state, 2)
    before = state.live
    state.methods[1].members = 9
    assert state.stale == "methods"
    assert state.live is before
    state.reset()
    assert state.stale == ""
    assert state.live is not before
    assert RACES.get(before.key) is None


def test_before_the_first_cycle_changes_make_another_race(state):
    before = state.live
    state.methods[1].members = 9
    assert state.live is not before
    assert state.live.settings.methods[1].members == 9


def test_of_races_that_wait_to_be_made_only_the_last_is(state):
    gate, watched = threading.Event(), []
    MAKING.submit(gate.wait)
    for members in (7, 8, 9):
        state.methods[1].members = members
        watched.append(state.live)
    gate.set()
    wait_until(lambda: state.live.ready)
    assert [race.ready for race in watched] == [False, False, True]
    assert "given up" in watched[1].problem
    assert state.problem == ""


def test_a_race_that_is_refused_is_not_made(monkeypatch):
    from dashboard import races

    made = []
    monkeypatch.setattr(races, "MOST_RACES", 0)
    monkeypatch.setattr(races, "Race", made.append)
    with pytest.raises(InputError, match="0 races are kept on this server already"):
        RACES.create(from_yaml(SMALL))
    MAKING.submit(lambda: None).result()
    assert made == []


def test_no_step_goes_beyond_the_last_cycle(state):
    state.run.param.update(spinup=1, cycles=3)
    wait_until(lambda: state.live.ready)
    steps(state, 3)
    state.live.advance_one()
    wait_until(lambda: not state.live.wants_turn(math.inf) and state.live._single == 0)
    DEVICE.submit(lambda: None).result()
    assert state.live.cycle == 3


def test_an_impossible_setting_is_a_sentence_and_the_race_goes_on(state):
    steps(state, 1)
    race = state.live
    state.network.components = (7,)
    wait_until(lambda: race.problem)
    look(state)
    assert state.problem == "observed components must lie between 0 and 2; came 7"
    state.network.components = (1,)
    wait_until(lambda: not race.problem)
    steps(state, 1)
    assert look(state).observed.tolist() == [1]


def test_a_value_out_of_range_is_a_sentence(state):
    state.run.spinup = 5000
    assert state.problem == "spinup must be less than cycles, 1000; came 5000"


def test_another_tab_finds_the_race_again(state):
    steps(state, 4)
    other = CyclingState(state.live.key)
    assert other.live is state.live
    assert other.settings() == state.settings()
    other.look()
    other.wait()
    assert other.view.cycle == 4
    other.close()


def test_a_race_that_is_gone_is_announced():
    state = CyclingState("no-such-race")
    assert "not on this server" in state.problem
    assert state.live is not None
    RACES.drop(state.live)


def test_methods_come_and_go(state):
    while len(state.methods) < MOST_METHODS:
        state.add_method("etkf")
    state.add_method("letkf")
    assert state.problem == f"at most {MOST_METHODS} methods race at a time"
    assert state.labels()[1:] == ["etkf N 6", "etkf N 20 #1", "etkf N 20 #2", "etkf N 20 #3", "etkf N 20 #4"]
    state.remove_method(state.methods[0])
    assert len(state.methods) == MOST_METHODS - 1


def test_a_race_nobody_looks_at_pauses(state, monkeypatch):
    from dashboard import races

    monkeypatch.setattr(races, "PAUSE_AFTER", 0.3)
    state.live.keep()
    state.live.start()
    wait_until(lambda: not state.live.running)
    assert state.live.cycle < 1000


def test_a_method_that_blows_up_leaves_the_others(state):
    state.take(SMALL.replace("inflation: 1.05", "inflation: 100000000000.0"))
    wait_until(lambda: state.live.ready)
    steps(state, 40)
    entries = look(state).entries
    assert entries[1].reason is not None
    assert entries[1].diverged_at is not None
    assert entries[0].reason is None
    assert entries[0].rmse_analysis is not None


@pytest.mark.parametrize("title", PRESETS)
def test_every_preset_can_be_raced(state, title):
    state.take(PRESETS[title])
    assert state.settings().title == title
    wait_until(lambda: state.live.ready)
    steps(state, 1)
    assert look(state).cycle == 1


def test_stations_are_toggled_and_moved(state):
    steps(state, 1)
    look(state)
    state.toggle_station(1, [])
    assert state.network.components == (0, 2)
    state.toggle_station(1, [])
    assert state.network.components == (0, 1, 2)
    state.toggle_station(5, [2])
    state.move_station(0, 2)
    assert state.network.components == (1, 2)


def test_no_slice_of_a_race_holds_the_device_for_long(state):
    state.run.cycles = 100_000
    wait_until(lambda: state.live.ready)
    state.live.speed = math.inf
    state.live.start()
    wait_until(lambda: state.live.cycle > 0)
    DEVICE.submit(lambda: None).result()
    assert state.live.cycle < 100_000  # others are served in between


def test_a_race_that_runs_takes_no_turn_once_the_server_ends():
    worker, before = ThreadPoolExecutor(1), set(threading.enumerate())
    races = Races(worker)
    live = races.create(from_yaml(SMALL))
    wait_until(lambda: live.ready)
    live.speed = math.inf
    live.start()
    wait_until(lambda: live.cycle > 2)
    races.close()
    worker.shutdown()
    stood = live.cycle
    live.start()  # somebody who does not know yet
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert "races" not in left
    assert live.cycle == stood
