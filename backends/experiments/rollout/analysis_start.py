"""The start of a rollout from an analysis: of a method in a race, or of an analysis experiment, each as its own file has it."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from backends.experiments.cases import Case, CourseLineCase, FieldCase, LineCase
from backends.experiments.cycling.dynamics import AdvectionSettings
from backends.experiments.cycling.race import labels
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.sections import Section
from backends.experiments.settings import AnalysisSettings

#: Why no model goes on from the analyses of some cases.
WITHOUT_MODEL = {
    "xz-2d": "there is no model of temperature on a vertical plane",
    "course-2d": "there is no model of temperature on a vertical plane",
    "ensemble": "its file has no later times that would tell whether a forecast is right",
    "stations": "an analysis between stations is no state of a model",
    "observed-field": "there is no truth that would tell whether a forecast is right",
}
#: Archives that a field may come from: the path of its case, and the name of the archive.
ARCHIVED: dict[str, Literal["era5", "european"]] = {"era5-2mt-2019-03-uk.grib": "era5", "european-forecast": "european"}
#: What their forecasts are of, as variables of a case may be called.
FORECAST = ("t2m", "2t", "air_temperature")
#: Points of the course's line.
COURSE_POINTS = 256


class RaceChange(Section):
    """Other settings of a race that runs already."""

    after: int = Field(..., ge=0, le=1_000_000, description="cycles run before")
    race: CyclingSettings = Field(..., description="the race from then on")


class AnalysisStart(Section):
    """Forecasts start from an analysis: the newest of a method in a race, or that of an analysis experiment.

    A model that makes the truth goes on from it: of a race its own, of a line `advection-1d`; of a field of an archive the
    archive itself is the truth.
    """

    name: Literal["analysis"] = "analysis"
    race: CyclingSettings | None = Field(
        None,
        description="a race, with the keys of [cycling experiments](cycling.md), which is run for `cycle` cycles; each of its "
        "`repeat` experiments is a start",
    )
    changes: tuple[RaceChange, ...] = Field(
        (), max_length=1000, description="settings of the race that were changed on the way: `after` which cycle, and `race`"
    )
    method: Annotated[int, Field(ge=0)] | Annotated[str, Field(max_length=80)] = Field(
        0, description="of the race: the method whose analysis it is, its number from 0 or its label"
    )
    cycle: int = Field(100, ge=1, le=1_000_000, description="of the race: the cycle whose analysis it is")
    analysis: AnalysisSettings | None = Field(
        None,
        description="in place of a race: an [analysis](experiments.md) of a line, or of a field that an archive holds; each of "
        "the `starts` is another draw of its errors",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.race is None) == (self.analysis is None):
            raise ValueError(
                "a start from an analysis needs either race or analysis; came " + ("both" if self.race else "none")
            )
        if self.analysis is not None and (reason := why_not(self.analysis.case)):
            raise ValueError(f"analysis: no model goes on from this case: {reason}")
        if self.race is not None:
            self._check_race(self.race)
        return self

    def _check_race(self, race: CyclingSettings) -> None:
        known = labels(race.methods)
        if isinstance(self.method, str) and self.method not in known:
            raise ValueError(f"method: must be one of {', '.join(known)}; came {self.method!r}")
        if isinstance(self.method, int) and self.method >= len(known):
            raise ValueError(f"method: the race has the methods 0 to {len(known) - 1}; came {self.method}")
        if self.cycle > race.cycles:
            raise ValueError(f"cycle: must be at most the cycles of the race, {race.cycles}; came {self.cycle}")
        after = [change.after for change in self.changes]
        if after != sorted(after) or (after and after[-1] >= self.cycle):
            raise ValueError(f"changes: must be in the order of the cycles before cycle {self.cycle}; came {after}")

    @property
    def world(self) -> Literal["testbed", "archive"]:
        """What makes the truth."""
        return "archive" if self.analysis is not None and isinstance(self.analysis.case, FieldCase) else "testbed"

    @property
    def dynamics(self) -> Any:
        """The testbed and its parameters, where one makes the truth."""
        if self.race is not None:
            return self.race.dynamics
        assert self.analysis is not None
        case = self.analysis.case
        return AdvectionSettings(points=case.points if isinstance(case, LineCase) else COURSE_POINTS)

    @property
    def archive(self) -> Literal["era5", "european"]:
        """The archive, where one makes the truth."""
        assert self.analysis is not None
        assert isinstance(self.analysis.case, FieldCase)
        return ARCHIVED[self.analysis.case.path]

    @property
    def number(self) -> int:
        """Number of the method."""
        assert self.race is not None
        return labels(self.race.methods).index(self.method) if isinstance(self.method, str) else self.method

    @property
    def members(self) -> int | None:
        """Members of the analysis, where it has any of its own."""
        return None if self.race is None else getattr(self.race.methods[self.number], "members", None)


def why_not(case: Case) -> str:
    """Return why no model goes on from the analysis of a case; nothing where one does."""
    if isinstance(case, LineCase | CourseLineCase):
        return ""
    if isinstance(case, FieldCase):
        known = case.path in ARCHIVED and case.variable in FORECAST
        return "" if known else f"{case.variable} of {case.path} is in no archive that forecasts are verified with"
    return WITHOUT_MODEL[case.name]
