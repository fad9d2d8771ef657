"""Shallow water on the rotating sphere: jets whose waves break, the smallest atmosphere with mass, wind and gravity waves."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.base import Dynamics, check_positive
from backends.dynamics.exponential import ExponentialRungeKutta
from backends.dynamics.spherical_harmonics import SphericalHarmonics, grid_shape
from backends.errors import InputError
from backends.geometry.sphere import Points, great_circle_distance

#: Radius of the Earth in m, gravity in m/s², angular velocity in 1/s: Williamson et al. (1992), page 213.
RADIUS, GRAVITY, ROTATION = 6.37122e6, 9.80616, 7.292e-5
#: Seconds of an hour, the unit of time of the model.
HOUR = 3600.0
#: The jet lies between these latitudes: Galewsky et al. (2004), equation 2.
SOUTH, NORTH = math.pi / 7, math.pi / 2 - math.pi / 7
#: Latitude of the bump and its widths in longitude and latitude: Galewsky et al. (2004), equation 4.
PLACE, ACROSS, ALONG = math.pi / 4, 1 / 3, 1 / 15
#: Total wavenumber at which the spectrum of random perturbations falls off: eddies a few thousand kilometres wide.
SMOOTH = 6.0
#: Hyperdiffusion is this power of the Laplacian, negative: ∇⁸, which leaves the resolved eddies alone.
POWER = 4


@dataclass(eq=False)
class ShallowWater(Dynamics):
    """Rotating shallow water on the sphere, spectral, with jets that are unstable and kept up by relaxation.

    With vorticity ζ, divergence δ, depth h, η = ζ + f and wind v:
    ∂ζ/∂t = −∇·(η v), ∂δ/∂t = k·∇×(η v) − ∇²(g h + ½ v²), ∂h/∂t = −∇·(h v); Hack and Jakob (1992, NCAR Technical Note
    343). Each of them also has a hyperdiffusion and a relaxation towards the balanced jet, (x_jet − x) / τ, without which the
    flow would run down and have no climate. The jet is that of Galewsky, Scott and Polvani (2004, Tellus A 56, 429–440).

    Gravity waves of the depth at rest, hyperdiffusion and relaxation are the linear part of ETDRK4 and exact, so that
    advection alone limits the step: an explicit scheme would need steps of 15 minutes at T42. A semi-implicit one would slow the
    gravity waves that an analysis must not create.

    States have shape (..., n), n = 3 nlat nlon: h in m, u and v in m/s, each row by row from the south pole, longitudes from
    0 eastwards. What a state has beyond the truncation is dropped by the first step.

    Attributes
    ----------
    truncation
        T, triangular; the Gaussian grid has 64 x 128 points for T42.
    dt
        Step, h. Advection is stable while speed · T · dt / radius < 2.8: up to 118 m/s at T42, and T85 needs half the step.
    depth
        Mean of h, m, as in Galewsky et al. (2004).
    jet
        Fastest wind of the jet, m/s.
    bump
        Height of the bump that disturbs the balanced jet in the first guess, m.
    southern
        Whether the southern hemisphere has a jet too, with its bump on the other side of the pole; the paper has none.
    relaxation
        τ, h; infinite: none. Ten days are slow beside the growth of the waves, about a day, and fast beside what the
        jets would need to run down.
    diffusion
        Time in which hyperdiffusion takes the shortest wave to 1/e, h; infinite: none.
    start_sigma
        Standard deviation of the wind errors of the first guess, m/s; those of h are in balance with them.
    device, dtype
        Of the first guess.
    """

    truncation: int = 42
    dt: float = 1.0
    depth: float = 10_000.0
    jet: float = 80.0
    bump: float = 120.0
    southern: bool = True
    relaxation: float = 240.0
    diffusion: float = 3.0
    start_sigma: float = 2.0
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "shallow-water"
    fields: ClassVar[tuple[str, ...]] = ("h", "u", "v")
    time_unit: ClassVar[str] = "h"
    distance_unit: ClassVar[str] = "km"
    periodic: ClassVar[tuple[bool, ...]] = (False, False, True)

    def __post_init__(self) -> None:
        check_positive(dt=self.dt, depth=self.depth)
        for name, value in (("relaxation", self.relaxation), ("diffusion", self.diffusion)):
            if not value > 0:
                raise InputError(f"{name} must be a positive time in hours, or infinite for none; came {value:g}")
        self.shape = (3, *grid_shape(self.truncation))
        self.size = math.prod(self.shape)
        self.transient, self.spacing = round(240 / self.dt), round(24 / self.dt)
        self._spheres: dict[tuple[torch.device, torch.dtype], _Sphere] = {}

    @property
    def latitudes(self) -> Tensor:
        """Degrees north, shape (nlat,), south to north."""
        return self._sphere(torch.zeros((), dtype=self.dtype, device=self.device)).harmonics.latitude

    @property
    def longitudes(self) -> Tensor:
        """Degrees east, shape (nlon,), from 0."""
        return self._sphere(torch.zeros((), dtype=self.dtype, device=self.device)).harmonics.longitude

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        return self.advance(state, 1, time)

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps, between which it stays in spherical harmonics."""
        del time
        sphere = self._sphere(state)
        waves = sphere.split(sphere.coefficients(state))
        for _ in range(steps):
            waves = sphere.stepper.step(sphere.nonlinear, waves)
        return sphere.state(sphere.join(waves))

    def start(self) -> Tensor:
        """Return the balanced jet with a bump of h in it, as Galewsky et al. (2004) begin."""
        sphere = self._here
        return sphere.state(sphere.jet + sphere.bump)

    def balanced_jet(self) -> Tensor:
        """Return the jet alone, a steady state of the discrete equations, shape (n,)."""
        return self._here.state(self._here.jet)

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw states near x₀, shape (count, n): isotropic eddies of wind, with the h that is in balance with them and the jet."""
        sphere = self._here
        eddies = sphere.eddies(count, generator) * self.start_sigma
        jet = sphere.jet[0]
        h = sphere.balanced_height(jet + eddies)
        perturbed = torch.stack([jet + eddies, torch.zeros_like(h), h], dim=-3)
        return sphere.state(perturbed + sphere.bump)

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
        there = Points(self.latitudes.repeat_interleave(nlon), self.longitudes.repeat(nlat))
        return great_circle_distance(first, there).reshape(nlat, nlat, nlon)

    @property
    def _here(self) -> "_Sphere":
        return self._sphere(torch.zeros((), dtype=self.dtype, device=self.device))

    def _sphere(self, like: Tensor) -> "_Sphere":
        key = (like.device, like.dtype)
        if key not in self._spheres:
            self._spheres[key] = _Sphere(self, *key)
        return self._spheres[key]


class _Sphere:
    """The equations in spherical harmonics, on one device and in one precision.

    Coefficients are (..., 3, T + 1, T + 2): ζ and δ in 1/s, and h minus the mean depth in m. For stepping they are split into
    ζ and w± = δ ± i β h, in which gravity waves are diagonal: ∂w±/∂t = ∓ i ω w±, with β = √(n (n + 1) g / H) / a and
    ω = β H.
    """

    def __init__(self, model: ShallowWater, device: torch.device, dtype: torch.dtype) -> None:
        self.model, self.shape = model, model.shape
        self.harmonics = harmonics = SphericalHarmonics(model.truncation, device, dtype)
        T = model.truncation
        degree = -harmonics.laplacian  # n (n + 1)
        self._beta = (degree.clamp(min=2.0) * (GRAVITY / model.depth)).sqrt() / RADIUS  # of n = 0 any, as δ has no mean
        frequency = torch.where(degree > 0, self._beta * model.depth, 0.0)
        # Neither the mean depth nor, in effect, the rotation of the whole is diffused.
        damping = (degree / (T * (T + 1))) ** POWER / (model.diffusion * HOUR)
        import os
        ED=float(os.environ.get('ED','1'))
        zonal = torch.where(torch.arange(T + 1, dtype=dtype)[:, None] == 0, 1.0, ED)
        self._rate = torch.where(degree > 0, zonal / (model.relaxation * HOUR), 0.0)
        MT=float(os.environ.get('MT','0'))
        lat,lon=torch.deg2rad(harmonics.latitude)[:,None],torch.deg2rad(harmonics.longitude)
        hs=0
        for (a,b) in ((math.pi/6*1.3,math.pi/2),(-math.pi/6*1.3,1.3*math.pi)):
            hs = hs+ MT*torch.exp(-((lat-a)/0.35)**2-((lon-b)/0.35)**2)
        self._hs=harmonics.analyse(hs+torch.zeros(self.shape[1:]))*harmonics.keep
        still = torch.zeros_like(frequency)
        exponents = torch.complex(-(damping + self._rate).expand(3, -1, -1), torch.stack([still, -frequency, frequency])[:,None].expand(-1,T+1,-1))
        self.stepper = ExponentialRungeKutta(exponents, model.dt * HOUR)
        self._coriolis = 2 * ROTATION * harmonics.sine
        self._metric = harmonics.cosine**-2
        jet=self.jet.clone(); jet[2]-=self._hs
        self._forcing = self.split(jet) * self._rate
        self._forcing = self._forcing +self.split(torch.stack([0*self._hs,-GRAVITY*self._laplacian(self._hs),0*self._hs]))

    def coefficients(self, state: Tensor) -> Tensor:
        """Return ζ, δ and h minus the mean depth of a state (..., n)."""
        harmonics = self.harmonics
        h, u, v = state.unflatten(-1, self.shape).unbind(-3)
        cosine = harmonics.cosine
        h, A, B = harmonics.analyse(torch.stack([h - self.model.depth, u / cosine, v / cosine], dim=-3)).unbind(-3)
        zeta, delta = harmonics.curl(A, B) / RADIUS, harmonics.divergence(A, B) / RADIUS
        return torch.stack([zeta, delta, h * harmonics.keep], dim=-3)

    def state(self, coefficients: Tensor) -> Tensor:
        """Return the state (..., n) with these ζ, δ and h."""
        zeta, delta, h = coefficients.unbind(-3)
        U, V = self._wind(zeta, delta)
        h, U, V = self.harmonics.synthesise(torch.stack([h, U, V], dim=-3)).unbind(-3)
        cosine = self.harmonics.cosine
        return torch.stack([h + self.model.depth, U / cosine, V / cosine], dim=-3).flatten(-3)

    def split(self, coefficients: Tensor) -> Tensor:
        """Return ζ, w+ and w− of ζ, δ and h."""
        zeta, delta, h = coefficients.unbind(-3)
        wave = 1j * self._beta * h
        return torch.stack([zeta, delta + wave, delta - wave], dim=-3)

    def join(self, waves: Tensor) -> Tensor:
        """Return ζ, δ and h of ζ, w+ and w−."""
        zeta, plus, minus = waves.unbind(-3)
        return torch.stack([zeta, (plus + minus) / 2, (plus - minus) / (2j * self._beta)], dim=-3)

    def nonlinear(self, waves: Tensor) -> Tensor:
        """Return all of ∂/∂t of ζ, w+ and w− but the gravity waves and the damping."""
        harmonics = self.harmonics
        zeta, delta, h = self.join(waves).unbind(-3)
        U, V = self._wind(zeta, delta)
        zeta, h, U, V = harmonics.synthesise(torch.stack([zeta, h, U, V], dim=-3)).unbind(-3)
        eta, A, B = zeta + self._coriolis, U * self._metric, V * self._metric
        products = torch.stack([eta * A, eta * B, h * A, h * B, 0.5 * (U * A + V * B)], dim=-3)
        eta_u, eta_v, h_u, h_v, energy = harmonics.analyse(products).unbind(-3)
        tendency = [
            harmonics.divergence(eta_u, eta_v) / -RADIUS,
            harmonics.curl(eta_u, eta_v) / RADIUS - self._laplacian(energy),
            harmonics.divergence(h_u, h_v) / -RADIUS,
        ]
        return self.split(torch.stack(tendency, dim=-3)) + self._forcing

    @cached_property
    def jet(self) -> Tensor:
        """ζ, δ and h of the balanced jet, shape (3, T + 1, T + 2); u as in Galewsky et al. (2004), equation 2."""
        latitude = torch.deg2rad(self.harmonics.latitude)
        u = self._profile(latitude)
        if self.model.southern:
            u = u + self._profile(-latitude)
        A = (u[:, None] / self.harmonics.cosine).expand(self.shape[1:])
        A = self.harmonics.analyse(A)
        zeta = self.harmonics.curl(A, torch.zeros_like(A)) / RADIUS
        return torch.stack([zeta, torch.zeros_like(zeta), self.balanced_height(zeta)])

    def _profile(self, latitude: Tensor) -> Tensor:
        fastest = self.model.jet / math.exp(-4 / (NORTH - SOUTH) ** 2)
        inside = (latitude > SOUTH) & (latitude < NORTH)
        product = torch.where(inside, (latitude - SOUTH) * (latitude - NORTH), -1.0)
        return torch.where(inside, fastest * torch.exp(1 / product), 0.0)

    @cached_property
    def bump(self) -> Tensor:
        """ζ, δ (zero) and h of the bump, shape (3, T + 1, T + 2); Galewsky et al. (2004), equation 4."""
        latitude, longitude = (torch.deg2rad(axis) for axis in (self.harmonics.latitude, self.harmonics.longitude))

        def at(place: float, meridian: float) -> Tensor:
            east = (longitude - meridian + math.pi) % (2 * math.pi) - math.pi
            return torch.exp(-(((latitude - place)[:, None] / ALONG) ** 2) - (east / ACROSS) ** 2)

        h = at(PLACE, 0.0) + at(-PLACE, math.pi) if self.model.southern else at(PLACE, 0.0)
        h = self.harmonics.analyse(self.model.bump * h * self.harmonics.cosine) * self.harmonics.keep
        return torch.stack([torch.zeros_like(h), torch.zeros_like(h), h])

    def balanced_height(self, zeta: Tensor) -> Tensor:
        """Return the h (..., T + 1, T + 2), mean zero, with which a wind without divergence has none a moment later."""
        harmonics = self.harmonics
        U, V = self._wind(zeta, torch.zeros_like(zeta))
        zeta, U, V = harmonics.synthesise(torch.stack([zeta, U, V], dim=-3)).unbind(-3)
        eta, A, B = zeta + self._coriolis, U * self._metric, V * self._metric
        products = torch.stack([eta * A, eta * B, 0.5 * (U * A + V * B)], dim=-3)
        eta_u, eta_v, energy = harmonics.analyse(products).unbind(-3)
        forcing = harmonics.curl(eta_u, eta_v) / RADIUS - self._laplacian(energy)
        return forcing * harmonics.inverse_laplacian * (RADIUS**2 / GRAVITY)

    def eddies(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw isotropic vorticity, shape (count, T + 1, T + 2), whose winds u and v have mean squares of 1 m²/s²."""
        harmonics = self.harmonics
        like = harmonics.weight
        shape = (2, count, *harmonics.keep.shape)
        real, imaginary = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
        zonal = torch.arange(len(harmonics.keep), device=like.device)[:, None] == 0
        white = torch.where(zonal, torch.complex(real, torch.zeros_like(real)), torch.complex(real, imaginary) * 0.5**0.5)
        degree = torch.arange(harmonics.truncation + 2, device=like.device)
        response = torch.where(degree > 0, torch.exp(-0.5 * (degree / SMOOTH) ** 2), 0.0).to(like)
        # A wave of ζ with n has a² / (n (n + 1)) of its square in wind; there are 2 n + 1 waves of each n.
        total = (response.square() * (2 * degree + 1) * -harmonics.inverse_laplacian * RADIUS**2)[:-1].sum()
        return white * response * harmonics.keep * (2 / total).sqrt()

    def _wind(self, zeta: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
        U, V = self.harmonics.wind(zeta, delta)
        return U * RADIUS, V * RADIUS

    def _laplacian(self, coefficients: Tensor) -> Tensor:
        return coefficients * (self.harmonics.laplacian / RADIUS**2) * self.harmonics.keep
