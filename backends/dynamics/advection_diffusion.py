"""A tracer on the x–z plane: puffs of a pulsed source, carried by the wind, mixed, and lost."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics, check_positive, periodic_distance
from backends.dynamics.propagator import Propagator
from backends.dynamics.runge_kutta import runge_kutta
from backends.errors import InputError

#: The start has run for so many decay times: e⁻¹⁰ of an empty plane is left in it at most.
SPIN_UP = 10.0
#: Terms of a series that are smaller than this part of the first one are left out.
ROUNDING = 1e-17


@dataclass(eq=False)
class AdvectionDiffusion(Dynamics):
    """∂φ/∂t = −u φ_x − w φ_z + K ∇²φ + A(t) S(x, z) − λ φ − λ_top(z) φ, in cells of a plane that is periodic in x.

    A component is the mean of φ over a cell, with index iz · nx + ix, the lowest row first. Fluxes through the faces of the
    cells are differenced, so that nothing gets lost between them (see :func:`~backends.dynamics.budget.budget`): advection
    by the third-order upwind-biased flux (Wicker and Skamarock 2002, Mon. Wea. Rev. 130, 2088–2097, equation 4), which
    smears puffs far less than first-order upwind, whose error here would be as large as K; diffusion by the fourth-order
    flux. Both fall to second order at the faces next to bottom and top. No limiter: the model stays linear, and φ may fall
    a little below 0. Time steps are the classical Runge–Kutta scheme; A is averaged over each step, so that a pulse
    releases the same wherever its ends lie within a step. :meth:`advance` does many steps at once.

    The wind is uniform, which makes it free of divergence: one that rises everywhere must enter below and leave above.
    Air enters clean, so that with w > 0 nothing passes the bottom, neither with the wind nor by diffusion (Danckwerts 1953,
    Chem. Eng. Sci. 2, 1–13), while the top lets out w φ and is closed to diffusion. With w < 0 they change places.

    The constants are those of the lecture on learning from observations only of a course on AI in weather and climate
    (eumetnet-e-ai/e-ai_ml2), on cells of 10 m by 7.2 m.

    Attributes
    ----------
    nx, nz
        Cells along x and z, at least 4 each.
    width, height
        Of the plane, km.
    u, w
        Wind to the right and upward, m/s: 500 s to come round, 650 s to rise from bottom to top.
    diffusivity
        K, m²/s: spreads a puff to 110 m in the 500 s.
    decay_time
        1/λ, s: a puff that comes round again is half as strong.
    sponge_time, sponge_base
        1/λ_top at the top, s, and the height where the sponge begins, as a part of `height`; λ_top grows with the square
        of the height above. Decay takes up half of the tracer, the sponge a sixth, and the wind carries out a third.
    source_strength
        A while the source is on, in the unit of φ per second.
    source_x, source_z, source_width, source_depth
        Centre and standard deviations of the Gaussian S, km; at the lower left.
    period, duty
        Of the pulses, s, and the part of it, at its beginning, in which the source is on: the wind carries puffs 360 m
        apart, four times their width at first.
    dt
        Length of a step, s; on these cells up to 1.2 s is stable.
    start_sigma
        Standard deviation of the errors of the first guess, root mean over the plane: a third of the root mean square of φ.
    start_width, start_depth
        Their correlation lengths along x and z, km: about the size of a puff.
    device, dtype
        Of the states.
    """

    nx: int = 130
    nz: int = 50
    width: float = 1.3
    height: float = 0.36
    u: float = 2.6
    w: float = 0.55
    diffusivity: float = 12.0
    decay_time: float = 800.0
    sponge_time: float = 100.0
    sponge_base: float = 0.8
    source_strength: float = 0.035
    source_x: float = 0.12
    source_z: float = 0.035
    source_width: float = 0.09
    source_depth: float = 0.02
    period: float = 140.0
    duty: float = 0.4
    dt: float = 1.0
    start_sigma: float = 0.05
    start_width: float = 0.1
    start_depth: float = 0.04
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "advection-diffusion"
    time_unit: ClassVar[str] = "s"
    distance_unit: ClassVar[str] = "km"
    periodic: ClassVar[tuple[bool, ...]] = (False, True)

    def __post_init__(self) -> None:
        self._check()
        nx, nz = self.nx, self.nz
        self.size, self.shape = nx * nz, (nz, nx)
        # The starts differ from each other as much as states ever do: later, the same source makes them more alike.
        # Samples fall on ever new phases of the pulse.
        self.transient, self.spacing = 0, max(1, round(0.382 * self.period / self.dt))
        #: Centres of the cells, km.
        self.x = self.width / nx * (torch.arange(nx, dtype=self.dtype, device=self.device) + 0.5)
        self.z = self.height / nz * (torch.arange(nz, dtype=self.dtype, device=self.device) + 0.5)
        #: Sides of a cell, m.
        self.dx, self.dz = 1000 * self.width / nx, 1000 * self.height / nz
        above = (self.z - self.sponge_base * self.height).clamp(min=0) / ((1 - self.sponge_base) * self.height)
        #: λ + λ_top, shape (nz, 1), 1/s.
        self.damping = (1 / self.decay_time + above.square() / self.sponge_time)[:, None]
        # The nearer image of the source counts: there is no seam at x = 0.
        apart = (self.x - self.source_x + self.width / 2) % self.width - self.width / 2
        along = (-0.5 * (apart / self.source_width).square()).exp()
        upward = (-0.5 * ((self.z - self.source_z) / self.source_depth).square()).exp()
        #: S, shape (nz, nx).
        self.source = upward[:, None] * along
        self._along_x = _face(self.u, self.diffusivity, self.dx)
        self._along_z = _face(self.w, self.diffusivity, self.dz)
        self._check_step()

    def amplitude(self, time: float) -> float:
        """Return A, mean over the step that begins at a time, in the unit of φ per second."""
        on, phase = self.duty * self.period, time % self.period

        def seconds_on(until: float) -> float:
            whole, rest = divmod(until, self.period)
            return whole * on + min(rest, on)

        return self.source_strength * (seconds_on(phase + self.dt) - seconds_on(phase)) / self.dt

    def transport(self, field: Tensor) -> Tensor:
        """Return ∂φ/∂t without the source, for fields (..., nz, nx)."""
        ring = torch.cat([field[..., -2:], field, field[..., :2]], dim=-1)
        Fx = _flux(ring, self._along_x, -1)
        # Beyond bottom and top the field goes on linearly, which makes the fluxes of the outermost inner faces central.
        bottom, top = field[..., :1, :], field[..., -1:, :]
        below, above = 2 * bottom - field[..., 1:2, :], 2 * top - field[..., -2:-1, :]
        inner = _flux(torch.cat([below, field, above], dim=-2), self._along_z, -2)
        down, up = min(self.w, 0.0) / self.dz, max(self.w, 0.0) / self.dz
        Fz = torch.cat([down * bottom, inner, up * top], dim=-2)
        return (Fx[..., :-1] - Fx[..., 1:]) + (Fz[..., :-1, :] - Fz[..., 1:, :]) - self.damping * field

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        source = self.amplitude(time) * self.source
        field = state.unflatten(-1, self.shape)
        return runge_kutta(lambda phi, _: self.transport(phi) + source, field, time, self.dt).flatten(-2)

    def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
        """Return the state (..., n) after a number of steps, many at once."""
        if steps < 2:
            return super().advance(state, steps, time)
        amplitudes = [self.amplitude(time + k * self.dt) for k in range(steps)]
        field = self._propagator.advance(state.unflatten(-1, self.shape), torch.tensor(amplitudes, dtype=torch.float64))
        return field.flatten(-2)

    def start(self) -> Tensor:
        """Return the state at time 0, when a pulse begins, of a plane on which the source has long been at work."""
        return self._start.clone()

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw smooth fields that are nowhere negative where the start is not, shape (count, n).

        They are φ₀ exp(s g − s²/2): g is Gaussian of variance 1 with Gaussian correlations, and s such that their mean is
        φ₀ and their standard deviation, root mean over the plane, `start_sigma`.
        """
        upward, along = self._smoothing
        white = torch.randn(count, *self.shape, generator=generator, dtype=self.dtype, device=self.device)
        g = (upward @ white @ along.T).flatten(-2)
        s = math.sqrt(self._log_variance)
        return self._start * (s * g - s**2 / 2).exp()

    def start_covariance(self, state: Tensor) -> Tensor:
        """Return P₀ x of states (..., n), P₀ the covariance of what :meth:`draw_start` draws.

        (P₀)_ij = φ₀_i φ₀_j (exp(s² ρ_ij) − 1) with ρ the correlation of g: that of a lognormal field (Aitchison and Brown
        1957, The Lognormal Distribution, Cambridge). ρ is a product of a part along z and a part along x, and so is each of
        its powers in the series of exp, which is summed until its terms are below the rounding of double precision.
        """
        upward, along = (root @ root.T for root in self._smoothing)
        field = (self._start * state).unflatten(-1, self.shape)
        term_z, term_x = self._log_variance * upward, along
        result = term_z @ field @ term_x
        power = 1
        while float(term_z.max()) > ROUNDING * self._log_variance:
            power += 1
            term_z, term_x = self._log_variance / power * term_z * upward, term_x * along
            result = result + term_z @ field @ term_x
        return self._start * result.flatten(-2)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return distances on the plane, km; along x the shorter way round."""
        cells_along = periodic_distance(a % self.nx, b % self.nx, self.nx).to(self.dtype)
        cells_upward = (a // self.nx - b // self.nx).to(self.dtype)
        return torch.hypot(self.width / self.nx * cells_along, self.height / self.nz * cells_upward)

    @property
    def _log_variance(self) -> float:
        """s² of the starts."""
        return math.log1p(self.start_sigma**2 / float(self._start.square().mean()))

    @cached_property
    def _smoothing(self) -> tuple[Tensor, Tensor]:
        """What makes white noise g, along z and along x."""
        apart = (self.x[:, None] - self.x).abs()
        along = _smoothing(torch.minimum(apart, self.width - apart), self.start_width)
        return _smoothing((self.z[:, None] - self.z).abs(), self.start_depth), along

    @cached_property
    def _propagator(self) -> Propagator:
        def steps(field: Tensor, source: Tensor | float) -> Tensor:
            return runge_kutta(lambda phi, _: self.transport(phi) + source, field, 0.0, self.dt)

        return Propagator(lambda field: steps(field, 0.0), steps(torch.zeros_like(self.source), self.source))

    @cached_property
    def _start(self) -> Tensor:
        steps = math.ceil(SPIN_UP * self.decay_time / self.dt)
        empty = torch.zeros(self.size, dtype=self.dtype, device=self.device)
        return self.advance(empty, steps, -steps * self.dt)

    def _check(self) -> None:
        for name, cells in (("nx", self.nx), ("nz", self.nz)):
            if cells < 4:
                raise InputError(f"{name} must be at least 4 cells; came {cells}")
        positive = "width height diffusivity decay_time sponge_time source_strength source_width source_depth period dt"
        check_positive(**{name: getattr(self, name) for name in f"{positive} start_sigma start_width start_depth".split()})
        if not (math.isfinite(self.u) and math.isfinite(self.w)):
            raise InputError(f"the wind must be finite; came u = {self.u:g} and w = {self.w:g} m/s")
        if not 0 < self.sponge_base < 1:
            raise InputError(f"sponge_base must be a part of the height between 0 and 1; came {self.sponge_base:g}")
        if not 0 < self.duty <= 1:
            raise InputError(f"duty must be a part of the period, above 0 and at most 1; came {self.duty:g}")

    def _check_step(self) -> None:
        """Raise InputError unless no wave grows on the cells, where it is damped least and where most."""
        theta = [torch.linspace(0, 2 * math.pi, 1 + cells, dtype=torch.float64) for cells in (self.nx, self.nz)]
        waves = _symbol(self._along_x, theta[0])[:, None] + _symbol(self._along_z, theta[1])
        rates = torch.stack([waves - float(self.damping.min()), waves - float(self.damping.max())])

        def stable(dt: float) -> bool:
            z = dt * rates
            return bool(((1 + z * (1 + z / 2 * (1 + z / 3 * (1 + z / 4)))).abs() <= 1 + 1e-12).all())

        if not stable(self.dt):
            limit = self.dt
            while not stable(limit):
                limit *= 0.98
            raise InputError(
                f"a step of {self.dt:g} s is too long for these cells and rates; up to about {limit:.2g} s is stable"
            )


def _face(speed: float, diffusivity: float, spacing: float) -> list[float]:
    """Return the weights of the two cells before a face and the two after it in the flux through it, over the spacing."""
    advective = (-1, 5, 2, 0) if speed > 0 else (0, 2, 5, -1)
    diffusive = (1, -15, 15, -1)
    return [speed * a / (6 * spacing) - diffusivity * d / (12 * spacing**2) for a, d in zip(advective, diffusive, strict=True)]


def _flux(cells: Tensor, weights: list[float], dim: int) -> Tensor:
    """Return the fluxes through the faces that have two cells on either side, three fewer than cells."""
    faces = cells.shape[dim] - 3
    flux = weights[0] * cells.narrow(dim, 0, faces)
    for k in (1, 2, 3):
        flux = torch.add(flux, cells.narrow(dim, k, faces), alpha=weights[k])
    return flux


def _symbol(weights: list[float], theta: Tensor) -> Tensor:
    """Return what the flux differences multiply waves exp(iθj) of cells j by."""
    turn = torch.polar(torch.ones_like(theta), theta)
    return sum((a * turn**k for k, a in enumerate(weights)), torch.zeros_like(turn)) * (turn**-2 - turn**-1)


def _smoothing(distance: Tensor, length: float) -> Tensor:
    """Return the matrix that makes white noise a field of variance 1 with Gaussian correlations of a length."""
    kernel = (-(distance / length).square()).exp()
    return kernel / kernel.square().sum(1, keepdim=True).sqrt()
