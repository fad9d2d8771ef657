"""Keys of the pages, the list of them, and the tour, without a browser."""

from types import SimpleNamespace

import numpy as np
import pytest

from backends.fields.field import Axis
from dashboard.cycling.page import CyclingPage
from dashboard.explore.keys import lifted
from dashboard.explore.observations.stepping import Stepping, layer, stepped
from dashboard.home_help import TOUR
from dashboard.key_list import KeyList
from dashboard.keys import Keys
from dashboard.shell import Content, frame
from dashboard.tour import Tour
from tests.backends.observation_files import table
from tests.dashboard.explore.conftest import explore, levels

__all__ = ["explore", "levels"]


def axis(*values, units="hPa"):
    return Axis("level", "level", tuple(f"{value}" for value in values), None, values, units)


def part(page, kind):
    return next(part for part in page.header if isinstance(part, kind))


def test_keys_that_do_the_same_stand_in_one_line():
    keys = Keys(
        {" ": (int, "start"), "ArrowRight": (int, "a step"), ".": (int, "a step"), "r": (int, "anew"), "Home": (int, "first")}
    )
    assert keys.lines == ((("Space",), "start"), (("→", "."), "a step"), (("R",), "anew"), (("Home",), "first"))


def test_a_key_that_is_not_listened_for_does_nothing():
    pressed = []
    keys = Keys({"a": (lambda: pressed.append("a"), "one"), "b": (lambda: pressed.append("b"), "other")})
    keys.names = ["b"]
    for name in ("a", "b", "c", None):
        keys._handle_msg(name)
    assert pressed == ["b"]


def test_the_list_has_the_keys_of_the_page():
    page = CyclingPage()
    content = page.content()
    assert part(frame("/cycling", content), KeyList).keys["page"][0] == [["Space"], "start or pause the race"]
    page.help.button.clicks += 1
    shown = " ".join(pane.object for pane in page.help.drawer.objects[1] if isinstance(pane.object, str))
    assert "<th>→  .</th><td>one cycle</td>" in shown
    content.close()


def test_a_tour_is_offered_unless_the_address_says_something(monkeypatch):
    from dashboard import shell

    content = Content([], [], lambda: None, tour=TOUR)
    assert part(frame("/", content), Tour).offered
    for asked, offered in (({"theme": [b"dark"]}, True), ({"scene": [b"x"]}, False), ({"dataset": [b"a.nc"]}, False)):
        state = SimpleNamespace(session_args=asked, curdoc=None, user=None, location=None, on_session_destroyed=lambda _: None)
        monkeypatch.setattr(shell.pn, "state", state)
        assert part(frame("/", content), Tour).offered is offered
        monkeypatch.undo()
    assert not part(frame("/", Content([], [], lambda: None)), Tour).offered


@pytest.mark.parametrize(
    ("levels", "up"),
    [
        (axis(1000, 850, 500), [1, 2, 2]),  # pressures fall upwards
        (axis(500, 850, 1000), [0, 0, 1]),
        (axis(2, 10, 100, units="m"), [1, 2, 2]),
        (axis(1, 2, 3, units=""), [0, 0, 1]),  # as in the list: the first on top
    ],
)
def test_a_level_above_another(levels, up):
    assert [lifted(levels, k, 1) for k in range(3)] == up
    assert lifted(levels, lifted(levels, 1, 1), -1) == 1


def test_keys_step_through_the_times_of_a_field_and_play(explore):
    press = explore.keys._handle_msg
    press("ArrowRight")
    press("ArrowRight")
    assert explore.state.selection == {"time": 2}
    press("ArrowLeft")
    assert (explore.state.selection, explore.controls.player.value) == ({"time": 1}, 1)
    press("End")
    press("ArrowRight")
    assert explore.state.selection["time"] == explore.controls.player.end
    press(" ")
    assert explore.controls.player.direction == 1
    press("Home")
    assert (explore.controls.player.direction, explore.state.selection["time"]) == (0, 0)
    assert "ArrowUp" not in explore.keys.names  # there are no levels: the browser scrolls


def test_keys_go_through_levels_and_the_list_follows(levels):
    assert levels.state.selection["level"] == 0
    levels.keys._handle_msg("ArrowUp")
    assert (levels.state.selection["level"], levels.controls.selects["level"].value) == (1, 1)  # 500 hPa is above 850 hPa
    levels.keys._handle_msg("ArrowDown")
    assert levels.state.selection["level"] == 0


def test_the_next_bar_is_the_next_that_counts_something():
    counts = np.array([3, 0, 2, 5])
    assert stepped(counts, None, 1) == 0
    assert stepped(counts, None, -1) == 3
    assert stepped(counts, np.array([True, False, False, False]), 1) == 2
    assert stepped(counts, np.array([False, False, True, True]), 1) is None
    assert stepped(counts, np.array([False, False, True, True]), -1) == 0
    assert stepped(np.zeros(3), None, 1) is None


def test_observations_are_gone_through_step_by_step():
    from dashboard.explore.observations.state import ObservationState

    state = ObservationState()
    state.table = table(4, level=[85_000.0, 85_000.0, 50_000.0, 50_000.0])
    state.choose_variable("air_temperature")
    for _ in range(3):
        state.wait()
    stepping = Stepping(state)
    hours = []
    for _ in range(5):
        stepping.time(1)
        hours.append(state.selection.start)
    assert [None if hour is None else int(hour.astype("datetime64[h]").astype(int) % 24) for hour in hours] == [
        0,
        1,
        2,
        3,
        None,
    ]
    for _ in range(2):
        state.wait()
    stepping.level(1)
    low, high = state.selection.levels
    assert low <= 85_000 <= high
    for _ in range(2):
        state.wait()
    stepping.level(1)
    low, high = state.selection.levels
    assert low <= 50_000 <= high
    state.close()


def test_a_level_on_an_edge_belongs_to_the_layer_that_begins_there():
    low, high = layer(70_000.0, 85_000.0)
    assert low == 70_000
    assert high < 85_000
