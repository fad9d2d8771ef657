"""What the address of the Explore page says of the map itself: how the Earth is laid flat, and the part that is looked at."""

import math
from typing import Any

from backends.fields.raster import Window
from backends.fields.views import PROJECTIONS
from dashboard.explore.address_keys import ExploreSettings
from dashboard.explore.mapped import Mapped


def of_map(state: Mapped) -> dict[str, Any]:
    """Return the projection, and the middle of the map as far as it can be set."""
    turns = PROJECTIONS[state.projection].turns
    middle: dict[str, float] = {"latitude": state.middle_latitude, "longitude": state.middle_longitude}
    return {"projection": state.projection} | {key: value for key, value in middle.items() if key in turns}


def map_asked(wanted: ExploreSettings) -> dict[str, Any]:
    """Return the parameters of a state for the map that is asked for; the middle where it is."""
    middle = {"middle_latitude": wanted.latitude, "middle_longitude": wanted.longitude}
    return {"projection": wanted.projection} | {key: value for key, value in middle.items() if value is not None}


def part_asked(wanted: ExploreSettings) -> Window | None:
    """Return the part of the map that is asked for; None for all of it."""
    return None if wanted.zoom is None else Window(*wanted.zoom)


def rounded(part: Window) -> tuple[float, float, float, float]:
    """Return the ends of a part of a map to a thousandth of its size, which nobody sees."""
    digits = 3 - math.floor(math.log10(min(part.east - part.west, part.north - part.south)))
    west, east, south, north = (round(end, digits) for end in (part.west, part.east, part.south, part.north))
    return west, east, south, north
