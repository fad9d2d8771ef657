"""The keys of the address of the Rollout page that are not those of an experiment file."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field

from backends.experiments.sections import Section
from dashboard.chunks import ChunksAsked

#: Told what of an address cannot be.
Report = Callable[[str], Any]
T = TypeVar("T")
#: Of what there is, so many are named where something else is asked for.
MOST_NAMED = 8


def pairs_of_ends(box: tuple[float, ...]) -> tuple[float, ...]:
    """Return the ends of a box, or raise ValueError where they are no pairs."""
    if len(box) not in (0, 2, 4):
        raise ValueError(f"must be the ends along the line, or the ends across and those up; came {len(box)} numbers")
    return box


class RolloutAddressView(Section):
    """What of the forecasts is shown, and how."""

    tab: Literal["play", "skill", "physics", "sensitivity", "archive", "long-runs", "file"] = Field(
        "play", description="the tab that is shown"
    )
    run: bool = Field(False, description="whether the forecasts are run")
    lead: int = Field(0, ge=0, description="number of the lead that is shown, counted from 0")
    race: str = Field(
        "", description="in place of an experiment: key of a race on the server whose newest analysis is the start"
    )
    method: int = Field(0, ge=0, description="number of the method of that race")
    shown_start: int = Field(0, ge=0, description="number of the start whose states are shown, counted from 0")
    speed: Literal[2, 5, 10, 20, 40] = Field(10, description="leads per second")
    sums: Literal["per step", "since the start"] = Field("per step", description="how sums over time are shown")
    drawn: str = Field(
        "",
        description="of states of few components: which are drawn, `3D` or two with a hyphen between; empty: the first offered",
    )
    series: str = Field("", description="of these: the component whose series is shown; empty: the first")
    shown: str = Field("mean", description="of maps: `mean` or `spread` of the members, or a `member` with its number from 1")
    field: str = Field("", description="of maps with several fields: the one that is shown; empty: the first")
    place: tuple[int | float, ...] = Field(
        (),
        max_length=2,
        description="whose series is shown: latitude and longitude; of other maps across and up; of a line the number of the "
        "point, from 0; empty: in the middle",
    )
    town: str = Field("", description="the town there, as the page calls it, in place of latitude and longitude")
    skill_field: str = Field("", description="of skill: the field whose scores are shown; empty: the first")
    skill_baseline: str = Field(
        "", description="of skill: the label of the model that it is relative to; empty: that of the experiment"
    )
    error_model: str = Field("", description="of sensitivity: label of the model whose error it is; empty: as offered")
    error_member: int | None = Field(None, ge=1, description="of sensitivity: number of the member, from 1; null: their mean")
    error_lead: int | None = Field(
        None, ge=1, description="of sensitivity: number of the lead at which the error counts; null: as offered"
    )
    error_of: str = Field("", description="of sensitivity: the quantity whose error counts; empty: the first")
    sensitivity_to: str = Field("", description="of sensitivity: the quantity of the start; empty: the first")
    box: Annotated[tuple[int | float, ...], AfterValidator(pairs_of_ends)] = Field(
        (), description="of sensitivity: ends of the box across, and up on maps, or of the line; empty: in the middle"
    )
    store: str = Field("", description="of the archive: the store on the server whose chunks are shown, as the page calls it")
    array: str = Field("", description="of chunks: the array; empty: the largest")
    query: Literal["map", "series", "region"] = Field("map", description="of chunks: what is read")
    axes: tuple[str, ...] = Field((), max_length=2, description="of chunks: axes drawn across and up; empty: what tells most")
    position: dict[str, int] = Field(
        {}, description="of chunks: where the query is on each axis, by its name, from 0; the middle where nothing is said"
    )
    region_size: float = Field(0.26, ge=0.02, le=1, description="of chunks: part of the map's width and height that is read")

    @property
    def chunks(self) -> ChunksAsked:
        """What is asked of the store."""
        return ChunksAsked(self.array, self.query, self.axes, self.position, self.region_size)


def one_of(key: str, asked: str, offered: Mapping[str, T], usual: T, report: Report) -> T:
    """Return what is offered under a name, or what is usual where none is named; a name that is none is told to `report`."""
    if asked in offered:
        return offered[asked]
    if asked:
        known = ", ".join(list(offered)[:MOST_NAMED]) or "nothing to choose from"
        report(f"{key}: there is {known}; came {asked!r:.60}")
    return usual


def short(value: float) -> float:
    """Return a coordinate with six digits, which tell all cells apart, and without a point where it is whole."""
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() else rounded


def number_of(key: str, asked: int, most: int, report: Report) -> int:
    """Return a number, or the greatest that there is where it is greater, which is told to `report`."""
    if asked > most:
        report(f"{key}: the last is {most}; came {asked}")
    return min(asked, most)
