"""Learned dynamics: emulators of advection and of fields on maps, and a neural right-hand side of Lorenz (1963)."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from torch import Tensor

from backends.device import compute_device
from backends.dynamics.advection import Advection
from backends.dynamics.lorenz63 import Lorenz63
from backends.errors import InputError
from backends.experiments.sections import NotNegative, Positive, Section
from backends.experiments.training.line import PositiveRange, ShareRange
from backends.experiments.training.settings import TrainingSettings
from backends.fields.catalogue import Catalogue
from backends.fields.dataset import FieldDataset
from backends.learning.dynamics.advection import AdvectionEmulator, Bumps
from backends.learning.dynamics.archive import Archive, clock
from backends.learning.dynamics.field import FieldEmulator
from backends.learning.dynamics.lorenz63 import RightHandSide
from backends.learning.dynamics.networks import FieldStep, LineStep, Tendency
from backends.learning.seeded import seeded

Iterations = Annotated[int, Field(ge=1, le=10_000_000)]
Real = Annotated[float, Field(ge=-1e6, le=1e6)]
STEPS = "steps of the optimiser; null: `minutes` alone end the training"
BATCH = "samples of which one loss is the mean"
RATE = "at the start; it falls along half a cosine"
ROLLOUT = "steps that a sample is carried forward in training; above 1 suits fine-tuning of a network trained with 1"


class StepNetworkSettings(Section):
    """Convolutions with circular padding, for one step on the line."""

    width: int = Field(32, ge=1, le=512, description="channels of the convolutions")
    layers: int = Field(2, ge=1, le=10, description="convolutions before the last one")
    kernel: int = Field(5, ge=1, le=31, description="grid points that a convolution reaches over; odd")

    @model_validator(mode="after")
    def _check_kernel(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel: must be odd; came {self.kernel}")
        return self


class ConservativeSettings(StepNetworkSettings):
    """u ← u + Δu with Δu the difference of fluxes, so that ΣΔu = 0 whatever the weights."""

    name: Literal["conservative"] = "conservative"


class FreeSettings(StepNetworkSettings):
    """u ← u + Δu, with nothing that keeps the mass."""

    name: Literal["free"] = "free"


class AdvectionEmulatorTraining(TrainingSettings):
    """An emulator of linear advection on the periodic line, trained on bumps, tested on a sine, a top hat, several bumps."""

    TITLE: ClassVar[str] = "Advection on a line, emulated"
    ABOUT: ClassVar[str] = "A network learns one step; a conservative one keeps the mass whatever its weights, a free one not."

    task: Literal["advection-1d-emulator"] = "advection-1d-emulator"
    iterations: Iterations | None = Field(3000, description=STEPS)
    learning_rate: float = Field(2e-3, gt=0, le=1, description=RATE)
    points: int = Field(100, ge=20, le=1000, description="grid points n")
    speed: Real = Field(1.0, description="c, lengths of the line per unit of time")
    dt: Positive = Field(0.005, description="length of a step; 0.005 moves the state by half a point")
    width: ShareRange = Field((0.03, 0.1), description="least and greatest width of the bumps, fractions of the line")
    amplitude: PositiveRange = Field((0.2, 1.0), description="their least and greatest height")
    rollout_steps: int = Field(1, ge=1, le=100, description=ROLLOUT)
    noise: NotNegative = Field(
        0.1,
        description="greatest standard deviation of white noise on what a sample begins with, carried on by the target with "
        "its short waves damped, so that none grow in a long rollout; 0: bumps alone",
    )
    network: Annotated[ConservativeSettings | FreeSettings, Field(discriminator="name")] = ConservativeSettings()

    def model(self) -> Advection:
        """Return the exact model."""
        return Advection(self.points, self.speed, self.dt, waves=1)

    def make(self, folder: Path) -> AdvectionEmulator:
        """Return the task."""
        del folder
        s = self.network
        network = seeded(lambda: LineStep(s.name, s.width, s.layers, s.kernel), self.seed).to(compute_device())
        assert isinstance(network, LineStep)
        bumps = Bumps(self.width, self.amplitude)
        return AdvectionEmulator(network, self.model(), bumps, self.batch, self.rollout_steps, self.noise)


class RightHandSideNetwork(Section):
    """Linear layers with tanh between them, from the state to its tendency."""

    width: int = Field(64, ge=1, le=4096, description="units of the hidden layers")
    layers: int = Field(2, ge=1, le=10, description="hidden layers")


class Lorenz63Training(TrainingSettings):
    """A neural right-hand side of Lorenz (1963), integrated by Runge–Kutta; SINDy beside it."""

    TITLE: ClassVar[str] = "Lorenz-63, a neural right-hand side"
    ABOUT: ClassVar[str] = (
        "A network learns ẋ from samples: how long its forecasts are valid, and whether its climate is right."
    )

    task: Literal["lorenz63-rhs"] = "lorenz63-rhs"
    iterations: Iterations | None = Field(15_000, description=STEPS)
    batch: int = Field(256, ge=1, le=65_536, description=BATCH)
    learning_rate: float = Field(3e-3, gt=0, le=1, description=RATE)
    sigma: Real = Field(10.0, description="Prandtl number σ")
    rho: Real = Field(28.0, description="Rayleigh number over its critical value, ρ")
    beta: Real = Field(8 / 3, description="aspect ratio of the cells, β")
    dt: float = Field(0.01, ge=1e-4, le=0.1, description="step of the Runge–Kutta scheme")
    sampling: Literal["attractor", "box"] = Field(
        "attractor", description="where samples come from: the `attractor`, or a `box` around it, evenly"
    )
    pairs: Literal["tendency", "step"] = Field(
        "tendency", description="what is compared: the `tendency` ẋ, or the states after `rollout_steps` steps"
    )
    rollout_steps: int = Field(1, ge=1, le=200, description=f"{ROLLOUT}; above 1 needs `pairs: step`")
    network: RightHandSideNetwork = RightHandSideNetwork()

    @model_validator(mode="after")
    def _check_rollout(self) -> Self:
        if self.rollout_steps > 1 and self.pairs != "step":
            raise ValueError(f"rollout_steps: more than 1 needs pairs: step; came {self.rollout_steps} with {self.pairs}")
        return self

    def model(self) -> Lorenz63:
        """Return the exact model."""
        return Lorenz63(self.sigma, self.rho, self.beta, self.dt)

    def make(self, folder: Path) -> RightHandSide:
        """Return the task."""
        del folder

        def network(mean: Tensor, scale: Tensor, speed: Tensor) -> Tendency:
            made = seeded(lambda: Tendency(mean, scale, speed, self.network.width, self.network.layers), self.seed)
            return made.to(compute_device())

        return RightHandSide(network, self.model(), self.batch, self.sampling, self.pairs, self.rollout_steps)


class FieldTraining(TrainingSettings):
    """What emulators of fields share."""

    iterations: Iterations | None = Field(800, description=STEPS)
    batch: int = Field(8, ge=1, le=512, description=BATCH)
    learning_rate: float = Field(2e-3, gt=0, le=1, description=RATE)
    hidden: int = Field(32, ge=1, le=512, description="channels of the layers between")
    rollout_steps: int = Field(1, ge=1, le=12, description=ROLLOUT)

    def _network(self, archive: Archive) -> FieldStep:
        made = seeded(lambda: FieldStep(1 + archive.forcing.shape[1], self.hidden), self.seed)
        return made.to(compute_device())


class EuropeanTraining(FieldTraining):
    """2 m temperature of the generated European archive, 3 h on, from temperature, local time, wind and pressure; forced."""

    TITLE: ClassVar[str] = "European temperature, emulated (forced)"
    ABOUT: ClassVar[str] = "Convolutions take 2 m temperature 3 h on; wind and pressure come from the archive, so it is forced."

    task: Literal["field-emulator-european"] = "field-emulator-european"
    batch: int = Field(4, ge=1, le=512, description=BATCH)
    rollout_steps: int = Field(2, ge=1, le=12, description=ROLLOUT)
    patch: int = Field(64, ge=0, le=512, description="points of each side of the pieces trained on; 0: whole maps")
    clock: bool = Field(
        True, description="sine and cosine of the local solar time are given, too; false: the lecture's inputs alone"
    )

    def make(self, folder: Path) -> FieldEmulator:
        """Return the task.

        Raises
        ------
        InputError
            If the archive cannot be read.
        """
        data = Catalogue(folder).open("european-forecast")
        t2m, u10, v10, mslp = (fields_of(data, name) for name in ("t2m", "u10", "v10", "mslp"))
        times, longitude, extent = coordinates(data, "t2m")
        turning = clock(hours_of_day(times), longitude, t2m.shape[1]) if self.clock else []
        archive = Archive.of(
            t2m, [u10, v10, mslp], turning, "K", 3, trained=TRAINED_EUROPEAN, tested=TRAINED_EUROPEAN, extent=extent
        )
        return FieldEmulator(
            self.task, self._network(archive), archive, self.batch, self.patch, self.rollout_steps, True, (3, 6, 12, 24)
        )


class ERA5Training(FieldTraining):
    """ERA5 2 m temperature over the British Isles, hour by hour, from temperature, local time and the mean of each place."""

    TITLE: ClassVar[str] = "ERA5 temperature, emulated"
    ABOUT: ClassVar[str] = (
        "Convolutions take hourly 2 m temperature on; persistence and the same hour of yesterday beside them."
    )

    task: Literal["field-emulator-era5"] = "field-emulator-era5"
    batch: int = Field(16, ge=1, le=512, description=BATCH)
    path: str = Field(
        "era5-2mt-2019-03-uk.grib", max_length=500, description="file of hourly 2 m temperature, relative to the data folder"
    )

    def make(self, folder: Path) -> FieldEmulator:
        """Return the task: three weeks to train with, the last week to test with.

        Raises
        ------
        InputError
            If the file is not there or cannot be read.
        """
        data = Catalogue(folder).open(self.path)
        name = next(iter(data.variables))
        t2m = fields_of(data, name)
        times, longitude, extent = coordinates(data, name)
        # What is sea and what is land shows in the mean of the weeks that are trained with.
        usual = np.broadcast_to(t2m[:TRAINED].mean(0), t2m.shape)
        turning = clock(hours_of_day(times), longitude, t2m.shape[1])
        archive = Archive.of(t2m, [usual], turning, "K", 1, trained=TRAINED, tested=len(t2m) - TESTED, extent=extent)
        return FieldEmulator(
            self.task, self._network(archive), archive, self.batch, 0, self.rollout_steps, False, tuple(range(1, 25))
        )


#: Hours that are trained with, the first ones, and tested with, the last ones.
TRAINED, TESTED = 21 * 24, 7 * 24
#: Times of the European archive, 3 h apart, that are trained with; the others are tested with.
TRAINED_EUROPEAN = 27


def fields_of(data: FieldDataset, name: str) -> np.ndarray:
    """Return all times of a variable, (T, y, x), rows south to north; of levels and members the first."""
    axis = data.variable(name).axis("time")
    if axis is None:
        raise InputError(f"{data.variable(name).title} of {data.label} has a single time; an emulator learns from many")
    return np.stack([data.field(name, {axis.name: k}).values for k in range(len(axis))])


def coordinates(data: FieldDataset, name: str) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float, float]]:
    """Return the times of a variable, its longitudes, and west, south, east and north of its map."""
    variable = data.variable(name)
    axis, grid = variable.axis("time"), variable.grid
    assert axis is not None
    if axis.times is None:
        raise InputError(f"{variable.title} of {data.label} does not say what times it is for; an emulator needs the hour")
    west, east = float(grid.longitude[0]), float(grid.longitude[-1])
    return axis.times, grid.longitude.numpy(), (west, float(grid.latitude[0]), east, float(grid.latitude[-1]))


def hours_of_day(times: np.ndarray) -> np.ndarray:
    """Return the hours since midnight UTC of times (T,)."""
    return (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
