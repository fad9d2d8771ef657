"""Kolmogorov flow: two-dimensional turbulence driven by a sine, the usual testbed of learned flow models."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics, check_positive, periodic_distance
from backends.dynamics.exponential import ExponentialRungeKutta
from backends.errors import InputError

#: Wavenumber at which the spectrum of random fields falls off: eddies as large as those that the forcing makes.
SMOOTH = 4.0
#: Standard deviation of the vorticity of the first guess, a little below that of the flow that it becomes.
STRENGTH = 3.0
#: Seed of the first guess.
SEED = 1959


@dataclass(eq=False)
class Kolmogorov(Dynamics):
    """∂ω/∂t + u·∇ω = ν ∇²ω − α ω − k χ cos(k y) on [0, 2π)², periodic both ways; the state is the vorticity ω.

    The body force is χ sin(k y) in direction x: Meshalkin and Sinai (1961, J. Appl. Math. Mech. 25, 1700–1705), who study
    it without drag; as turbulence with drag, Boffetta and Ecke (2012, Annu. Rev. Fluid Mech. 44, 427–451). Pseudo-spectral:
    of the waves that the grid resolves a third is left out, so that products of two fields are free of aliasing (Orszag,
    1971, J. Atmos. Sci. 28, 1074). The step is ETDRK4, exact in viscosity and drag.

    States have shape (..., n), n = points², row by row: component iy · points + ix. What a state has in waves that are
    left out, and its mean, which is zero on a periodic plane, is dropped by the first step.

    Attributes
    ----------
    points
        Of each side, even and at least 8.
    wavenumber
        k of the forcing; 4 leaves room for eddies larger than those that are forced.
    forcing
        χ; with 1 velocities are about 1 (root mean square), at most 4, and small errors grow e-fold in 2 units of time.
    viscosity
        ν; 0.005 is about the smallest that 64² points resolve: the enstrophy of the shortest waves is 300 times below that of
        the forced ones, and does not pile up.
    drag
        α; takes the energy out of the largest eddies, where it would pile up.
    dt
        Step. Advection is stable while speed · shortest wave · dt < 2.8, with 21 waves up to speeds of 6: a margin for
        analyses, as the flow itself stays below 4.5. Twice the points need half the step.
    start_sigma
        Standard deviation of the errors of the first guess, at every point: a tenth of the variability of the flow, 3.8.
    device, dtype
        Of the first guess.
    """

    points: int = 64
    wavenumber: int = 4
    forcing: float = 1.0
    viscosity: float = 0.005
    drag: float = 0.1
    dt: float = 0.02
    start_sigma: float = 0.4
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "kolmogorov"
    distance_unit: ClassVar[str] = "points"
    periodic: ClassVar[tuple[bool, ...]] = (True, True)

    def __post_init__(self) -> None:
        check_positive(dt=self.dt)
        for name, value in (("viscosity", self.viscosity), ("drag", self.drag)):
            if not 0 <= value < math.inf:
                raise InputError(f"{name} must be zero or a positive number; came {value:g}")
        if self.points < 8 or self.points % 2:
            raise InputError(f"Kolmogorov flow needs an even number of points, at least 8; came {self.points}")
        self.size = self.points**2
        self.shape = (self.points, self.points)
        #: Longest wave numbers that products of two fields leave free of aliasing: three of them fit into the grid.
        self.kept = (self.points - 1) // 3
        if not 1 <= self.wavenumber <= self.kept:
            raise InputError(f"the wavenumber of the forcing must lie between 1 and {self.kept}; came {self.wavenumber}")
        # Variance and spectrum are those of the long run after 8 units of time; the correlation after 2 is 0.2.
        self.transient, self.spacing = round(10 / self.dt), round(2 / self.dt)
        self._tables: dict[tuple[torch.device, torch.dtype], _Waves] = {}

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        return self.advance(state, 1, time)

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps, between which it stays in waves."""
        del time
        waves = self._waves(state)
        spectrum = waves.spectrum(state)
        for _ in range(steps):
            spectrum = waves.stepper.step(waves.nonlinear, spectrum)
        return waves.state(spectrum)

    def tendency(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return ∂ω/∂t, shape (..., n)."""
        del time
        waves = self._waves(state)
        spectrum = waves.spectrum(state)
        return waves.state(waves.exponents * spectrum + waves.nonlinear(spectrum))

    def velocity(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return the velocities u (along x) and v (along y), each (..., n)."""
        waves = self._waves(state)
        u, v = waves.velocity(waves.spectrum(state)).flatten(-2).unbind(-2)
        return u, v

    def start(self) -> Tensor:
        """Return a random field of eddies of about the size and strength of developed ones, always the same."""
        generator = torch.Generator().manual_seed(SEED)
        eddies = self._smooth(1, generator, torch.zeros((), dtype=torch.float64))[0]
        return STRENGTH * eddies.to(self.dtype).to(self.device)

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw states near x₀, shape (count, n), with smooth errors of standard deviation `start_sigma`."""
        x0 = self.start()
        return x0 + self.start_sigma * self._smooth(count, generator, x0)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return distances on the torus, in grid spacings."""
        dx = periodic_distance(a % self.points, b % self.points, self.points)
        dy = periodic_distance(a // self.points, b // self.points, self.points)
        return (dx.square() + dy.square()).to(self.dtype).sqrt()

    def _smooth(self, count: int, generator: torch.Generator, like: Tensor) -> Tensor:
        """Draw Gaussian random fields with a Gaussian spectrum, mean zero and variance one, shape (count, n)."""
        white = torch.randn(count, *self.shape, generator=generator, dtype=like.dtype, device=like.device)
        waves = self._waves(like)
        response = torch.where(waves.keep, torch.exp(-0.5 * waves.squared / SMOOTH**2), 0.0)
        # The variance is the sum over all waves; of those with 0 < kx the half that rfft2 leaves out counts too.
        share = (response.square() * torch.where(waves.kx > 0, 2.0, 1.0)).sum() / self.size
        return torch.fft.irfft2(torch.fft.rfft2(white) * response, s=self.shape).flatten(-2) / share.sqrt()

    def _waves(self, like: Tensor) -> "_Waves":
        key = (like.device, like.dtype)
        if key not in self._tables:
            self._tables[key] = _Waves(self, *key)
        return self._tables[key]


class _Waves:
    """Wavenumbers and what is computed with them, on one device and in one precision; spectra are (..., ny, nx // 2 + 1)."""

    def __init__(self, model: Kolmogorov, device: torch.device, dtype: torch.dtype) -> None:
        n = model.points
        self.shape = model.shape
        self.kx = torch.arange(n // 2 + 1, device=device, dtype=dtype)
        self.ky = torch.fft.fftfreq(n, 1 / n, device=device, dtype=dtype)[:, None]
        self.squared = self.kx**2 + self.ky**2
        self.keep = (self.kx <= model.kept) & (self.ky.abs() <= model.kept) & (self.squared > 0)
        self.exponents = -model.viscosity * self.squared - model.drag
        self.stepper = ExponentialRungeKutta(self.exponents, model.dt)
        inverse = torch.where(self.keep, 1 / self.squared, 0.0)
        # û = i ky ω̂ / k², v̂ = −i kx ω̂ / k².
        self._velocity = 1j * torch.stack([self.ky * inverse, -self.kx * inverse])
        self._flux = torch.stack([self.kx**2 - self.ky**2, -self.kx * self.ky]) * self.keep
        y = torch.arange(n, device=device, dtype=dtype) * (2 * math.pi / n)
        forcing = -model.wavenumber * model.forcing * torch.cos(model.wavenumber * y)
        self._forcing = torch.fft.rfft2(forcing[:, None].expand(self.shape)) * self.keep

    def spectrum(self, state: Tensor) -> Tensor:
        """Return the waves of a state that are kept."""
        return torch.fft.rfft2(state.unflatten(-1, self.shape)) * self.keep

    def state(self, spectrum: Tensor) -> Tensor:
        """Return the state (..., n) that has these waves."""
        return torch.fft.irfft2(spectrum, s=self.shape).flatten(-2)

    def velocity(self, spectrum: Tensor) -> Tensor:
        """Return u and v on the grid, shape (..., 2, ny, nx)."""
        return torch.fft.irfft2(self._velocity * spectrum[..., None, :, :], s=self.shape)

    def nonlinear(self, spectrum: Tensor) -> Tensor:
        """Return the waves of −u·∇ω and the forcing.

        The curl of the divergence of the momentum flux, (∂_yy − ∂_xx)(u v) + ∂_xy (u² − v²), takes four transforms, one
        fewer than the product with the gradient.
        """
        u, v = self.velocity(spectrum).unbind(-3)
        products = torch.fft.rfft2(torch.stack([u * v, (u - v) * (u + v)], dim=-3))
        return (self._flux * products).sum(-3) + self._forcing
