"""The cases an analysis experiment can have, as their settings: frozen, validated, and the same in files and on pages."""

from typing import Annotated, Literal

from pydantic import Field

from backends.experiments.sections import NotNegative, Positive, Section, Seed

CorrelationName = Literal["gaussian", "exponential", "soar", "matern52", "gaspari-cohn"]
Quality = Literal["unknown", "passed", "suspicious", "rejected"]


class GeneratedCase(Section):
    """What generated cases share."""

    background: Literal["consistent", "shifted"] = Field(
        "consistent",
        description="`consistent`: the truth plus a draw from the true B; `shifted`: the truth moved, smoothed and biased",
    )
    seed: Seed = Field(0, description="seed of the truth and of the background's errors")
    sigma: Positive | None = Field(
        None, description="true σ_b that a consistent background is drawn with; null: as `background_error` assumes"
    )
    correlation: CorrelationName | None = Field(
        None,
        description="true correlation that it is drawn with, with a floor of 1e-6; null: correlation and floor as "
        "`background_error` assumes",
    )
    length: Positive | None = Field(
        None, description="true correlation length it is drawn with; null: as `background_error` assumes"
    )


class LineCase(GeneratedCase):
    """A modulated sine on a periodic line of length 1."""

    name: Literal["periodic-1d"] = "periodic-1d"
    points: int = Field(100, ge=40, le=400, description="grid points n")


class PlaneCase(GeneratedCase):
    """A structured field on a vertical plane."""

    name: Literal["xz-2d"] = "xz-2d"
    nx: int = Field(120, ge=10, le=300, description="grid points along x")
    nz: int = Field(40, ge=5, le=100, description="grid points along z")
    domain_width: float = Field(100.0, ge=0.001, le=20000, description="domain length in x, km; not a correlation length")
    domain_height: float = Field(15.0, ge=0.001, le=100, description="domain length in z, km; not a correlation length")
    length_z: Positive | None = Field(
        None, description="true vertical correlation length, km; null: as `background_error` assumes"
    )


class CourseLineCase(Section):
    """The course's single 1D case, from its file; B with the wrapped distance as published, or periodised."""

    name: Literal["course-1d"] = "course-1d"
    path: str = Field("course-1d.npz", description="the file, relative to the data folder")


class CoursePlaneCase(Section):
    """The course's x–z plane, from its file."""

    name: Literal["course-2d"] = "course-2d"
    path: str = Field("course-2d.npz", description="the file, relative to the data folder")


class FieldCase(Section):
    """Any field of a file or embedded dataset as the truth, another time of it as the background."""

    name: Literal["field"] = "field"
    path: str = Field(description="a file relative to the data folder, or the key of an embedded dataset")
    variable: str = Field(description="name, or CF standard name where only one variable has it")
    time: str | int | None = Field(None, description="valid time of the truth (ISO 8601, UTC) or its index; null: the middle")
    level: float | int | None = Field(None, description="level of the truth as the file has it; null: the first")
    member: int | None = Field(None, ge=0, description="member of the truth; null: the first")
    background: Literal["earlier", "mean"] = Field(
        "earlier", description="`earlier`: the same field `lag` steps before; `mean`: the mean over time"
    )
    lag: int | None = Field(
        None,
        ge=1,
        description="steps of the time axis that the background is earlier; null: 24 h, or what comes nearest",
    )


class EnsembleCase(Section):
    """One member of an ensemble as the truth, another or the mean of the rest as the background."""

    name: Literal["ensemble"] = "ensemble"
    path: str = Field("era5-levels-members.grib", description="a file relative to the data folder")
    variable: str = Field("t", description="name, or CF standard name where only one variable has it")
    time: str | int | None = Field(None, description="valid time (ISO 8601, UTC) or its index; null: the first")
    level: float | int | None = Field(None, description="level as the file has it; null: the first")
    member: int = Field(0, ge=0, description="the member that is the truth, counted from 0")
    background: Literal["mean"] | Annotated[int, Field(ge=0)] = Field(
        "mean", description="`mean`: the mean of the other members; or the number of one of them"
    )


class StationsCase(Section):
    """Real observations at stations. There is no truth: some stations are withheld, and judge the analysis."""

    name: Literal["stations"] = "stations"
    path: str = Field("dwd-synop-germany-2021-05-16T12.bufr", description="a BUFR file relative to the data folder")
    variable: str = Field("air_temperature", description="CF standard name")
    level: Positive | None = Field(None, description="pressure level, hPa, of upper-air reports; null for surface reports")
    background: str = Field(
        "regression", description="`regression`: on latitude, longitude and height; or a file with a field of the variable"
    )
    withhold: float = Field(0.2, gt=0, lt=0.9, description="share of the stations that are withheld")
    seed: Seed = Field(0, description="seed of which stations are withheld")


class ObservedFieldCase(Section):
    """Real observations over any field, which is the background. There is no truth, and no score against one."""

    name: Literal["observed-field"] = "observed-field"
    path: str = Field(description="the background: a file relative to the data folder, or the key of an embedded dataset")
    variable: str = Field(description="name, or CF standard name where only one variable has it")
    time: str | int | None = Field(
        None,
        description="valid time of the background (ISO 8601, UTC) or its index; null: the one nearest to the observations, "
        "however far",
    )
    level: float | int | None = Field(None, description="level of the background as the file has it; null: the first")
    member: int | None = Field(None, ge=0, description="member that is the background; null: the first")
    observations: str = Field(description="a file of observations of any format that is read, relative to the data folder")
    observed: str = Field(description="what is observed: CF standard name, or the name in the file")
    at: str | None = Field(
        None, description="time (ISO 8601, UTC) that the observations are near; null: the background's valid time"
    )
    window: NotNegative | None = Field(3.0, description="observations at most so long before or after; null: of all times")
    levels: tuple[float, float] | None = Field(
        None,
        description="least and greatest level of the observations: pressure in Pa, height in m; null: at the background's "
        "pressure level, or of a background without one those without a level",
    )
    level_kind: Literal["pressure", "height", "channel", "other"] = Field("pressure", description="what `levels` are")
    box: tuple[float, float, float, float] | None = Field(
        None, description="west, east, south and north of the observations, degrees; null: everywhere"
    )
    report_types: tuple[str, ...] = Field((), description="types of reports, such as TEMP; none: all")
    qualities: tuple[Quality, ...] = Field(
        ("unknown", "passed"), min_length=1, description="classes of quality control that are used"
    )
    errors: Literal["file", "alike"] = Field(
        "file",
        description="`file`: σ_o is the root mean square of the file's own errors, where it has any, and each keeps its ratio "
        "to it; `alike`: σ_o for all",
    )
    limit: int = Field(2000, ge=1, le=5000, description="at most so many observations; of more, some are drawn")
    points: int = Field(
        20_000, ge=100, le=120_000,
        description="at most so many grid points; a larger field is cut to the area of the observations, and made coarser if "
        "it must be",
    )  # fmt: skip
    seed: Seed = Field(0, description="seed of which observations are drawn")


#: Cases whose observations are real: their places and values are those of a file, and there is no truth on their domain.
REAL = ("stations", "observed-field")

#: All kinds, in the order in which pages offer them.
CASES = (LineCase, PlaneCase, CourseLineCase, CoursePlaneCase, FieldCase, EnsembleCase, StationsCase, ObservedFieldCase)

Case = Annotated[
    LineCase | PlaneCase | CourseLineCase | CoursePlaneCase | FieldCase | EnsembleCase | StationsCase | ObservedFieldCase,
    Field(discriminator="name"),
]
