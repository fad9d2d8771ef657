"""What a person has chosen on the Cycling page, and the race that belongs to it."""

from typing import Any

import param
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.cycling.dynamics import DYNAMICS
from backends.experiments.cycling.methods import METHODS
from backends.experiments.cycling.race import labels, needs_restart
from backends.experiments.cycling.settings import CyclingSettings, NetworkSettings
from backends.experiments.cycling.view import RaceView
from backends.experiments.faults import validated
from backends.experiments.run import from_yaml, of_kind, to_yaml
from dashboard.cycling.suiting import localise, usual_network
from dashboard.races import RACES, LiveRace
from dashboard.sections import SectionState, section_state
from dashboard.worker import DEVICE, LatestWins

MOST_METHODS = 6
TESTBEDS = {model.model_fields["name"].default: model for model in DYNAMICS}
KINDS = {model.model_fields["name"].default: model for model in METHODS}
#: Methods that need distances even without a localisation radius.
LOCAL = ("letkf", "lpf")
#: What a page opens with.
FIRST = {
    "kind": "cycling",
    "title": "Lorenz-96: variational, global and local",
    "methods": [
        {"name": "3dvar"},
        {"name": "etkf", "members": 24, "inflation": 1.02, "rotation": True},
        {"name": "letkf", "members": 10, "inflation": 1.02, "rotation": True},
    ],
    "cycles": 100_000,
    "spinup": 100,
}


class CyclingState(param.Parameterized):
    """State of the page, without any widget.

    The sections hold what a person sets, key by key as an experiment file has it. A change that a running race can take
    over goes to it at once; any other makes the page say that it needs a new start. Where a race is only watched, settings are
    shown and go nowhere.
    """

    testbed = param.String("lorenz96", doc="The testbed that is chosen.")
    model = param.Dict({}, doc="Keys in which the forecast model differs.")
    methods = param.List([], doc="The settings of the methods that race, as sections.")
    chosen = param.Integer(0, bounds=(0, None), doc="The method whose states are shown.")
    window = param.Integer(400, bounds=(50, 100_000), doc="Cycles that the time axes show.")
    field = param.Integer(0, bounds=(0, None), doc="The field that is shown, of testbeds with several.")
    live = param.Parameter(None, doc="The race on the server.")
    view = param.Parameter(None, doc="The newest picture of it.")
    problem = param.String(doc="Why the settings cannot be run.")
    stale = param.String(doc="Which change needs a new start.")

    def __init__(self, key: str = "", text: str = "", begin: bool = True, watching: bool = False) -> None:
        super().__init__()
        self._watching = watching
        self.title = ""
        self.testbeds: dict[str, Any] = {name: section_state(model) for name, model in TESTBEDS.items()}
        self.network: Any = section_state(NetworkSettings)
        self.run: Any = section_state(CyclingSettings, cycles=FIRST["cycles"], spinup=FIRST["spinup"])
        self.taking = False
        self.history = 0
        self._looking = LatestWins(DEVICE, _look, self._on_view, self._on_failed)
        for section in (*self.testbeds.values(), self.network):
            section.param.watch(self._on_change, list(section.KEYS))
        self.testbeds["emulator"].param.watch(self._on_run, "run")
        self.run.param.watch(self._on_change, ["cycles", "spinup", "seed"])
        if begin:
            self.open(key, of_kind(from_yaml(text), CyclingSettings) if text else None)

    # Settings -----------------------------------------------------------------------------------------------------

    @property
    def section(self) -> SectionState:
        """The settings of the testbed that is chosen."""
        return self.testbeds[self.testbed]

    def settings(self) -> CyclingSettings:
        """Return the experiment that the sections describe.

        Raises
        ------
        InputError
            If a value is out of range; the sentence names it.
        """
        parts: dict[str, Any] = {
            "title": self.title,
            "dynamics": self.section.settings(),
            "model": dict(self.model),
            "observations": self.network.settings(),
            "methods": tuple(section.settings() for section in self.methods),
            "cycles": self.run.cycles,
            "spinup": self.run.spinup,
            "seed": self.run.seed,
        }
        return validated(CyclingSettings, parts)

    def take(self, text: str) -> None:
        """Take over an experiment file's text, or what the page opens with, and make a new race of it.

        Raises
        ------
        InputError
            If the file is wrong.
        """
        self._begin(of_kind(from_yaml(text), CyclingSettings) if text else CyclingSettings.model_validate(FIRST))

    def _begin(self, settings: CyclingSettings) -> None:
        _not_too_many(settings)
        self._show(settings)
        self.reset()

    def yaml(self) -> str:
        """Return the experiment as a file's text."""
        return to_yaml(self.settings())

    @staticmethod
    def yaml_with(settings: CyclingSettings, changes: dict[str, Any]) -> str:
        """Return settings with other values of some keys as a file's text.

        Raises
        ------
        InputError
            If they do not go together.
        """
        return to_yaml(validated(CyclingSettings, {**dict(settings), **changes}))

    def add_method(self, name: str) -> None:
        """Add a method with its usual settings."""
        if len(self.methods) >= MOST_METHODS:
            self.problem = f"at most {MOST_METHODS} methods race at a time"
            return
        section = self._usual(name)
        localise(section, TESTBEDS[self.testbed].RADIUS)
        self.methods = [*self.methods, section]
        self._on_change()

    def remove_method(self, section: SectionState) -> None:
        """Take a method out of the race."""
        self.methods = [other for other in self.methods if other is not section]
        self.chosen = min(self.chosen, max(0, len(self.methods) - 1))
        self._on_change()

    def choose_testbed(self, name: str) -> None:
        """Take another testbed, observed in a way that suits it; lengths in the unit of the old one are given up."""
        self.taking = True
        try:
            if name != self.testbed:
                self.title = ""  # it speaks of the old one
            for section in self.methods:
                if name != self.testbed and "length" in section.KEYS:
                    section.length = None
                localise(section, TESTBEDS[name].RADIUS)
            methods = self.methods
            if TESTBEDS[name].RADIUS is None:  # what is local by nature cannot race there
                methods = [m for m in methods if m.MODEL.model_fields["name"].default not in LOCAL] or [self._usual("etkf")]
            chosen = min(self.chosen, len(methods) - 1)
            learned = name == "emulator"
            usual = usual_network(self.testbeds[name].run) if learned else TESTBEDS[name].NETWORK
            self.network.take(NetworkSettings(**usual))
            self.param.update(testbed=name, model={}, methods=methods, chosen=chosen)
        finally:
            self.taking = False
        self._on_change()

    def set_model(self, key: str, value: float) -> None:
        """Let the forecast model have another value of a key than the truth, or the same."""
        model = {name: old for name, old in self.model.items() if name != key}
        self.model = model if value == getattr(self.section, key) else {**model, key: value}
        self._on_change()

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

    def labels(self) -> list[str]:
        """Return what the methods are called."""
        return labels(tuple(section.settings() for section in self.methods))

    def _show(self, settings: CyclingSettings) -> None:
        self.taking = True
        try:
            self.title = settings.title
            self.testbeds[settings.dynamics.name].take(settings.dynamics)
            self.network.take(settings.observations)
            self.run.param.update(cycles=settings.cycles, spinup=settings.spinup, seed=settings.seed)
            methods = [self._section_of(method) for method in settings.methods]
            chosen = first_with_members(settings)
            self.param.update(testbed=settings.dynamics.name, model=dict(settings.model), methods=methods, chosen=chosen)
        finally:
            self.taking = False

    def _usual(self, name: str) -> SectionState:
        return self._section_of(KINDS[name].model_validate({}))

    def _section_of(self, settings: Any) -> SectionState:
        section = section_state(type(settings))
        section.take(settings)
        section.param.watch(self._on_change, list(section.KEYS))
        return section

    def _on_run(self, event: Event) -> None:
        """Observe in another way where the testbed's new network has learned another system."""
        if not self.taking and event.old and usual_network(event.new) != usual_network(event.old):
            self.network.take(NetworkSettings(**usual_network(event.new)))

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
            _not_too_many(settings)
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


def first_with_members(settings: CyclingSettings) -> int:
    """Return the number of the method whose states are shown at first: an ensemble has more to show than a single state."""
    return next((k for k, method in enumerate(settings.methods) if hasattr(method, "members")), 0)


def _not_too_many(settings: CyclingSettings) -> None:
    if len(settings.methods) > MOST_METHODS:
        raise InputError(f"the page races at most {MOST_METHODS} methods; came {len(settings.methods)}")


def _look(request: tuple[LiveRace, int, int, int]) -> RaceView:
    live, chosen, window, history = request
    return live.look(min(chosen, len(live.settings.methods) - 1), window, history)
