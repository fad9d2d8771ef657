"""Fields reconstructed on graphs from sparse observations: all that a person may turn."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from backends.device import compute_device
from backends.experiments.sections import Section
from backends.experiments.training.line import PositiveRange, ordered
from backends.experiments.training.settings import TrainingSettings
from backends.learning.graph.cases import Draws
from backends.learning.graph.fields import Fields, GaussianProcess, Waves
from backends.learning.graph.network import MessagePassing
from backends.learning.graph.task import GraphReconstructionTask
from backends.learning.seeded import seeded

Part = Annotated[float, Field(ge=0.01, le=0.95)]
PartRange = Annotated[tuple[Part, Part], AfterValidator(ordered)]


class GaussianProcessShapes(Section):
    """Normally distributed fields with Gaussian correlations: kriging is exact."""

    name: Literal["gaussian-process"] = "gaussian-process"
    length: float = Field(4.0, ge=0.5, le=32, description="correlation length L, mean node spacings; at most nodes/8")

    def fields(self) -> Fields:
        """Return these fields."""
        return GaussianProcess(self.length)


class WaveShapes(Section):
    """One wave over the whole line, its length and phase unknown: kriging is the best linear estimate, not the best one."""

    name: Literal["waves"] = "waves"
    wavelength: PositiveRange = Field((8.0, 32.0), description="least and greatest wavelength, mean node spacings")

    def fields(self) -> Fields:
        """Return these fields."""
        return Waves(*self.wavelength)


class NodeObserving(Section):
    """Observations at nodes, new ones for every case."""

    share: PartRange = Field((0.2, 0.5), description="least and greatest share of the nodes that is observed")
    sigma: float = Field(0.1, ge=1e-3, le=100, description="σ_o; fields have the standard deviation 1")


class MessagePassingSettings(Section):
    """The message-passing network."""

    width: int = Field(32, ge=2, le=256, description="channels of a node and of a message")
    rounds: int = Field(6, ge=1, le=50, description="how often messages are sent: edges that an observation is heard over")


class GraphReconstruction(TrainingSettings):
    """Reconstruction on a graph from sparse observations, trained on short lines and applied to longer ones."""

    TITLE: ClassVar[str] = "Graph reconstruction from sparse observations"
    ABOUT: ClassVar[str] = (
        "Messages between neighbours fill in what is not observed; learned on 64 nodes, applied to 1,024, kriging beside it."
    )

    task: Literal["graph-reconstruction"] = "graph-reconstruction"
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        2500, description="steps of the optimiser; null: `minutes` alone end the training"
    )
    batch: int = Field(32, ge=1, le=1024, description="lines of which one loss is the mean")
    learning_rate: float = Field(3e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    nodes: int = Field(64, ge=16, le=256, description="nodes n of a line that is trained on; tests go up to 16 n")
    jitter: float = Field(0.8, ge=0, le=1, description="how far nodes lie from regular places, parts of half a spacing")
    neighbours: int = Field(8, ge=1, le=32, description="nearest neighbours k that a node hears; even suits a line")
    shapes: Annotated[GaussianProcessShapes | WaveShapes, Field(discriminator="name")] = GaussianProcessShapes()
    observations: NodeObserving = NodeObserving()
    network: MessagePassingSettings = MessagePassingSettings()

    @model_validator(mode="after")
    def _check_line(self) -> Self:
        if self.neighbours >= self.nodes:
            raise ValueError(f"neighbours: fewer than the {self.nodes} nodes of a line; came {self.neighbours}")
        self.shapes.fields().check(self.nodes)
        return self

    def make(self, folder: Path) -> GraphReconstructionTask:
        """Return the task."""
        del folder
        draws = Draws(self.shapes.fields(), self.jitter, self.observations.share, self.observations.sigma)
        network = seeded(lambda: MessagePassing(self.network.width, self.network.rounds), self.seed).to(compute_device())
        return GraphReconstructionTask(network, draws, self.nodes, self.neighbours, self.batch)
