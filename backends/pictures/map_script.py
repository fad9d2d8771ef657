"""The script of a map of the Explore page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from backends.fields.overlays.asked import Asked
from backends.fields.raster import Window
from backends.pictures.explore_script import ExploreScript, OnMap, Source


@dataclass(frozen=True, eq=False)
class MapAsked:
    """What a map of the Explore page is made of.

    Attributes
    ----------
    source, on
        The field, and the map that it lies on.
    limits
        Of the colours.
    places
        Latitude and longitude of those with series.
    overlay, seen, size
        What lies over the map, the part that is seen, and its pixels on the screen.
    """

    source: Source
    on: OnMap
    limits: tuple[float, float]
    places: Sequence[tuple[float, float]]
    overlay: Asked
    seen: Window | None
    size: tuple[int, int]


def map_script(asked: MapAsked, name: str) -> str:
    """Return the script of a map."""
    out = ExploreScript(asked.source)
    out.use("backends.pictures.field", "field")
    out.look(asked.on)
    out.set("LIMITS", "What the first and the last colour stand for.", tuple(map(float, asked.limits)))
    arguments, seen = ["picture", "LIMITS"], "None"
    if asked.places:
        out.set("PLACES", "Latitude and longitude of places with series.", [tuple(map(float, p)) for p in asked.places])
        out.do("series = [dataset.series(VARIABLE, latitude, longitude, SELECTION) for latitude, longitude in PLACES]")
        arguments.append("series")
    if asked.seen is not None:
        out.set_window("SEEN", "West, east, south and north of what is seen.", asked.seen)
        seen = "Window(*SEEN)"
    if asked.overlay.anything:
        out.use("backends.fields.overlays.asked", "Asked", "overlay")
        out.set("OVER", "What lies over the colours.", asdict(asked.overlay))
        width, height = asked.size
        out.do(f"over = overlay(dataset, picture, Asked(**OVER), {seen}, {width:d}, {height:d})")
        arguments.append("overlay=over")
    if asked.seen is not None:
        arguments.append("seen=Window(*SEEN)")
    out.do(f"exhibit = field({', '.join(arguments)})")
    return out.text(name, "nc", "csv", "series.csv")
