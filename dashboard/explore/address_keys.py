"""The keys of the address of the Explore page."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from backends.experiments.sections import Section
from dashboard.explore.observations.address import a_time
from dashboard.theme import PICKED

#: Told what of an address cannot be.
Report = Callable[[str], Any]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-360, le=360)]
Time = Annotated[str, AfterValidator(a_time)]
#: Corners of regions lie on whichever branch of the longitudes they were drawn on.
Degrees = Annotated[float, Field(ge=-720, le=720)]
#: West, east, south and north of a box; or longitude and latitude of each corner of a polygon.
Drawn = tuple[Degrees | tuple[Degrees, Degrees], ...]


def a_region(drawn: Any) -> Any:
    """Return what is a box or a polygon, or raise ValueError."""
    numbers = isinstance(drawn, list | tuple) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in drawn)
    corners = isinstance(drawn, list | tuple) and all(isinstance(x, list | tuple) and len(x) == 2 for x in drawn)
    if not ((numbers and len(drawn) == 4) or (corners and len(drawn) >= 3)):
        raise ValueError(
            "must be west, east, south and north of a box, or longitude and latitude of three corners or more, such as "
            f"[[0,40],[10,40],[5,50]]; came {drawn!r:.60}"
        )
    return drawn


def a_part(ends: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
    """Return the ends of a part of a map, or raise ValueError."""
    if ends is not None and not (ends[0] < ends[1] and ends[2] < ends[3]):
        raise ValueError(f"must be west, east, south and north, each pair in this order; came {list(ends)!r:.60}")
    return ends


class ExploreSettings(Section):
    """What the Explore page shows; keys of its address."""

    dataset: str = Field("", description="key in the catalogue, or path in the data folder; empty: the first of the catalogue")
    variable: str = Field("", description="name of the variable; empty: what tells most")
    at: dict[str, str | int | float] = Field(
        {}, description="on each axis besides the horizontal ones, by its name, what is chosen, as the page writes it"
    )
    low: float | None = Field(
        None, description="lower colour limit; null: holds all times and members, or the observations that are chosen"
    )
    high: float | None = Field(None, description="upper colour limit")
    projection: Literal["lat-lon", "globe", "robinson", "north", "south", "lambert", "mercator", "satellite"] = Field(
        "lat-lon", description="how the Earth is laid flat"
    )
    latitude: Latitude | None = Field(None, description="middle of the map, °N; null: where there is something to see")
    longitude: Longitude | None = Field(None, description="middle of the map, °E")
    zoom: Annotated[tuple[float, float, float, float] | None, AfterValidator(a_part)] = Field(
        None,
        description="west, east, south and north of the part of the map that is looked at, as its axes have them: "
        "degrees, or lengths on a projected map; null: all of it",
    )
    places: tuple[tuple[Latitude, Longitude], ...] = Field(
        (), max_length=len(PICKED), description="latitude and longitude of places whose series are drawn"
    )
    contours: str = Field("", description="variable with contour lines; empty: none")
    contour_level: int | None = Field(None, ge=0, description="number of its level; null: as that of the colours")
    contour_levels: str = Field("", description="interval of the lines, or their values with blanks between; empty: automatic")
    wind: str = Field("", description="eastward and northward wind, with a comma between; empty: none")
    wind_style: Literal["barbs", "streamlines"] = Field("barbs", description="how it is drawn")
    barbs: Literal["kn", "m/s"] = Field("kn", description="what barbs count")
    triangle_edges: bool = Field(False, description="on grids of triangles: whether their edges are drawn")
    careless_dateline: bool = Field(
        False, description="on grids of triangles: whether those across the dateline are drawn carelessly, too"
    )
    colour: Literal["value", "background", "analysis", "quality", "number"] = Field(
        "value", description="of observations: what the map is coloured by"
    )
    report_types: tuple[str, ...] = Field((), description="of observations: types that are looked at; empty: all")
    qualities: tuple[str, ...] = Field((), description="of observations: classes that are looked at; empty: all")
    box: tuple[float, float, float, float] | None = Field(
        None, description="of observations: west, east, south, north of those that are looked at"
    )
    start: Time | None = Field(None, description="of observations: the first time that is looked at, UTC")
    end: Time | None = Field(None, description="of observations: the last time that is looked at, UTC")
    level_kind: Literal["pressure", "height", "channel", "other"] | None = Field(
        None, description="of observations: the kind of levels that are looked at"
    )
    levels: tuple[float, float] | None = Field(
        None, description="of observations: least and greatest of these levels, Pa or m or the file's"
    )
    within: tuple[Literal["value", "background", "analysis"], float, float] | None = Field(
        None, description="of observations: a value, O−B or O−A, its least and what it stays below, in the variable's unit"
    )
    columns: tuple[Annotated[tuple[str, ...], Field(min_length=2, max_length=3)], ...] = Field(
        (), max_length=100, description="of a CSV file: what columns are, each as a role or a variable, the column's name, and "
        "its unit if it has one to say; empty: guessed",
    )  # fmt: skip
    field: str = Field("", description="of observations: dataset with the field that they are compared with; empty: none")
    field_variable: str = Field("", description="its variable; empty: what is likeliest observed")
    in_time: Literal["nearest", "linear"] = Field("nearest", description="how the field is taken between its times")
    field_shown: bool = Field(True, description="whether the field is shown under the observations")
    report: int | None = Field(
        None, ge=0, description="of observations: number of the observation in its file, from 0, whose report is shown"
    )
    passed: bool = Field(True, description="of observations: whether departures by level are of what passed quality control")
    view: Literal["counts", "departures", "suspicious"] = Field("counts", description="of observations: the tab below the map")
    compare: str = Field(
        "",
        description="what the tab Compare compares with: the name of an axis, `mean over` or `calendar month of` and such a "
        "name, `variable` or `dataset`; empty: what is offered first",
    )
    compare_with: str | int | float = Field("", description="which of them, as the page writes it, or by its name")
    log_pressure: bool = Field(True, description="on zonal means, sections and profiles: whether the axis is logarithmic")
    line: tuple[tuple[Latitude, Longitude], tuple[Latitude, Longitude]] | None = Field(
        None, description="of a section: latitude and longitude of A and of B; null: through the places or the middle"
    )
    across: Literal["longitude", "latitude"] = Field("longitude", description="of Hovmöller diagrams: what lies across")
    band: tuple[float, float] | None = Field(
        None, description="of Hovmöller diagrams: degrees that the mean is taken over, from and to; null: as offered"
    )
    regions: tuple[Annotated[Drawn, BeforeValidator(a_region)], ...] = Field(
        (), max_length=len(PICKED), description="regions that means are taken over, boxes or polygons; empty: all of the grid"
    )
    probability: Literal["above", "below"] = Field("above", description="of ensembles: on which side of the threshold")
    threshold: float | None = Field(
        None, description="of ensembles: the threshold, in the variable's unit; null: about the mean of the field"
    )
    spectrum: Literal["sphere", "zonal", "map"] | None = Field(
        None, description="of statistics: what the waves are; null: what suits the grid"
    )
    log_counts: bool = Field(False, description="of statistics: whether the shares are on a logarithmic axis")
    array: str = Field("", description="of chunks: the array; empty: the variable")
    query: Literal["map", "series", "region"] = Field("map", description="of chunks: what is read")
    axes: tuple[str, ...] = Field((), max_length=2, description="of chunks: axes drawn across and up; empty: what tells most")
    position: dict[str, int] = Field(
        {}, description="of chunks: where the query is on each axis, by its name, from 0; the middle where nothing is said"
    )
    region_size: float = Field(0.26, ge=0.02, le=1, description="of chunks: part of the map's width and height that is read")
    tab: Literal[
        "map", "compare", "ensemble", "zonal-mean", "section", "profile", "hovmoller", "regions", "statistics", "chunks"
    ] = Field("map", description="the tab that is shown")
