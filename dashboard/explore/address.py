"""What the address of the Explore page says: dataset, variable, time and level, map, colours, places, overlays, and the tab."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from param.parameterized import Event
from pydantic import Field

from backends.errors import InputError
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.sections import Section
from backends.fields.field import Variable
from backends.fields.views import PROJECTIONS
from dashboard.address import Tab
from dashboard.explore.mapped import Mapped
from dashboard.explore.overlays import HERE, NONE, MapOverlaysView
from dashboard.explore.state import ExploreState
from dashboard.theme import PICKED, limits, style_of

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-360, le=360)]


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
    colour: Literal["value", "background", "analysis", "quality", "number"] = Field(
        "value", description="of observations: what the map is coloured by"
    )
    report_types: tuple[str, ...] = Field((), description="of observations: types that are looked at; empty: all")
    qualities: tuple[str, ...] = Field((), description="of observations: classes that are looked at; empty: all")
    box: tuple[float, float, float, float] | None = Field(
        None, description="of observations: west, east, south, north of those that are looked at"
    )
    tab: Literal[
        "map", "compare", "ensemble", "zonal-mean", "section", "profile", "hovmoller", "regions", "statistics", "chunks"
    ] = Field("map", description="the tab that is shown")


class ExploreAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`.

    What an address asks for is taken over as it can be: the variable when its file is open, before it is drawn; places,
    limits and lines when there is a picture. To be made before anything else follows the state.
    """

    STEPS: Sequence[str] = ("dataset", "variable", "projection", "tab")

    def __init__(self, state: ExploreState) -> None:
        self._state = state
        self._wanted: ExploreSettings | None = None
        self._tab: Tab | None = None
        self._overlays: MapOverlaysView | None = None
        #: Told what turns out not to be there; set by the page.
        self.report: Callable[[str], Any] = lambda _fault: None
        state.param.watch(self._on_opened, "opened")
        state.param.watch(self._on_picture, "picture")
        state.param.watch(self._on_failed, "open_problem")
        state.observations.param.watch(self._on_observations, "of")

    def follow(self, tab: Tab, overlays: MapOverlaysView) -> None:
        """Follow the tabs and what lies over the map, too."""
        self._tab, self._overlays = tab, overlays

    @property
    def dataset(self) -> str:
        """The dataset that is asked for."""
        return "" if self._wanted is None else self._wanted.dataset

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Remember what is asked for; open its dataset, unless the page begins with it anyway."""
        found = read(pairs, ExploreSettings)
        if self._step(found.settings):
            return found.faults
        self._wanted = found.settings
        if self._state.entries:
            self._state.open(found.settings.dataset or self._state.dataset)
        return found.faults

    def _step(self, wanted: ExploreSettings) -> bool:
        """Go to another time or level, other limits or another tab, and return whether nothing else is asked for.

        To open the same dataset again for it would begin the page anew.
        """
        state, tab = self._state, self._tab
        shown = None if self._wanted is not None or state.reading or state.shows_observations else self._of_field()
        if shown is None or tab is None:
            return False
        given: dict[str, Any] = {"at": wanted.at, "low": wanted.low, "high": wanted.high, "tab": wanted.tab}
        if ExploreSettings.model_validate({"dataset": state.dataset, **shown, **given}) != wanted:
            return False
        variable = state.opened.variable(state.variable)
        for name, index in ({axis.name: 0 for axis in variable.axes} | self._indices(variable, wanted)).items():
            state.choose(name, index)
        if wanted.low is not None and wanted.high is not None:
            state.set_limits(wanted.low, wanted.high)
        else:
            state.usual_limits()
        tab.show(wanted.tab)
        return True

    # From the page to the address ---------------------------------------------------------------------------------

    def pairs(self) -> Pairs | None:
        """Return what is shown; None while something else is on its way.

        Raises
        ------
        InputError
            If it is an uploaded file.
        """
        state = self._state
        if state.reading or self._wanted is not None or not state.dataset:
            return None
        if state.dataset.startswith("uploaded "):
            raise InputError("an uploaded file is in no address; put it into the data folder of the server, and open it there")
        shown = self._of_observations() if state.shows_observations else self._of_field()
        return None if shown is None else to_pairs(ExploreSettings.model_validate({"dataset": state.dataset, **shown}).tree())

    def _of_field(self) -> dict[str, Any] | None:
        state, picture = self._state, self._state.picture
        if picture is None or state.opened is None or self._tab is None:
            return None
        variable = state.opened.variable(state.variable)
        at = {axis.name: axis.labels[state.selection[axis.name]] for axis in variable.axes if state.selection.get(axis.name)}
        shown: dict[str, Any] = {
            "variable": state.variable,
            "at": at,
            "places": tuple(state.picked),
        }
        if (state.low, state.high) != limits(style_of(picture.field.variable), picture.usual):
            shown |= {"low": state.low, "high": state.high}
        return shown | _of_map(state) | self._of_overlays() | {"tab": self._tab.name}

    def _of_overlays(self) -> dict[str, Any]:
        if self._overlays is None:
            return {}
        asked = self._overlays.asked
        shown: dict[str, Any] = {}
        if asked.contoured:
            shown |= {"contours": asked.contoured, "contour_level": asked.level, "contour_levels": asked.levels or ""}
        if asked.wind:
            shown |= {"wind": ", ".join(asked.wind), "wind_style": asked.style, "barbs": asked.unit}
        return shown

    def _of_observations(self) -> dict[str, Any] | None:
        state = self._state.observations
        if state.of is None:
            return None
        chosen = state.selection
        shown = {
            "variable": state.variable, "colour": state.colour, "report_types": chosen.report_types,
            "qualities": chosen.qualities, "box": chosen.box,
        }  # fmt: skip
        low, high = state.limits.get(state.colour, (None, None))
        return shown | _of_map(state) | {"low": low, "high": high}

    # From the address to the page ---------------------------------------------------------------------------------

    def _on_opened(self, _event: Event) -> None:
        """Choose variable, time and map before the first picture of a dataset is drawn."""
        state, wanted = self._state, self._wanted
        if wanted is None or state.opened is None or wanted.dataset not in ("", state.dataset):
            return
        variable = state.opened.variable(state.variable)
        if wanted.variable:
            try:
                variable = state.opened.variable(wanted.variable)
            except InputError as problem:
                self.report(f"variable: {problem}")
        state.param.update(
            variable=variable.name,
            selection={axis.name: 0 for axis in variable.axes} | self._indices(variable, wanted),
            **_map_asked(wanted),
        )

    def _indices(self, variable: Variable, wanted: ExploreSettings) -> dict[str, int]:
        found = {}
        for name, asked in wanted.at.items():
            axis = next((axis for axis in variable.axes if axis.name == name), None)
            if axis is None or str(asked) not in axis.labels:
                known = ", ".join(axis.labels[:3]) if axis is not None else ", ".join(axis.name for axis in variable.axes)
                self.report(f"at.{name}: is not in {variable.name}, which has {known} …; came {str(asked)!r:.60}")
            else:
                found[name] = axis.labels.index(str(asked))
        return found

    def _on_picture(self, _event: Event) -> None:
        """Take over what needs a picture."""
        state, wanted = self._state, self._wanted
        if wanted is None or state.picture is None or wanted.dataset not in ("", state.dataset):
            return
        self._wanted = None
        if wanted.low is not None and wanted.high is not None:
            state.set_limits(wanted.low, wanted.high)
        for latitude, longitude in wanted.places:
            state.pick(latitude, longitude)
        if self._overlays is not None:
            self._draw_over(self._overlays, wanted)
        if self._tab is not None:
            self._tab.show(wanted.tab)

    def _draw_over(self, overlays: MapOverlaysView, wanted: ExploreSettings) -> None:
        offered = {
            "contours": (wanted.contours, overlays.contoured),
            "wind": (wanted.wind, overlays.wind),
        }
        for key, (name, control) in offered.items():
            if name and name not in control.options.values():
                self.report(f"{key}: the dataset has no {name!r:.60}")
            else:
                control.value = name or NONE
        overlays.levels.value = wanted.contour_levels
        levels = overlays.level.options
        known = levels.values() if isinstance(levels, dict) else levels
        overlays.level.value = wanted.contour_level if wanted.contour_level in known else HERE
        overlays.style.value, overlays.unit.value = wanted.wind_style, wanted.barbs

    def _on_observations(self, _event: Event) -> None:
        state, wanted = self._state.observations, self._wanted
        if wanted is None or state.of is None or wanted.dataset not in ("", self._state.dataset):
            return
        if wanted.variable and wanted.variable != state.variable:
            if wanted.variable in state.table.variable.counts():
                state.choose_variable(wanted.variable)  # and come here again when it is there
                return
            self.report(f"variable: the file has no {wanted.variable!r:.60}")
        self._wanted = None
        state.param.update(**_map_asked(wanted))
        try:
            chosen = replace(state.selection, report_types=wanted.report_types, qualities=wanted.qualities, box=wanted.box)
        except InputError as problem:
            self.report(str(problem))
        else:
            state.select(chosen)
        if wanted.colour in state.colours(state.of):
            state.choose_colour(wanted.colour)
            if wanted.low is not None and wanted.high is not None:
                state.set_limits(wanted.low, wanted.high)

    def _on_failed(self, event: Event) -> None:
        if event.new:
            self._wanted = None


def _of_map(state: Mapped) -> dict[str, Any]:
    """Return the projection, and the middle of the map as far as it can be set."""
    turns = PROJECTIONS[state.projection].turns
    middle: dict[str, float] = {"latitude": state.middle_latitude, "longitude": state.middle_longitude}
    return {"projection": state.projection} | {key: value for key, value in middle.items() if key in turns}


def _map_asked(wanted: ExploreSettings) -> dict[str, Any]:
    """Return the parameters of a state for the map that is asked for; the middle where it is."""
    middle = {"middle_latitude": wanted.latitude, "middle_longitude": wanted.longitude}
    return {"projection": wanted.projection} | {key: value for key, value in middle.items() if value is not None}
