"""The testbeds a cycling experiment can run on, as their settings."""

from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field

from backends.dynamics.base import Dynamics
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.experiments.sections import NotNegative, Positive, Section

Real = Annotated[float, Field(ge=-1e6, le=1e6)]


class DynamicsSection(Section):
    """What all testbeds share."""

    #: Keys in which the forecast model must be like the truth.
    FIXED: ClassVar[frozenset[str]] = frozenset()
    #: Keys that a wrong forecast model is usually wrong in.
    UNCERTAIN: ClassVar[tuple[str, ...]] = ()
    MODEL: ClassVar[type[Dynamics]]
    name: str
    dt: Positive


class Lorenz63Settings(DynamicsSection):
    """Lorenz (1963): three variables of convection."""

    MODEL: ClassVar[type[Dynamics]] = Lorenz63
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("sigma", "rho", "beta")
    name: Literal["lorenz63"] = "lorenz63"
    sigma: Real = Field(10.0, description="Prandtl number σ")
    rho: Real = Field(28.0, description="Rayleigh number over its critical value, ρ")
    beta: Real = Field(8 / 3, description="aspect ratio of the cells, β")
    dt: Positive = Field(0.01, le=0.1, description="step of the Runge–Kutta scheme")
    start_sigma: NotNegative = Field(2**0.5, description="standard deviation of the errors of the first guess")


class Lorenz96Settings(DynamicsSection):
    """Lorenz (1996): waves on a latitude circle."""

    MODEL: ClassVar[type[Dynamics]] = Lorenz96
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("forcing",)
    FIXED: ClassVar[frozenset[str]] = frozenset({"points"})
    name: Literal["lorenz96"] = "lorenz96"
    points: int = Field(40, ge=4, le=100_000, description="number of points n")
    forcing: Real = Field(8.0, description="forcing F; 8 is chaotic")
    dt: Positive = Field(0.05, le=0.2, description="step of the Runge–Kutta scheme; 0.05 is about 6 hours of weather")
    start_sigma: NotNegative = Field(0.001**0.5, description="standard deviation of the errors of the first guess")


DYNAMICS: tuple[type[DynamicsSection], ...] = (Lorenz63Settings, Lorenz96Settings)
DynamicsSettings = Annotated[Lorenz63Settings | Lorenz96Settings, Field(discriminator="name")]


def model_of(settings: DynamicsSection, device: torch.device, dtype: torch.dtype) -> Dynamics:
    """Return the model that settings describe."""
    fields: dict[str, Any] = {name: getattr(settings, name) for name in type(settings).model_fields if name != "name"}
    kind: Any = settings.MODEL
    return kind(**fields, device=device, dtype=dtype)
