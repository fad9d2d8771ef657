"""What the address of the Rollout page says: the experiment as a file has it, whether it has been run, and the tab."""

from collections.abc import Callable, Sequence
from typing import Literal

from param.parameterized import Event
from pydantic import Field

from backends.errors import InputError
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.rollout.analysis_start import AnalysisStart
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.sections import Section
from dashboard.address import Tab, apart
from dashboard.rollout.player import Player
from dashboard.rollout.state import RolloutState


class RolloutAddressView(Section):
    """Keys of the address that are not those of an experiment file."""

    tab: Literal["play", "skill", "physics", "sensitivity", "archive", "long-runs", "file"] = Field(
        "play", description="the tab that is shown"
    )
    run: bool = Field(False, description="whether the forecasts are run")
    lead: int = Field(0, ge=0, description="number of the lead that is shown, counted from 0")
    race: str = Field(
        "", description="in place of an experiment: key of a race on the server whose newest analysis is the start"
    )
    method: int = Field(0, ge=0, description="number of the method of that race")


class RolloutAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`.

    Parameters
    ----------
    player
        Plays the leads.
    when_shown
        Calls a function when the browser has the page.
    """

    STEPS: Sequence[str] = ("tab", "start.name", "start.dynamics.name", "start.dataset")

    def __init__(self, state: RolloutState, tab: Tab, player: Player, when_shown: Callable[[Callable[[], None]], None]) -> None:
        self._state, self._tab, self._player, self._when_shown = state, tab, player, when_shown
        #: The lead that is asked for, until there are forecasts.
        self._lead: int | None = None
        state.param.watch(self._go, "view")

    def pairs(self) -> Pairs | None:
        """Return the experiment; None while it is run."""
        state = self._state
        if state.running:
            return None
        run = state.view is not None and not state.stale
        view = RolloutAddressView.model_validate({"tab": self._tab.name, "run": run, "lead": self._player.lead if run else 0})
        return to_pairs(state.checked().tree()) + to_pairs(view.tree())

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over an experiment, and run it if the address says so, or start from an analysis."""
        of_view, of_experiment = apart(pairs, tuple(RolloutAddressView.model_fields))
        view, state = read(of_view, RolloutAddressView), self._state
        faults, asked = [*view.faults], view.settings
        if of_experiment:
            experiment = read(of_experiment, RolloutSettings)
            faults += experiment.faults
            start = experiment.settings.start
            if isinstance(start, AnalysisStart) and not any(key.startswith("models.") for key in experiment.given):
                self._when_shown(lambda: state.start_and_run(start))
            else:
                faults += self._take(experiment.settings, asked.run)
        elif asked.race:
            self._when_shown(lambda: state.start_from_race(asked.race, asked.method))
        self._tab.show(asked.tab)
        self._lead = asked.lead
        if not state.running:
            self._go()
        return faults

    def _take(self, settings: RolloutSettings, run: bool) -> list[str]:
        state = self._state
        try:
            if run and state.view is not None and not (state.stale or state.running) and state.checked() == settings:
                return []  # this is what is shown
            state.take_over(settings)
        except InputError as problem:
            return [str(problem)]
        if run:
            self._when_shown(state.run)
        return []

    def _go(self, *_events: Event) -> None:
        """Go to the lead that is asked for, as soon as there are forecasts."""
        if self._lead is not None and self._state.view is not None:
            self._player.go(self._lead)
            self._lead = None
