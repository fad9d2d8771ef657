"""The tasks that can be trained, by name, in the order in which pages offer them."""

from backends.experiments.training.background import LearnedBERA5, LearnedBLine
from backends.experiments.training.dynamics import (
    AdvectionEmulatorTraining,
    ERA5Training,
    EuropeanTraining,
    Lorenz63Training,
)
from backends.experiments.training.graph import GraphReconstruction
from backends.experiments.training.line import AIVarLine, AIVarLineConditioned
from backends.experiments.training.observations import ObservationToObservation
from backends.experiments.training.particle import AIParticleFilter
from backends.experiments.training.plane import AIVarField, AIVarPlane
from backends.experiments.training.settings import TrainingSettings
from backends.experiments.training.single import AIVarLineSingle, AIVarPlaneSingle

TASKS: dict[str, type[TrainingSettings]] = {
    model.model_fields["task"].default: model
    for model in (
        AIVarLine, AIVarLineSingle, AIVarLineConditioned, AIVarPlane, AIVarPlaneSingle, AIVarField, AIParticleFilter,
        AdvectionEmulatorTraining, Lorenz63Training, EuropeanTraining, ERA5Training,
        ObservationToObservation, LearnedBLine, LearnedBERA5, GraphReconstruction,
    )
}  # fmt: skip
