"""What particles are cycled on: a true model, another one that forecasts, and observations of some components."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from backends.cycling.climate import climatological_states
from backends.dynamics.base import Dynamics

#: Seed of the climate, which fixes the scales of the network.
CLIMATE = 11


class Unseen(NamedTuple):
    """Trajectories that are never trained on: truths (K, E, n), observations (K, E, p), and the first particles (E, N, n)."""

    truth: Tensor
    values: Tensor
    particles: Tensor


@dataclass(frozen=True, eq=False)
class Testbed:
    """Truth, forecast model and observations, for E experiments at once.

    Attributes
    ----------
    truth, model
        M of the truth, and M that forecasts the particles.
    truth_steps, model_steps
        Their steps in one cycle.
    observed
        The components that are observed.
    sigma
        σ_o; R = σ_o² I, of the errors too.
    noise
        Standard deviation of the noise that each component of a particle gets at the end of a forecast.
    start_sigma
        Standard deviation of the first guess about the truth, and of the particles about the first guess.
    """

    truth: Dynamics
    model: Dynamics
    truth_steps: int
    model_steps: int
    observed: tuple[int, ...]
    sigma: float
    noise: float
    start_sigma: float = 2**0.5
    climate: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Draw the climate of the truth, in double precision on the CPU."""
        states = climatological_states(self.truth, torch.Generator().manual_seed(CLIMATE))
        object.__setattr__(self, "climate", states)

    def begin(self, experiments: int, members: int, like: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return truths (E, n) on the attractor and particles (E, N, n) about a first guess of each."""
        drawn = torch.randint(len(self.climate), (experiments,), generator=generator)
        truth = self.climate[drawn].to(like)
        guess = truth + self.start_sigma * normal(truth.shape, like, generator)
        shape = (experiments, members, truth.shape[-1])
        return truth, guess[:, None] + self.start_sigma * normal(shape, like, generator)

    def observe(self, truth: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the truth (E, n) one cycle later, and observations of it, (E, p)."""
        truth = self.truth.advance(truth, self.truth_steps)
        values = truth[..., list(self.observed)]
        return truth, values + self.sigma * normal(values.shape, truth, generator)

    def forecast(self, particles: Tensor, generator: torch.Generator) -> Tensor:
        """Return particles (E, N, n) one cycle later."""
        return self.scattered(self.model.advance(particles, self.model_steps), generator)

    def scattered(self, particles: Tensor, generator: torch.Generator) -> Tensor:
        """Return particles (E, N, n) with noise of their own; the mean stays, as in the ensemble filters of a race."""
        drawn = normal(particles.shape, particles, generator)
        return particles + self.noise * (drawn - drawn.mean(-2, keepdim=True))

    def unseen(self, experiments: int, cycles: int, members: int, like: Tensor, seed: int) -> Unseen:
        """Draw whole trajectories from a seed."""
        generator = torch.Generator().manual_seed(seed)
        truth, particles = self.begin(experiments, members, like, generator)
        truths, values = [], []
        for _ in range(cycles):
            truth, y = self.observe(truth, generator)
            truths.append(truth)
            values.append(y)
        return Unseen(torch.stack(truths), torch.stack(values), particles)


def normal(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers from a generator on the CPU, with the device and precision of `like`."""
    return torch.randn(*shape, generator=generator).to(like)
