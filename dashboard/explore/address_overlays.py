"""What the address of the Explore page says of contours, wind and triangles over the map."""

from collections.abc import Callable
from typing import Any

from dashboard.explore.address_keys import ExploreSettings
from dashboard.explore.overlays import HERE, NONE, MapOverlaysView


def of_overlays(overlays: MapOverlaysView) -> dict[str, Any]:
    """Return what is drawn over the map, by the keys of the address."""
    asked = overlays.asked
    shown: dict[str, Any] = {}
    if asked.contoured:
        shown |= {"contours": asked.contoured, "contour_level": asked.level, "contour_levels": asked.levels or ""}
    if asked.wind:
        shown |= {"wind": ", ".join(asked.wind), "wind_style": asked.style, "barbs": asked.unit}
    if overlays.of_triangles:
        shown |= {"triangle_edges": asked.edges, "careless_dateline": asked.careless}
    return shown


def draw_over(overlays: MapOverlaysView, wanted: ExploreSettings, report: Callable[[str], Any]) -> None:
    """Draw over the map what an address asks for; what is not there is told to `report`."""
    offered = {
        "contours": (wanted.contours, overlays.contoured),
        "wind": (wanted.wind, overlays.wind),
    }
    for key, (name, control) in offered.items():
        if name and name not in control.options.values():
            report(f"{key}: the dataset has no {name!r:.60}")
        else:
            control.value = name or NONE
    overlays.levels.value = wanted.contour_levels
    levels = overlays.level.options
    known = levels.values() if isinstance(levels, dict) else levels
    overlays.level.value = wanted.contour_level if wanted.contour_level in known else HERE
    overlays.style.value, overlays.unit.value = wanted.wind_style, wanted.barbs
    triangles = {"triangle_edges": overlays.edges, "careless_dateline": overlays.careless}
    for key, toggle in triangles.items():
        asked = getattr(wanted, key)
        if asked and not overlays.of_triangles:
            report(f"{key}: the grid that is shown is not one of triangles with known corners")
        toggle.value = asked and overlays.of_triangles
