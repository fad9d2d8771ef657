"""The controls of a learned testbed: which network it is, and who runs it, truth or forecasts."""

from typing import Any

import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cycling.emulated import TASKS
from dashboard.binding import switch
from dashboard.cycling.state import CyclingState
from dashboard.trained_runs import TrainedRuns

#: The testbed that these controls are of.
EMULATOR = "emulator"


class EmulatorControls:
    """A list of trained networks, and two switches between the network and the model that it was trained to follow."""

    def __init__(self, state: CyclingState) -> None:
        self._state = state
        section: Any = state.testbeds[EMULATOR]
        self.runs = TrainedRuns(section, TASKS, "The network that carries states forward; another one needs a new start.")
        self.truth = switch(
            section, "learned", "Truth: the network", "Off: the model that the network was trained to follow runs the truth."
        )
        self.forecast = pmui.Switch(
            label="Forecasts: the network", value=self._forecast(),
            description="Off: methods forecast with the model that the network was trained to follow.",
        )  # fmt: skip
        self.forecast.param.watch(self._on_forecast, "value")
        section.param.watch(self.follow, "learned")
        self.truth.visible = self.forecast.visible = self.runs.there

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        return [self.runs.pane, self.truth, self.forecast]

    def follow(self, *_events: Event) -> None:
        """Show what the forecast model is now."""
        self.forecast.value = self._forecast()

    def _on_forecast(self, event: Event) -> None:
        if event.new != self._forecast():
            self._state.set_model("learned", event.new)

    def _forecast(self) -> bool:
        return bool(self._state.model.get("learned", self._state.testbeds[EMULATOR].learned))
