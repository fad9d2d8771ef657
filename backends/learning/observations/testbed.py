"""What is observed of the advection–diffusion plane: a satellite's curtain, radiosondes, and a column that nobody observes."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.errors import InputError
from backends.geometry.plane import VerticalPlane
from backends.observing.operators import LinearOperator


class Trajectories(NamedTuple):
    """K trajectories at T times, double precision, on the device of the model.

    Attributes
    ----------
    truth
        φ, shape (K, T, nz, nx).
    curtain
        Observed by the satellite with noise, shape (K, T, channels, nx).
    sondes
        Observed by radiosondes with noise, shape (K, T, S).
    """

    truth: Tensor
    curtain: Tensor
    sondes: Tensor


@dataclass(frozen=True, eq=False)
class Testbed:
    """Trajectories of the plane, and what is observed of them, `steps` of the model apart.

    Trajectories begin at time 0 with draws of :meth:`AdvectionDiffusion.draw_start`; the model and the schedule of its source
    are the same in all of them.

    Attributes
    ----------
    model
        The truth.
    steps
        Steps of the model between two times of observations.
    snapshots
        Times T of a trajectory, the first at time 0.
    times
        Times of observations that a forecast begins with; the next time is what it is for.
    heights, depth
        Centres of the Gaussian weighting functions of the satellite's channels, and their standard deviation, km. The weights
        of a channel sum to 1: what it observes has the unit of φ.
    columns, levels
        Radiosondes, evenly along x, and levels of each, evenly from the lowest cells to the highest ones.
    sigma_satellite, sigma_sonde
        σ_o; errors are independent.
    unseen
        x of the column that is never observed by a radiosonde, km; the column of cells that is nearest counts.
    gap
        Half width of the strip about it, km, of which a network is never shown the truth.

    Raises
    ------
    InputError
        If the trajectories are too short, or a radiosonde is in the strip.
    """

    model: AdvectionDiffusion
    steps: int = 30
    snapshots: int = 10
    times: int = 2
    heights: tuple[float, ...] = (0.045, 0.135, 0.225, 0.315)
    depth: float = 0.045
    columns: int = 7
    levels: int = 18
    sigma_satellite: float = 0.01
    sigma_sonde: float = 0.02
    unseen: float = 0.555
    gap: float = 0.05

    def __post_init__(self) -> None:
        if self.snapshots <= self.times:
            raise InputError(
                f"a trajectory needs more snapshots than the {self.times} that a forecast begins with; came {self.snapshots}"
            )
        if not 0 <= self.unseen <= self.model.width:
            raise InputError(f"the unseen column must lie between 0 and {self.model.width:g} km; came {self.unseen:g}")
        near = self._from_unseen(self.places[:, 0]) <= self.gap
        if bool(near.any()):
            x = float(self.places[near][0, 0])
            raise InputError(
                f"no radiosonde may be within {self.gap:g} km of the unseen column at {self.unseen:g} km; one is at {x:g} km"
            )

    @cached_property
    def plane(self) -> VerticalPlane:
        """The plane that operators interpolate on."""
        return VerticalPlane(self.model.x, self.model.z)

    @cached_property
    def places(self) -> Tensor:
        """Where radiosondes measure, (x, z), shape (S, 2), km; the columns are columns of cells."""
        nx = self.model.nx
        cells = (torch.arange(self.columns, device=self.model.device) + 0.5) * nx / self.columns
        return self.plane.columns(self.model.x[cells.long()], self.levels)

    @cached_property
    def satellite(self) -> LinearOperator:
        """H of the curtain, channel by channel: p = channels · nx."""
        x = self.model.x
        z = torch.tensor(self.heights, dtype=x.dtype, device=x.device)
        z, x = torch.meshgrid(z, x, indexing="ij")
        return LinearOperator(self.plane.channels(torch.stack([x.flatten(), z.flatten()], 1), self.depth))

    @cached_property
    def weights(self) -> Tensor:
        """Weights of the channels, shape (channels, nz), each with sum 1."""
        factors = self.satellite.rows.factors
        assert factors is not None
        return factors[0][:: self.model.nx]

    @cached_property
    def sounding(self) -> LinearOperator:
        """H of the radiosondes, p = S."""
        return LinearOperator(self.plane.interpolation(self.places))

    @cached_property
    def unseen_cell(self) -> int:
        """Index ix of the unseen column."""
        return int((self.model.x - self.unseen).abs().argmin())

    @cached_property
    def shown(self) -> Tensor:
        """Columns of cells outside the strip about the unseen one, ascending, shape (m,)."""
        return (self._from_unseen(self.model.x) > self.gap).nonzero()[:, 0]

    @property
    def transitions(self) -> range:
        """The newest times that forecasts begin with; each is for the time after it."""
        return range(self.times - 1, self.snapshots - 1)

    def time(self, k: int) -> float:
        """Return the time of snapshot k, s."""
        return k * self.steps * self.model.dt

    def curtain(self, field: Tensor) -> Tensor:
        """Return what the satellite observes of fields (..., nz, nx) without noise, (..., channels, nx)."""
        return self.weights.to(field) @ field

    def draw(self, count: int, generator: torch.Generator) -> Trajectories:
        """Draw trajectories and their observations; the generator is on the CPU."""
        device = self.model.device
        if device.type != "cpu":
            seed = int(torch.randint(2**31, (), generator=generator))
            generator = torch.Generator(device).manual_seed(seed)
        states = [self.model.draw_start(count, generator)]
        for k in range(self.snapshots - 1):
            states.append(self.model.advance(states[-1], self.steps, self.time(k)))
        truth = torch.stack(states, 1)
        field = truth.unflatten(-1, self.model.shape)
        curtain, sondes = self.curtain(field), self.sounding(truth)

        def noise(like: Tensor) -> Tensor:
            return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=device)

        return Trajectories(field, curtain + self.sigma_satellite * noise(curtain), sondes + self.sigma_sonde * noise(sondes))

    def _from_unseen(self, x: Tensor) -> Tensor:
        """Return distances along x from the unseen column, the shorter way round, km."""
        half = self.model.width / 2
        return ((x - self.model.x[self.unseen_cell] + half) % self.model.width - half).abs()
