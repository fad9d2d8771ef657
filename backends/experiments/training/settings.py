"""What all training experiments share, and the registry of their tasks."""

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from backends.experiments.sections import Section, Seed
from backends.learning.task import Task
from backends.learning.trainer import Schedule

Length = Annotated[float, Field(gt=0, le=100_000)]


class TrainingSettings(Section):
    """An experiment of kind `training`; each task adds its own keys and defaults.

    A subclass names its task by a literal, and makes it in :meth:`make`.
    """

    #: What a person calls the task, and one sentence on what it shows.
    TITLE: ClassVar[str]
    ABOUT: ClassVar[str]

    kind: Literal["training"] = Field("training", description="the kind of experiment; must be given in a file")
    task: str
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        10_000, description="steps of the optimiser; null: `minutes` alone end the training"
    )
    minutes: Length | None = Field(None, description="most minutes of training, wall time; null: no limit")
    batch: int = Field(64, ge=1, le=4096, description="samples of which one loss is the mean")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    seed: Seed = Field(1, description="seed of the first weights and of the batches")
    resume: str = Field(
        "", max_length=40, pattern=r"^[0-9a-f]*$", description="id of a run whose checkpoint this one goes on from; empty: none"
    )
    fine_tune: bool = Field(
        False, description="with `resume`: a new training that begins with these weights, instead of going on with the old one"
    )

    @model_validator(mode="after")
    def _check_end(self) -> Self:
        if self.iterations is None and self.minutes is None:
            raise ValueError("iterations and minutes cannot both be null: a training needs an end")
        if self.fine_tune and not self.resume:
            raise ValueError("fine_tune needs resume, the id of the run whose weights it begins with")
        return self

    def schedule(self) -> Schedule:
        """Return how fast and how long is learned."""
        return Schedule(self.learning_rate, self.iterations, self.minutes and 60 * self.minutes)

    @abstractmethod
    def make(self, folder: Path) -> Task:
        """Return the task, with a network whose weights come from the seed; `folder` is that of the data.

        Raises
        ------
        InputError
            If the data cannot be read, or the settings do not fit together.
        """
