"""What a map of observations shows: points or pixels, where, and over which field."""

from dataclasses import dataclass

from backends.fields.raster import Raster, Window
from backends.geometry.projections import Projection
from backends.observations.comparison import Comparison
from backends.observations.linked import Linked
from backends.observations.one_variable import OneVariable
from backends.observations.picture import Picture, picture
from backends.observations.projected import area_on, places_on
from backends.observations.selection import Selection


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a map is asked for of; without a projection it lies on degrees, without a comparison over no field."""

    of: OneVariable
    selection: Selection
    colour: str
    window: Window | None
    size: tuple[int, int]
    projection: Projection | None
    comparison: Comparison | None


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture, all that its map shows, and the pixels of the field under it."""

    picture: Picture
    area: Window
    under: Raster | None


def drawn(wanted: Drawing) -> Drawn:
    """Return the picture."""
    of, projection, comparison = wanted.of, wanted.projection, wanted.comparison
    if projection is None:
        where, area, under = of.where, of.area, None if comparison is None else comparison.under
    else:
        where, area = places_on(of, projection), area_on(of, projection)
        under = None if comparison is None else comparison.under_on(projection, area)
    chosen = Linked(of.table, wanted.selection).rows("place")
    seen = wanted.window or area
    return Drawn(picture(of.table, where, chosen, wanted.colour, seen, wanted.size), area, under)  # type: ignore[arg-type]
