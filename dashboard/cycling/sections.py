"""The settings that the controls of the Cycling page hold, section by section."""

from typing import Any

import param
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.cycling.dynamics import DYNAMICS
from backends.experiments.cycling.methods import METHODS
from backends.experiments.cycling.race import labels
from backends.experiments.cycling.settings import CyclingSettings, NetworkSettings
from backends.experiments.faults import validated
from backends.experiments.run import to_yaml
from dashboard.cycling.suiting import localise, usual_network
from dashboard.sections import SectionState, section_state

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


class CyclingSections(param.Parameterized):
    """The part of the page's state that an experiment file has, key by key.

    Attributes
    ----------
    title
        Of the experiment.
    testbeds
        The settings of each testbed, by its name; one of them is chosen.
    network, run
        The settings of the observations, and of the run.
    taking
        Whether settings are being taken over rather than changed by a person.
    """

    testbed = param.String("lorenz96", doc="The testbed that is chosen.")
    model = param.Dict({}, doc="Keys in which the forecast model differs.")
    methods = param.List([], doc="The settings of the methods that race, as sections.")
    chosen = param.Integer(0, bounds=(0, None), doc="The method whose states are shown.")
    problem = param.String(doc="Why the settings cannot be run.")

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.testbeds: dict[str, Any] = {name: section_state(model) for name, model in TESTBEDS.items()}
        self.network: Any = section_state(NetworkSettings)
        self.run: Any = section_state(CyclingSettings, cycles=FIRST["cycles"], spinup=FIRST["spinup"])
        self.taking = False
        for section in (*self.testbeds.values(), self.network):
            section.param.watch(self._on_change, list(section.KEYS))
        self.testbeds["emulator"].param.watch(self._on_run, "run")
        self.run.param.watch(self._on_change, ["cycles", "spinup", "seed"])

    def _on_change(self, *_events: object) -> None:
        """Do what follows from a change of settings: the page that has a race overrides this."""

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


def first_with_members(settings: CyclingSettings) -> int:
    """Return the number of the method whose states are shown at first: an ensemble has more to show than a single state."""
    return next((k for k, method in enumerate(settings.methods) if hasattr(method, "members")), 0)


def not_too_many(settings: CyclingSettings) -> None:
    """Refuse an experiment with more methods than the page shows.

    Raises
    ------
    InputError
        If there are too many.
    """
    if len(settings.methods) > MOST_METHODS:
        raise InputError(f"the page races at most {MOST_METHODS} methods; came {len(settings.methods)}")
