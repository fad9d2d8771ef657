"""A rollout as one frozen, validated value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from backends.experiments.cycling.dynamics import DynamicsSettings, EmulatorSettings, Lorenz96Settings, differing
from backends.experiments.rollout.analysis_start import AnalysisStart
from backends.experiments.rollout.models import (
    ClimatologySettings,
    ModelSettings,
    PerfectModelSettings,
    PersistenceSettings,
    WrongModelSettings,
)
from backends.experiments.rollout.other_starts import GeneraliseSettings, Shape, check_generalise, check_shape
from backends.experiments.sections import NotNegative, Positive, Section, Seed


class TestbedStart(Section):
    """Forecasts start from states of a testbed's climate, or from given shapes, and its model makes the truth."""

    __test__: ClassVar[bool] = False  # the name is no test's
    world: ClassVar[Literal["testbed"]] = "testbed"
    name: Literal["testbed"] = "testbed"
    dynamics: DynamicsSettings = Field(
        default_factory=Lorenz96Settings, description="the testbed and its parameters, see [testbeds](cycling.md#testbeds)"
    )
    shape: Shape = Field(
        "climate",
        description="what forecasts start from: states of the `climate`; on the line also one `bump`, a `sine`, a `top_hat` or "
        "several `bumps`, moved round the line from start to start",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_shape(self.shape, self.dynamics, "shape")
        return self


#: Archives that there are trainings of emulators for, whose split is theirs.
EMULATED = ("era5", "european")


class ArchiveStart(Section):
    """Forecasts start from times of an archive that no model was fitted to; the archive itself is the truth."""

    world: ClassVar[Literal["archive"]] = "archive"
    name: Literal["archive"] = "archive"
    dataset: str = Field(
        "era5",
        min_length=1,
        max_length=500,
        description="`era5`: hourly 2 m temperature over the British Isles, of which the last week is forecast; `european`: "
        "every 3 hours of the generated forecast archive, of which the last third is forecast; or any other dataset with an "
        "even time step, by its path relative to the data folder or its key in the catalogue, such as `ncep-air-temperature`",
    )
    path: str = Field(
        "era5-2mt-2019-03-uk.grib", max_length=500, description="of `era5`: the file, relative to the data folder"
    )
    fields: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        (),
        max_length=8,
        description="variables that are forecast together, by name or CF standard name, such as `[t2m, u10, v10, mslp, tp]`; "
        "summaries and tables begin with the first; empty: `t2m` if there is one, otherwise the first variable of the file",
    )
    level: float | None = Field(None, description="level as the file has it; null: the first")
    member: int | None = Field(None, ge=0, description="member of the dataset, counted from 0; null: the first")
    unseen: float | None = Field(
        None,
        ge=0.01,
        le=0.9,
        description="part of the times, the last ones, that is forecast and that nothing is fitted to; null: a third; `era5` "
        "and `european` have their own, which their emulators were trained by",
    )
    time: str | None = Field(
        None,
        max_length=30,
        description="where the first forecast starts, whose states are shown, such as `2019-03-28T12:00` in UTC; null: drawn, "
        "as are the others",
    )

    @field_validator("fields")
    @classmethod
    def _differ(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(fields)) < len(fields):
            raise ValueError(f"must be different variables; came {', '.join(fields)}")
        return fields

    @model_validator(mode="after")
    def _has_split(self) -> Self:
        if self.unseen is not None and self.dataset in EMULATED:
            raise ValueError(f"unseen: {self.dataset} has a split of its own, by which its emulators are trained; leave it out")
        return self

    @field_validator("time")
    @classmethod
    def _is_time(cls, time: str | None) -> str | None:
        if time is None:
            return None
        try:
            said = datetime.fromisoformat(time)
        except ValueError as problem:
            raise ValueError(f"must be a time such as 2019-03-28T12:00; came {time!r}") from problem
        if said.tzinfo is not None:
            raise ValueError(f"is in UTC and has no offset, such as 2019-03-28T12:00; came {time!r}")
        return time


STARTS: tuple[type[Section], ...] = (TestbedStart, ArchiveStart, AnalysisStart)


class NoPerturbation(Section):
    """Forecasts begin with the truth."""

    name: Literal["none"] = "none"


class WhitePerturbation(Section):
    """Errors of the starts are independent of each other at all points."""

    name: Literal["white"] = "white"
    sigma: NotNegative = Field(0.1, description="standard deviation")


class ClimatePerturbation(Section):
    """Errors of the starts are like differences between states of the climate, but smaller."""

    name: Literal["climate"] = "climate"
    scale: Positive = Field(0.01, description="their covariance in parts of that of the climate")


class AnalysisPerturbation(Section):
    """Members of the analysis that forecasts start from, or draws of the errors that it expects of itself."""

    name: Literal["analysis"] = "analysis"


class BackgroundPerturbation(Section):
    """Members are drawn around the analysis with the B that it was made with."""

    name: Literal["background"] = "background"
    scale: Positive = Field(1.0, description="their covariance in parts of B")


PERTURBATIONS: tuple[type[Section], ...] = (
    NoPerturbation, WhitePerturbation, ClimatePerturbation, AnalysisPerturbation, BackgroundPerturbation,
)  # fmt: skip


class RolloutSettings(Section):
    """An experiment of kind `rollout`."""

    kind: Literal["rollout"] = Field("rollout", description="the kind of experiment; must be given in a file")
    title: str = Field("", max_length=120, description="what pages call the experiment")
    start: Annotated[TestbedStart | ArchiveStart | AnalysisStart, Field(discriminator="name")] = Field(
        default_factory=TestbedStart, description="what is forecast, and where forecasts start"
    )
    models: tuple[ModelSettings, ...] = Field(
        (PerfectModelSettings(), PersistenceSettings(), ClimatologySettings()),
        min_length=1,
        max_length=8,
        description="what forecasts",
    )
    baseline: str = Field(
        "", max_length=60, description="label of the model that `skill` is relative to; empty: persistence, or the first model"
    )
    steps: int = Field(40, ge=1, le=1_000_000, description="steps of the truth's model, or of the archive, that forecasts run")
    every: int = Field(1, ge=1, le=1_000_000, description="steps between those that are verified; divides `steps`")
    members: int = Field(10, ge=1, le=10_000, description="members N of each forecast")
    perturbation: Annotated[
        NoPerturbation | WhitePerturbation | ClimatePerturbation | AnalysisPerturbation | BackgroundPerturbation,
        Field(discriminator="name"),
    ] = Field(
        ClimatePerturbation(),
        description="errors of the starts, and of members around them; of a start from an analysis only of members, and "
        "`{name: analysis}` if nothing is said",
    )
    starts: int = Field(20, ge=1, le=100_000, description="start times S")
    growth: bool = Field(
        False,
        description="true: also measure how fast small errors of the testbed's model grow, and its leading Lyapunov exponent",
    )
    generalise: GeneraliseSettings = Field(
        GeneraliseSettings(),
        description="other starts and truths of a testbed that the same models are run from, too, see "
        "[generalisation](#generalisation)",
    )
    precision: Literal["double", "single"] = Field("double", description="of the numbers: float64 or float32")
    seed: Seed = Field(0, description="seed of starts, perturbations, fits and bootstrap")

    @model_validator(mode="before")
    @classmethod
    def _own_members(cls, values: object) -> object:
        """Let forecasts from an analysis begin with what it says of its errors where the file does not say otherwise."""
        if not isinstance(values, Mapping) or "perturbation" in values:
            return values
        start = values.get("start")
        name = start.get("name") if isinstance(start, Mapping) else getattr(start, "name", None)
        return {**values, "perturbation": {"name": "analysis"}} if name == "analysis" else values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.steps % self.every:
            raise ValueError(f"every must divide steps, {self.steps}, into whole leads; came {self.every}")
        if self.members > 1 and isinstance(self.perturbation, NoPerturbation):
            raise ValueError(
                f"members: without a perturbation all members are the same; give one, or members: 1; came {self.members}"
            )
        if isinstance(self.start, AnalysisStart):
            self._check_analysis(self.start)
        elif isinstance(self.perturbation, AnalysisPerturbation | BackgroundPerturbation):
            raise ValueError(f"perturbation: {self.perturbation.name} is for a start of name analysis; came {self.start.name}")
        if self.growth:
            self._check_growth()
        if self.generalise.asked:
            if not isinstance(self.start, TestbedStart):
                raise ValueError(f"generalise: other starts are those of a testbed; came a start of name {self.start.name}")
            check_generalise(self.generalise, self.start.dynamics)
        for number, model in enumerate(self.models):
            if model.NEEDS not in ("", self.start.world):
                raise ValueError(f"models.{number}: {model.name} needs a start of name {model.NEEDS}; came {self.start.world}")
            if isinstance(model, WrongModelSettings) and not isinstance(self.start, ArchiveStart):
                differing(self.start.dynamics, model.model, f"models.{number}.model")
        labels = self.labels
        if self.baseline and self.baseline not in labels:
            raise ValueError(f"baseline must be the label of a model, one of {', '.join(labels)}; came {self.baseline!r}")
        return self

    def _check_growth(self) -> None:
        if self.precision == "single" or isinstance(self.start, ArchiveStart) or self.start.world != "testbed":
            raise ValueError("growth: small errors are those of a testbed in double precision; came others")
        if isinstance(self.start.dynamics, EmulatorSettings):
            raise ValueError("growth: networks compute in single precision, where errors are not small; choose a testbed")

    def _check_analysis(self, start: AnalysisStart) -> None:
        if isinstance(self.perturbation, BackgroundPerturbation) and start.analysis is None:
            raise ValueError("perturbation: background needs an analysis that was made with a B; a race has none of its own")
        own = isinstance(self.perturbation, AnalysisPerturbation) and start.members
        if own and self.members > own:
            raise ValueError(f"members: the analysis has {own} members of its own; came {self.members}")
        if start.race is not None and self.starts > start.race.repeat:
            raise ValueError(
                f"starts: each experiment of the race, of which there are {start.race.repeat} (`repeat`), is a start; "
                f"came {self.starts}"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """What each model is called: its label or what it is, with a number where that occurs twice."""
        names = [model.label or _called(model) for model in self.models]
        return tuple(name if names.count(name) == 1 else f"{name} #{names[:k].count(name) + 1}" for k, name in enumerate(names))

    @property
    def baseline_number(self) -> int:
        """Number of the model that skill is relative to."""
        if self.baseline:
            return self.labels.index(self.baseline)
        names = [model.name for model in self.models]
        return names.index("persistence") if "persistence" in names else 0


def _called(model: ModelSettings) -> str:
    if isinstance(model, WrongModelSettings):
        return ", ".join([f"{key} {value}" for key, value in model.model.items()]) or "wrong model"
    if model.name == "network":
        return f"network {model.run[:8]}"
    return {"perfect": "perfect model", "linear-inverse": "linear inverse model"}.get(model.name, model.name)
