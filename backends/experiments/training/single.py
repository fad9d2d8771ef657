"""AI-Var fitted to a single case of the Analysis page: the lecture's first step, on a line and on a plane."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from backends.device import compute_device, precise_dtype
from backends.experiments.cases import CourseLineCase, CoursePlaneCase, LineCase, PlaneCase
from backends.experiments.prepare import prepare
from backends.experiments.settings import AnalysisSettings, BackgroundErrorSettings, ObservationSettings
from backends.experiments.training.bridge import case_of
from backends.experiments.training.line import ControlSettings, MLPSettings
from backends.experiments.training.settings import Length, TrainingSettings
from backends.fields.catalogue import Catalogue
from backends.geometry.plane import VerticalPlane
from backends.learning.gallery import Panel
from backends.learning.seeded import seeded
from backends.learning.trainer import Schedule
from backends.learning.variational.cases import Cases
from backends.learning.variational.networks import ControlNetwork, IncrementNetwork
from backends.learning.variational.pictures import line_pictures, map_pictures
from backends.learning.variational.single import SingleCase
from backends.learning.variational.task import AIVar


class SingleSettings(TrainingSettings):
    """What single cases share. L-BFGS in double precision, as nothing in the loss is left to chance."""

    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        800, description="steps of the optimiser, L-BFGS; null: `minutes` alone end the training"
    )
    minutes: Length | None = Field(2.0, description="most minutes of training, wall time; null: no limit")
    batch: Literal[1] = Field(1, description="the one case")
    learning_rate: float = Field(1.0, gt=0, le=1, description="the step that each line search begins with")
    optimiser: Literal["lbfgs", "adam"] = Field("lbfgs", description="how the weights are found")
    case: LineCase | CourseLineCase | PlaneCase | CoursePlaneCase = LineCase()
    background_error: BackgroundErrorSettings = BackgroundErrorSettings()
    observations: ObservationSettings = ObservationSettings()
    network: Annotated[MLPSettings | ControlSettings, Field(discriminator="name")] = MLPSettings(width=128)

    def schedule(self) -> Schedule:
        """Return how fast and how long is learned."""
        return replace(super().schedule(), optimiser=self.optimiser)

    def make(self, folder: Path) -> AIVar:
        """Return the task."""
        settings = AnalysisSettings(
            case=self.case, background_error=self.background_error, observations=self.observations
        )  # fmt: skip
        experiment = prepare(self.case, Catalogue(folder)).experiment
        outcome = experiment.run(settings)
        case = case_of(outcome.problem, outcome.case.truth)
        domain = outcome.case.domain

        def pictures(cases: Cases, exact: torch.Tensor, increments: torch.Tensor) -> tuple[Panel, ...]:
            one = torch.zeros(1, dtype=torch.long)
            cases, exact, increments = cases.of(one), exact[:1], increments[:1]
            if not isinstance(domain, VerticalPlane):
                return line_pictures(cases, exact, increments)
            left, right, low, high = domain.extent
            rows, columns = domain.shape
            return map_pictures(cases, exact, increments, (rows, columns), (left, low, right, high), ("x [km]", "z [km]"))

        device = compute_device()
        kind = IncrementNetwork if self.network.name == "mlp" else ControlNetwork
        network = seeded(lambda: kind(case.background.shape[1], self.network.width), self.seed).to(
            device, precise_dtype(device)
        )
        return AIVar(self.task, network, SingleCase(case.to(torch.empty(0, dtype=torch.float64))), 1, False, pictures)


class AIVarLineSingle(SingleSettings):
    """AI-Var on one case of a periodic line, to which the network is fitted."""

    TITLE: ClassVar[str] = "AI-Var 1D, a single case"
    ABOUT: ClassVar[str] = "The lecture's first step: a network fitted to one background and one set of observations."

    task: Literal["aivar-1d-single"] = "aivar-1d-single"
    case: Annotated[LineCase | CourseLineCase, Field(discriminator="name")] = LineCase()


class AIVarPlaneSingle(SingleSettings):
    """AI-Var on one case of a vertical plane, to which the network is fitted."""

    TITLE: ClassVar[str] = "AI-Var 2D, a single case"
    ABOUT: ClassVar[str] = "The same on a vertical plane that is observed in columns, also the course's own."

    task: Literal["aivar-2d-single"] = "aivar-2d-single"
    case: Annotated[PlaneCase | CoursePlaneCase, Field(discriminator="name")] = PlaneCase()
    observations: ObservationSettings = ObservationSettings(placement="columns")
    network: Annotated[MLPSettings | ControlSettings, Field(discriminator="name")] = ControlSettings(width=8)
