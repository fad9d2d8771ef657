"""Which map projection is used, and where its middle lies."""

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.views import PROJECTIONS
from dashboard.explore.mapped import Mapped


class ProjectionControls:
    """A list of projections, and the middle of the map where it can be set."""

    def __init__(self, state: Mapped) -> None:
        self._state, self._showing = state, False
        self.projection = pmui.Select(
            label="Map projection", options={choice.label: key for key, choice in PROJECTIONS.items()}, value="lat-lon",
            sizing_mode="stretch_width", description="How the Earth is laid flat. On the globe, a drag turns it.",
        )  # fmt: skip
        self.projection.param.watch(self._on_projection, "value")
        self.latitude = pmui.FloatInput(
            label="Middle φ₀ [°N]", value=0.0, start=-90, end=90, step=5, sizing_mode="stretch_width", visible=False,
            description="Latitude of the middle of the map, in degrees north; a Lambert map is true to scale around it.",
        )  # fmt: skip
        self.longitude = pmui.FloatInput(
            label="Middle λ₀ [°E]", value=0.0, start=-180, end=180, step=5, sizing_mode="stretch_width", visible=False,
            description="Longitude of the middle of the map, in degrees east.",
        )  # fmt: skip
        for box in (self.latitude, self.longitude):
            box.param.watch(self._on_middle, "value")
        self.pane = pn.Column(self.projection, pn.Row(self.latitude, self.longitude), sizing_mode="stretch_width", margin=0)
        state.param.watch(self._show, ["projection", "middle_latitude", "middle_longitude"])
        self._show()

    def _on_projection(self, event: Event) -> None:
        self._state.choose_projection(event.new)

    def _on_middle(self, _event: Event) -> None:
        if not self._showing and self.latitude.value is not None and self.longitude.value is not None:
            self._state.turn_to(self.latitude.value, self.longitude.value)

    def _show(self, *_events: Event) -> None:
        state = self._state
        turns = PROJECTIONS[state.projection].turns
        self._showing = True  # both boxes change; one after the other would be taken for a person's input
        self.projection.value = state.projection
        self.latitude.param.update(value=state.middle_latitude, visible="latitude" in turns)
        self.longitude.param.update(value=state.middle_longitude, visible="longitude" in turns)
        self._showing = False
