"""What a person has chosen on the Explore page, and what there is to show for it."""

import param

from backends.errors import InputError
from backends.fields.catalogue import Catalogue, Entry
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Series, Variable
from backends.fields.meshes import cell_at
from backends.fields.messages import Message, messages
from backends.fields.picture import Picture
from backends.fields.raster import Window
from backends.fields.views import covered
from backends.observations.catalogue import listed
from dashboard.explore.mapped import Mapped
from dashboard.explore.observations.files import ObservationFile
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.sources import Sources
from dashboard.explore.wanted import Selection, Wanted, drawn, most_telling, traced
from dashboard.theme import PICKED, limits, style_of
from dashboard.worker import FILES, LatestWins


class ExploreState(Mapped):
    """State of the page, without any widget.

    The first group of parameters is what a person sets; the second follows from it. Files are read on the file thread;
    what could not be read leaves the last good picture where it is and says why.
    """

    dataset = param.String(doc="Key of the dataset: in the catalogue, or of an uploaded file.")
    variable = param.String(doc="Name of the variable.")
    selection = param.Dict(default={}, doc="The index chosen on each axis of the variable, by the axis's name.")
    low = param.Number(default=0.0, doc="Lower colour limit, in the variable's unit.")
    high = param.Number(default=1.0, doc="Upper colour limit, in the variable's unit.")
    picked = param.List(default=[], doc="Places (latitude, longitude) whose series are drawn.")
    log_pressure = param.Boolean(default=True, doc="Whether pressure is logarithmic on all tabs with levels upright.")

    entries = param.List(default=[], doc="The catalogue as it was when the page was opened.")
    opened = param.Parameter(default=None, doc="The opened dataset.")
    picture = param.Parameter(default=None, doc="The picture on the map.")
    shown = param.String(default="lat-lon", doc="Key of the projection that the picture is in.")
    series = param.List(default=[], doc="The series at the picked places.")
    messages = param.List(default=[], doc="The messages of the GRIB file that is open, once they have been asked for.")
    problem = param.String(doc="Why the field asked for is not what is shown.")
    open_problem = param.String(doc="Why a file could not be opened.")
    reading = param.String(doc="What is being opened at the moment.")
    shows_observations = param.Boolean(doc="Whether observations are looked at, and not a field.")
    uploads = param.Dict(default={}, doc="Paths of the uploaded files, by key.")

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.observations = ObservationState()
        self.observations.param.watch(self._on_observations, "table")
        self.observations.param.watch(self._on_not_observed, "open_problem")
        self._sources = Sources(catalogue)
        self._limits_for: tuple[object, ...] = ()
        #: Dataset, variable, projection and part of the map that the picture was asked for of.
        self._shown_for: tuple[object, ...] = ()
        self._listing = LatestWins(FILES, lambda _: listed(catalogue), self._on_listed, self._on_open_failed)
        self._opening = LatestWins(FILES, self._sources.open, self._on_opened, self._on_open_failed)
        self._drawing = LatestWins(FILES, drawn, self._on_picture, self._on_failed)
        self._tracing = LatestWins(FILES, traced, self._on_series, self._on_failed)
        self._indexing = LatestWins(FILES, messages, self._on_messages, self._on_failed)

    # Opening ------------------------------------------------------------------------------------------------------

    def begin(self, dataset: str = "") -> None:
        """List the catalogue and open a dataset of it, by default the first; called when all that watches is in place."""
        self._listing.request(dataset)

    def _on_listed(self, wanted: str, entries: list[Entry]) -> None:
        self.reading = wanted  # before the list, so that it shows what is being opened
        self.entries = entries
        self.open(wanted or entries[0].key)

    def open(self, key: str) -> None:
        """Open a dataset of the catalogue, an uploaded one, or a file by its path relative to the data folder."""
        self.reading = key.strip()
        self._opening.request(self.reading)

    def upload(self, name: str, content: bytes) -> None:
        """Keep an uploaded file until the session ends, and open it."""
        try:
            key = self._sources.uploads.keep(name, content)
        except InputError as problem:
            self.open_problem = str(problem)
            return
        self.uploads = self._sources.uploads.paths
        self.open(key)

    def _on_opened(self, key: str, dataset: FieldDataset | ObservationFile) -> None:
        if isinstance(dataset, ObservationFile):
            self.observations.open(dataset)
            return
        self.observations.cancel()
        self.observations.text_file = None
        if self.shows_observations:
            self.take_map(self.observations)
        variable = most_telling(dataset)
        extent = covered(variable.mesh)
        if not extent.is_global:  # a globe is turned to where there is something to see
            self.middle_latitude, self.middle_longitude = (round(degrees, 1) for degrees in extent.middle)
        self.clear_picked()
        self.param.update(
            dataset=key,
            opened=dataset,
            variable=variable.name,
            selection=self._start(variable),
            window=None,
            messages=[],
            open_problem="",
            reading="",
            shows_observations=False,
        )
        self._draw()

    def _on_observations(self, _event: param.parameterized.Event) -> None:
        if self.observations.file is not None:
            if not self.shows_observations:
                self.observations.take_map(self)
            self.param.update(dataset=self.observations.file.key, shows_observations=True, open_problem="", reading="")

    def _on_not_observed(self, event: param.parameterized.Event) -> None:
        if event.new:
            self.param.update(open_problem=event.new, reading="")

    def cancel(self) -> None:
        """Stop decoding observations; what is shown stays."""
        self.observations.cancel()
        self.reading = ""

    def _on_open_failed(self, problem: str) -> None:
        self.param.update(reading="", open_problem=problem)

    # Choosing and drawing -----------------------------------------------------------------------------------------

    def choose_variable(self, name: str) -> None:
        """Show another variable of the dataset, at the same index of the axes that both have."""
        if self.opened is not None and name != self.variable:
            self.clear_picked()
            self.param.update(variable=name, selection=self._start(self.opened.variable(name)), window=None)
            self._draw()

    @property
    def has_messages(self) -> bool:
        """Whether what is open is a GRIB file."""
        return self.opened is not None and self.opened.format == "GRIB"

    def list_messages(self) -> None:
        """Ask for the messages of the GRIB file that is open, unless they are there."""
        if self.has_messages and not self.messages:
            self._indexing.request(self.opened)

    def _on_messages(self, dataset: FieldDataset, found: list[Message]) -> None:
        if dataset is self.opened:
            self.messages = found

    def show_message(self, message: Message) -> None:
        """Show the field of a message, or say why that cannot be."""
        if message.variable is None:
            self.problem = (
                "this message cannot be shown: it lies on no grid that is known, or an earlier message has the same variable, "
                "time, level and member"
            )
            return
        if message.variable != self.variable:
            self.clear_picked()
        self.param.update(variable=message.variable, selection=dict(message.selection), window=None)
        self._draw()

    def choose(self, axis: str, index: int) -> None:
        """Show another index of one of the variable's axes."""
        if self.selection.get(axis) != index:
            self.selection = {**self.selection, axis: index}
            self._draw()
            time = self.time_axis
            if self.picked and time is not None and axis != time.name:
                self._trace_picked()

    def look_at(self, window: Window) -> None:
        """Show a part of the map at the screen's resolution, where the grid has more points than are drawn."""
        picture = self.picture
        if picture is None or not picture.pixels_are_fewer:
            return
        # Another part that is on the way would take the place of what is here.
        newest = self._shown_for == (self.opened, self.variable, self.projection, self.window)
        if not (newest and picture.holds(window)):
            self.window = window.widened()
            self._draw()

    @property
    def settled(self) -> bool:
        """Whether the picture is of what is chosen, and no other one is on its way."""
        return (
            self.picture is not None
            and self._shown_for == (self.opened, self.variable, self.projection, self.window)
            and dict(self.picture.field.selection) == dict(self.selection)
        )

    @property
    def time_axis(self) -> Axis | None:
        """The time axis of the variable, if it has one."""
        return self.opened.variable(self.variable).axis("time") if self.opened is not None else None

    def _start(self, variable: Variable) -> Selection:
        kept = ((axis, self.selection.get(axis.name, 0)) for axis in variable.axes)
        return {axis.name: index if index < len(axis) else 0 for axis, index in kept}

    def _draw(self, coarse: bool = False) -> None:
        wanted = Wanted(
            self.opened, self.variable, dict(self.selection), self.window, self.projection,
            (self.middle_latitude, self.middle_longitude), coarse,
        )  # fmt: skip
        self._drawing.request(wanted)

    def _on_picture(self, wanted: Wanted, picture: Picture) -> None:
        dataset, name, selection = wanted.dataset, wanted.variable, wanted.selection
        if (dataset, name, wanted.projection) != (self.opened, self.variable, self.projection):
            return  # something else has been chosen since; its picture is on the way
        variable = picture.field.variable
        alike = {axis.name for axis in variable.axes if axis.role in ("time", "member")}
        limits_for = (dataset, name, *(index for axis, index in selection.items() if axis not in alike))
        self._shown_for = (dataset, name, wanted.projection, wanted.window)
        changes: dict[str, object] = {"picture": picture, "shown": wanted.projection, "problem": ""}
        if limits_for != self._limits_for:
            self._limits_for = limits_for
            changes["low"], changes["high"] = limits(style_of(variable), picture.usual)
        if not picture.here.count:
            changes["problem"] = f"{variable.title} has no values here: every grid point is missing (NaN)"
        self.param.update(**changes)

    def _on_failed(self, problem: str) -> None:
        self.problem = problem

    def set_limits(self, low: float, high: float) -> None:
        """Set the colour limits, or say why they cannot be used."""
        if low < high:
            self.param.update(low=low, high=high, problem="")
        else:
            self.problem = f"the lower colour limit must be below the upper one; came {low:g} and {high:g}"

    def usual_limits(self) -> None:
        """Set the colour limits that hold all times and members at this level."""
        if self.picture is not None:
            self.set_limits(*limits(style_of(self.picture.field.variable), self.picture.usual))

    def fit_limits(self) -> None:
        """Set the colour limits that hold just the field that is shown."""
        if self.picture is not None:
            self.set_limits(*limits(style_of(self.picture.field.variable), self.picture.here))

    # Series at places ---------------------------------------------------------------------------------------------

    def pick(self, latitude: float, longitude: float) -> None:
        """Draw the series at a place, in addition to those that are drawn; the oldest goes when there are too many."""
        if self.picture is None:
            return
        if self.time_axis is None and self.picture.field.variable.axis("level") is None:
            self.problem = "this variable has a single time and a single level, so there is no series or profile to draw"
            return
        try:
            cell_at(self.picture.field.variable.mesh, latitude, longitude)
        except InputError as problem:
            self.problem = str(problem)
            return
        self.param.update(picked=[*self.picked, (latitude, longitude)][-len(PICKED) :], problem="")
        self._trace_picked()

    def clear_picked(self) -> None:
        """Take all series away."""
        self.param.update(picked=[], series=[])

    def _trace_picked(self) -> None:
        if self.time_axis is None:
            return  # there are profiles, but no series
        self._tracing.request((self.opened, self.variable, dict(self.selection), tuple(self.picked)))

    def _on_series(self, request: tuple[FieldDataset, str, Selection, object], series: list[Series]) -> None:
        if request[:2] == (self.opened, self.variable) and self.picked:
            self.series = series

    # The end ------------------------------------------------------------------------------------------------------

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        for work in (self._listing, self._opening, self._drawing, self._tracing, self._indexing):
            work.wait()
        self.observations.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        for work in (self._listing, self._opening, self._drawing, self._tracing, self._indexing):
            work.close()
        self.observations.close()
        self._sources.uploads.remove()
        with param.parameterized.discard_events(self):
            self.opened = self.picture = None
            self.series, self._shown_for = [], ()
