"""The AI particle filter on Lorenz-63 with a wrong forecast model: what a person may turn; the experiment is the course's."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from backends.device import compute_device
from backends.dynamics.lorenz63 import Lorenz63
from backends.experiments.sections import NotNegative, Positive, Section
from backends.experiments.training.settings import TrainingSettings
from backends.learning.particle.network import ParticleNetwork
from backends.learning.particle.task import ParticleFilterTask
from backends.learning.particle.testbed import Testbed
from backends.learning.seeded import seeded

Prandtl = Annotated[float, Field(ge=0.1, le=100)]
Step = Annotated[float, Field(ge=1e-4, le=0.1)]
COMPONENTS = 3


class TrueModel(Section):
    """The truth."""

    sigma: Prandtl = Field(10.0, description="Prandtl number σ of the truth")
    dt: Step = Field(0.1, description="its Runge–Kutta step")


class WrongModel(Section):
    """The forecast model, wrong on purpose."""

    sigma: Prandtl = Field(11.0, description="Prandtl number σ of the forecast model")
    dt: Step = Field(0.02, description="its Runge–Kutta step; it divides the time between observations")
    noise: NotNegative = Field(0.2, description="standard deviation of the noise that particles get at the end of a forecast")


class ComponentObserving(Section):
    """What is observed of the truth."""

    every: int = Field(1, ge=1, le=100, description="steps of the truth between observations: one cycle")
    components: tuple[Annotated[int, Field(ge=0, lt=COMPONENTS)], ...] = Field(
        (0, 1), min_length=1, max_length=COMPONENTS, description="components that are observed, from 0"
    )
    sigma: Positive = Field(0.1, description="σ_o; R = σ_o² I")


class DeepSetsSettings(Section):
    """The network on sets of particles."""

    width: int = Field(64, ge=4, le=1024, description="units of the hidden layers")


class AIParticleFilter(TrainingSettings):
    """The AI particle filter: a network moves particles, trained by the observations and a Gaussian mixture."""

    TITLE: ClassVar[str] = "AI particle filter, Lorenz-63"
    ABOUT: ClassVar[str] = (
        "A network on sets moves particles to the posterior; it is trained by observations, never by a truth."
    )

    task: Literal["ai-particle-filter"] = "ai-particle-filter"
    iterations: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        3000, description="steps of the optimiser, one cycle each; null: `minutes` alone end the training"
    )
    batch: int = Field(64, ge=1, le=4096, description="trajectories that are cycled at once, of which one loss is the mean")
    learning_rate: float = Field(3e-3, gt=0, le=1, description="at the start; it falls along half a cosine")
    members: int = Field(20, ge=2, le=1000, description="particles N")
    kl_weight: NotNegative = Field(0.5, description="λ, weight of the second term of the loss; 0: without it, the ablation")
    forecast_weight: NotNegative = Field(
        0.15, description="μ, weight of the surprise at the next observations; 0: without it, the course's loss"
    )
    mixture_width: Positive = Field(0.7, description="τ, width of the normal distributions about the particles")
    lifetime: int = Field(150, ge=2, le=100_000, description="cycles after which a trajectory begins anew")
    truth: TrueModel = TrueModel()
    model: WrongModel = WrongModel()
    observations: ComponentObserving = ComponentObserving()
    network: DeepSetsSettings = DeepSetsSettings()

    @model_validator(mode="after")
    def _check_observing(self) -> Self:
        components = self.observations.components
        if sorted(set(components)) != list(components):
            raise ValueError(f"observations.components: each once, ascending; came {list(components)}")
        length = self.observations.every * self.truth.dt
        if abs(self.model_steps * self.model.dt - length) > 1e-9 * length or self.model_steps < 1:
            raise ValueError(
                f"model.dt must divide the time between observations, {length:g}, into whole steps; came {self.model.dt:g}"
            )
        return self

    @property
    def model_steps(self) -> int:
        """Steps of the forecast model in one cycle."""
        return round(self.observations.every * self.truth.dt / self.model.dt)

    def make(self, folder: Path) -> ParticleFilterTask:
        """Return the task."""
        del folder
        o, model = self.observations, self.model
        truth = Lorenz63(sigma=self.truth.sigma, dt=self.truth.dt)
        forecast = Lorenz63(sigma=model.sigma, dt=model.dt)
        bed = Testbed(truth, forecast, o.every, self.model_steps, o.components, o.sigma, model.noise)
        mean, std, width = bed.climate.mean(0).float(), bed.climate.std(0).float(), self.network.width
        network = seeded(lambda: ParticleNetwork(mean, std, o.components, width), self.seed).to(compute_device())
        return ParticleFilterTask(
            bed, network, self.batch, self.members, self.kl_weight, self.forecast_weight, self.mixture_width, self.lifetime
        )
