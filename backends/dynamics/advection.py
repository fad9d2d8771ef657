"""Linear advection on the periodic line: waves that travel without changing their shape."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics, check_positive, periodic_distance
from backends.errors import InputError


@dataclass(eq=False)
class Advection(Dynamics):
    """∂x/∂t + c ∂x/∂s = 0 on a line of length 1 with periodic ends; starts are random waves as in Evensen (2004).

    Steps shift the trigonometric interpolant of the state by c dt. That is exact for all waves that the points resolve,
    keeps the mass, costs as much for many steps as for one, and has no limit on dt; a scheme of finite differences would
    damp or disperse the waves, which then looks like skill or lack of skill of an assimilation. With the default dt
    and speed each step moves the state by one point, so that even a jump stays sharp; in between, jumps overshoot.

    Evensen (2004, Ocean Dyn. 54, 539–560) and Sakov and Oke (2008, Tellus A 60, 361–371) compare filters on it.

    Attributes
    ----------
    points
        Number of points n, at least 4.
    speed
        c, in lengths of the line per unit of time; negative to the left.
    dt
        Length of a step.
    waves
        The highest wavenumber of the starts, below n/2. They then span 2 · waves + 1 directions; 21 are not quite within
        the reach of an ensemble of 20.
    start_sigma
        Standard deviation of the starts at each point.
    device, dtype
        Of the starts.
    """

    points: int = 100
    speed: float = 1.0
    dt: float = 0.01
    waves: int = 10
    start_sigma: float = 1.0
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "advection-1d"
    periodic: ClassVar[tuple[bool, ...]] = (True,)

    def __post_init__(self) -> None:
        check_positive(dt=self.dt, start_sigma=self.start_sigma)
        n = self.points
        if n < 4:
            raise InputError(f"advection on the line needs at least 4 points; came {n}")
        if not math.isfinite(self.speed):
            raise InputError(f"the speed of advection must be finite; came {self.speed:g}")
        if not 0 <= self.waves < n / 2:
            raise InputError(f"waves must lie between 0 and what {n} points resolve, {(n - 1) // 2}; came {self.waves}")
        self.size, self.shape = n, (n,)
        self.coordinates = torch.arange(n, dtype=self.dtype, device=self.device) / n
        # The starts are as likely anywhere on the line, so they are typical at once. Carried by the golden section of the
        # line between two samples, the state is seen in ever new places.
        self.transient, self.spacing = 0, max(1, round(0.382 / (abs(self.speed) * self.dt))) if self.speed else 1
        self._wavenumbers = torch.arange(n // 2 + 1, dtype=self.dtype, device=self.device)
        angle = 2 * math.pi * self._wavenumbers[: self.waves + 1, None] * self.coordinates
        # cos² + sin² = 1: all wavenumbers, 0 too, contribute the same variance, everywhere.
        basis = torch.cat([angle.cos(), angle[1:].sin()])
        self._basis = self.start_sigma / math.sqrt(self.waves + 1) * basis

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        return self.advance(state, 1, time)

    def start(self) -> Tensor:
        """Return 0, the mean of the starts."""
        return torch.zeros(self.points, dtype=self.dtype, device=self.device)

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw sums of the wavenumbers 0 to `waves` with normal amplitudes, shape (count, n); the 0 is their mass."""
        amplitudes = torch.randn(count, len(self._basis), generator=generator, dtype=self.dtype, device=self.device)
        return amplitudes @ self._basis

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return distances round the line, in its lengths."""
        return periodic_distance(a, b, self.points) / self.points

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps, which are one shift together."""
        del time
        shift = (self.speed * self.dt * steps) % 1.0
        turned = torch.polar(torch.ones_like(self._wavenumbers), -2 * math.pi * shift * self._wavenumbers)
        # Of the shortest wave of an even n only the cosine is seen at the points: irfft drops the rest.
        return torch.fft.irfft(torch.fft.rfft(state) * turned, n=self.points)
