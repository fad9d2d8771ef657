"""Means over regions as they are kept: the Regions tab of the Explore page, and its script."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backends.fields.cuts import Cut, Section
from backends.fields.field import Field
from backends.fields.regions import Box, Polygon, Region
from backends.pictures.cuts import cut_data, cut_table
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, MapPanel, NamedBars, Points, labelled
from backends.pictures.explore_script import ExploreScript, Source
from backends.pictures.field_maps import picked, small_map
from backends.pictures.style import NEUTRAL, PICKED, units_label

if TYPE_CHECKING:
    import xarray as xr


def region_means(field: Field, found: Cut, regions: Sequence[Region], limits: tuple[float, float]) -> Exhibit:
    """Return means over regions as they are kept.

    Parameters
    ----------
    field
        That the small map shows.
    found
        The means through time, (times, regions).
    regions
        Over which they are.
    limits
        Of the map's colours.
    """
    outlines = [region.outline() for region in regions]
    names = [region_name(region) for region in regions]
    north, east = (np.array([outline[axis][:-1].mean() for outline in outlines]) for axis in (1, 0))
    means = Section(found.variable, found.along, found.across, found.values, north, east)
    title = f"Means of {found.variable.title} over regions"

    def drawing() -> Drawing:
        panels = [_means(found, names), _outlined(field, limits, outlines, picked(east, north))]
        return Drawing(" · ".join(part for part in (title, field.caption) if part), panels, columns=2)

    def data() -> "xr.Dataset":
        return cut_data(means, title, "number of the region").assign_coords(region=("across", names))

    return Exhibit(drawing, data, {"csv": lambda: cut_table(means, "region")})


def region_name(region: Region) -> str:
    """Return ``box 40.0 to 50.0°N, 5.0 to 10.0°E``."""
    x, y = region.outline()
    kind = "box" if isinstance(region, Box) else "polygon"
    return f"{kind} {y.min():.1f} to {y.max():.1f}°N, {x.min():.1f} to {x.max():.1f}°E"


def _means(found: Cut, names: Sequence[str]) -> LinePanel | NamedBars:
    """Return lines through time, or bars where there is one time."""
    quantity = labelled(found.variable.title, units_label(found.variable.units))
    if found.along is None or len(found.along) < 2:
        return NamedBars("Means", quantity, names, found.values[0], NEUTRAL)
    times = found.along.times
    x = np.arange(len(found.along)) if times is None else times
    curves = [Curve(*line) for line in zip(names, PICKED, [x] * len(names), found.values.T, strict=False)]
    return LinePanel("Means through time", found.along.name if times is None else "time (UTC)", quantity, curves)


def _outlined(
    field: Field, limits: tuple[float, float], outlines: Sequence[tuple[np.ndarray, np.ndarray]], middles: Points
) -> MapPanel:
    # On all branches, of which the map shows its own.
    drawn = zip(PICKED, outlines, strict=False)
    lines = [Curve("_", c, x + turn, y) for c, (x, y) in drawn for turn in (-360, 0, 360)]
    return small_map(field, limits, middles if len(outlines) > 1 else None, lines)


def regions_script(source: Source, regions: Sequence[Region], limits: tuple[float, float], name: str) -> str:
    """Return the script of means over regions; the selection of the source is that of the map."""
    out = ExploreScript(source)
    out.use("backends.fields.cuts", "means_of_regions")
    out.use("backends.fields.regions", *sorted({type(region).__name__ for region in regions}))
    out.use("backends.pictures.region_means", "region_means")
    made = []
    for number, region in enumerate(regions, 1):
        constant = f"REGION_{number}"
        made.append(f"{type(region).__name__}(*{constant})" if isinstance(region, Box) else f"Polygon({constant})")
        out.set(constant, *_literal(region))
    out.set("LIMITS", "What the first and the last colour of the map stand for.", tuple(map(float, limits)))
    out.do(f"regions = [{', '.join(made)}]")
    out.do("shown = dataset.field(VARIABLE, SELECTION)")
    out.do("found = means_of_regions(dataset, VARIABLE, regions, SELECTION)")
    out.do("exhibit = region_means(shown, found, regions, LIMITS)")
    return out.text(name, "nc", "csv")


def _literal(region: Region) -> tuple[str, object]:
    if isinstance(region, Box):
        return "West, east, south and north of a box.", tuple(
            map(float, (region.west, region.east, region.south, region.north))
        )
    assert isinstance(region, Polygon)
    return "Longitude and latitude of the corners of a polygon.", tuple((float(x), float(y)) for x, y in region.corners)
