"""Means over regions that a person draws, through time."""

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any, NamedTuple

import numpy as np
import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from backends.fields.cut_pictures import cut_csv, positions
from backends.fields.cuts import Cut, means_of_regions
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field
from backends.fields.groups import of_region
from backends.fields.picture import rasterise
from backends.fields.raster import Raster
from backends.fields.regions import Box, Polygon, Region
from backends.fields.views import covered
from backends.pictures.region_means import region_means, region_name, regions_script
from backends.pictures.script import stem
from dashboard.controls import html, tell
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.cuts.locator import WIDTH, Locator, beside, on_branch
from dashboard.explore.cuts.scales import scale_of, value_scale
from dashboard.explore.cuts.view import CutView, others
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.cuts import LiveLines
from dashboard.plots.marked import sign
from dashboard.theme import PICKED, number, units_label

WORDS = (
    "Mean over each region, weighted by area, of the values that are not missing. Drag a box on the small map, or choose the "
    "polygon tool above it: a click for each corner, a double click for the last."
)


#: Decimals of the degrees of a region: a hundred metres, which an address can say in short.
DIGITS = 3


class Means(NamedTuple):
    """What the means are made of; `field` is drawn beside them."""

    dataset: FieldDataset
    field: Field
    at: tuple[tuple[str, int], ...]
    regions: tuple[Region, ...]


class RegionsView(CutView[Means, tuple[Cut, Raster]]):
    """Lines through time, the numbers now, and the small map."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "regions.csv")
        self.lines, self.locator, self.numbers = LiveLines(marked=True), Locator(on_region=self.draw_region), html()
        self.regions: list[Region] = []
        self._mesh: object = None
        self.clear = pmui.Button(
            label="Clear regions", variant="text", size="small", on_click=lambda _: self.forget(),
            description="Take all regions away, with their means",
        )  # fmt: skip
        self.controls.objects = [self.clear, self.csv]
        self.body.objects = [
            beside(self.lines.pane, pn.Column(self.locator.pane, self.numbers, width=WIDTH, margin=0))
        ]  # fmt: skip

    def draw_region(self, geometry: Mapping[str, Any]) -> None:
        """Add a box or a polygon, as Bokeh describes it; the oldest goes when there are too many."""
        try:
            if geometry["type"] == "rect":
                west, east = sorted(round(geometry[name], DIGITS) for name in ("x0", "x1"))
                south, north = sorted(round(geometry[name], DIGITS) for name in ("y0", "y1"))
                region: Region = Box(west, min(east, west + 360), max(south, -90.0), min(north, 90.0))
            else:
                corners = zip(geometry["x"], geometry["y"], strict=True)
                region = Polygon(tuple((round(x, DIGITS), round(y, DIGITS)) for x, y in corners))
            of_region(self.state.picture.field.variable.mesh, region)
        except InputError as problem:
            tell(self._problem, "problem", str(problem))
            return
        self.regions = [*self.regions, region][-len(PICKED) :]
        self.show()

    def forget(self) -> None:
        """Take all regions away; then the mean is over all of the grid."""
        self.regions = []
        self.show()

    @property
    def chosen(self) -> dict[str, Any]:
        """The regions."""
        return {"regions": tuple(written(region) for region in self.regions)} if self._mesh is self.mesh else {}

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Take over the regions of an address but those in which the grid has no cell."""
        regions = []
        for drawn in wanted.regions:
            try:
                region = region_of(drawn)
                of_region(self.state.picture.field.variable.mesh, region)
            except InputError as problem:
                report(f"regions: {problem}")
            else:
                regions.append(region)
        self.regions = regions
        self.show()

    def asked(self, field: Field) -> Means:
        """Return the means at all times, at the level and member that the map shows."""
        if field.variable.mesh is not self._mesh:
            self._mesh, self.regions = field.variable.mesh, []
        self.clear.disabled = not self.regions
        e = covered(field.variable.mesh)
        regions = tuple(self.regions) or (Box(e.west, e.east, e.south, e.north),)
        return Means(self.state.opened, field, others(field, field.variable.axis("time")), regions)

    @staticmethod
    def compute(asked: Means) -> tuple[Cut, Raster]:
        """Return the means (times, regions), and the pixels of the small map."""
        means = means_of_regions(asked.dataset, asked.field.variable.name, asked.regions, dict(asked.at))
        return means, rasterise(asked.field)

    def draw(self, asked: Means, found: tuple[Cut, Raster]) -> None:
        """Draw the lines, the regions, and the numbers at the time that the map shows."""
        cut, raster = found
        variable, time = cut.variable, cut.along
        colors, units = PICKED[: len(asked.regions)], units_label(variable.units)
        self.lines.pane.visible = time is not None and len(time) > 1
        names = ["all of it"] if not self.regions else [region_name(region) for region in asked.regions]
        if time is not None:
            x = replace(scale_of(time), downward=False)
            lines = [(positions(time), values) for values in cut.values.T]
            self.lines.show(lines, colors, names, x, value_scale(variable.title, units))
        self.locator.show(asked.dataset, asked.field, raster, (self.state.low, self.state.high))
        outlines = [region.outline() for region in asked.regions] if self.regions else []
        self.locator.lines([(on_branch(x, raster.west), y) for x, y in outlines], colors[: len(outlines)])
        several = outlines if len(outlines) > 1 else []
        self.locator.points([_middle(outline) for outline in several], colors[: len(several)])
        now = cut.values[asked.field.selection[time.name] if time is not None else 0]
        rows = (
            f"<tr><th>{sign(color)}{escape(name)}</th><td>{number(value)} {escape(units)}</td></tr>"
            for name, color, value in zip(names, colors, now, strict=True)
        )
        self.numbers.object = f'<table class="numbers runs">{"".join(rows)}</table>'

    def snapshot(self, asked: Means, found: tuple[Cut, Raster]) -> Snapshot:
        """Return the means with their script."""
        field, limits = asked.field, (self.state.low, self.state.high)
        source = self.source(field.variable.name, tuple(field.selection.items()))
        name = stem("explore", source.dataset, source.variable, "regions")
        script = regions_script(source, asked.regions, limits, name)
        return Snapshot(name, lambda: region_means(field, found[0], asked.regions, limits), {"py": script})

    def table(self, asked: Means, found: tuple[Cut, Raster]) -> str:
        """Return a row for each region, with the middle of its corners."""
        middles = np.array([_middle(region.outline()) for region in asked.regions])
        return cut_csv(found[0], "region", tuple(middles.T))


def written(region: Region) -> tuple[Any, ...]:
    """Return a region as an address says it: edges of a box, west, east, south, north; or corners, longitude and latitude."""
    if isinstance(region, Box):
        return region.west, region.east, region.south, region.north
    return tuple(zip(*(degrees[:-1].tolist() for degrees in region.outline()), strict=True))


def region_of(drawn: tuple[Any, ...]) -> Region:
    """Return the region that an address says.

    Raises
    ------
    InputError
        If the edges of a box are the wrong way round.
    """
    return Polygon(drawn) if isinstance(drawn[0], tuple) else Box(*drawn)


def _middle(outline: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """Return latitude and longitude of the middle of the corners of an outline, of which the last is the first."""
    x, y = outline
    return float(y[:-1].mean()), float(x[:-1].mean())
