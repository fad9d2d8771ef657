"""What a person has chosen on the Cycling page, and the race that belongs to it."""

import param

from backends.errors import InputError
from backends.experiments.cycling.race import needs_restart
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.cycling.view import RaceView
from backends.experiments.run import from_yaml, of_kind
from dashboard.cycling.sections import FIRST, CyclingSections, not_too_many
from dashboard.races import RACES, LiveRace
from dashboard.worker import DEVICE, LatestWins


class CyclingState(CyclingSections):
    """State of the page, without any widget.

    The sections hold what a person sets, key by key as an experiment file has it. A change that a running race can take
    over goes to it at once; any other makes the page say that it needs a new start. Where a race is only watched, settings are
    shown and go nowhere.
    """

    window = param.Integer(400, bounds=(50, 100_000), doc="Cycles that the time axes show.")
    field = param.Integer(0, bounds=(0, None), doc="The field that is shown, of testbeds with several.")
    live = param.Parameter(None, doc="The race on the server.")
    view = param.Parameter(None, doc="The newest picture of it.")
    stale = param.String(doc="Which change needs a new start.")

    def __init__(self, key: str = "", text: str = "", begin: bool = True, watching: bool = False) -> None:
        super().__init__()
        self._watching = watching
        self.history = 0
        self._looking = LatestWins(DEVICE, _look, self._on_view, self._on_failed)
        if begin:
            self.open(key, of_kind(from_yaml(text), CyclingSettings) if text else None)

    def take(self, text: str) -> None:
        """Take over an experiment file's text, or what the page opens with, and make a new race of it.

        Raises
        ------
        InputError
            If the file is wrong.
        """
        self._begin(of_kind(from_yaml(text), CyclingSettings) if text else CyclingSettings.model_validate(FIRST))

    def _begin(self, settings: CyclingSettings) -> None:
        not_too_many(settings)
        self._show(settings)
        self.reset()

    def _on_change(self, *_events: object) -> None:
        """Let the race have the settings as they are now, or say why it cannot."""
        if self.taking or self._watching:
            return
        try:
            settings = self.settings()
        except InputError as problem:
            self.problem = str(problem)
            return
        live = self.live
        if live is None or not live.started:
            self.reset()
            return
        restart = needs_restart(live.settings, settings)
        self.param.update(problem="", stale=restart)
        if not restart:
            live.change(settings)

    def toggle_station(self, component: int, near: list[int]) -> None:
        """Observe a component, or take away the station that is at it or near it."""
        stations = set(self._stations())
        there = next((k for k in [component, *near] if k in stations), None)
        stations.symmetric_difference_update({component if there is None else there})
        self.network.components = tuple(sorted(stations))

    def move_station(self, old: int, new: int) -> None:
        """Move a station to another component."""
        self.network.components = tuple(sorted({*self._stations(), new} - ({old} - {new})))

    def _stations(self) -> tuple[int, ...]:
        """Return the components that are observed now, whatever rule chose them."""
        if isinstance(self.network.components, tuple):
            return self.network.components
        return () if self.view is None else tuple(self.view.observed.tolist())

    # The race -----------------------------------------------------------------------------------------------------

    def open(self, key: str, settings: CyclingSettings | None) -> None:
        """Go to the race of a key, or begin one with settings, or the usual ones, where it is not on the server.

        The race that is shown takes over the settings.

        Raises
        ------
        InputError
            If there are too many methods.
        """
        found = RACES.get(key) if key else None
        if self._watching:
            self._watch(found, settings)
        elif found is None:
            self._begin(settings or CyclingSettings.model_validate(FIRST))
            if key:
                which = "these" if settings else "the usual"
                self.problem = f"that race is not on this server any more; here is a new one with {which} settings"
        elif found is not self.live:
            self._show(found.settings)
            self.param.update(live=found, view=None, problem="", stale="")
        elif settings is not None:
            not_too_many(settings)
            self._show(settings)
            self._on_change()

    def _watch(self, found: LiveRace | None, settings: CyclingSettings | None) -> None:
        """Show a race of somebody else, if it is there, and settings."""
        if settings is not None:
            self._show(settings)
        if found is None:
            self.problem = "the race that the presenter shows is not on this server any more"
        elif found is not self.live:
            self.param.update(live=found, view=None, problem="", stale="")
        if found is not None and settings is not None:
            self.param.update(problem="", stale=needs_restart(found.settings, settings))

    def reset(self) -> None:
        """Make a new race of the settings, not started, in place of the one that there is."""
        try:
            settings = self.settings()
            fresh = RACES.create(settings)
        except InputError as problem:
            self.problem = str(problem)
            return
        if self.live is not None:
            fresh.speed = self.live.speed
            RACES.drop(self.live)
        self.param.update(live=fresh, view=None, problem="", stale="")

    def look(self) -> None:
        """Ask for the newest picture; called some times a second while the page is open."""
        live = self.live
        if live is None:
            return
        live.keep()
        if live.problem and live.problem != self.problem:
            self.problem = live.problem
        if live.ready:
            self._looking.request((live, self.chosen, self.window, self.history))

    def wait(self) -> None:
        """Block until the picture asked for is there; for programs without a browser."""
        self._looking.wait()

    def close(self) -> None:
        """Let go of everything when the session ends; the race stays on the server."""
        self._looking.close()
        self.live = self.view = None

    def _on_view(self, request: tuple[LiveRace, int, int, int], view: RaceView) -> None:
        if request[0] is self.live:
            self.view = view

    def _on_failed(self, problem: str) -> None:
        self.problem = problem


def _look(request: tuple[LiveRace, int, int, int]) -> RaceView:
    live, chosen, window, history = request
    return live.look(min(chosen, len(live.settings.methods) - 1), window, history)
