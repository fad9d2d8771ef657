"""The network of the AI particle filter: it sees all particles and the observations, and moves each particle."""

import torch
from torch import Tensor, nn


class ParticleNetwork(nn.Module):
    """A network on sets: e_i = φ(x_i, y), c = ρ(mean of the e_i), x_iᵃ = x_i + ψ(x_i, c, y).

    Zaheer et al. (2017, Deep Sets, arXiv:1703.06114). The context c does not change when particles change places, and the
    analysis changes places with them. What φ and ψ see of a particle are its deviation from the mean, its distance to the
    observations, and the mean in units of the climate: a tenth of a unit is not lost in numbers of the size of the attractor.

    Parameters
    ----------
    mean, scale
        Of the climate, shape (n,).
    observed
        The components that are observed.
    width
        Units of the hidden layers.
    unit
        What deviations and innovations are divided by, and increments multiplied by, in the unit of the state.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, observed: tuple[int, ...], width: int = 64, unit: float = 0.5) -> None:
        super().__init__()
        n, p = len(mean), len(observed)
        self.observed, self.unit = observed, unit
        self.register_buffer("mean", mean.clone())
        self.register_buffer("scale", scale.clone())
        self.embed = _layers(2 * n + p, width, width)
        self.pooled = _layers(width, width, width)
        self.move = _layers(2 * n + p + width, width, n)

    def forward(self, particles: Tensor, values: Tensor) -> Tensor:
        """Return analysis particles (E, N, n) of background particles (E, N, n) and observations y (E, p)."""
        mean = particles.mean(-2, keepdim=True)
        place = ((mean - self.mean) / self.scale).expand_as(particles)
        innovation = values[..., None, :] - particles[..., list(self.observed)]
        seen = torch.cat([(particles - mean) / self.unit, innovation / self.unit, place], -1)
        context = self.pooled(self.embed(seen).mean(-2, keepdim=True))
        moved = self.move(torch.cat([seen, context.expand(*particles.shape[:-1], -1)], -1))
        return particles + self.unit * moved


def _layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs))
