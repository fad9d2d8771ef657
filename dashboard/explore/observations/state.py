"""What a person has chosen of a file of observations, and what there is to show for it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import param

from backends.errors import InputError
from backends.fields.raster import Window
from backends.fields.views import projection_of
from backends.geometry.projections import Projection
from backends.observations.card import Card, card
from backends.observations.comparison import Comparison
from backends.observations.linked import Linked, without
from backends.observations.mapped import Drawing, Drawn, drawn
from backends.observations.one_variable import OneVariable, one_variable
from backends.observations.overview import Overview, overview
from backends.observations.projected import box_of, find_on
from backends.observations.selection import Selection
from backends.observations.suspicious import Suspects, suspects
from backends.observations.table import Table
from dashboard.explore.mapped import Mapped
from dashboard.explore.observations.file_state import FileState

#: Counts, and draws maps: two threads, so that a map that is moved need not wait until millions are counted.
COUNTING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counting")
DRAWING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing")

#: Seconds that counting waits for a map, before each of its pieces.
LONGEST_WAIT = 0.2


class ObservationState(FileState, Mapped):
    """State of the observation views, without any widget.

    The first group of parameters is what a person sets; the second follows from it. Files are decoded in processes of their
    own and counted on a thread; what could not be read leaves what is shown where it is.
    """

    variable = param.String(doc="Name of the variable that is looked at.")
    selection = param.Parameter(default=Selection(), doc="What is chosen of its observations, in any of the views.")
    colour = param.String(default="value", doc="What the map is coloured by, one of `COLOURS`.")
    limits = param.Dict(default={}, doc="The colour limits that a person has set of this variable, by what they are of.")

    file_of = param.Parameter(default=None, doc="Those of the variable, as the file has them.")
    comparison = param.Parameter(default=None, doc="The same with the model equivalents of a field, if there is one.")
    under = param.Boolean(default=True, doc="Whether that field is shown under the observations.")
    of = param.Parameter(default=None, doc="What all views show: the one or the other.")
    overview = param.Parameter(default=None, doc="What is counted of them.")
    picture = param.Parameter(default=None, doc="What the map shows of them.")
    on_map = param.Parameter(default=None, doc="The projection that the picture is in; None for latitude and longitude.")
    area = param.Parameter(default=None, doc="All that this map shows, in its x and y.")
    field_under = param.Parameter(default=None, doc="The pixels of the field that it is shown over.")
    card = param.Parameter(default=None, doc="The report that was clicked.")
    suspects = param.Parameter(default=None, doc="Duplicates and suspicious places, once they have been asked for.")
    problem = param.String(doc="Why what was asked for is not shown.")

    def __init__(self, size: tuple[int, int] = (900, 480)) -> None:
        super().__init__()
        #: Pixels of the map on the screen.
        self.size = size
        #: The table whose middle the map has been turned to.
        self._middle_of: Table | None = None
        self._choosing = self._work(COUNTING, lambda request: one_variable(*request), self._on_variable, self._on_failed)
        self._counting = self._work(COUNTING, self._count, self._on_overview, self._on_failed)
        self._drawing = self._work(DRAWING, drawn, self._on_picture, self._on_failed)
        self._suspecting = self._work(COUNTING, suspects, self._on_suspects, self._on_failed)
        self._finding = self._work(DRAWING, _find, self._on_card, self._on_failed)

    def _take(self, table: Table) -> None:
        """Show the variable of a table that tells most."""
        counted = table.variable.counts()
        self.param.update(table=table, opening="", selection=Selection(), overview=None, card=None, suspects=None)
        if counted:
            self.choose_variable(max(counted, key=lambda name: (name == "air_temperature", counted[name])))
        else:
            words = f"{table.source} holds no observations"
            self.param.update(of=None, file_of=None, overview=None, picture=None, problem=words)

    # Choosing -----------------------------------------------------------------------------------------------------

    def choose_variable(self, name: str) -> None:
        """Look at another variable; levels and values that were chosen are those of the last one, and are let go."""
        kept = without(without(self.selection, "value"), "level")
        self.param.update(variable=name, selection=kept, overview=None, problem="")
        self._choosing.request((self.table, name))

    def _on_variable(self, request: tuple[Table, str], of: OneVariable) -> None:
        if request == (self.table, self.variable):
            self.param.update(window=None, card=None, comparison=None, picture=None, limits={})
            self._turn_to_all(of)
            self._look_at(of)
            self.file_of = of

    def _turn_to_all(self, of: OneVariable) -> None:
        """Put the middle of the observations of a new file into the middle of the map, unless they are all round it."""
        if self._middle_of is not self.table:
            self._middle_of = self.table
            a = of.area
            if a.east - a.west < 360:
                east = round(((a.west + a.east) / 2 + 180) % 360 - 180, 1)
                self.param.update(middle_latitude=round((a.south + a.north) / 2, 1), middle_longitude=east)

    def take_comparison(self, comparison: Comparison | None) -> None:
        """Show the departures from another field, or again those that the file has."""
        if self.file_of is not None:
            self.comparison = comparison
            self._look_at(self.file_of if comparison is None else comparison.of)

    def _look_at(self, of: OneVariable) -> None:
        colour = self.colour if self.colour in self.colours(of) else "value"
        self.param.update(of=of, colour=colour)
        self._refresh()

    @staticmethod
    def colours(of: OneVariable) -> dict[str, str]:
        """Return what a map of these observations can be coloured by, with what a person calls it."""
        there = {"value": True, "background": np.isfinite(of.table.background).any()}
        there |= {"analysis": np.isfinite(of.table.analysis).any(), "quality": True, "number": True}
        return {name: COLOURS[name] for name, has in there.items() if has}

    def choose(self, **choice: object) -> None:
        """Choose in one view; all others then show only what fits."""
        self.select(replace(self.selection, **choice))

    def forget(self, aspect: str) -> None:
        """Let go of what was chosen in one view (`linked.ASPECTS`)."""
        self.select(without(self.selection, aspect))

    def select(self, selection: Selection) -> None:
        """Take over what is chosen."""
        if selection != self.selection:
            self.selection = selection
            self._refresh()

    def choose_colour(self, colour: str) -> None:
        """Colour the map by something else."""
        if colour != self.colour:
            self.colour = colour
            self._draw()

    def set_limits(self, low: float, high: float) -> None:
        """Set the limits of the colours, those of departures evenly about zero, or say why they cannot be used."""
        if self.colour in DEPARTURES:
            high = max(abs(low), abs(high))
            low = -high
        if low < high:
            self.param.update(limits={**self.limits, self.colour: (low, high)}, problem="")
        else:
            self.problem = f"the lower colour limit must be below the upper one; came {low:g} and {high:g}"

    def forget_limits(self) -> None:
        """Let the limits of the colours follow what is chosen again."""
        self.limits = {name: limits for name, limits in self.limits.items() if name != self.colour}

    def turn_to(self, latitude: float, longitude: float, coarse: bool = False) -> None:
        """Put a place, degrees, into the middle of the map; all of it is shown, unless a globe keeps its size."""
        if self.projection != "globe":
            self.window = None
        super().turn_to(latitude, longitude, coarse)

    def resize(self, size: tuple[int, int]) -> None:
        """Draw for a map of so many pixels on the screen: of many observations its own pixels are squares of them."""
        if size != self.size:
            self.size = size
            if self.picture is not None and self.picture.raster is not None:
                self._draw()

    def choose_box(self, drawn: Window) -> None:
        """Choose what lies in a box on the map."""
        if self.on_map is None:
            self.choose(box=(drawn.west, drawn.east, max(drawn.south, -90.0), min(drawn.north, 90.0)))
        elif (box := box_of(self.on_map, drawn)) is not None:
            self.choose(box=box)

    def look_at(self, window: Window) -> None:
        """Show a part of the map at the screen's resolution."""
        if self.of is not None and window != self.window:
            self.window = window
            self._draw()

    def pick(self, latitude: float, longitude: float) -> None:
        """Show the card of the report nearest to a place, if there is one near it on the map."""
        if self.of is not None:
            seen = self.window or self.area or self.of.area
            self._finding.request((self.table, self.of, self.selection, latitude, longitude, seen, self.on_map))

    def show_row(self, row: int | None) -> None:
        """Show the card of a row of the whole table, or none.

        Raises
        ------
        InputError
            If there is no such row.
        """
        if row is not None and not 0 <= row < len(self.table):
            raise InputError(f"the file has {len(self.table):,} observations, counted from 0; came {row}")
        if row != self.row:
            self.card = None if row is None else card(self.table, row)

    @property
    def row(self) -> int | None:
        """The row of the whole table whose card is shown."""
        return None if self.card is None else self.card.of

    def list_suspects(self) -> None:
        """Ask for duplicates and suspicious places, unless they are there."""
        if self.table is not None and self.suspects is None:
            self._suspecting.request(self.table)

    def _on_suspects(self, table: Table, found: Suspects) -> None:
        if table is self.table:
            self.suspects = found

    # What follows -------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if self.of is not None:
            self._draw()
            self._counting.request((self.of, self.selection))

    def _draw(self, coarse: bool = False) -> None:
        if self.of is not None:
            self._drawing.request(self.wanted)

    @property
    def wanted(self) -> Drawing:
        """What the map is to show now, once there are observations."""
        middle = self.middle_latitude, self.middle_longitude
        projection = None if self.projection == "lat-lon" else projection_of(self.projection, *middle)
        comparison = self.comparison if self.under else None
        return Drawing(self.of, self.selection, self.colour, self.window, self.size, projection, comparison)

    def show_under(self, under: bool) -> None:
        """Show the field that observations are compared with under them, or not."""
        self.under = under
        self._draw()

    def _count(self, request: tuple[OneVariable, Selection]) -> Overview | None:
        of, selection = request
        try:
            return overview(of.table, Linked(of.table, selection), partial(self._let_draw, of, selection))
        except _NoLongerWanted:
            return None

    def _let_draw(self, of: OneVariable, selection: Selection) -> None:
        """Wait, but not for ever, while a map is drawn; give up where something else has been chosen meanwhile."""
        if of is not self.of or selection != self.selection:
            raise _NoLongerWanted
        self._drawing.wait_a_while(LONGEST_WAIT)

    def _on_overview(self, request: tuple[OneVariable, Selection], found: Overview | None) -> None:
        if found is not None and request[0] is self.of:
            self.param.update(overview=found, problem="")

    def _on_picture(self, wanted: Drawing, found: Drawn) -> None:
        on_degrees = self.projection == "lat-lon"
        if wanted.of is self.of and wanted.colour == self.colour and (wanted.projection is None) == on_degrees:
            self.param.update(picture=found.picture, on_map=wanted.projection, area=found.area, field_under=found.under)

    def _on_card(self, request: tuple[Table, OneVariable, *tuple[object, ...]], found: Card | None) -> None:
        if request[0] is self.table and request[1] is self.of:
            self.card = found

    def _on_failed(self, problem: str) -> None:
        self.problem = problem

    # The end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of everything when the session ends."""
        super().close()
        with param.parameterized.discard_events(self):
            self.table = self.of = self.file_of = self.comparison = self.overview = self.picture = self.card = None
            self.field_under = self._middle_of = None


#: What the map can be coloured by, and which of it are differences from a model.
COLOURS = {"value": "value", "background": "O−B", "analysis": "O−A", "quality": "quality class", "number": "number"}
DEPARTURES = ("background", "analysis")


class _NoLongerWanted(Exception):  # noqa: N818  not an error: something else is to be counted
    """The counting was ended because something else has been chosen."""


def _find(request: tuple[Table, OneVariable, Selection, float, float, Window, Projection | None]) -> Card | None:
    table, of, selection, latitude, longitude, seen, projection = request
    if projection is None:
        row = of.find(selection, latitude, longitude, seen)
    else:
        row = find_on(of, projection, selection, latitude, longitude, seen)
    return None if row is None else card(table, row)
