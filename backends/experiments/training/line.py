"""AI-Var on a periodic line: many cases with fixed B and R, and all that a person may turn."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from torch import nn

from backends.device import compute_device
from backends.experiments.sections import Positive, Section
from backends.experiments.training.settings import TrainingSettings
from backends.learning.seeded import seeded
from backends.learning.variational.line import LineDraws
from backends.learning.variational.networks import ControlNetwork, DescentNetwork, IncrementNetwork
from backends.learning.variational.pictures import line_pictures
from backends.learning.variational.task import AIVar


def ordered(ends: tuple[float, float]) -> tuple[float, float]:
    """Return a range, or raise ValueError if it begins above its end."""
    if ends[0] > ends[1]:
        raise ValueError(f"must be a range, the least value first; came {list(ends)}")
    return ends


Share = Annotated[float, Field(gt=0, le=0.5)]
Count = Annotated[int, Field(ge=1, le=400)]
CountRange = Annotated[tuple[Count, Count], AfterValidator(ordered)]
PositiveRange = Annotated[tuple[Positive, Positive], AfterValidator(ordered)]
ShareRange = Annotated[tuple[Share, Share], AfterValidator(ordered)]
BACKGROUNDS = "`shifted`: the truth moved, smoothed and biased; `consistent`: truth plus a draw from B; `both`: half of each"


class LineErrors(Section):
    """The Gaussian B of the line."""

    sigma: Positive = Field(1.0, description="σ_b")
    length: Share = Field(0.08, description="correlation length L, as a fraction of the line")
    floor: float = Field(1e-5, gt=0, lt=1, description="α: eigenvalues of B are at least α λ_max")


class LineObserving(Section):
    """Observations at grid points, new ones for every case."""

    count: CountRange = Field((5, 50), description="least and most observations of a case")
    sigma: Positive = Field(0.2, description="σ_o")


class ErrorRanges(Section):
    """The ranges that B of a case is drawn from, with uniform logarithms."""

    sigma: PositiveRange = Field((0.3, 3.0), description="least and greatest σ_b")
    length: ShareRange = Field((0.03, 0.2), description="least and greatest L, fractions of the line")
    floor: float = Field(1e-5, gt=0, lt=1, description="α: eigenvalues of B are at least α λ_max")


class ObservingRanges(Section):
    """The ranges that the observations of a case are drawn from; they lie anywhere on the line."""

    count: CountRange = Field((5, 50), description="least and most observations of a case")
    sigma: PositiveRange = Field((0.05, 1.0), description="least and greatest σ_o, uniform logarithms")


class MLPSettings(Section):
    """The lecture's network: [x_b, y on the grid, mask] to the increment."""

    name: Literal["mlp"] = "mlp"
    width: int = Field(256, ge=4, le=4096, description="units of the two hidden layers")


class ControlSettings(Section):
    """The same layers from [innovation on the grid, mask] to a control vector v; the increment is B^{1/2} v."""

    name: Literal["control"] = "control"
    width: int = Field(256, ge=4, le=4096, description="units of the two hidden layers")


class DescentSettings(Section):
    """Learned descent in control space: convolutional stages that see the gradient of J and propose where to go."""

    name: Literal["preconditioned"] = "preconditioned"
    stages: int = Field(2, ge=1, le=10, description="stages, each a proposal and the exact step along it")
    width: int = Field(32, ge=2, le=256, description="channels of the convolutions")
    kernel: int = Field(9, ge=1, le=31, description="grid points that a convolution reaches over")
    directions: int = Field(1, ge=1, le=32, description="directions that a stage proposes")


class AIVarLine(TrainingSettings):
    """AI-Var on a periodic line, B and R fixed; each case has a new truth, background and observing network."""

    TITLE: ClassVar[str] = "AI-Var 1D, many cases"
    ABOUT: ClassVar[str] = "The lecture's network learns to analyse any case of a kind, from J alone; B and R stay fixed."

    task: Literal["aivar-1d"] = "aivar-1d"
    points: int = Field(100, ge=20, le=400, description="grid points n")
    background: Literal["shifted", "consistent", "both"] = Field("shifted", description=BACKGROUNDS)
    background_error: LineErrors = LineErrors()
    observations: LineObserving = LineObserving()
    network: Annotated[MLPSettings | ControlSettings | DescentSettings, Field(discriminator="name")] = MLPSettings()

    @model_validator(mode="after")
    def _check_count(self) -> Self:
        most = self.observations.count[1]
        if most > self.points:
            raise ValueError(f"observations.count: at most one for each of the {self.points} points; came {most}")
        return self

    def make(self, folder: Path) -> AIVar:
        """Return the task."""
        del folder
        b, o = self.background_error, self.observations
        draws = LineDraws(
            self.points, (b.sigma,) * 2, (b.length,) * 2, (o.sigma,) * 2, o.count, b.floor, self.background, "points"
        )
        return AIVar(self.task, network_of(self.network, self.points, self.seed), draws, self.batch, False, line_pictures)


class AIVarLineConditioned(TrainingSettings):
    """AI-Var on a periodic line that is told σ_b, L, σ_o and the observing network, and stays valid while they are turned."""

    TITLE: ClassVar[str] = "AI-Var 1D, conditioned on B and R"
    ABOUT: ClassVar[str] = "A network that is told B and R, so that it follows when a person turns them on the Analysis page."

    task: Literal["aivar-1d-conditioned"] = "aivar-1d-conditioned"
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        1500, description="steps of the optimiser; null: `minutes` alone end the training"
    )
    learning_rate: float = Field(2e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    points: int = Field(100, ge=20, le=400, description="grid points n")
    background: Literal["shifted", "consistent", "both"] = Field("both", description=BACKGROUNDS)
    background_error: ErrorRanges = ErrorRanges()
    observations: ObservingRanges = ObservingRanges()
    network: DescentSettings = DescentSettings()

    def make(self, folder: Path) -> AIVar:
        """Return the task."""
        del folder
        b, o = self.background_error, self.observations
        draws = LineDraws(self.points, b.sigma, b.length, o.sigma, o.count, b.floor, self.background, "anywhere")
        network = network_of(self.network, self.points, self.seed, conditions=4)
        return AIVar(self.task, network, draws, self.batch, True, line_pictures)


def network_of(
    settings: MLPSettings | ControlSettings | DescentSettings, points: int, seed: int, conditions: int = 0
) -> nn.Module:
    """Return a network whose first weights come from a seed, on the device."""

    def make() -> nn.Module:
        if isinstance(settings, DescentSettings):
            s = settings
            return DescentNetwork((points,), s.stages, s.width, s.kernel, s.directions, conditions)
        return (IncrementNetwork if settings.name == "mlp" else ControlNetwork)(points, settings.width)

    return seeded(make, seed).to(compute_device())
