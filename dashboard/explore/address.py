"""What the address of the Explore page says: what is shown, how, what is chosen of it, and what it is compared with."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.fields.field import Variable
from dashboard.address import Tab
from dashboard.explore.address_keys import ExploreSettings
from dashboard.explore.address_map import map_asked, of_map, part_asked, rounded
from dashboard.explore.address_overlays import draw_over, of_overlays
from dashboard.explore.observations.address import columns_asked, columns_shown, selection_of, shown_of
from dashboard.explore.observations.view import ObservationsView
from dashboard.explore.overlays import MapOverlaysView
from dashboard.explore.state import ExploreState
from dashboard.explore.views import KEYS, ExploreViews
from dashboard.plots.live import LiveMap
from dashboard.theme import limits, style_of

#: What says which part of the Earth is seen, and how.
_MAP = ("projection", "latitude", "longitude")
#: What needs no other picture of the map.
_BESIDE = ("at", "low", "high", "zoom", "tab", "log_pressure", *KEYS)


class ExploreAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`.

    What an address asks for is taken over as it can be: the variable when its file is open, before it is drawn; places,
    limits and lines when there is a picture. To be made before anything else follows the state.
    """

    STEPS: Sequence[str] = (
        "dataset", "variable", "projection", "tab", "compare", "compare_with", "field", "field_variable", "view",
        "report_types", "qualities", "box", "start", "end", "levels", "within", "report", "line", "across", "regions",
        "probability", "spectrum", "array", "query", "axes",
    )  # fmt: skip

    def __init__(self, state: ExploreState) -> None:
        self._state = state
        self._wanted: ExploreSettings | None = None
        self._tab: Tab | None = None
        self._map: LiveMap | None = None
        self._overlays: MapOverlaysView | None = None
        self._views: ExploreViews | None = None
        self._observations: ObservationsView | None = None
        #: Told what turns out not to be there; set by the page.
        self.report: Callable[[str], Any] = lambda _fault: None
        state.param.watch(self._on_opened, "opened")
        state.param.watch(self._on_picture, "picture")
        state.param.watch(self._on_failed, "open_problem")
        state.observations.param.watch(self._on_observations, "of")

    def follow(self, tab: Tab, drawn: LiveMap, overlays: MapOverlaysView, views: ExploreViews) -> None:
        """Follow the tabs, the part of the map that is looked at, what lies over it, and what is compared with it, too."""
        self._tab, self._map, self._overlays, self._views = tab, drawn, overlays, views

    def follow_observations(self, view: ObservationsView) -> None:
        """Follow the field that observations are compared with, and the tabs below them, too."""
        self._observations = view

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
        if self._state.picture is None and self._tab is not None:
            self._tab.show(found.settings.tab)  # which the page then begins with
        dataset = found.settings.dataset or self._state.dataset
        if found.settings.columns:
            self._state.observations.expect(dataset, columns_asked(found.settings.columns))
        if self._state.entries:
            self._state.open(dataset)
        return found.faults

    def _step(self, wanted: ExploreSettings) -> bool:
        """Go to what needs no other picture of the Earth, and return whether nothing else is asked for.

        Of fields that is another time or level, other limits, another tab, or what is compared; of observations all but another
        file, variable or map. To open the same dataset again for it would begin the page anew.
        """
        state, tab = self._state, self._tab
        if state.shows_observations:
            return self._step_of_observations(wanted)
        shown = None if self._wanted is not None or state.reading else self._of_field()
        if shown is None or tab is None:
            return False
        given: dict[str, Any] = {name: getattr(wanted, name) for name in _BESIDE}
        if ExploreSettings.model_validate({"dataset": state.dataset, **shown, **given}) != wanted:
            return False
        variable = state.opened.variable(state.variable)
        for name, index in ({axis.name: 0 for axis in variable.axes} | self._indices(variable, wanted)).items():
            state.choose(name, index)
        if wanted.low is not None and wanted.high is not None:
            state.set_limits(wanted.low, wanted.high)
        else:
            state.usual_limits()
        if self._map is not None:
            self._map.look_at(part_asked(wanted), self.report)
        self._show_tab(wanted)
        return True

    def _step_of_observations(self, wanted: ExploreSettings) -> bool:
        state, shown = self._state, None
        if self._wanted is None and not state.reading and not state.observations.opening:
            shown = self._of_observations()
        if shown is None or (wanted.dataset or state.dataset) != state.dataset:
            return False
        asked = wanted.model_dump()
        if any(asked[name] != value for name, value in shown.items() if name in ("variable", *_MAP)):
            return False
        if wanted.columns and wanted.columns != shown.get("columns"):
            return False
        self._take_observed(wanted)
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
            "log_pressure": state.log_pressure,
        }
        if (state.low, state.high) != limits(style_of(picture.field.variable), picture.usual):
            shown |= {"low": state.low, "high": state.high}
        if self._map is not None and (part := self._map.part) is not None:
            shown |= {"zoom": rounded(part)}
        if self._overlays is not None:
            shown |= of_overlays(self._overlays)
        on_tabs = {} if self._views is None else self._views.settings
        return shown | of_map(state) | on_tabs | {"tab": self._tab.name}

    def _of_observations(self) -> dict[str, Any] | None:
        state = self._state.observations
        if state.of is None:
            return None
        shown = {"variable": state.variable, "colour": state.colour, **shown_of(state.selection), "report": state.row}
        if state.text_file is not None and state.columns is not None:
            shown["columns"] = columns_shown(state.columns)
        if self._observations is not None:
            passed = self._observations.departures.passed.value
            shown |= self._observations.compare.chosen | {"view": self._observations.view, "passed": passed}
            if (part := self._observations.map.part) is not None:
                shown |= {"zoom": rounded(part)}
        low, high = state.limits.get(state.colour, (None, None))
        return shown | of_map(state) | {"low": low, "high": high}

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
            **map_asked(wanted),
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
        if self._map is not None:
            self._map.begin_at(part_asked(wanted), self.report)
        if self._overlays is not None:
            draw_over(self._overlays, wanted, self.report)
        self._show_tab(wanted)

    def _show_tab(self, wanted: ExploreSettings) -> None:
        """Show a tab, and choose what is asked for of all tabs."""
        self._state.log_pressure = wanted.log_pressure
        if self._tab is not None and self._views is not None:
            self._tab.show(wanted.tab)
            self._views.choose(wanted, self.report)

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
        state.param.update(**map_asked(wanted))
        self._take_observed(wanted, arriving=True)

    def _take_observed(self, wanted: ExploreSettings, arriving: bool = False) -> None:
        """Take over what is chosen of the observations that are there, and what they are compared with.

        Those that have just arrived are compared anyway.
        """
        state, view = self._state.observations, self._observations
        try:
            state.show_row(wanted.report)
        except InputError as problem:
            self.report(f"report: {problem}")
        try:
            chosen = selection_of(wanted.model_dump())
        except InputError as problem:
            self.report(str(problem))
        else:
            state.select(chosen)
        if view is not None:
            if arriving or state.picture is None:
                view.map.begin_at(part_asked(wanted), self.report)
            else:
                view.map.look_at(part_asked(wanted), self.report)
            view.departures.passed.value = wanted.passed
            view.show_tab(wanted.view)
            fault = view.compare.choose(
                wanted.field, wanted.field_variable, wanted.in_time, wanted.field_shown, ask=not arriving
            )
            if fault:
                self.report(fault)
        if wanted.colour in state.colours(state.of):
            self._colour(wanted)
        elif view is not None:
            view.compare.when_there(partial(self._colour_departures, wanted, state.colour, state.limits))

    def _colour_departures(self, wanted: ExploreSettings, colour: str, limits: dict[str, Any]) -> None:
        """Colour the map by departures that are there now, unless a person has chosen other colours or limits than these."""
        state = self._state.observations
        if (state.colour, state.limits) == (colour, limits) and wanted.colour in state.colours(state.of):
            self._colour(wanted)

    def _colour(self, wanted: ExploreSettings) -> None:
        state = self._state.observations
        state.choose_colour(wanted.colour)
        if wanted.low is not None and wanted.high is not None:
            state.set_limits(wanted.low, wanted.high)
        else:
            state.forget_limits()

    def _on_failed(self, event: Event) -> None:
        """Say it above the page, too: the list of datasets, of which none is chosen then, soon chooses its first."""
        if event.new and self._wanted is not None:
            self._wanted = None
            self.report(f"dataset: {event.new}")
