"""AI-Var on a vertical plane in columns, and on fields of an archive."""

import math
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from backends.background_error.correlation import Correlation
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.device import compute_device
from backends.errors import InputError
from backends.experiments.field_cases import find_variable, time_axis
from backends.experiments.sections import Positive, Section
from backends.experiments.training.bridge import errors_of
from backends.experiments.training.line import CountRange, DescentSettings, MLPSettings
from backends.experiments.training.settings import TrainingSettings
from backends.fields.catalogue import Catalogue
from backends.learning.gallery import Panel
from backends.learning.seeded import seeded
from backends.learning.variational.cases import Cases
from backends.learning.variational.fixed import plane_errors
from backends.learning.variational.networks import DescentNetwork, IncrementNetwork
from backends.learning.variational.pictures import map_pictures
from backends.learning.variational.plane import ArchiveDraws, PlaneDraws
from backends.learning.variational.task import AIVar

#: Grid points of the largest map: B is decomposed as a matrix.
LARGEST = 2500


class PlaneDescentSettings(DescentSettings):
    """Learned descent on a plane: convolutions see means over squares of grid points."""

    kernel: int = Field(7, ge=1, le=31, description="coarse points that a convolution reaches over along each axis")
    stages: int = Field(3, ge=1, le=10, description="stages, each of proposals and the exact step in their span")
    directions: int = Field(4, ge=1, le=32, description="directions that a stage proposes")
    width: int = Field(16, ge=2, le=256, description="channels of the convolutions")
    coarse: int = Field(4, ge=2, le=16, description="grid points along each axis that the convolutions see as one")


class PlaneErrorSettings(Section):
    """The Gaussian B of the plane, separable."""

    sigma: Positive = Field(1.0, description="σ_b, K")
    length: Positive = Field(10.0, description="horizontal correlation length, km")
    length_z: Positive = Field(2.0, description="vertical correlation length, km")
    floor: float = Field(1e-5, gt=0, lt=1, description="α: eigenvalues of B are at least α λ_max")


class ColumnSettings(Section):
    """Observations in columns, at new places for every case."""

    columns: CountRange = Field((10, 30), description="least and most observed columns of a case")
    levels: int = Field(20, ge=1, le=100, description="observations in a column, evenly from bottom to top")
    sigma: Positive = Field(0.2, description="σ_o, K")


class AIVarPlane(TrainingSettings):
    """AI-Var on a vertical plane, B and R fixed; each case has a new truth, background and columns."""

    TITLE: ClassVar[str] = "AI-Var 2D, many cases"
    ABOUT: ClassVar[str] = "The vertical plane in columns: the lecture's network, or a smaller convolutional one."

    task: Literal["aivar-2d"] = "aivar-2d"
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        600, description="steps of the optimiser; null: `minutes` alone end the training"
    )
    batch: int = Field(16, ge=1, le=4096, description="cases of which J is averaged")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    nx: int = Field(120, ge=10, le=300, description="grid points along x")
    nz: int = Field(40, ge=5, le=100, description="grid points along z")
    domain_width: float = Field(100.0, ge=0.001, le=20000, description="domain length in x, km; not a correlation length")
    domain_height: float = Field(15.0, ge=0.001, le=100, description="domain length in z, km; not a correlation length")
    background: Literal["shifted", "consistent"] = Field(
        "consistent", description="`shifted`: the truth moved, smoothed and biased; `consistent`: truth plus a draw from B"
    )
    background_error: PlaneErrorSettings = PlaneErrorSettings()
    observations: ColumnSettings = ColumnSettings()
    network: Annotated[PlaneDescentSettings | MLPSettings, Field(discriminator="name")] = PlaneDescentSettings()

    def make(self, folder: Path) -> AIVar:
        """Return the task."""
        del folder
        b, o, shape = self.background_error, self.observations, (self.nz, self.nx)
        if o.columns[1] > self.nx or o.levels > self.nz:
            raise InputError(f"observations: at most {self.nx} columns of {self.nz} levels; came {o.columns[1]} of {o.levels}")
        z, x = (
            torch.linspace(0, length, points, dtype=torch.float64)
            for length, points in ((self.domain_height, self.nz), (self.domain_width, self.nx))
        )
        cz, cx = (
            Correlation("gaussian", length)((axis[:, None] - axis).abs()) for axis, length in ((z, b.length_z), (x, b.length))
        )
        errors = plane_errors(cz, cx, b.sigma, b.floor)
        draws = PlaneDraws(shape, errors, o.columns, o.levels, o.sigma, self.background == "shifted")
        extent = (0.0, 0.0, self.domain_width, self.domain_height)
        return _task(self, draws, shape, extent, ("x [km]", "z [km]"))


class FieldErrorSettings(Section):
    """The Gaussian B of a map, of great-circle distance; the same as on the Analysis page."""

    sigma: Positive = Field(2.0, description="σ_b, in the field's unit")
    length: Positive = Field(150.0, description="correlation length, km")
    floor: float = Field(1e-5, gt=0, lt=1, description="α: α λ_max is added to the eigenvalues of B")


class FieldObserving(Section):
    """Observations at new places for every case."""

    count: CountRange = Field((20, 100), description="least and most observations of a case")
    sigma: Positive = Field(0.5, description="σ_o, in the field's unit")
    placement: Literal["anywhere", "points"] = Field(
        "anywhere",
        description="`anywhere`: even over the area, interpolated as on the Analysis page; `points`: at grid points, at most "
        "one at each",
    )


class AIVarField(TrainingSettings):
    """AI-Var on fields of an archive: the truth at a time, the background `lag` steps before; a part of the times to test."""

    TITLE: ClassVar[str] = "AI-Var on real fields"
    ABOUT: ClassVar[str] = "ERA5 over Britain: three weeks to train, the last one to test; yesterday is the background."

    task: Literal["aivar-field"] = "aivar-field"
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        600, description="steps of the optimiser; null: `minutes` alone end the training"
    )
    batch: int = Field(16, ge=1, le=4096, description="cases of which J is averaged")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    path: str = Field("era5-2mt-2019-03-uk.grib", description="a file relative to the data folder, or an embedded dataset")
    variable: str = Field("t2m", description="name, or CF standard name where only one variable has it")
    lag: int = Field(24, ge=1, description="steps of the time axis that the background is earlier")
    test_steps: int = Field(240, ge=1, description="times at the end that are kept to test with")
    background_error: FieldErrorSettings = FieldErrorSettings()
    observations: FieldObserving = FieldObserving()
    network: Annotated[PlaneDescentSettings | MLPSettings, Field(discriminator="name")] = PlaneDescentSettings(coarse=2)

    def make(self, folder: Path) -> AIVar:
        """Return the task."""
        dataset = Catalogue(folder).open(self.path)
        variable = find_variable(dataset, self.variable)
        axis = time_axis(variable)
        if len(axis) < 2 * self.lag + self.test_steps:
            raise InputError(
                f"{dataset.label} has {len(axis)} times; {self.test_steps} to test with and backgrounds {self.lag} steps "
                f"before need at least {2 * self.lag + self.test_steps}"
            )
        first = dict.fromkeys((a.name for a in variable.axes), 0)
        fields = np.stack([dataset.field(variable.name, first | {axis.name: k}).values for k in range(len(axis))])
        if not np.isfinite(fields).all():
            raise InputError(f"{variable.title} of {dataset.label} has missing values; this task needs whole fields")
        if fields[0].size > LARGEST:
            raise InputError(f"B is decomposed as a matrix for at most {LARGEST} points; a field here has {fields[0].size}")
        rows, columns = fields.shape[1:]
        states = torch.from_numpy(fields.reshape(len(axis), -1)).double()
        b, o = self.background_error, self.observations
        if o.placement == "points" and o.count[1] > rows * columns:
            raise InputError(f"observations.count: at most one for each of the {rows * columns} points; came {o.count[1]}")
        grid = variable.grid.to(torch.device("cpu"), torch.float64)
        correlation = SphereCorrelation(SphereGeometry(grid), Correlation("gaussian", b.length), b.floor)
        errors = errors_of(ScaledBackgroundError(correlation, b.sigma))
        anywhere = None if o.placement == "points" else lambda u: grid.interpolation(grid.uniform(u))
        split = len(axis) - self.test_steps

        def draws(begin: int, end: int) -> ArchiveDraws:
            earlier = states[begin - self.lag : end - self.lag]
            return ArchiveDraws(states[begin:end], earlier, errors, o.count, o.sigma, anywhere)

        west, east = float(grid.longitude.min()), float(grid.longitude.max())
        south, north = float(grid.latitude.min()), float(grid.latitude.max())
        # The background of the first test case must not be a truth of the training.
        return _task(
            self, draws(self.lag, split), (rows, columns), (west, south, east, north), ("longitude [°E]", "latitude [°N]"),
            draws(split + self.lag, len(axis)),
        )  # fmt: skip


def _task(
    settings: AIVarPlane | AIVarField,
    draws: PlaneDraws | ArchiveDraws,
    shape: tuple[int, int],
    extent: tuple[float, float, float, float],
    axes: tuple[str, str],
    unseen: ArchiveDraws | None = None,
) -> AIVar:
    s = settings.network

    def make() -> nn.Module:
        if isinstance(s, PlaneDescentSettings):
            return DescentNetwork(shape, s.stages, s.width, s.kernel, s.directions, 0, (False, False), s.coarse)
        return IncrementNetwork(math.prod(shape), s.width)

    def pictures(cases: Cases, exact: torch.Tensor, increments: torch.Tensor) -> tuple[Panel, ...]:
        return map_pictures(cases, exact, increments, shape, extent, axes)

    network = seeded(make, settings.seed).to(compute_device())
    return AIVar(settings.task, network, draws, settings.batch, False, pictures, unseen)
