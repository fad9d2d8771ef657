"""Observations as a person sees them: controls for the sidebar, and map, report and counts that filter each other."""

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.catalogue import Catalogue
from backends.geometry.projections import Orthographic
from backends.observations.linked import ASPECTS
from backends.observations.schema import LEVEL_KINDS, LEVELS, QUALITIES, title
from dashboard.controls import html, notice, one_message, tell
from dashboard.explore.observations.colours import ColourControls, colour_limits, variable_style
from dashboard.explore.observations.compare import CompareControls
from dashboard.explore.observations.counts import CountsView
from dashboard.explore.observations.departures import DeparturesView
from dashboard.explore.observations.export import FORMS, snapshot
from dashboard.explore.observations.onward import Onward
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.observations.suspicious import SuspiciousView
from dashboard.explore.observations.tables import card_text, chips, pointer_columns, statistics_table, unit_text
from dashboard.explore.projection import ProjectionControls
from dashboard.export import ExportMenu
from dashboard.plots.maps import room_for
from dashboard.plots.observations.map import ObservationMap
from dashboard.plots.observations.report import ReportPlot
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.tabs import bring_forward, empty_tabs
from dashboard.theme import limits_of

HINT = (
    "Click an observation for its report. Drag with the box tool to choose an area, click a bar to choose what it counts: "
    "all views then show the same observations."
)
REPORT_BOX = {"flex": "1 1 330px", "min-width": "min(330px, 100%)"}
#: Pixels of heading, onward links and chips above the map.
ABOVE_MAP = 240
VIEWS = ("Counts", "Departures", "Suspicious")
COUNTS, DEPARTURES, SUSPICIOUS = range(len(VIEWS))


class ObservationsView:
    """Widgets and figures round an :class:`ObservationState`; only the tab that is looked at is kept up to date."""

    def __init__(self, state: ObservationState, catalogue: Catalogue, help_button: pmui.Button) -> None:
        self.state = state
        self.map = ObservationMap(760, 480, state.pick, state.look_at, state.choose_box, self._on_turn)
        self.report = ReportPlot()
        self.compare = CompareControls(state, catalogue)
        self.counts, self.departures, self.suspicious = CountsView(state), DeparturesView(state), SuspiciousView(state)
        self._opened_for: object = None
        self._turned_to: object = None
        self._showing = False
        self._heading, self._card, self._statistics = html(), html(f'<div class="hint">{HINT}</div>'), html()
        self._problem, self._apart = notice("problem"), notice("stale")
        self.onward = Onward(state)
        self._chips = pn.FlexBox(gap="6px", sizing_mode="stretch_width")
        self._map_box = pn.Column(self.map.pane)
        self._views = (self.counts.pane, self.departures.pane, self.suspicious.pane)
        self.tabs = empty_tabs(VIEWS, self._on_tab)
        self._body = pn.Column(self.counts.pane, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._build_controls()
        self.export = ExportMenu(FORMS, lambda: snapshot(state, self.compare))
        head = pn.FlexBox(
            self._heading, pn.Row(self.export.button, help_button, margin=0), justify_content="space-between",
            align_items="flex-start", flex_wrap="nowrap",
        )  # fmt: skip
        self.pane = pn.Column(
            head, self.export.pane, self.onward.pane, self._chips, self._problem, self._apart,
            pn.FlexBox(
                self._map_box, pn.Column(self._card, self.report.pane, styles=REPORT_BOX), gap="0 16px",
                sizing_mode="stretch_width", styles=ANY_HEIGHT,
            ),
            self._statistics, self.tabs, self._body, sizing_mode="stretch_width", margin=(6, 14), styles=ANY_HEIGHT,
        )  # fmt: skip
        state.param.watch(self._show_of, "of")
        state.param.watch(self._show_picture, ["picture", "limits"])
        state.param.watch(self._show_overview, ["overview", "selection"])
        state.param.watch(self._show_card, "card")
        state.param.watch(self._show_under, "under")
        state.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")

    def _build_controls(self) -> None:
        self.variable = pmui.Select(
            label="Variable", options={}, sizing_mode="stretch_width", description="What the views are of"
        )
        self.variable.param.watch(self._on_variable, "value")
        self.colours = ColourControls(self.state)
        self.types = pmui.MultiChoice(
            label="Report types", options=[], value=[], sizing_mode="stretch_width",
            description="Which are looked at; all where none is chosen",
        )  # fmt: skip
        self.types.param.watch(self._on_types, "value")
        self.qualities = pmui.MultiChoice(
            label="Quality", options=list(QUALITIES), value=[], sizing_mode="stretch_width",
            description="Classes of quality control that are looked at; all where none is chosen",
        )  # fmt: skip
        self.mapping = ProjectionControls(self.state)
        self.qualities.param.watch(self._on_qualities, "value")
        self.controls = pn.Column(
            self.variable,
            self.colours.pane,
            self.types,
            self.qualities,
            self.mapping.pane,
            pmui.Divider(),
            self.compare.pane,
            sizing_mode="stretch_width",
            margin=0,
        )

    # From the controls to the state -------------------------------------------------------------------------------

    def _on_variable(self, event: Event) -> None:
        if event.new and not self._showing and event.new != self.state.variable:
            self.state.choose_variable(event.new)

    def _on_types(self, event: Event) -> None:
        if not self._showing:
            self.state.choose(report_types=tuple(event.new))

    def _on_qualities(self, event: Event) -> None:
        if not self._showing:
            self.state.choose(qualities=tuple(event.new))

    def _on_turn(self, latitude: float, longitude: float, _done: bool) -> None:
        self.state.turn_to(round(latitude, 2), round(longitude, 2))

    def _on_tab(self, event: Event) -> None:
        with one_message():
            bring_forward(self._body, self._views, self._views[event.new])
            self._show_view()

    # From the state to what is shown ------------------------------------------------------------------------------

    def _show_of(self, *_events: Event) -> None:
        state, of = self.state, self.state.of
        self._showing = True
        if of is None:
            self._heading.object = self._statistics.object = ""
        else:
            names = {f"{title(name)} ({n:,})": name for name, n in state.table.variable.counts().items()}
            if names != self.variable.options:
                self.variable.options = {}  # a list that keeps its value goes on showing the old number of observations
                self.variable.param.update(options=names, value=state.variable)
            self.variable.value = state.variable  # whoever chose it, such as an address
            self.colours.offer(state.colours(of))
            self.types.param.update(options=sorted(name for name in of.table.report_type.counts() if name))
        self._showing = False

    def _show_picture(self, *_events: Event) -> None:
        state, drawn, of = self.state, self.state.picture, self.state.of
        if drawn is None or of is None:
            return
        with one_message():
            # A globe that is turned keeps its figure.
            opened = of.where, type(state.on_map) if isinstance(state.on_map, Orthographic) else state.on_map
            if self._opened_for != opened:
                self._opened_for = opened
                self.map.open(state.area, state.on_map)
                state.resize(self.map.size)
                self._map_box.styles = room_for(self.map.width, self.map.height, ABOVE_MAP)
            if self._turned_to != (opened, state.on_map):
                self._turned_to = opened, state.on_map
                self.map.turn(state.on_map, state.area)
                self._show_chosen()
                self._point_at()
            columns = pointer_columns(of.table, drawn.rows)
            self._show_under()
            limits = colour_limits(state, drawn.colour)
            self.map.show(drawn, variable_style(state), limits, columns)
            self.colours.show(drawn.colour, limits)

    def _show_under(self, *_events: Event) -> None:
        state = self.state
        if self.map.figure is None or state.picture is None:
            return
        raster, style = state.field_under, variable_style(state)
        if raster is None or not state.under:
            self.map.underlay(None)
        else:
            limits = colour_limits(state, "value") if state.colour == "value" else limits_of(style, raster.values)
            self.map.underlay(raster, style, limits, faint=state.colour != "value")

    def _show_overview(self, *_events: Event) -> None:
        state, found, of = self.state, self.state.overview, self.state.of
        if found is None or of is None:
            return
        units = self.units
        with one_message():
            name = escape(title(state.variable).capitalize()) + (f" [{escape(units)}]" if units else "")
            few = f"{found.chosen:,} of {found.rows:,}" if found.chosen < found.rows else f"{found.rows:,}"
            few += " observation" if found.rows == 1 else " observations"
            source = f"{escape(state.table.source)} · {escape(state.table.format)}"
            if state.comparison is not None:
                source += f" · O−B against {escape(state.comparison.dataset.label)}"
            self._heading.object = f'<div class="heading"><h2>{name}</h2><span class="when">{few} · {source}</span></div>'
            tell(self._apart, "stale", "" if state.comparison is None else state.comparison.warning)
            self._statistics.object = statistics_table(found, units)
            self.onward.show(self.compare.datasets.value)
            self._show_chosen()
            self._show_view()
            self._show_picture()

    @property
    def units(self) -> str:
        """The unit of the variable, as it is printed."""
        return unit_text(self.state.table, self.state.variable)

    def _show_chosen(self) -> None:
        """Show what is chosen as chips that take it back, in the controls and on the map."""
        selection = self.state.selection
        self._showing = True
        self.types.value, self.qualities.value = list(selection.report_types), list(selection.qualities)
        self._showing = False
        if self.map.figure is not None:
            self.map.choose(selection.box)
        self._chips.objects = [self._chip(aspect, words) for aspect, words in chips(selection, self.units).items()]

    def _chip(self, aspect: str, words: str) -> pmui.Button:
        assert aspect in ASPECTS
        return pmui.Button(
            label=f"{aspect}: {words}", end_icon="close", variant="outlined", size="small",
            on_click=lambda _: self.state.forget(aspect), description=f"No longer choose by {aspect}",
        )  # fmt: skip

    def _show_view(self) -> None:
        found = self.state.overview
        if found is not None and self.tabs.active == COUNTS:
            self.counts.show(found)
        elif found is not None and self.tabs.active == DEPARTURES:
            self.departures.show(found, self.units)
        elif self.tabs.active == SUSPICIOUS:
            self.suspicious.ask()

    @property
    def view(self) -> str:
        """The name of the tab below the map, in small letters."""
        return VIEWS[self.tabs.active].lower()

    def show_tab(self, name: str) -> None:
        """Show the tab below the map of this name, in small letters."""
        self.tabs.active = [known.lower() for known in VIEWS].index(name)

    def _show_card(self, *_events: Event) -> None:
        card = self.state.card
        with one_message():
            self._card.object = f'<div class="hint">{HINT}</div>' if card is None else card_text(card)
            self._point_at()
            if card is None:
                self.report.show(None, "", "", ("", ""), 1.0)
                return
            t, k = card.table, card.row
            name, units, factor = LEVELS[LEVEL_KINDS[t.level_kind[k]]]
            variable = t.variable.names[t.variable.codes[k]]  # suspicious rows may be of any variable
            self.report.show(card, title(variable), unit_text(t, variable), (name, units), factor)

    def _point_at(self) -> None:
        card = self.state.card
        if self.map.figure is None:
            return
        if card is None:
            self.map.point_at(None)
        else:
            west = self.state.of.area.west
            east, north = card.table.longitude[card.row], card.table.latitude[card.row]
            self.map.point_at(float(np.float64(east) - west) % 360 + west, float(north))

    # The end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.compare.close()
        self.onward.close()
        self.export.close()
