"""The models that a rollout can run, as their settings."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from backends.experiments.sections import Section

LABEL = "what tables and pages call it; empty: what it is"


class ModelSection(Section):
    """What all models share."""

    #: Whether it needs a testbed, or an archive; neither: it runs anywhere.
    NEEDS: ClassVar[Literal["testbed", "archive", ""]] = ""
    name: str
    label: str = Field("", max_length=60, description=LABEL)


class PerfectModelSettings(ModelSection):
    """The testbed's own model, which makes the truth: what is left are errors of the start."""

    NEEDS: ClassVar[Literal["testbed", "archive", ""]] = "testbed"
    name: Literal["perfect"] = "perfect"


class WrongModelSettings(ModelSection):
    """The testbed's model with other parameters."""

    NEEDS: ClassVar[Literal["testbed", "archive", ""]] = "testbed"
    name: Literal["wrong"] = "wrong"
    model: dict[str, Any] = Field(
        default_factory=dict, description="keys of `dynamics` in which it differs from the true model, such as {forcing: 7.5}"
    )


class NetworkSettings(ModelSection):
    """A learned model: a network that was trained to carry such states forward."""

    name: Literal["network"] = "network"
    run: str = Field(..., max_length=40, pattern=r"^[0-9a-f]+$", description="id of the training")


class PersistenceSettings(ModelSection):
    """Everything stays as it is at the start."""

    name: Literal["persistence"] = "persistence"


class ClimatologySettings(ModelSection):
    """What is usual: the mean of the testbed's climate; of an archive the mean of each place and hour of the day."""

    name: Literal["climatology"] = "climatology"


class LinearInverseSettings(ModelSection):
    """A linear model of the anomalies from the climate in the space of leading EOFs, fitted to what is not verified with."""

    name: Literal["linear-inverse"] = "linear-inverse"
    eofs: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="number of EOFs; null: the one that does best on the last third of what it is fitted to",
    )


MODELS: tuple[type[ModelSection], ...] = (
    PerfectModelSettings, WrongModelSettings, NetworkSettings, PersistenceSettings, ClimatologySettings, LinearInverseSettings,
)  # fmt: skip
ModelSettings = Annotated[
    PerfectModelSettings
    | WrongModelSettings
    | NetworkSettings
    | PersistenceSettings
    | ClimatologySettings
    | LinearInverseSettings,
    Field(discriminator="name"),
]
