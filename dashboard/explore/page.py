"""The Explore page as a person sees it: controls in the sidebar, the map, the player, and the series below."""

from html import escape

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable
from param.parameterized import Event

from backends.fields.catalogue import Catalogue
from backends.fields.raster import Window
from dashboard.address import Address, Tab
from dashboard.controls import html, notice, one_message, tell
from dashboard.explore.address import ExploreAddress
from dashboard.explore.cuts.view import CutView
from dashboard.explore.export import FORMS, snapshot
from dashboard.explore.field_controls import FieldControls
from dashboard.explore.help import TOPICS, TOUR
from dashboard.explore.keys import ExploreKeys
from dashboard.explore.messages import MessagesView
from dashboard.explore.observations.view import ObservationsView
from dashboard.explore.opening import OpeningControls
from dashboard.explore.overlays import MapOverlaysView
from dashboard.explore.projection import ProjectionControls
from dashboard.explore.state import ExploreState
from dashboard.explore.views import MAP, VIEWS, ExploreViews
from dashboard.explore.words import attributes, facts, heading, legend
from dashboard.export import ExportMenu, Snapshot
from dashboard.help import Help
from dashboard.plots.live import LiveMap
from dashboard.plots.live_series import LiveSeries
from dashboard.plots.maps import room_for
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.shell import Content
from dashboard.tabs import bring_forward
from dashboard.theme import PICKED, style_of, units_label

#: Beside the map where that is narrow enough, below it where it is not.
SERIES_BOX = {"flex": "1 1 400px", "min-width": "min(400px, 100%)"}
FLEXIBLE = {"display": "flex", "flex-flow": "row wrap", "gap": "0 16px"}
#: Pixels of heading, facts (two lines in a narrow window), tabs and player above the map.
ABOVE_MAP = 324
ABOUT_HELP = "What the map and the numbers mean, with formulas, and which keys there are"
CHOOSE = "Choose a dataset on the left, or open a file of your own there."


class ExplorePage:
    """Widgets and figures round an :class:`ExploreState`; every figure is built once and changed in place."""

    def __init__(self, catalogue: Catalogue, dataset: str = "", query: str = "") -> None:
        self.map = LiveMap(
            1010, 540, on_tap=self._on_tap, on_window=self._on_window, colored_points=True, on_turn=self._on_turn
        )
        self.lines = LiveSeries()
        self._later: tuple[Viewable, ...] = ()
        self._heading, self._facts, self._legend, self._about = html(), html(), html(legend([])), html()
        self._problem = notice("problem")
        self.state = state = ExploreState(catalogue)
        link = self._link = ExploreAddress(state)
        self.messages = MessagesView(state, self._on_message_shown)
        #: Built when the first file of observations is opened.
        self.observations: ObservationsView | None = None
        self.opening = OpeningControls(state, catalogue)
        self.controls = FieldControls(state)
        self._map_box = pn.Column(self.map.pane)
        self.message_box = pmui.Accordion(
            ("Messages of the file", self.messages.pane), active=[], visible=False, sizing_mode="stretch_width"
        )
        self.message_box.param.watch(self._on_message_box, "active")
        self.clear = pmui.Button(
            label="Clear places", variant="text", size="small", visible=False, on_click=lambda _: state.clear_picked(),
            description="Take away all places and their series",
        )  # fmt: skip
        self.mapping = ProjectionControls(state)
        beside = pn.Column(self._legend, self.lines.pane, self.clear, styles=SERIES_BOX | ANY_HEIGHT)
        self.views = ExploreViews(
            # A pn.FlexBox leaves a figure without any width that comes into it later.
            state,
            pn.Column(self._map_box, beside, sizing_mode="stretch_width", margin=0, styles=FLEXIBLE | ANY_HEIGHT),
        )
        self.views.tabs.param.watch(self._on_tab, "active")
        state.param.watch(self._on_opened, ["dataset", "opened"])
        state.param.watch(self._tell_about, ["opened", "variable"])
        state.param.watch(self._show, ["picture", "low", "high"])
        self.overlays = MapOverlaysView(state, self.map)
        self.export = ExportMenu(FORMS, self._exported)
        state.param.watch(self._show_series, "series")
        state.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")
        state.param.watch(self._on_kind, "shows_observations")
        self.keys = ExploreKeys(state, self.controls.player, lambda: self.controls.selects.get("level")).keys
        self.help = Help(TOPICS, "What is seen, and what the numbers mean", ABOUT_HELP, self.keys.lines)
        state.param.watch(self._show_opening, "reading")
        link.follow(Tab(self.views.tabs, ("Map", *VIEWS)), self.map, self.overlays, self.views)
        self.address = Address(link, query)
        link.report = self.address.add
        state.begin(link.dataset or dataset)

    def _exported(self) -> Snapshot:
        """Return what the tab that is looked at draws; the map on that of chunks, too."""
        view = self.views.chosen()
        return view.exported() if isinstance(view, CutView) else snapshot(self.state, self.overlays)

    # Layout -------------------------------------------------------------------------------------------------------

    def content(self) -> Content:
        """Return the page for the frame."""
        self._settings = pn.Column(
            self.controls.variables,
            self.controls.axes,
            self.mapping.pane,
            self.controls.colours,
            self.overlays.pane,
            sizing_mode="stretch_width",
            margin=0,
        )
        about = pmui.Accordion(("About this variable", self._about), active=[], sizing_mode="stretch_width")
        #: What has nothing to show before a field is opened.
        self._later = (self._settings, self.export.button, self.views.tabs, self._legend, about)
        self._field = pn.Column(
            pn.FlexBox(
                self._heading,
                pn.Row(self.export.button, self.help.button, margin=0),
                justify_content="space-between",
                align_items="flex-start",
                flex_wrap="nowrap",
            ),
            self.export.pane,
            self._facts,
            self._problem,
            self.views.tabs,
            self.controls.player,
            self.views.pane,
            about,
            self.message_box,
            sizing_mode="stretch_width",
            margin=(6, 14),
            styles=ANY_HEIGHT,
        )
        for part in self._later:
            part.visible = self.state.opened is not None
        self._show_opening()
        self._sidebar = pn.Column(self._settings, sizing_mode="stretch_width", margin=0)
        self._main = pn.Column(self._field, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        return Content(
            [self.opening.columns.pane, self._main, self.keys, self.help.drawer],
            [*self.opening.content(), pmui.Divider(), self._sidebar],
            self.close,
            self.address,
            keys=self.keys.lines,
            tour=TOUR,
        )

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        self.state.wait()
        self.views.wait()
        if self.observations is not None:
            self.observations.compare.wait()
            self.observations.onward.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.overlays.close()
        self.export.close()
        self.views.close()
        if self.observations is not None:
            self.observations.close()
        self.state.close()

    # From the controls to the state -------------------------------------------------------------------------------

    def _on_message_shown(self) -> None:
        self.controls.offer_axes()

    def _on_message_box(self, *_events: Event) -> None:
        if self.message_box.active:
            self.state.list_messages()

    def _on_tap(self, latitude: float, longitude: float) -> None:
        self.state.pick(latitude, longitude)

    def _on_turn(self, latitude: float, longitude: float, done: bool) -> None:
        self.state.turn_to(round(latitude, 2), round(longitude, 2), coarse=not done)

    def _on_tab(self, event: Event) -> None:
        if event.new == MAP:
            self.map.bring_forward()
        elif self.state.picture is None:
            self.map.keep_back()

    def _on_window(self, window: Window) -> None:
        self.state.look_at(window)
        self.overlays.look_at(window)

    # From the state to what is shown ------------------------------------------------------------------------------

    def _on_kind(self, event: Event) -> None:
        """Show observations in the place of a field, or the other way round."""
        with one_message():
            if self.observations is None:
                self.observations = ObservationsView(self.state.observations, self.state.catalogue, self.help.another())
                self.observations.compare.offer(self.state.entries)
                self._link.follow_observations(self.observations)
            views = self.observations
            parts = ((self._main, self._field, views.pane), (self._sidebar, self._settings, views.controls))
            for column, field, observations in parts:
                bring_forward(column, (field, observations), observations if event.new else field)

    def _show_opening(self, *_events: Event) -> None:
        """Say what comes as long as there is nothing to show."""
        if self.state.opened is None:
            name = self.state.reading
            words = f"Opening {escape(name)} …" if name else CHOOSE if self.state.entries else ""
            self._heading.object = f'<div class="hint">{words}</div>'

    def _on_opened(self, *_events: Event) -> None:
        state = self.state
        self.message_box.visible = state.has_messages
        self._on_message_box()
        if state.opened is not None:
            for part in self._later:
                part.visible = True
            self._later = ()

    def _tell_about(self, *_events: Event) -> None:
        state = self.state
        if state.opened is not None:
            variable = state.opened.variable(state.variable)
            self._about.object = attributes(variable.name, variable.attributes, variable.dims, variable.shape)

    def _show(self, *_events: Event) -> None:
        state, picture = self.state, self.state.picture
        if picture is None:
            return
        variable = picture.field.variable
        units = units_label(variable.units)
        with one_message():
            limits = (state.low, state.high)
            scene = (state.opened, variable.name, state.shown)
            self.map.show(scene, picture.raster, style_of(variable), limits, variable.title, units, picture.view)
            self.controls.limits.show(*limits)
            self._map_box.styles = room_for(self.map.width, self.map.height, ABOVE_MAP)
            self._mark()
            self._heading.object = heading(picture)
            self._facts.object = facts(picture, units)
            if state.time_axis is not None:
                self.lines.move_to(picture.field.selection[state.time_axis.name])

    def _mark(self) -> None:
        series = self.state.series
        self.map.mark([s.longitude for s in series], [s.latitude for s in series], list(PICKED[: len(series)]))

    def _show_series(self, *_events: Event) -> None:
        series = self.state.series
        with one_message():
            self.clear.visible = bool(series)
            self._legend.object = legend(series)
            if self.map.figure is not None:
                self._mark()
            variable = series[0].variable if series else None
            current = self.state.selection[series[0].axis.name] if series else 0
            self.lines.show(
                series, PICKED[: len(series)], current, variable.title if variable else "",
                units_label(variable.units) if variable else "",
            )  # fmt: skip
