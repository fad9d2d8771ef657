"""Keys of the Explore page: through times and levels, of a field and of observations."""

from collections.abc import Callable
from typing import Any

import numpy as np
import panel_material_ui as pmui

from backends.fields.cut_pictures import is_pressure, positions
from backends.fields.field import Axis
from dashboard.controls import LivePlayer
from dashboard.explore.observations.stepping import Stepping
from dashboard.explore.state import ExploreState
from dashboard.keys import Keys

#: Units of levels that are counted upwards.
HEIGHTS = ("m", "km")


class ExploreKeys:
    """Moves the controls of the page; keys for which there is nothing to move stay with the browser, which scrolls by them.

    Parameters
    ----------
    state
        Of the page.
    player
        Of its times.
    level
        Returns the list of levels, if the variable has several.
    """

    def __init__(self, state: ExploreState, player: LivePlayer, level: Callable[[], pmui.Select | None]) -> None:
        self._state, self._player, self._level = state, player, level
        self._stepping = Stepping(state.observations)
        self.keys = Keys({
            " ": (self._play, "play or pause the times"),
            "ArrowRight": (lambda: self._by(1), "next time; of observations, the next step that has any"),
            "ArrowLeft": (lambda: self._by(-1), "the time before"),
            "Home": (lambda: self._go(self._player.start), "first time"),
            "End": (lambda: self._go(self._player.end), "last time"),
            "ArrowUp": (lambda: self._lift(1), "next higher level; of observations, layer"),
            "ArrowDown": (lambda: self._lift(-1), "next lower level or layer"),
        })  # fmt: skip
        state.param.watch(self.listen, ["opened", "variable", "shows_observations"])
        state.observations.param.watch(self.listen, "overview")

    def listen(self, *_events: Any) -> None:
        """Leave keys that have nothing to move to the browser."""
        if self._state.shows_observations:
            times, levels, plays = self._stepping.has_times, self._stepping.has_levels, False
        else:
            times, levels, plays = self._player.visible, self._level() is not None, self._player.visible
        names = [" ", "Home", "End"] * plays + ["ArrowRight", "ArrowLeft"] * times + ["ArrowUp", "ArrowDown"] * levels
        if names != self.keys.names:
            self.keys.names = names

    def _play(self) -> None:
        self._player.direction = 0 if self._player.direction else 1

    def _by(self, steps: int) -> None:
        if self._state.shows_observations:
            self._stepping.time(steps)
        else:
            self._go(self._player.value + steps)

    def _go(self, index: int) -> None:
        self._player.param.update(direction=0, value=min(max(index, self._player.start), self._player.end))

    def _lift(self, levels: int) -> None:
        if self._state.shows_observations:
            self._stepping.level(levels)
        elif (select := self._level()) is not None and self._state.opened is not None:
            axis = self._state.opened.variable(self._state.variable).axis("level")
            if axis is not None:
                select.value = lifted(axis, select.value, levels)


def lifted(axis: Axis, index: int, levels: int) -> int:
    """Return the index of the level so many above another, or the last there is in this direction.

    Levels without a pressure or a height lie as lists show them: the first on top.
    """
    counted = is_pressure(axis) or axis.units in HEIGHTS
    up = positions(axis) if counted else np.arange(len(axis))
    order = list(np.argsort(up if axis.units in HEIGHTS else -up))
    return int(order[min(max(order.index(index) + levels, 0), len(order) - 1)])
