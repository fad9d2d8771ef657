"""Shallow water on the rotating sphere: jets whose waves break, the smallest atmosphere with mass, wind and gravity waves."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics, Norm, check_positive
from backends.dynamics.exponential import ExponentialRungeKutta
from backends.dynamics.spherical_harmonics import SphericalHarmonics, grid_shape
from backends.errors import InputError
from backends.geometry.sphere import Points, great_circle_distance

#: Radius of the Earth, m, gravity, m/s², and angular velocity, 1/s, of Williamson et al. (1992, J. Comput. Phys. 102, 211–224).
RADIUS, GRAVITY, ROTATION = 6.37122e6, 9.80616, 7.292e-5
#: Seconds of an hour, the unit of time of the model.
HOUR = 3600.0
#: The jet lies between these latitudes, and its bump at this one with these widths in latitude and longitude: Galewsky,
#: Scott and Polvani (2004, Tellus A 56, 429–440), section 2.
SOUTH, NORTH, PLACE, HIGH, WIDE = math.pi / 7, math.pi / 2 - math.pi / 7, math.pi / 4, 1 / 15, 1 / 3
#: Total wavenumber at which the spectrum of random perturbations falls off: eddies a few thousand kilometres wide.
SMOOTH = 6.0
#: Hyperdiffusion is the Laplacian to this power, ∇⁸: waves half as short are damped 256 times less.
POWER = 4


@dataclass(eq=False)
class ShallowWater(Dynamics):
    """Rotating shallow water on the sphere, spectral, with unstable jets that are kept up by relaxation.

    With vorticity ζ, divergence δ, depth h, absolute vorticity η = ζ + f and wind v,
    ∂ζ/∂t = −∇·(η v), ∂δ/∂t = k·∇×(η v) − ∇²(g h + ½ v²), ∂h/∂t = −∇·(h v): Hack and Jakob (1992, NCAR Technical Note 343).
    Hyperdiffusion takes out the shortest waves. Left to itself the flow would run down and have no climate, so the zonal
    mean relaxes to the balanced jet of Galewsky et al. (2004) and all waves slowly to nothing; the mean depth stays as it is.

    Gravity waves of the mean depth, diffusion and relaxation are the linear part of ETDRK4 and exact: advection alone limits
    the step, where an explicit scheme would need a third of it, and a semi-implicit one would slow down the gravity
    waves by which an unbalanced analysis betrays itself.

    States have shape (..., n), n = 3 nlat nlon: h in m, u and v in m/s, each row by row from the south pole, from
    0 degrees eastwards. What a state has beyond the truncation is dropped by the first step.

    Attributes
    ----------
    truncation
        T, triangular; T42 has a Gaussian grid of 64 x 128 points.
    dt
        Step, h. At T42 45 minutes are stable for winds up to 150 m/s (the flow's own stay below 120), and the shortest
        gravity waves turn by less than 2π within it: at 2π the scheme would take them for constants and amplify
        them, as 60 minutes do where diffusion is weak. Twice the truncation needs half the step.
    depth
        Mean of h, m.
    jet
        Fastest wind of the jet, m/s.
    bump
        Height of the bump that disturbs the jet in the first guess, m.
    southern
        Whether the southern hemisphere has a jet, too, with a bump opposite the northern one; the paper has none.
    relaxation
        Time in which the zonal mean relaxes to the jet, h; infinite: it does not. With two days the waves find a jet to grow
        on whenever they have broken, and small errors grow e-fold in 2.8 days; with five days in 6 to 8.
    drag
        Time in which waves decay, h; infinite: they do not. Twenty days keep the energy steady. If waves decayed as
        quickly as the zonal mean relaxes, the flow would be a few regular waves and predictable for weeks.
    diffusion
        Time in which hyperdiffusion alone takes the shortest waves to 1/e, h; infinite: there is none. With three hours the
        spectrum of the vorticity falls off steadily to its end.
    start_sigma
        Standard deviation of the wind errors of the first guess, m/s, a seventh of the variability of the flow; those of
        h, about 50 m, are in balance with them.
    device, dtype
        Of the first guess.
    """

    truncation: int = 42
    dt: float = 0.75
    depth: float = 10_000.0
    jet: float = 80.0
    bump: float = 120.0
    southern: bool = True
    relaxation: float = 48.0
    drag: float = 480.0
    diffusion: float = 3.0
    start_sigma: float = 2.0
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "shallow-water"
    fields: ClassVar[tuple[str, ...]] = ("h", "u", "v")
    time_unit: ClassVar[str] = "h"
    distance_unit: ClassVar[str] = "km"

    def __post_init__(self) -> None:
        check_positive(dt=self.dt, depth=self.depth)
        for name, value in (("relaxation", self.relaxation), ("drag", self.drag), ("diffusion", self.diffusion)):
            if not value > 0:
                raise InputError(f"{name} must be a positive time in hours, or infinite for none; came {value:g}")
        self.shape = (len(self.fields), *grid_shape(self.truncation))
        self.size = math.prod(self.shape)
        # After ten days trajectories are 0.85 times as far apart as they ever are; states a day apart correlate by 0.6.
        self.transient, self.spacing = round(240 / self.dt), round(24 / self.dt)
        self._spheres: dict[tuple[torch.device, torch.dtype], _Sphere] = {}

    @property
    def latitudes(self) -> Tensor:
        """Degrees north, south to north, shape (nlat,)."""
        return self._here.harmonics.latitude

    @property
    def longitudes(self) -> Tensor:
        """Degrees east from 0, shape (nlon,)."""
        return self._here.harmonics.longitude

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        return self.advance(state, 1, time)

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps, between which it stays in spherical harmonics."""
        del time
        sphere = self._sphere(state.device, state.dtype)
        waves = sphere.split(sphere.coefficients(state))
        for _ in range(steps):
            waves = sphere.stepper.step(sphere.nonlinear, waves)
        return sphere.state(sphere.join(waves))

    def vorticity(self, state: Tensor) -> Tensor:
        """Return ζ of a state on the grid, 1/s, shape (..., nlat, nlon)."""
        sphere = self._sphere(state.device, state.dtype)
        return sphere.harmonics.synthesise(sphere.coefficients(state)[..., 0, :, :])

    def balanced_jet(self) -> Tensor:
        """Return the jet that the zonal mean relaxes to, shape (n,): without diffusion a steady state."""
        return self._here.state(self._here.jet)

    def start(self) -> Tensor:
        """Return the balanced jet with a bump of h in it, as Galewsky et al. (2004) begin."""
        return self._here.state(self._here.jet + self._here.bump)

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw states near x₀, shape (count, n): isotropic eddies of wind, with the h that balances them and the jet."""
        sphere = self._here
        zeta = sphere.jet[0] + self.start_sigma * sphere.eddies(count, generator)
        h = sphere.balanced_height(zeta)
        return sphere.state(torch.stack([zeta, torch.zeros_like(zeta), h], dim=-3) + sphere.bump)

    def norm(self) -> Norm:
        """Return weights by area, and factors that make the mean square two thirds of the energy per mass: √(g / H) for h."""
        fields, nlat, nlon = self.shape
        row = self._here.harmonics.weight / (fields * nlon)
        factors = torch.tensor([math.sqrt(GRAVITY / self.depth), 1.0, 1.0], dtype=self.dtype, device=self.device)
        return Norm(row.repeat_interleave(nlon).repeat(fields), factors.repeat_interleave(nlat * nlon))

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return great-circle distances between the places of components, whatever their fields, in km."""
        _, nlat, nlon = self.shape
        a, b = a % (nlat * nlon), b % (nlat * nlon)
        return self._distances.to(a.device)[a // nlon, b // nlon, (a % nlon - b % nlon).abs()]

    @cached_property
    def _distances(self) -> Tensor:
        """Distances between rows at 0 to nlon − 1 steps in longitude, km, shape (nlat, nlat, nlon)."""
        _, nlat, nlon = self.shape
        first = Points(self.latitudes, torch.zeros_like(self.latitudes))
        second = Points(self.latitudes.repeat_interleave(nlon), self.longitudes.repeat(nlat))
        return great_circle_distance(first, second).reshape(nlat, nlat, nlon)

    @property
    def _here(self) -> "_Sphere":
        return self._sphere(self.device, self.dtype)

    def _sphere(self, device: torch.device, dtype: torch.dtype) -> "_Sphere":
        if (device, dtype) not in self._spheres:
            self._spheres[device, dtype] = _Sphere(self, device, dtype)
        return self._spheres[device, dtype]


class _Sphere:
    """The equations in spherical harmonics, on one device and in one precision.

    Coefficients are (..., 3, T + 1, T + 2): ζ and δ in 1/s, and h minus the mean depth H in m. For stepping they are split into
    ζ and w± = δ ± i β h, β² = n (n + 1) g / (a² H), in which gravity waves are diagonal: ∂w±/∂t = ∓ i β H w±.
    """

    def __init__(self, model: ShallowWater, device: torch.device, dtype: torch.dtype) -> None:
        self.model, self.shape = model, model.shape
        self.harmonics = harmonics = SphericalHarmonics(model.truncation, device, dtype)
        degree, T = -harmonics.laplacian, model.truncation  # n (n + 1)
        # f = 2 Ω sin φ is the wave m = 0, n = 1, which is √3 sin φ.
        self._planetary = torch.zeros_like(harmonics.keep, dtype=dtype)
        self._planetary[0, 1] = 2 * ROTATION / math.sqrt(3)
        # Where n = 0 there is no divergence and so no wave; any β serves to carry the mean of h.
        self._beta = (degree.clamp(min=2) * (GRAVITY / model.depth)).sqrt() / RADIUS
        frequency = torch.where(degree > 0, self._beta * model.depth, 0.0)
        relaxation = torch.full((T + 1, 1), 1 / model.drag, device=device, dtype=dtype)
        relaxation[0] = 1 / model.relaxation  # of the zonal mean
        relaxation = relaxation * (degree > 0)
        damping = (relaxation + (degree / (T * (T + 1))) ** POWER / model.diffusion) / HOUR
        waves = torch.stack([torch.zeros_like(frequency), -frequency, frequency])[:, None, :]
        exponents = torch.complex(-damping.expand(3, -1, -1), waves.expand(-1, T + 1, -1))
        self.stepper = ExponentialRungeKutta(exponents, model.dt * HOUR)
        self._forcing = self.split(self.jet) * (relaxation / HOUR)

    def coefficients(self, state: Tensor) -> Tensor:
        """Return ζ, δ and h minus the mean depth of a state (..., n)."""
        harmonics = self.harmonics
        fields = state.unflatten(-1, self.shape)
        h = harmonics.analyse(fields[..., 0, :, :] - self.model.depth)
        A, B = harmonics.analyse_flux(fields[..., 1:, :, :] * harmonics.cosine).unbind(-3)
        return torch.stack([harmonics.curl(A, B) / RADIUS, harmonics.divergence(A, B) / RADIUS, h], dim=-3)

    def state(self, coefficients: Tensor) -> Tensor:
        """Return the state (..., n) with these ζ, δ and h."""
        zeta, delta, h = coefficients.unbind(-3)
        fields = self.harmonics.synthesise(torch.stack([h, *self._wind(zeta, delta)], dim=-3))
        h, wind = fields[..., :1, :, :] + self.model.depth, fields[..., 1:, :, :] / self.harmonics.cosine
        return torch.cat([h, wind], dim=-3).flatten(-3)

    def split(self, coefficients: Tensor) -> Tensor:
        """Return ζ, w+ and w− of ζ, δ and h."""
        zeta, delta, h = coefficients.unbind(-3)
        wave = 1j * self._beta * h
        return torch.stack([zeta, delta + wave, delta - wave], dim=-3)

    def join(self, waves: Tensor) -> Tensor:
        """Return ζ, δ and h of ζ, w+ and w−."""
        zeta, plus, minus = waves.unbind(-3)
        return torch.stack([zeta, 0.5 * (plus + minus), (plus - minus) * (-0.5j / self._beta)], dim=-3)

    def nonlinear(self, waves: Tensor) -> Tensor:
        """Return what drives ζ, w+ and w− besides gravity waves of the mean depth and damping."""
        return self.split(self.advection(self.join(waves))) + self._forcing

    def advection(self, coefficients: Tensor) -> Tensor:
        """Return ∂/∂t of ζ, δ and h, of shape (..., 3, T + 1, T + 2), by all terms with the wind."""
        harmonics = self.harmonics
        zeta, delta, h = coefficients.unbind(-3)
        fields = torch.stack([zeta + self._planetary, h, *self._wind(zeta, delta)], dim=-3)
        scalars, wind = harmonics.synthesise(fields).split(2, dim=-3)  # η and h; U and V
        fluxes = harmonics.analyse_flux(scalars[..., :, None, :, :] * wind[..., None, :, :, :])
        energy = harmonics.analyse_flux(0.5 * wind.square().sum(-3))
        A, B = fluxes.unbind(-3)  # of η and of h
        vorticity, depth = (-harmonics.divergence(A, B)).unbind(-3)
        divergence = harmonics.curl(A[..., 0, :, :], B[..., 0, :, :]) - harmonics.laplacian * harmonics.keep * energy / RADIUS
        return torch.stack([vorticity, divergence, depth], dim=-3) / RADIUS

    def balanced_height(self, zeta: Tensor) -> Tensor:
        """Return the h, mean zero, with which a wind of vorticity ζ and no divergence gets none, shape (..., T + 1, T + 2)."""
        nothing = torch.zeros_like(zeta)
        driven = self.advection(torch.stack([zeta, nothing, nothing], dim=-3))[..., 1, :, :]
        return driven * self.harmonics.inverse_laplacian * (RADIUS**2 / GRAVITY)

    @cached_property
    def jet(self) -> Tensor:
        """ζ, δ and h of the balanced jet, shape (3, T + 1, T + 2); u as in Galewsky et al. (2004), equation 2."""
        harmonics, latitude = self.harmonics, torch.deg2rad(self.harmonics.latitude)
        u = self._profile(latitude) + self.model.southern * self._profile(-latitude)
        A = harmonics.analyse_flux((u[:, None] * harmonics.cosine).expand(self.shape[1:]))
        zeta = harmonics.curl(A, torch.zeros_like(A)) / RADIUS
        return torch.stack([zeta, torch.zeros_like(zeta), self.balanced_height(zeta)])

    @cached_property
    def bump(self) -> Tensor:
        """ζ, δ (none) and h of the bumps, shape (3, T + 1, T + 2); Galewsky et al. (2004), equation 4."""
        harmonics = self.harmonics
        latitude, longitude = torch.deg2rad(harmonics.latitude)[:, None], torch.deg2rad(harmonics.longitude)
        centres = [(PLACE, 0.0), (-PLACE, math.pi)][: 1 + self.model.southern]
        h = torch.zeros(self.shape[1:], dtype=latitude.dtype, device=latitude.device)
        for place, meridian in centres:
            east = (longitude - meridian + math.pi) % (2 * math.pi) - math.pi
            h = h + torch.exp(-((east / WIDE) ** 2) - ((latitude - place) / HIGH) ** 2)
        h = harmonics.analyse(self.model.bump * h * harmonics.cosine)
        return torch.stack([torch.zeros_like(h), torch.zeros_like(h), h])

    def eddies(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw isotropic random vorticity, (count, T + 1, T + 2), the winds of which have variance 1 m²/s² in u and in v."""
        harmonics, like = self.harmonics, self.harmonics.weight
        shape = (2, count, *harmonics.keep.shape)
        real, imaginary = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
        # A wave m > 0 stands for −m too: its two parts share the variance that the one part of m = 0 has.
        white = torch.complex(real, imaginary) * 0.5**0.5
        white[:, 0] = torch.complex(real[:, 0], torch.zeros_like(real[:, 0]))
        n = torch.arange(harmonics.truncation + 2, device=like.device).to(like)
        response = torch.exp(-0.5 * (n / SMOOTH) ** 2) * (harmonics.keep & (n > 0))
        # Each of the 2 n + 1 waves of a degree n has a² / (n (n + 1)) of its variance in the sum of u² and v².
        share = (2 * n + 1) * harmonics.inverse_laplacian.abs() * RADIUS**2 * response[0].square()
        return white * response * (2 / share.sum()).sqrt()

    def _wind(self, zeta: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
        U, V = self.harmonics.wind(zeta, delta)
        return U * RADIUS, V * RADIUS

    def _profile(self, latitude: Tensor) -> Tensor:
        """Return u of one jet at latitudes in radians, m/s."""
        product = ((latitude - SOUTH) * (latitude - NORTH)).clamp(max=-1e-6)  # outside the jet exp(−10⁶) is zero
        # The factor is one over the exponential at the middle, where the wind is fastest.
        return self.model.jet * math.exp(4 / (NORTH - SOUTH) ** 2) * torch.exp(1 / product)
