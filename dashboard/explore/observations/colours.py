"""What the map of observations is coloured by, and the limits of the colours."""

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from dashboard.controls import one_message
from dashboard.explore.limits import LimitBoxes
from dashboard.explore.observations.state import DEPARTURES, ObservationState
from dashboard.theme import DIFFERENCE, FieldStyle, limits_of, style_named


class ColourControls:
    """A list of quantities, both limits of their colours, and a button that gives the usual limits back.

    Departures have one limit, as their colours lie evenly about zero; classes and numbers have none.
    """

    def __init__(self, state: ObservationState) -> None:
        self._state, self._showing = state, False
        self.colour = pmui.Select(
            label="Colours", options={}, sizing_mode="stretch_width",
            description="What the map is coloured by. O−B is the observation minus its model equivalent before the analysis, "
            "O−A the same after it; number counts the observations in each pixel",
        )  # fmt: skip
        self.colour.param.watch(self._on_colour, "value")
        self.limits = LimitBoxes(state.set_limits)
        self.usual = pmui.Button(
            label="Usual limits", variant="outlined", size="small", on_click=lambda _: state.forget_limits(),
            description="Colours span what is chosen, but for what is far outside.",
        )  # fmt: skip
        self._limits = pn.Column(self.limits.pane, self.usual, sizing_mode="stretch_width", margin=0)
        self.pane = pn.Column(self.colour, self._limits, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._on_state, "colour")

    def offer(self, colours: dict[str, str]) -> None:
        """Offer quantities, with what a person calls them."""
        self._showing = True
        self.colour.param.update(options={name: key for key, name in colours.items()}, value=self._state.colour)
        self._showing = False

    def show(self, colour: str, limits: tuple[float, float]) -> None:
        """Show the limits that the map has."""
        departs = colour in DEPARTURES
        with one_message():
            self._limits.visible = departs or colour == "value"
            self.limits.show(*limits, evenly=departs)
            self.usual.disabled = colour not in self._state.limits

    def _on_colour(self, event: Event) -> None:
        if event.new and not self._showing:
            self._state.choose_colour(event.new)

    def _on_state(self, event: Event) -> None:
        """Follow an address."""
        self._showing = True
        self.colour.value = event.new
        self._showing = False


def colour_limits(state: ObservationState, colour: str) -> tuple[float, float]:
    """Return the limits of a quantity's colours: a person's, or those of its histogram, which leaves out what is far outside.

    Those of departures lie evenly about zero.
    """
    if colour in state.limits:
        return state.limits[colour]
    style = DIFFERENCE if colour in DEPARTURES else variable_style(state)
    found = state.overview
    if found is not None and colour in found.histograms:
        return limits_of(style, found.histograms[colour][0])
    drawn = state.picture
    return limits_of(style, drawn.values if drawn.raster is None else drawn.raster.values)


def variable_style(state: ObservationState) -> FieldStyle:
    """Return how values of the variable are drawn."""
    return style_named(state.variable.replace("_", " "))
