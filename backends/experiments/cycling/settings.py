"""A cycling experiment as one frozen, validated value."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from backends.experiments.cycling.dynamics import DynamicsSettings, Lorenz96Settings, differing
from backends.experiments.cycling.methods import LETKFSettings, MethodSettings
from backends.experiments.sections import NotNegative, Positive, Section, Seed

Rule = Literal["all", "every", "random", "changing", "alternate", "subsets"]


class NetworkSettings(Section):
    """What is observed, how often and how well."""

    every: int = Field(1, ge=1, le=10000, description="steps of the true model between observations: one cycle")
    components: Rule | tuple[Annotated[int, Field(ge=0)], ...] = Field(
        "all",
        description="`all`; `every`: each `count`th; `random`: `count` of them, drawn once; `changing`: drawn again each "
        "cycle; `alternate`: one after the other; `subsets`: random subsets of few components; or a list of numbers from 0",
    )
    fields: tuple[str, ...] = Field((), description="of testbeds with several fields: those that are observed; empty: all")
    count: int = Field(1, ge=1, le=100000, description="how many, or each how many-th, where `components` needs it")
    sigma: Positive = Field(1.0, description="σ_o that the methods assume")
    noise: NotNegative | None = Field(None, description="σ_o of the errors that observations have; null: as `sigma` assumes")


class CyclingSettings(Section):
    """An experiment of kind `cycling`."""

    kind: Literal["cycling"] = Field("cycling", description="the kind of experiment; must be given in a file")
    title: str = Field("", max_length=120, description="what pages call the experiment")
    dynamics: DynamicsSettings = Field(default_factory=Lorenz96Settings)
    model: dict[str, Any] = Field(
        default_factory=dict,
        description="keys of `dynamics` in which the forecast model differs from the true one, such as {forcing: 7.5}",
    )
    observations: NetworkSettings = NetworkSettings()
    methods: tuple[MethodSettings, ...] = Field(
        (LETKFSettings(members=7, inflation=1.04, rotation=True),), min_length=1, max_length=24, description="what races"
    )
    cycles: int = Field(1000, ge=1, le=1_000_000, description="cycles to run")
    spinup: int = Field(100, ge=0, le=1_000_000, description="cycles at the beginning that no score counts")
    repeat: int = Field(1, ge=1, le=10_000, description="independent experiments in one batch")
    precision: Literal["double", "single"] = Field("double", description="of the numbers: float64 or float32")
    seed: Seed = Field(0, description="seed of truth, observations and members")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.spinup >= self.cycles:
            raise ValueError(f"spinup must be less than cycles, {self.cycles}; came {self.spinup}")
        model = self.forecast_model()
        length = self.observations.every * self.dynamics.dt
        if self.model_steps < 1 or abs(self.model_steps * model.dt - length) > 1e-9 * length:
            raise ValueError(
                f"model.dt must divide the time between observations, {length:g} ({self.observations.every} steps of "
                f"{self.dynamics.dt:g}), into whole steps; came {model.dt:g}"
            )
        return self

    def forecast_model(self) -> Any:
        """Return the settings of the forecast model: those of the truth with what differs.

        Raises
        ------
        ValueError
            If a key is unknown or a value out of range, or the model has another state than the truth.
        """
        return differing(self.dynamics, self.model)

    @property
    def model_steps(self) -> int:
        """Steps of the forecast model in one cycle."""
        return round(self.observations.every * self.dynamics.dt / self.forecast_model().dt)
