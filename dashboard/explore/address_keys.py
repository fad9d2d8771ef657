"""The keys of the address of the Explore page."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from backends.experiments.sections import Section
from dashboard.explore.observations.address import a_time
from dashboard.theme import PICKED

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-360, le=360)]
Time = Annotated[str, AfterValidator(a_time)]


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
    field: str = Field("", description="of observations: dataset with the field that they are compared with; empty: none")
    field_variable: str = Field("", description="its variable; empty: what is likeliest observed")
    in_time: Literal["nearest", "linear"] = Field("nearest", description="how the field is taken between its times")
    field_shown: bool = Field(True, description="whether the field is shown under the observations")
    view: Literal["counts", "departures", "suspicious"] = Field("counts", description="of observations: the tab below the map")
    compare: str = Field(
        "",
        description="what the tab Compare compares with: the name of an axis, `mean over` or `calendar month of` and such a "
        "name, `variable` or `dataset`; empty: what is offered first",
    )
    compare_with: str | int | float = Field("", description="which of them, as the page writes it, or by its name")
    tab: Literal[
        "map", "compare", "ensemble", "zonal-mean", "section", "profile", "hovmoller", "regions", "statistics", "chunks"
    ] = Field("map", description="the tab that is shown")
