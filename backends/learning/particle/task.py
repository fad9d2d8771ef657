"""The task of the AI particle filter: cycle with the network as it is, and learn from the observations of each cycle."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from backends.learning.gallery import Panel
from backends.learning.particle.mixture import (
    divergence,
    kalman_points,
    log_likelihood,
    mixture_log_density,
    target_log_weights,
)
from backends.learning.particle.network import ParticleNetwork
from backends.learning.particle.pictures import pictures
from backends.learning.particle.references import Means, cycled, enkf, free, particle_filter
from backends.learning.particle.testbed import Testbed, Unseen, normal
from backends.learning.task import Loss, Task

#: Seed, trajectories and cycles of what is looked at in training, and of what a network is summarised by.
VALIDATION, TEST = (1_000_003, 64, 150), (2_000_003, 64, 300)
#: Seed, trajectories and cycles of the gallery, and of its curves of errors.
SHOWN = (1_000_003, 32, 100)
#: Cycles at the beginning that no error counts: the first guess is forgotten.
SPINUP = 20
#: Cycles of the course's only trajectory.
COURSE = 150


class ParticleFilterTask(Task):
    """A network that analyses particles, trained without a truth: −log (1/N) Σ p(y|x_iᵃ) + λ KL(w*‖π) + μ S.

    The first term wants particles at the observations. The second compares, at points z_k that a stochastic Kalman update makes
    of the background particles, the weights of the posterior, w*_k ∝ q(z_k|Xᵇ) p(y|z_k), with those of the analysis,
    π_k ∝ q(z_k|Xᵃ); q is a mixture of normal distributions of width τ about the particles. It is what speaks of components that
    are not observed.

    The background particles of a batch are forecasts of the network's own analyses of the cycle before, without a gradient:
    many trajectories at once are cycled on from batch to batch, and each begins anew when it has lived long enough.

    Errors are *mean error norms*: the mean over cycles and trajectories, after the spin-up, of the Euclidean norm of ensemble
    mean minus truth; √3 times the RMSE of a cycle.

    Parameters
    ----------
    bed
        Truth, forecast model and observations.
    network
        What moves particles.
    batch
        Trajectories E.
    members
        Particles N.
    kl_weight
        λ; 0: without the second term.
    forecast_weight
        μ; 0: the loss of the course.
    width
        τ, in the unit of the state.
    lifetime
        Cycles after which a trajectory begins anew.
    """

    name: ClassVar[str] = "ai-particle-filter"

    def __init__(
        self,
        bed: Testbed,
        network: ParticleNetwork,
        batch: int = 64,
        members: int = 20,
        kl_weight: float = 0.5,
        forecast_weight: float = 0.15,
        width: float = 0.7,
        lifetime: int = 150,
    ) -> None:
        self.bed, self.network, self.batch, self.members = bed, network, batch, members
        self.kl_weight, self.forecast_weight, self.width, self.lifetime = kl_weight, forecast_weight, width, lifetime
        self._analyst = network
        self._like = next(network.parameters()).detach()
        self._standing: dict[str, Tensor] = {}
        self._validation: tuple[Unseen, dict[str, float]] | None = None

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the loss of one cycle of all trajectories, with its terms, and forecast to the next cycle."""
        if not self._standing:
            self._standing = self._begun(self.batch, generator)
            self._standing["age"] = torch.randint(self.lifetime, (self.batch,), generator=generator).to(self._like.device)
        background, values = self._standing["particles"], self._standing["values"]
        analysis = self._analyst(background, values)
        noise = normal((*background.shape[:2], values.shape[-1]), background, generator)
        fit = self._fit(analysis, values)
        kl = self._divergence(background, analysis, values, noise)
        total, terms = fit + self.kl_weight * kl, {"likelihood_term": fit, "kl_term": kl}

        truth, values = self.bed.observe(self._standing["truth"], generator)
        with torch.set_grad_enabled(self.forecast_weight > 0):
            forecast = self.bed.forecast(analysis, generator)
        if self.forecast_weight:
            terms["forecast_term"] = self._surprise(forecast, values)
            total = total + self.forecast_weight * terms["forecast_term"]
        self._go_on({"truth": truth, "values": values, "particles": forecast.detach()}, generator)
        return Loss(total, terms)

    def carried(self) -> dict[str, Tensor]:
        """Return the trajectories as they stand."""
        return self._standing

    def carry(self, tensors: dict[str, Tensor]) -> None:
        """Go on with trajectories as they stood, unless there is another number of them now."""
        if tensors and tensors["particles"].shape[:2] != (self.batch, self.members):
            return
        self._standing = {name: tensor.to(self._like.device) for name, tensor in tensors.items()}

    def validate(self) -> dict[str, float]:
        """Return the mean error norms of network, EnKF, particle filter and free run on the validation trajectories."""
        if self._validation is None:
            unseen = self._unseen(*VALIDATION)
            self._validation = unseen, self._references(unseen, VALIDATION[0])
        unseen, references = self._validation
        return self._errors("network", self._cycled(unseen, VALIDATION[0]), unseen) | references

    def scores(self) -> dict[str, float]:
        """Return the same on longer test trajectories, and those of their first 150 cycles, the course's number."""
        unseen = self._unseen(*TEST)
        means = self._cycled(unseen, TEST[0])
        short = self._errors("network_150", means, unseen, COURSE)
        return self._errors("network", means, unseen) | short | self._references(unseen, TEST[0])

    def gallery(self) -> tuple[Panel, ...]:
        """Return pictures of an unseen trajectory, of errors beside those of the EnKF, and of the ranks of the truth."""
        unseen = self._unseen(*SHOWN)
        return pictures(unseen, self._cycled(unseen, SHOWN[0]), enkf(self.bed, unseen, SHOWN[0]), self.bed)

    def _fit(self, analysis: Tensor, values: Tensor) -> Tensor:
        """Return the mean over trajectories of −log (1/N) Σ p(y|x_iᵃ)."""
        each = log_likelihood(analysis, values, self.bed.observed, self.bed.sigma)
        return (math.log(self.members) - torch.logsumexp(each, -1)).mean()

    def _divergence(self, background: Tensor, analysis: Tensor, values: Tensor, noise: Tensor) -> Tensor:
        """Return the mean over trajectories of KL(w*‖π)."""
        observed, sigma = self.bed.observed, self.bed.sigma
        points = kalman_points(background, values, observed, sigma, noise)
        target = target_log_weights(points, background, log_likelihood(points, values, observed, sigma), self.width)
        model = torch.log_softmax(mixture_log_density(points, analysis, self.width), -1)
        return divergence(target, model).mean()

    def _surprise(self, forecast: Tensor, values: Tensor) -> Tensor:
        """Return the mean over trajectories of −log of the density that the forecast mixture gives to the observations."""
        width = math.hypot(self.width, self.bed.sigma)
        seen = forecast[..., list(self.bed.observed)]
        return -mixture_log_density(values[..., None, :], seen, width).mean()

    def _begun(self, trajectories: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Return trajectories in their first cycle: truths, observations and background particles."""
        truth, particles = self.bed.begin(trajectories, self.members, self._like, generator)
        truth, values = self.bed.observe(truth, generator)
        return {"truth": truth, "values": values, "particles": self.bed.forecast(particles, generator)}

    def _go_on(self, standing: dict[str, Tensor], generator: torch.Generator) -> None:
        """Keep where the trajectories are now; begin those anew that are old or not finite any more."""
        age = self._standing["age"] + 1
        lost = ~(standing["particles"].abs().amax((-2, -1)) < self._far)
        again = ((age >= self.lifetime) | lost).nonzero()[:, 0]
        if len(again):
            for name, anew in self._begun(len(again), generator).items():
                standing[name] = standing[name].index_copy(0, again, anew)
            age = age.index_fill(0, again, 0)
        self._standing = {**standing, "age": age}

    @property
    def _far(self) -> float:
        """Ten times the largest number of the climate."""
        return 10 * float(self.bed.climate.abs().max())

    def _unseen(self, seed: int, trajectories: int, cycles: int) -> Unseen:
        return self.bed.unseen(trajectories, cycles, self.members, self._like, seed)

    def _cycled(self, unseen: Unseen, seed: int) -> Means:
        self.network.eval()
        return cycled(self.bed, unseen, self._analyst, seed)

    def _references(self, unseen: Unseen, seed: int) -> dict[str, float]:
        filters = {"enkf": enkf, "pf": particle_filter, "free": free}
        return {
            name: value
            for label, reference in filters.items()
            for name, value in self._errors(label, reference(self.bed, unseen, seed), unseen).items()
        }

    def _errors(self, label: str, means: Means, unseen: Unseen, cycles: int | None = None) -> dict[str, float]:
        kept = slice(SPINUP, cycles)
        return {
            f"{part}_error_{label}": float((mean[kept] - unseen.truth[kept]).norm(dim=-1).mean())
            for part, mean in (("forecast", means.forecast), ("analysis", means.analysis))
        }
