"""Quantities that a model should keep, or get right: mass, energy, enstrophy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.emulator import Emulator
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz96 import Lorenz96
from backends.dynamics.shallow_water import GRAVITY, ShallowWater


@dataclass(frozen=True)
class Quantity:
    """A number that states (..., n) have.

    Attributes
    ----------
    of
        Returns it, (...).
    size
        Returns what its drift is measured in, (...): for a mass that may be near zero the mean absolute value.
    conserved
        Whether the true model keeps it; otherwise forecasts are to follow the truth.
    """

    of: Callable[[Tensor], Tensor]
    size: Callable[[Tensor], Tensor]
    conserved: bool


def quantities(model: Dynamics) -> dict[str, Quantity]:
    """Return the quantities of a testbed by their names; of an emulator those of the model that it emulates."""
    if isinstance(model, Emulator):
        return quantities(model.model)
    return next((of(model) for kind, of in _QUANTITIES.items() if isinstance(model, kind)), {})


def _of_advection(model: Dynamics) -> dict[str, Quantity]:
    """Return the mean and half the mean square, which a shift keeps."""
    del model
    mass = Quantity(lambda x: x.mean(-1), lambda x: x.abs().mean(-1), True)
    return {"mass": mass, "energy": _positive(_half_mean_square, True)}


def _of_lorenz96(model: Dynamics) -> dict[str, Quantity]:
    """Return half the mean square, which the quadratic term keeps, but not forcing and damping."""
    del model
    return {"energy": _positive(_half_mean_square, False)}


def _of_tracer(model: AdvectionDiffusion) -> dict[str, Quantity]:
    """Return ∫φ, m² times the unit of φ, which has a source and sinks."""
    cell = model.dx * model.dz
    return {"mass": Quantity(lambda x: cell * x.sum(-1), lambda x: cell * x.abs().sum(-1), False)}


def _of_kolmogorov(model: Kolmogorov) -> dict[str, Quantity]:
    """Return energy and enstrophy by area, ½ (u² + v²) and ½ ω²."""

    def energy(state: Tensor) -> Tensor:
        u, v = model.velocity(state)
        return _half_mean_square(u) + _half_mean_square(v)

    return {"energy": _positive(energy, False), "enstrophy": _positive(_half_mean_square, False)}


def _of_shallow_water(model: ShallowWater) -> dict[str, Quantity]:
    """Return mean depth, m, and energy by area over density, ½ h (u² + v²) + ½ g h², m³/s², means over the sphere."""
    area = model.norm().area.unflatten(0, model.shape)[0].flatten()
    area = area / area.sum()

    def energy(state: Tensor) -> Tensor:
        h, u, v = state.unflatten(-1, (3, -1)).unbind(-2)
        return (0.5 * h * (u.square() + v.square()) + 0.5 * GRAVITY * h.square()) @ area.to(state)

    return {
        "mass": _positive(lambda x: x.unflatten(-1, (3, -1))[..., 0, :] @ area.to(x), True),
        "energy": _positive(energy, False),
    }


def _positive(of: Callable[[Tensor], Tensor], conserved: bool) -> Quantity:
    """Return a quantity that is its own size."""
    return Quantity(of, of, conserved)


def _half_mean_square(field: Tensor) -> Tensor:
    return 0.5 * field.square().mean(-1)


_QUANTITIES: dict[type[Dynamics], Callable[[Any], dict[str, Quantity]]] = {
    Advection: _of_advection,
    Lorenz96: _of_lorenz96,
    AdvectionDiffusion: _of_tracer,
    Kolmogorov: _of_kolmogorov,
    ShallowWater: _of_shallow_water,
}
