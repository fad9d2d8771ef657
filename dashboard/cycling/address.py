"""What the address of the Cycling page says: the experiment as a file has it, the race on the server, and the tab."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from backends.errors import InputError
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.sections import Section
from dashboard.address import Tab, apart
from dashboard.cycling.sections import first_with_members
from dashboard.cycling.state import CyclingState


class CyclingView(Section):
    """Keys of the address that are not those of an experiment file."""

    tab: Literal["live", "diagnostics", "long-runs", "file"] = Field("live", description="the tab that is shown")
    shown: int | None = Field(
        None, ge=0, description="number of the method whose states are shown; null: the first that has members"
    )
    race: str = Field("", description="key of a race that is live on the server; its settings count as long as it is")


class CyclingAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`."""

    STEPS: Sequence[str] = ("tab", "dynamics.name")

    def __init__(self, state: CyclingState, tab: Tab) -> None:
        self._state, self._tab = state, tab

    def pairs(self) -> Pairs | None:
        """Return the experiment and its race."""
        live = self._state.live
        state, settings = self._state, self._state.settings()
        shown = None if state.chosen == first_with_members(settings) else state.chosen
        view = {"tab": self._tab.name, "race": "" if live is None else live.key, "shown": shown}
        return to_pairs(CyclingView.model_validate(view).tree()) + to_pairs(settings.tree())

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Go to a race, or begin one with the settings."""
        of_view, of_experiment = apart(pairs, tuple(CyclingView.model_fields))
        view = read(of_view, CyclingView)
        faults: list[str] = [*view.faults]
        experiment = None
        if of_experiment:
            found = read(of_experiment, CyclingSettings)
            experiment = found.settings
            faults += found.faults
        try:
            self._state.open(view.settings.race, experiment)
        except InputError as problem:
            faults.append(str(problem))
            self._state.open("", None)
        if view.settings.shown is not None:
            self._state.chosen = min(view.settings.shown, len(self._state.methods) - 1)
        self._tab.show(view.settings.tab)
        return faults
