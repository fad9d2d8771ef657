"""From settings to what a rollout runs: the world and the models; what they begin with is drawn in `beginnings`."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from backends.device import compute_device, precise_dtype
from backends.dynamics.emulator import Emulator
from backends.errors import InputError
from backends.experiments.cycling.dynamics import DynamicsSection, differing, model_of
from backends.experiments.cycling.emulated import emulator
from backends.experiments.cycling.race import climate_of
from backends.experiments.faults import under
from backends.experiments.observing import generator
from backends.experiments.rollout.analysis_start import AnalysisStart
from backends.experiments.rollout.archives import archive_world, emulated_field
from backends.experiments.rollout.beginnings import FIT, GROWTH, around, errors_of, given_starts, starts_of
from backends.experiments.rollout.given import Given, given_of
from backends.experiments.rollout.models import (
    ClimatologySettings,
    LinearInverseSettings,
    ModelSection,
    NetworkSettings,
    PerfectModelSettings,
    PersistenceSettings,
    WrongModelSettings,
)
from backends.experiments.rollout.settings import ArchiveStart, RolloutSettings, TestbedStart
from backends.learning.dynamics.advection import SHAPES
from backends.memory import ask
from backends.rollout.archive import ArchiveWorld
from backends.rollout.growth import SmallErrors, small_errors
from backends.rollout.linear_inverse import LinearInverse
from backends.rollout.models import Climatology, ForecastModel, FromDynamics, Persistence
from backends.rollout.result import Rollout
from backends.rollout.rollout import Report, perturbed, rollout
from backends.rollout.testbed import Draw, TestbedWorld
from backends.rollout.world import Starts, World

#: Starts that the growth of small errors is measured from where states are large.
LARGE, FEW = 1000, 4
#: Copies of an ensemble that a lead holds besides those of the models: what they began with, and two for scores and the step.
HELD_AT_ONCE = 3


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a rollout runs: what forecasts begin with is `ensemble`, (S, N, n); `given` are the analyses it was made from."""

    settings: RolloutSettings
    world: World
    models: tuple[ForecastModel, ...]
    starts: Starts
    ensemble: Tensor
    given: Given | None = None

    def run(self, report: Report | None = None) -> Rollout:
        """Run all forecasts.

        Raises
        ------
        InputError
            If the truth stops being finite, or a model does not fit it.
        """
        s = self.settings
        return rollout(self.world, self.models, self.starts, self.ensemble, s.steps, s.every, seed=s.seed, report=report)

    def small_errors(self) -> SmallErrors:
        """Return how fast small errors of the testbed's model grow.

        Raises
        ------
        InputError
            If there is no model of the truth, numbers are single, or errors do not stay small.
        """
        if not isinstance(self.world, TestbedWorld):
            raise InputError("growth of errors needs the model that makes the truth; an archive has none")
        seeded = generator(self.settings.seed, GROWTH)
        count = max(2, min(self.settings.starts, FEW if self.world.size > LARGE else self.settings.starts))
        states = self.world.starts(count, 1, seeded).states
        return small_errors(self.world.dynamics, states, seeded)


def prepare(settings: RolloutSettings, folder: Path, given: Given | None = None, report: Report | None = None) -> Prepared:
    """Return what settings describe.

    Parameters
    ----------
    settings
        The experiment.
    folder
        Of the data.
    given
        The analyses of a start from some, where they are at hand; otherwise they are made.
    report
        Told how much of making them is done.

    Raises
    ------
    InputError
        If data or a network cannot be read, or do not fit together; or if the ensembles find no room in memory.
    """
    with under({"archive": "start.dataset", "testbed": "start.dynamics.run"}.get(settings.start.name, "start")):
        world = world_of(settings, folder)
    _ask_for_memory(settings, world)
    if isinstance(settings.start, AnalysisStart):
        given = given or given_of(settings.start, settings.starts, folder, report)
        starts = given_starts(settings, world, given)
        ensemble = around(settings, world, starts, given)
    else:
        starts = starts_of(settings, world)
        ensemble = perturbed(starts.states, settings.members, errors_of(settings, world, starts))
    models = []
    for number, (model, label) in enumerate(zip(settings.models, settings.labels, strict=True)):
        with under(f"models.{number}"):
            models.append(model_from(model, label, settings, world, folder))
    return Prepared(settings, world, tuple(models), starts, ensemble, given)


def _ask_for_memory(settings: RolloutSettings, world: World) -> None:
    """Refuse a rollout whose ensembles would not find room; checked before any is drawn.

    Starts are not taken in blocks: an ensemble is verified over all of them at each lead.
    """
    bytes_each = torch.finfo(precision_of(settings)[1]).bits // 8
    ask(
        (HELD_AT_ONCE + len(settings.models)) * settings.starts * settings.members * world.size * bytes_each,
        f"{len(settings.models)} models, {settings.members} members of {world.size} variables from {settings.starts} starts",
        "Take fewer members, starts or models, or a smaller model.",
    )


def precision_of(settings: RolloutSettings) -> tuple[torch.device, torch.dtype]:
    """Return the device, and the type of the numbers on it."""
    device = compute_device()
    return device, precise_dtype(device) if settings.precision == "double" else torch.float32


def world_of(settings: RolloutSettings, folder: Path) -> World:
    """Return what is forecast.

    Raises
    ------
    InputError
        If data or a network cannot be read.
    """
    if isinstance(settings.start, ArchiveStart):
        return archive_world(settings.start, folder, *precision_of(settings))
    if isinstance(settings.start, AnalysisStart):
        return _world_of_analysis(settings.start, folder, *precision_of(settings))
    return testbed_of(settings.start, settings.start.dynamics, *precision_of(settings))


def testbed_of(start: TestbedStart, usual: DynamicsSection, device: torch.device, dtype: torch.dtype) -> TestbedWorld:
    """Return the world of a testbed; what is usual there is the climate of the same or of other parameters.

    Raises
    ------
    InputError
        If a shape is asked for where states are not on a line.
    """
    dynamics = model_of(start.dynamics, device, dtype)
    if start.shape != "climate" and dynamics.components:
        raise InputError(
            f"start.shape: {start.shape!r} is a state of a line; the emulator has the components {dynamics.components}"
        )
    draw = None if start.shape == "climate" else _shapes(start.shape, dynamics.size)
    return TestbedWorld(dynamics, climate_of(usual, device, dtype), draw)


def model_from(
    settings: ModelSection, label: str, rollout_settings: RolloutSettings, world: World, folder: Path
) -> ForecastModel:
    """Return the model that a section describes.

    Raises
    ------
    InputError
        If it does not fit the world.
    """
    if isinstance(settings, PersistenceSettings):
        return Persistence(label)
    if isinstance(settings, ClimatologySettings):
        return Climatology(world, label)
    if isinstance(settings, LinearInverseSettings):
        seeded = generator(rollout_settings.seed, FIT)
        return LinearInverse(world, seeded, rollout_settings.steps, settings.eofs, label)
    if isinstance(world, ArchiveWorld):
        assert isinstance(settings, NetworkSettings)
        return emulated_field(settings.run, world, label, folder)
    assert not isinstance(rollout_settings.start, ArchiveStart)
    return _of_testbed(settings, label, rollout_settings.start.dynamics, world, *precision_of(rollout_settings))


def _of_testbed(
    settings: ModelSection, label: str, dynamics: DynamicsSection, world: World, device: torch.device, dtype: torch.dtype
) -> ForecastModel:
    if isinstance(settings, PerfectModelSettings):
        return FromDynamics(model_of(dynamics, device, dtype), world, label, settings.name)
    if isinstance(settings, WrongModelSettings):
        return FromDynamics(model_of(differing(dynamics, settings.model), device, dtype), world, label, settings.name)
    assert isinstance(settings, NetworkSettings)
    network = emulator(settings.run, True, device, dtype)
    true = model_of(dynamics, device, dtype)
    true = true.model if isinstance(true, Emulator) else true
    if type(network.model) is not type(true):
        raise InputError(f"the run {settings.run!r} has learned to follow {network.model.name}; the start is of {true.name}")
    return FromDynamics(network, world, label, settings.name)


def _world_of_analysis(start: AnalysisStart, folder: Path, device: torch.device, dtype: torch.dtype) -> World:
    if start.world == "testbed":
        return testbed_of(TestbedStart(dynamics=start.dynamics), start.dynamics, device, dtype)
    return archive_world(ArchiveStart(dataset=start.archive), folder, device, dtype)


def _shapes(name: str, points: int) -> Draw:
    """Return a draw of a shape on the line: the first as it is, others moved by random numbers of points."""

    def draw(count: int, seeded: torch.Generator) -> Tensor:
        shape = SHAPES[name](points)
        moved = torch.randint(points, (count,), generator=seeded).tolist()
        return torch.stack([shape, *(shape.roll(by) for by in moved[1:])])

    return draw
