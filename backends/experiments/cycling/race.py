"""A cycling experiment that runs: step by step, with settings that may be changed on the way."""

from dataclasses import dataclass
from functools import lru_cache

import torch

from backends.assimilation.methods.base import Method, Setting
from backends.assimilation.methods.static import StaticCovariance
from backends.cycling.climate import LARGE, Climate, climate, climate_of_states, climatological_states
from backends.cycling.cycling import Cycle, Cycling
from backends.cycling.network import Network
from backends.cycling.trace import Trace
from backends.cycling.twin import Twin
from backends.device import compute_device, precise_dtype
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.experiments.cycling.climates import kept_states
from backends.experiments.cycling.dynamics import DynamicsSection, model_of
from backends.experiments.cycling.methods import MethodSection, NetworkMethodSettings, fields_of
from backends.experiments.cycling.networks import analyst_of, check_networks
from backends.experiments.cycling.registry import KINDS
from backends.experiments.cycling.settings import CyclingSettings, NetworkSettings
from backends.experiments.observing import generator
from backends.memory import ask

#: Purposes that random numbers are drawn for, each from a sequence of its own.
CLIMATE, TRUTH, ERRORS = 11, 12, 13
#: Copies of an ensemble that a cycle holds at least: analysis, forecast, and what the model works with.
HELD_AT_ONCE = 3


@dataclass(frozen=True)
class Mark:
    """A change of settings in mid-run: after which cycle, and what it was, in words for the time axes."""

    cycle: int
    text: str


def _ask_for_memory(settings: CyclingSettings, x0: torch.Tensor) -> None:
    """Refuse a race whose members would not find room; checked before any of them is drawn."""
    members = sum(getattr(method, "members", None) or 1 for method in settings.methods)
    ask(
        HELD_AT_ONCE * members * settings.repeat * x0.numel() * x0.element_size(),
        f"{members} members of {x0.numel()} variables in {settings.repeat} experiments",
        "Take fewer members, a smaller `repeat`, or a smaller model.",
    )


class Race:
    """Several methods that cycle on one truth, made from settings.

    Attributes
    ----------
    settings
        As they are now.
    cycling
        The cycle itself, with truth and contestants.
    climate
        Of the true model.
    marks
        What has been changed on the way.
    trace
        The states of the newest cycles.
    history
        The settings that it began with and those that came later, each with the cycles run before.

    Raises
    ------
    InputError
        If the settings cannot be run.
    """

    def __init__(self, settings: CyclingSettings) -> None:
        self.settings = settings
        device = compute_device()
        dtype = precise_dtype(device) if settings.precision == "double" else torch.float32
        self.dynamics = model_of(settings.dynamics, device, dtype)
        self.climate = climate_of(settings.dynamics, device, dtype)
        E, x0 = settings.repeat, self.dynamics.start()
        _ask_for_memory(settings, x0)
        drawn = self.dynamics.draw_start(E, _on(device, generator(settings.seed, TRUTH)))
        spread = self.dynamics.draw_start(50, _on(device, generator(0, CLIMATE, 1))) - x0
        setting = Setting(
            self.dynamics, self.climate.mean, self.climate.covariance, x0.expand(E, -1), spread.square().mean(0)
        )  # fmt: skip
        o = settings.observations
        network = network_of(o, settings.seed)
        check_networks(settings, network, self.dynamics)
        twin = Twin(self.dynamics, network, o.every, settings.model_steps, o.sigma, _noise(o), drawn,
                    _on(device, generator(settings.seed, ERRORS)))  # fmt: skip
        methods = [(label, method_of(s)) for label, s in zip(labels(settings.methods), settings.methods, strict=True)]
        self.cycling = Cycling(twin, self._forecast_model(settings), setting, methods, settings.seed)
        for contestant in self.cycling.contestants:
            contestant.record.spinup = settings.spinup
        self.marks: list[Mark] = []
        self.trace = Trace(settings.cycles)
        self.history: list[tuple[int, CyclingSettings]] = [(0, settings)]

    @property
    def cycle(self) -> int:
        """Number of cycles that have been run."""
        return self.cycling.twin.cycle

    def step(self) -> Cycle:
        """Run one cycle."""
        cycle = self.cycling.step()
        self.trace.add(cycle)
        return cycle

    def change(self, settings: CyclingSettings) -> None:
        """Take over other settings between two cycles; each that differs leaves a mark.

        Raises
        ------
        InputError
            If one of them needs a new start.
        """
        key = needs_restart(self.settings, settings)
        if key:
            raise InputError(f"{key} cannot be changed in mid-run; reset the race")
        old, twin = self.settings, self.cycling.twin
        for contestant, before, after in zip(self.cycling.contestants, old.methods, settings.methods, strict=True):
            length = getattr(after, "length", None)
            if length != getattr(before, "length", None):
                StaticCovariance(contestant.method.setting, length)  # raises before anything has been changed
        texts = changes(old, settings)
        if settings.observations != old.observations or settings.model != old.model:
            o = settings.observations
            network = network_of(o, settings.seed)
            network.components(self.dynamics, twin.cycle)  # raises before anything has been changed
            check_networks(settings, network, self.dynamics)
            model = self._forecast_model(settings)
            twin.network, twin.every, twin.steps = network, o.every, settings.model_steps
            twin.sigma, twin.noise = o.sigma, _noise(o)
            self.cycling.model = model
        for contestant, before, after in zip(self.cycling.contestants, old.methods, settings.methods, strict=True):
            if before == after:
                continue
            for name, value in fields_of(after).items():
                setattr(contestant.method, name, value)
        for contestant, label in zip(self.cycling.contestants, labels(settings.methods), strict=True):
            contestant.label, contestant.record.spinup = label, settings.spinup
        self.settings = settings
        if len(self.history) > 1 and self.history[-1][0] == self.cycle:
            self.history.pop()
        self.history.append((self.cycle, settings))
        self.marks += [Mark(self.cycle, text) for text in texts]

    def _forecast_model(self, settings: CyclingSettings) -> Dynamics:
        like = self.climate.mean
        return model_of(settings.forecast_model(), like.device, like.dtype)


def needs_restart(old: CyclingSettings, new: CyclingSettings) -> str:
    """Return which setting cannot be changed in mid-run, or nothing if all that differ can."""
    for key in ("dynamics", "repeat", "precision", "seed"):
        if getattr(old, key) != getattr(new, key):
            return key
    return "" if _kept(old.methods) == _kept(new.methods) else "methods"


@lru_cache(maxsize=8)
def climate_of(settings: DynamicsSection, device: torch.device, dtype: torch.dtype) -> Climate:
    """Return the climate of a testbed, always the same draw of it; the newest are remembered."""
    model = model_of(settings, device, dtype)
    if model.size <= LARGE:
        return climate(model, _on(device, generator(0, CLIMATE)))
    states = kept_states(settings, lambda: climatological_states(model, _on(device, generator(0, CLIMATE))))
    return climate_of_states(model, states.to(model.start()))


def network_of(settings: NetworkSettings, seed: int) -> Network:
    """Return the rule of what is observed."""
    if isinstance(settings.components, tuple):
        return Network("chosen", chosen=settings.components, fields=settings.fields)
    return Network(settings.components, settings.count, seed=seed, fields=settings.fields)


def method_of(settings: MethodSection) -> Method:
    """Return a method with its fields as the settings have them."""
    fields = fields_of(settings)
    if isinstance(settings, NetworkMethodSettings):
        fields["analyst"] = analyst_of(settings.run)
    return KINDS[settings.name](**fields)


def labels(methods: tuple[MethodSection, ...]) -> list[str]:
    """Return what each method is called: its label or its name, with its size or a number where that occurs twice."""
    names = [m.label or m.name for m in methods]
    sized = [f"{name} N {m.members}" if names.count(name) > 1 and hasattr(m, "members") else name
             for name, m in zip(names, methods, strict=True)]  # fmt: skip
    return [name if sized.count(name) == 1 else f"{name} #{sized[:k].count(name) + 1}" for k, name in enumerate(sized)]


def changes(old: CyclingSettings, new: CyclingSettings) -> list[str]:
    """Return what differs between settings in mid-run, in words for the time axes."""
    texts = _differences(old.observations.model_dump(), new.observations.model_dump())
    texts += [f"model {text}" for text in _differences(old.model, new.model)]
    for label, before, after in zip(labels(old.methods), old.methods, new.methods, strict=True):
        texts += [f"{label}: {text}" for text in _differences(fields_of(before), fields_of(after))]
    return texts


def _kept(methods: tuple[MethodSection, ...]) -> list[tuple[object, ...]]:
    """Return what of the methods must stay as it is in mid-run."""
    return [(m.name, getattr(m, "members", None), getattr(m, "run", None)) for m in methods]


def _noise(settings: NetworkSettings) -> float:
    return settings.sigma if settings.noise is None else settings.noise


def _differences(old: dict[str, object], new: dict[str, object]) -> list[str]:
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{_word(name)} {_short(name, new.get(name))}" for name in changed]


#: Symbols for the marks on the axes, which have little room.
_WORDS = {"sigma": "σ_o", "noise": "true σ_o", "length": "B length"}
#: What null means, where it is not what another setting says.
_NULL = {"length": "of the climate"}


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))


def _short(name: str, value: object) -> str:
    if value is None:
        return _NULL.get(name, "as before")
    return f"{value:g}" if isinstance(value, float) else f"{value}"[:20]


def _on(device: torch.device, seeded: torch.Generator) -> torch.Generator:
    """Return a generator on the device with the seed of one made elsewhere."""
    return seeded if device.type == "cpu" else torch.Generator(device).manual_seed(seeded.initial_seed())
