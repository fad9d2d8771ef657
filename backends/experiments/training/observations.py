"""Observation to observation on the advection–diffusion plane: what a person may turn."""

import math
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator

from backends.device import compute_device
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.experiments.sections import NotNegative, Positive, Section
from backends.experiments.training.settings import TrainingSettings
from backends.learning.observations.network import ObservationNetwork
from backends.learning.observations.task import ObservationToObservation as Task
from backends.learning.observations.testbed import Testbed
from backends.learning.seeded import seeded

#: Seed and number of the trajectories whose observations fix the scales of the network.
SCALES = (11, 32)


class PlaneSettings(Section):
    """The truth; what is not here is as in the testbed `advection-diffusion`."""

    nx: int = Field(130, ge=16, le=400, description="cells along x")
    nz: int = Field(50, ge=8, le=200, description="cells along z")
    start_sigma: Positive = Field(
        0.1, description="standard deviation of the starts about the plume that the source alone makes: how trajectories differ"
    )


class SatelliteSettings(Section):
    """Channels with Gaussian weights of height, at all columns of cells."""

    heights: tuple[Annotated[float, Field(ge=0, le=0.36)], ...] = Field(
        (0.045, 0.135, 0.225, 0.315), min_length=1, max_length=16, description="centres of the channels, km"
    )
    depth: Positive = Field(0.045, description="standard deviation of their weights, km")
    sigma: Positive = Field(0.01, description="σ_o, in the unit of φ")


class SondeSettings(Section):
    """Radiosondes, evenly along x."""

    columns: int = Field(7, ge=1, le=40, description="radiosondes")
    levels: int = Field(18, ge=1, le=100, description="levels of each, evenly from bottom to top")
    sigma: Positive = Field(0.02, description="σ_o, in the unit of φ")
    unseen: float = Field(0.555, ge=0, le=1.3, description="x of the column that is never observed by one, km")
    gap: Positive = Field(0.05, description="half width of the strip about it where no truth is shown, km")


class CurtainNetworkSettings(Section):
    """Convolutions along x, and how radiosondes come into them."""

    hidden: int = Field(48, ge=4, le=512, description="channels of the convolutions")
    layers: int = Field(4, ge=0, le=20, description="convolutions after the first one")
    kernel: int = Field(9, ge=1, le=63, description="cells that a convolution reaches over; odd")
    embedding: int = Field(16, ge=1, le=256, description="channels that radiosondes get for each length of the kernels")
    modes: int = Field(32, ge=1, le=256, description="functions of height that answers are made of")
    cosines: int = Field(
        12, ge=1, le=64, description="cosines that these functions are made of; with many and `queries: 0` they are not smooth"
    )

    @model_validator(mode="after")
    def _check_kernel(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel: must be odd; came {self.kernel}")
        return self


class ObservationToObservation(TrainingSettings):
    """From the observations of the last times to those of the next one, on the advection–diffusion plane."""

    TITLE: ClassVar[str] = "Observation to observation, x–z plane"
    ABOUT: ClassVar[str] = (
        "Satellite and radiosondes in, those of the next time out, and φ anywhere; `queries` adds targets that are the truth."
    )

    task: Literal["observation-to-observation"] = "observation-to-observation"
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        1400, description="steps of the optimiser; null: `minutes` alone end the training"
    )
    batch: int = Field(
        4, ge=1, le=1024, description="trajectories of which one loss is the mean, each with all its transitions"
    )
    learning_rate: float = Field(3e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    steps: int = Field(30, ge=1, le=1000, description="steps of the model, 1 s each, between two times of observations")
    snapshots: int = Field(10, ge=2, le=100, description="times of a trajectory; 10 are 9 transitions with `times: 1`")
    times: int = Field(2, ge=1, le=10, description="times of observations that a forecast begins with")
    sonde_weight: NotNegative = Field(1.0, description="α, weight of the next radiosondes in the loss")
    query_weight: NotNegative = Field(1.0, description="β, weight of the truth at random places")
    queries: int = Field(
        0, ge=0, le=10_000, description="random places of each case where the truth is a target, too; 0: observations alone are"
    )
    plane: PlaneSettings = PlaneSettings()
    satellite: SatelliteSettings = SatelliteSettings()
    radiosondes: SondeSettings = SondeSettings()
    network: CurtainNetworkSettings = CurtainNetworkSettings()

    def testbed(self) -> Testbed:
        """Return what is observed.

        Raises
        ------
        InputError
            If trajectories are too short, or a radiosonde is too near the unseen column.
        """
        device = compute_device()
        # The model works in double precision, which not every accelerator has.
        device = torch.device("cpu") if device.type == "mps" else device
        p, s, r = self.plane, self.satellite, self.radiosondes
        model = AdvectionDiffusion(nx=p.nx, nz=p.nz, start_sigma=p.start_sigma, device=device)
        return Testbed(
            model, self.steps, self.snapshots, self.times, s.heights, s.depth, r.columns, r.levels, s.sigma, r.sigma,
            r.unseen, r.gap,
        )  # fmt: skip

    def make(self, folder: Path) -> Task:
        """Return the task."""
        del folder
        bed, n = self.testbed(), self.network
        seen = bed.draw(SCALES[1], torch.Generator().manual_seed(SCALES[0]))
        variance, mean = torch.var_mean(seen.curtain, (0, 1, 3))
        sonde_mean, sonde_scale = float(seen.sondes.mean()), math.sqrt(float(seen.sondes.var()))
        network = seeded(
            lambda: ObservationNetwork(
                bed.model.nx, bed.model.width, bed.model.height, mean, variance.sqrt(), sonde_mean, sonde_scale, self.times,
                n.hidden, n.layers, n.kernel, n.embedding, n.modes, n.cosines, bed.levels,
            ),
            self.seed,
        ).to(compute_device())  # fmt: skip
        return Task(bed, network, self.batch, self.sonde_weight, self.query_weight, self.queries)
