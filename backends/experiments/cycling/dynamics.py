"""The testbeds a cycling experiment can run on, as their settings."""

from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field, ValidationError, field_validator

from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.circle import Circle
from backends.dynamics.emulator import Emulator
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.dynamics.shallow_water import ShallowWater
from backends.experiments.faults import sentence
from backends.experiments.sections import NotNegative, Positive, Section

Real = Annotated[float, Field(ge=-1e6, le=1e6)]


class DynamicsSection(Section):
    """What all testbeds share."""

    #: Keys in which the forecast model must be like the truth.
    FIXED: ClassVar[frozenset[str]] = frozenset()
    #: Keys that a wrong forecast model is usually wrong in.
    UNCERTAIN: ClassVar[tuple[str, ...]] = ()
    #: Observations that suit it, where pages begin: values of keys that differ from their defaults.
    NETWORK: ClassVar[dict[str, Any]] = {}
    #: Localisation radius where pages begin, in the unit of its distances; None where it has no distances.
    RADIUS: ClassVar[float | None] = None
    MODEL: ClassVar[type[Dynamics]]

    def make(self, device: torch.device, dtype: torch.dtype) -> Dynamics:
        """Return the model: the fields of the settings are its own.

        Raises
        ------
        InputError
            If they do not fit together.
        """
        fields: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields if name != "name"}
        kind: Any = self.MODEL
        return kind(**fields, device=device, dtype=dtype)


class Lorenz63Settings(DynamicsSection):
    """Lorenz (1963): three variables of convection."""

    MODEL: ClassVar[type[Dynamics]] = Lorenz63
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("sigma", "rho", "beta")
    NETWORK: ClassVar[dict[str, Any]] = {"every": 25, "sigma": 2**0.5}
    name: Literal["lorenz63"] = "lorenz63"
    sigma: Real = Field(10.0, description="Prandtl number σ")
    rho: Real = Field(28.0, description="Rayleigh number over its critical value, ρ")
    beta: Real = Field(8 / 3, description="aspect ratio of the cells, β")
    dt: float = Field(0.01, ge=1e-6, le=0.1, description="step of the Runge–Kutta scheme")
    start_sigma: NotNegative = Field(2**0.5, description="standard deviation of the errors of the first guess")


class Lorenz96Settings(DynamicsSection):
    """Lorenz (1996): waves on a latitude circle."""

    MODEL: ClassVar[type[Dynamics]] = Lorenz96
    RADIUS: ClassVar[float | None] = 4.0
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("forcing",)
    FIXED: ClassVar[frozenset[str]] = frozenset({"points"})
    name: Literal["lorenz96"] = "lorenz96"
    points: int = Field(40, ge=4, le=100_000, description="number of points n")
    forcing: Real = Field(8.0, description="forcing F; 8 is chaotic")
    dt: float = Field(0.05, ge=1e-6, le=0.2, description="step of the Runge–Kutta scheme; 0.05 is about 6 hours of weather")
    start_sigma: NotNegative = Field(0.001**0.5, description="standard deviation of the errors of the first guess")


class CircleSettings(DynamicsSection):
    """A rotation on the unit circle, the lecture's first example; the forecast model may be persistence."""

    MODEL: ClassVar[type[Dynamics]] = Circle
    FIXED: ClassVar[frozenset[str]] = frozenset({"points", "dt"})
    NETWORK: ClassVar[dict[str, Any]] = {"components": "changing", "count": 1, "sigma": 0.1}
    name: Literal["circle"] = "circle"
    points: int = Field(60, ge=2, le=10_000, description="steps of a full turn n")
    persistence: bool = Field(False, description="true: the state stays where it is; meant for `model`")
    start_sigma: NotNegative = Field(0.1, description="standard deviation of the errors of the first guess")

    @property
    def dt(self) -> float:
        """Length of a step: time is counted in steps."""
        return 1.0


class AdvectionSettings(DynamicsSection):
    """Linear advection on a periodic line."""

    MODEL: ClassVar[type[Dynamics]] = Advection
    RADIUS: ClassVar[float | None] = 0.05
    FIXED: ClassVar[frozenset[str]] = frozenset({"points"})
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("speed",)
    NETWORK: ClassVar[dict[str, Any]] = {"every": 5, "components": "every", "count": 10, "sigma": 0.1}
    name: Literal["advection-1d"] = "advection-1d"
    points: int = Field(100, ge=4, le=100_000, description="number of points n")
    speed: Real = Field(1.0, description="c, lengths of the line per unit of time")
    dt: Positive = Field(0.01, description="length of a step; any is exact")
    waves: int = Field(10, ge=1, le=10_000, description="highest wavenumber of the starts")
    start_sigma: NotNegative = Field(1.0, description="standard deviation of the starts at each point")


class AdvectionDiffusionSettings(DynamicsSection):
    """A tracer from a pulsed source on an x–z plane: advection, diffusion, decay, and a sponge at the top."""

    MODEL: ClassVar[type[Dynamics]] = AdvectionDiffusion
    RADIUS: ClassVar[float | None] = 0.15
    FIXED: ClassVar[frozenset[str]] = frozenset({"nx", "nz", "width", "height"})
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("u", "w", "source_strength")
    NETWORK: ClassVar[dict[str, Any]] = {"every": 10, "components": "random", "count": 120, "sigma": 0.03}
    name: Literal["advection-diffusion"] = "advection-diffusion"
    nx: int = Field(130, ge=4, le=1000, description="cells along x")
    nz: int = Field(50, ge=4, le=500, description="cells along z")
    width: Positive = Field(1.3, description="width of the plane, km")
    height: Positive = Field(0.36, description="height of the plane, km")
    u: Real = Field(2.6, description="wind to the right, m/s")
    w: Real = Field(0.55, description="wind upward, m/s")
    diffusivity: NotNegative = Field(12.0, description="K, m²/s")
    decay_time: Positive = Field(800.0, description="1/λ, s")
    sponge_time: Positive = Field(100.0, description="1/λ_top at the top, s")
    sponge_base: float = Field(0.8, ge=0, le=1, description="where the sponge begins, as a part of the height")
    source_strength: Real = Field(0.035, description="A while the source is on, per second")
    source_x: NotNegative = Field(0.12, description="centre of the source along x, km")
    source_z: NotNegative = Field(0.035, description="centre of the source along z, km")
    source_width: Positive = Field(0.09, description="standard deviation of the source along x, km")
    source_depth: Positive = Field(0.02, description="standard deviation of the source along z, km")
    period: Positive = Field(140.0, description="period of the pulses, s")
    duty: float = Field(0.4, ge=0, le=1, description="part of the period in which the source is on")
    dt: Positive = Field(1.0, description="length of a step, s; up to 1.2 is stable on these cells")
    start_sigma: NotNegative = Field(0.05, description="standard deviation of the errors of the first guess")
    start_width: Positive = Field(0.1, description="correlation length of these errors along x, km")
    start_depth: Positive = Field(0.04, description="correlation length of these errors along z, km")


class KolmogorovSettings(DynamicsSection):
    """Two-dimensional turbulence on a doubly periodic plane, driven by a sinusoidal force."""

    MODEL: ClassVar[type[Dynamics]] = Kolmogorov
    RADIUS: ClassVar[float | None] = 4.0
    FIXED: ClassVar[frozenset[str]] = frozenset({"points"})
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("forcing", "drag")
    NETWORK: ClassVar[dict[str, Any]] = {"every": 10, "components": "random", "count": 400, "sigma": 0.5}
    name: Literal["kolmogorov"] = "kolmogorov"
    points: int = Field(64, ge=14, le=512, multiple_of=2, description="points of each side; 128 need half the dt")
    wavenumber: int = Field(4, ge=1, le=100, description="wavenumber k of the force")
    forcing: Real = Field(1.0, description="strength χ of the force")
    viscosity: NotNegative = Field(0.005, description="viscosity ν")
    drag: NotNegative = Field(0.1, description="linear drag α")
    dt: float = Field(0.02, ge=1e-6, le=0.2, description="length of a step")
    start_sigma: NotNegative = Field(0.4, description="standard deviation of the errors of the first guess")


class ShallowWaterSettings(DynamicsSection):
    """Rotating shallow water on the sphere: unstable jets."""

    MODEL: ClassVar[type[Dynamics]] = ShallowWater
    RADIUS: ClassVar[float | None] = 1500.0
    FIXED: ClassVar[frozenset[str]] = frozenset({"truncation"})
    UNCERTAIN: ClassVar[tuple[str, ...]] = ("jet", "depth")
    NETWORK: ClassVar[dict[str, Any]] = {"every": 8, "components": "random", "fields": ("h",), "count": 500, "sigma": 10.0}
    name: Literal["shallow-water"] = "shallow-water"
    truncation: int = Field(42, ge=5, le=170, description="triangular truncation T; the grid has 64 x 128 points for 42")
    dt: float = Field(0.75, ge=1e-3, le=6, description="length of a step, h; T85 needs half of it")
    depth: Positive = Field(10_000.0, description="mean of h, m")
    jet: Real = Field(80.0, description="fastest wind of the jet, m/s")
    bump: Real = Field(120.0, description="height of the bump that disturbs the jet in the first guess, m")
    southern: bool = Field(True, description="whether the southern hemisphere has a jet, too")
    relaxation: Positive = Field(48.0, description="time of the relaxation of the zonal mean towards the jet, h")
    drag: Positive = Field(480.0, description="time of the drag on the waves, h")
    diffusion: Positive = Field(3.0, description="time in which hyperdiffusion takes the shortest wave to 1/e, h")
    start_sigma: NotNegative = Field(2.0, description="standard deviation of the wind errors of the first guess, m/s")


class EmulatorSettings(DynamicsSection):
    """A learned model: the network of a training of `advection-1d-emulator` or `lorenz63-rhs`."""

    MODEL: ClassVar[type[Dynamics]] = Emulator
    FIXED: ClassVar[frozenset[str]] = frozenset({"run"})
    name: Literal["emulator"] = "emulator"
    run: str = Field(
        "",
        validate_default=True,
        max_length=40,
        pattern=r"^[0-9a-f]*$",
        description="id of the training; empty: the newest one there is, whose id is kept",
    )
    learned: bool = Field(
        True, description="true: the network; false: the model it was trained to follow, with the same starts"
    )

    @field_validator("run", mode="after")
    @classmethod
    def _newest(cls, run: str) -> str:
        from backends.experiments.cycling.emulated import newest_run

        return run or newest_run()

    @property
    def dt(self) -> float:
        """Length of a step of the model that was learned."""
        from backends.experiments.cycling.emulated import step_of

        return step_of(self.run)

    def make(self, device: torch.device, dtype: torch.dtype) -> Dynamics:
        """Return the network, or what it was trained to follow."""
        from backends.experiments.cycling.emulated import emulator

        return emulator(self.run, self.learned, device, dtype)


DYNAMICS: tuple[type[DynamicsSection], ...] = (
    Lorenz96Settings, Lorenz63Settings, CircleSettings, AdvectionSettings, AdvectionDiffusionSettings, KolmogorovSettings,
    ShallowWaterSettings, EmulatorSettings,
)  # fmt: skip
DynamicsSettings = Annotated[
    Lorenz96Settings
    | Lorenz63Settings
    | CircleSettings
    | AdvectionSettings
    | AdvectionDiffusionSettings
    | KolmogorovSettings
    | ShallowWaterSettings
    | EmulatorSettings,
    Field(discriminator="name"),
]


def model_of(settings: DynamicsSection, device: torch.device, dtype: torch.dtype) -> Dynamics:
    """Return the model that settings describe."""
    return settings.make(device, dtype)


def differing(dynamics: DynamicsSection, changes: dict[str, Any], key: str = "model") -> DynamicsSection:
    """Return the settings of a model that differs from another in some keys, with the same state.

    Raises
    ------
    ValueError
        If a key is unknown or a value out of range, or the model has another state; the sentence begins with `key`.
    """
    kind = type(dynamics)
    name = dynamics.model_dump()["name"]
    unknown = [changed for changed in changes if changed not in kind.model_fields or changed == "name"]
    if unknown:
        allowed = ", ".join(sorted(set(kind.model_fields) - {"name"} - kind.FIXED))
        raise ValueError(f"{key} has no key {unknown[0]!r}; of {name} these may differ: {allowed}")
    fixed = [changed for changed in changes if changed in kind.FIXED]
    if fixed:
        raise ValueError(f"{key}.{fixed[0]} must be that of dynamics, because truth and forecasts share their state")
    try:
        return kind.model_validate({**dynamics.model_dump(), **changes})
    except ValidationError as problem:
        raise ValueError(f"{key}.{sentence(problem, kind)}") from problem
