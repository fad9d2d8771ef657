"""A testbed as the world: its model makes the truth, from states of its climate or from given ones."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from backends.cycling.climate import Climate
from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.emulator import Emulator
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz96 import Lorenz96
from backends.dynamics.shallow_water import ShallowWater
from backends.errors import InputError
from backends.rollout.conserved import quantities
from backends.rollout.spectra import MapSpectrum, PeriodicSpectrum, Spectrum, SphereSpectrum
from backends.rollout.world import Layout, Starts, World, even_norm

#: Trajectories that a model may be fitted to, and steps of each, as many as fit into so many numbers of states.
TRAJECTORIES, LENGTH, LARGEST = 100, 50, 20_000_000
#: Draws starts (count, n), with a generator on the CPU.
Draw = Callable[[int, torch.Generator], Tensor]


class TestbedWorld(World):
    """The truth is a model's own: forecasts start from states that it visits.

    Parameters
    ----------
    dynamics
        The true model.
    climate
        Of it.
    draw
        Draws other starts than states of the climate, such as shapes that a network was not trained on.
    """

    __test__ = False  # the name is no test's

    def __init__(self, dynamics: Dynamics, climate: Climate, draw: Draw | None = None) -> None:
        self.dynamics, self._climate, self._draw = dynamics, climate, draw
        self.size, self.dt, self.time_unit, self.unit = dynamics.size, dynamics.dt, dynamics.time_unit, ""
        self.norm = dynamics.norm() or even_norm(climate.mean)
        self.quantities = quantities(dynamics)
        # What an emulator follows knows how its components lie.
        lies = dynamics.model if isinstance(dynamics, Emulator) else dynamics
        self.shape = getattr(lies, "shape", (dynamics.size,))
        self.fields = 0 if dynamics.components else 1
        self.layout, self.spectrum = _layout(lies)
        if isinstance(lies, ShallowWater):
            self.fields = len(lies.fields)

    def starts(self, count: int, steps: int, generator: torch.Generator) -> Starts:
        """Draw independent states of the climate, or starts as they are drawn."""
        del steps
        if count < 1:
            raise InputError(f"there must be at least one start; came {count}")
        with torch.no_grad():
            states, steps = self._drawn(count, generator)
        return Starts(states, torch.full((count,), steps), torch.arange(count))

    def at(self, states: Tensor, time: float) -> Starts:
        """Return starts from given true states (S, n) at a model time.

        Raises
        ------
        InputError
            If they have another size, or are not finite.
        """
        if states.ndim != 2 or states.shape[-1] != self.size:
            raise InputError(f"starts must be states of {self.size} components, (S, n); came shape {tuple(states.shape)}")
        if not bool(torch.isfinite(states).all()):
            raise InputError("starts must be finite; came states that are not")
        steps = torch.full((len(states),), round(time / self.dt))
        return Starts(states.to(self._climate.mean), steps, torch.arange(len(states)))

    @torch.no_grad()
    def truth(self, starts: Starts, steps: int, every: int = 1) -> Iterator[Tensor]:
        """Yield the states of the true model."""
        began, state = int(starts.steps[0]), starts.states
        yield state
        for lead in range(0, steps, every):
            state = self.dynamics.advance(state, every, (began + lead) * self.dt)
            yield state

    def climate(self, steps: Tensor) -> Tensor:
        """Return the mean of the climate."""
        return self._climate.mean.expand(len(steps), -1)

    def perturbations(self, count: int, scale: float, generator: torch.Generator) -> Tensor:
        """Draw errors from N(0, scale · B) with B the covariance of the climate."""
        return scale**0.5 * self._climate.covariance.sample(count, generator)

    def training(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return trajectories that begin elsewhere than the forecasts."""
        length = max(2, min(LENGTH, LARGEST // (TRAJECTORIES * self.size)))
        with torch.no_grad():
            state, began = self._drawn(TRAJECTORIES, generator)
            states = self.dynamics.trajectory(state, length, began * self.dt).transpose(0, 1)
        return states, (began + torch.arange(length + 1)).expand(TRAJECTORIES, -1)

    def _drawn(self, count: int, generator: torch.Generator) -> tuple[Tensor, int]:
        """Return states and the step that they are typical at."""
        like = self._climate.mean
        if self._draw is not None:
            return self._draw(count, generator).to(like), 0
        device = like.device
        seeded = generator if device.type == "cpu" else torch.Generator(device).manual_seed(generator.initial_seed())
        state = self.dynamics.draw_start(count, seeded)
        return self.dynamics.advance(state, self.dynamics.transient), self.dynamics.transient


def _layout(model: Dynamics) -> tuple[Layout, Spectrum | None]:
    """Return how the components of a testbed lie, and the transform that suits them."""
    if isinstance(model, ShallowWater):
        return "sphere", SphereSpectrum(model.truncation, model.shape)
    if isinstance(model, Lorenz96):
        return "periodic", PeriodicSpectrum((model.points,))
    if isinstance(model, Advection | Kolmogorov):
        return "periodic", PeriodicSpectrum(model.shape)
    if isinstance(model, AdvectionDiffusion):
        return "map", MapSpectrum(model.shape)
    return "components", None
