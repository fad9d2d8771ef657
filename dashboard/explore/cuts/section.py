"""A vertical section along a great circle between two places, or a curve where there is one level."""

from typing import Any, NamedTuple

import panel as pn
import panel_material_ui as pmui

from backends.fields.cut_pictures import cut_csv
from backends.fields.cuts import Section, section
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field
from backends.fields.picture import rasterise
from backends.fields.raster import Raster
from backends.fields.views import covered
from backends.pictures.cut_script import CutAsked
from backends.pictures.field_maps import written_place
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.cuts.export import cut_snapshot
from dashboard.explore.cuts.locator import LINE, Locator, beside, on_branch
from dashboard.explore.cuts.upright import UprightView
from dashboard.explore.cuts.view import others
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.cuts import Scale
from dashboard.theme import PICKED

WORDS = (
    "Along the great circle from A to B; each value is that of the grid cell there. Two clicks on the small map draw another "
    "line: the first sets A, the second B."
)
DISTANCE = Scale("number", "distance from A [km]", "km from A")
Place = tuple[float, float]


class Line(NamedTuple):
    """What a section is made of; `field` is drawn beside it."""

    dataset: FieldDataset
    field: Field
    level: str
    at: tuple[tuple[str, int], ...]
    start: Place
    end: Place
    log: bool


class SectionView(UprightView[Line, tuple[Section, Raster]]):
    """Pixels below each other or a line, the small map, and the ends as numbers."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "section.csv")
        self.locator = Locator(self._on_tap)
        self._mesh: object = None
        #: Where the line was before a person moved it.
        self._begun: tuple[Place, Place] | None = None
        self._next, self._setting = 0, False
        self.ends = [
            pmui.FloatInput(
                label=f"{name} {symbol} [°{way}]", value=0.0, start=-reach, end=reach, step=1, width=118, size="small",
                description=f"{what} of {name}, degrees {'north' if way == 'N' else 'east'}",
            )
            for name in "AB"
            for what, symbol, way, reach in (("Latitude", "φ", "N", 90), ("Longitude", "λ", "E", 360))
        ]  # fmt: skip
        for box in self.ends:
            box.param.watch(self._on_box, "value")
        self.controls.objects = [*self.ends, self.log, self.csv]
        self.body.objects = [
            beside(pn.Column(self.plane.pane, self.line.pane, sizing_mode="stretch_width", margin=0), self.locator.pane),
        ]  # fmt: skip

    @property
    def places(self) -> tuple[Place, Place]:
        """A and B, latitude and longitude."""
        a, b, c, d = (float(box.value or 0.0) for box in self.ends)
        return (a, b), (c, d)

    def set_places(self, start: Place, end: Place) -> None:
        """Move both ends."""
        self._setting = True
        for box, value in zip(self.ends, (*start, *end), strict=True):
            box.value = round(value, 2)
        self._setting = False
        self.show()

    @property
    def chosen(self) -> dict[str, Any]:
        """The line that is drawn, not one of which the second end is still to come."""
        asked = self._asked
        return {} if asked is None or self._mesh is not self.mesh else {"line": (asked.start, asked.end)}

    @property
    def changed(self) -> dict[str, Any]:
        """The line, if it has been moved."""
        chosen = self.chosen
        return {} if chosen.get("line") == self._begun else chosen

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Draw the line of an address, or that which the page begins with."""
        self._next = 0
        if wanted.line is None:
            self._mesh = None
            self.show()
        else:
            self._begun = None
            self.set_places(*wanted.line)

    def _on_box(self, *_events: object) -> None:
        if not self._setting:
            self.show()

    def _on_tap(self, latitude: float, longitude: float) -> None:
        ends = list(self.places)
        ends[self._next] = (latitude, (longitude + 180) % 360 - 180)
        self._next = 1 - self._next
        if self._next:  # the second end is still to come
            self.locator.lines([], [])
            self.locator.points(ends[:1], [LINE])
            self._setting = True
            for box, value in zip(self.ends[:2], ends[0], strict=True):
                box.value = round(value, 2)
            self._setting = False
        else:
            self.set_places(ends[0], ends[1])

    def asked(self, field: Field) -> Line | str:
        """Return the section on all levels, at the time and member that the map shows, unless an end is not on Earth."""
        if field.variable.mesh is not self._mesh:
            self._mesh = field.variable.mesh
            self._begin(field)
        if any(abs(north) > 90 or abs(east) > 360 for north, east in self.places):  # the boxes let any number be typed
            came = " and ".join(f"{north:g}°N {east:g}°E" for north, east in self.places)
            return f"the latitudes of A and B must be within ±90°, their longitudes within ±360°; came {came}"
        level = self.levels(field)
        name = "" if level is None else level.name
        return Line(self.state.opened, field, name, others(field, level), *self.places, self.state.log_pressure)

    def _begin(self, field: Field) -> None:
        """Draw the line from the last two places that were picked, or through the middle from south-west to north-east."""
        e = covered(field.variable.mesh)
        y, x = (e.north - e.south) / 4, min((e.east - e.west) / 4, 60)
        middle = (e.west + e.east) / 2
        ends = [(e.south + y, middle - x), (e.north - y, middle + x)]
        if len(self.state.picked) > 1:
            ends = self.state.picked[-2:]
        self._setting = True
        values = [value for north, east in ends for value in (north, (east + 180) % 360 - 180)]
        for box, value in zip(self.ends, values, strict=True):
            box.value = round(value, 2)
        self._setting, self._next, self._begun = False, 0, self.places

    @staticmethod
    def compute(asked: Line) -> tuple[Section, Raster]:
        """Return the section, and the pixels of the small map."""
        variable = asked.field.variable
        level = variable.axis("level") if asked.level else None
        cut = section(asked.dataset, variable.name, asked.start, asked.end, level, dict(asked.at))
        return cut, rasterise(asked.field)

    def draw(self, asked: Line, found: tuple[Section, Raster]) -> None:
        """Draw the plane or the line, and where it is."""
        cut, raster = found
        self.draw_cut(cut, DISTANCE, "along the line", asked.log)
        self.locator.show(asked.dataset, asked.field, raster, (self.state.low, self.state.high))
        self.locator.lines([(on_branch(cut.longitude, raster.west), cut.latitude)], [LINE])
        self.locator.points([asked.start, asked.end], [LINE, PICKED[1]])

    def snapshot(self, asked: Line, found: tuple[Section, Raster]) -> Snapshot:
        """Return the section with its script."""
        cut = found[0]
        wanted = CutAsked(
            "section", self.source(cut.variable.name, asked.at), asked.level,
            f"Section of {cut.variable.title} from {written_place(*asked.start)} to {written_place(*asked.end)}{self.caption}",
            DISTANCE.label, asked.log, (asked.start, asked.end),
        )  # fmt: skip
        return cut_snapshot(wanted, cut)

    def table(self, asked: Line, found: tuple[Section, Raster]) -> str:
        """Return a row for each place along the line."""
        return cut_csv(found[0], "distance [km]", (found[0].latitude, found[0].longitude))
