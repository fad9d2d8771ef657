"""The sidebar: preset, testbed, wrong model, observing network, methods."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from dashboard.binding import bind, choice, slider
from dashboard.controls import Group, LiveSlider, number_format, one_message
from dashboard.cycling.emulator_controls import EMULATOR, EmulatorControls
from dashboard.cycling.method_controls import MethodControls
from dashboard.cycling.names import label
from dashboard.cycling.presets import PRESETS
from dashboard.cycling.scales import of_error
from dashboard.cycling.sections import TESTBEDS
from dashboard.cycling.state import CyclingState
from dashboard.names import TESTBEDS as TESTBED_NAMES

COMPONENTS = {
    "All": "all", "Every k-th": "every", "Random, fixed": "random", "Random, changing": "changing",
    "One after the other": "alternate", "Random subsets": "subsets",
}  # fmt: skip
CHOSEN = "Chosen by hand"
#: Testbeds with few components, whose subsets can be listed.
FEW = ("lorenz63", "circle")


class CyclingControls:
    """Controls of a :class:`CyclingState`, top to bottom."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self.preset = pmui.Select(
            label="Preset", options=["", *PRESETS], value="", searchable=True, sizing_mode="stretch_width",
            description="Whole configurations, named after the papers they come from.",
        )  # fmt: skip
        self.preset.param.watch(self._on_preset, "value")
        known = {TESTBED_NAMES.get(name, name): name for name in TESTBEDS}
        self.testbed = pmui.Select(
            label="Testbed", options=known, value=state.testbed, sizing_mode="stretch_width",
            description="The model that truth and forecasts are run with.",
        )  # fmt: skip
        self.testbed.param.watch(self._on_testbed, "value")
        self._model = pn.Column(sizing_mode="stretch_width", margin=0)
        self._sliders: dict[str, LiveSlider] = {}
        self._testbed_shown = ""
        self._emulator: EmulatorControls | None = None
        self._truth = Group("Truth", self._of_truth)
        o = state.network
        self.sigma = slider(o, "sigma", "σ_o assumed", *of_error(state.testbed), "Observation error that the methods assume.")
        self.noise = self._noise_slider()
        self.every = slider(o, "every", "Every … model steps", 1, 50)
        self.components = choice(o, "components", "Observed", COMPONENTS, "Which components or points are observed.")
        self.count = slider(o, "count", "k, or how many", 1, 40)
        self.methods = MethodControls(state)
        self.seed = slider(
            state.run, "seed", "Seed", 0, 99, about="Another truth, other errors and members; needs a new start."
        )
        o.param.watch(self._on_components, "components")
        state.param.watch(self._on_shape, ["testbed"])
        state.param.watch(self._on_scale, ["testbed"])
        state.param.watch(self._on_model, ["model", "testbed"])
        self._on_shape()
        self._on_model()

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        return [
            self.preset, self.testbed, self._truth.pane, self._model, pmui.Divider(), self.components, self.count, self.every,
            self.sigma, self.noise, pmui.Divider(), self.methods.pane, pmui.Divider(), self.seed,
        ]  # fmt: skip

    def refresh(self) -> None:
        """Name trained networks as far as their runs are on record."""
        self.methods.refresh()
        if self._emulator is not None:
            self._emulator.runs.refresh()

    # Testbed and model ----------------------------------------------------------------------------------------------

    def _on_preset(self, event: Event) -> None:
        if not event.new:
            return
        try:
            self.state.take(PRESETS[event.new])
        except InputError as problem:
            self.state.problem = str(problem)

    def _on_testbed(self, event: Event) -> None:
        if event.new != self.state.testbed:
            self.state.choose_testbed(event.new)

    def _on_shape(self, *_events: Event) -> None:
        state = self.state
        few = state.testbed in FEW
        options: dict[str, Any] = {text: rule for text, rule in COMPONENTS.items() if rule != "subsets" or few}
        size = getattr(state.section, "points", 3 if few else 10_000)
        with one_message():
            self.testbed.value = state.testbed
            self._truth.pane.visible = state.testbed != EMULATOR  # which has nothing but its network
            if isinstance(state.network.components, tuple):
                options = {**options, CHOSEN: state.network.components}
            self.components.param.update(options=options)
            self.count.end = min(max(2, size), 2000)
            self._on_components()
            if self._truth.body.visible:
                self._truth.body.objects = self._of_truth()

    def _on_scale(self, *_events: Event) -> None:
        """Let the observation errors have ends and steps that suit the testbed, and hold what they are."""
        start, end, step = of_error(self.state.testbed)
        with one_message():
            for widget, least in ((self.sigma, start), (self.noise, 0.0)):
                ends = {"start": min(least, widget.value), "end": max(end, widget.value)}
                widget.param.update(**ends, step=step, format=number_format(step))

    def _on_components(self, *_events: Event) -> None:
        components = self.state.network.components
        if isinstance(components, tuple):
            known = {text: rule for text, rule in self.components.options.items() if text != CHOSEN}
            self.components.param.update(options={**known, CHOSEN: components}, value=components)
        self.count.visible = components in ("every", "random", "changing")

    def _of_truth(self) -> list[Any]:
        section = self.state.section
        inputs = []
        for key in section.KEYS:
            whole = section.MODEL.model_fields[key].annotation is int
            kind = pmui.IntInput if whole else pmui.FloatInput
            if not isinstance(getattr(section, key), int | float) or isinstance(getattr(section, key), bool):
                continue
            widget = kind(
                label=label(key), value=getattr(section, key), size="small", sizing_mode="stretch_width",
                description=f"{section.param[key].doc} A change needs a new start.",
            )  # fmt: skip
            inputs.append(bind(widget, section, key))
        return inputs

    def _on_model(self, *_events: Event) -> None:
        """One slider for each constant that a wrong forecast model may be wrong in."""
        state = self.state
        keys = TESTBEDS[state.testbed].UNCERTAIN
        if state.testbed != self._testbed_shown:
            self._testbed_shown = state.testbed
            self._sliders = {key: self._model_slider(key) for key in keys}
            self._emulator = EmulatorControls(state) if state.testbed == EMULATOR else None
            self._model.objects = self._emulator.content() if self._emulator is not None else list(self._sliders.values())
        if self._emulator is not None:
            self._emulator.follow()
        for key, widget in self._sliders.items():
            value = state.model.get(key, getattr(state.section, key))
            widget.param.update(start=min(widget.start, value), end=max(widget.end, value), value=value)

    def _model_slider(self, key: str) -> LiveSlider:
        state = self.state
        true = float(getattr(state.section, key))
        reach = 0.3 * abs(true) or 1.0
        widget = LiveSlider(
            label=f"Forecast model: {label(key)}", start=true - reach, end=true + reach,
            step=reach / 30, value=state.model.get(key, true), sizing_mode="stretch_width",
            description=f"What the forecast model takes it to be; the truth has {true:g}.",
        )  # fmt: skip
        widget.param.watch(lambda event: state.set_model(key, event.new), "value")
        return widget

    def _noise_slider(self) -> LiveSlider:
        o = self.state.network
        _, end, step = of_error(self.state.testbed)
        widget = LiveSlider(
            label="True σ_o", start=0.0, end=end, step=step, value=o.sigma if o.noise is None else o.noise,
            sizing_mode="stretch_width", description="Standard deviation of the errors that observations have.",
        )  # fmt: skip

        def to_section(event: Event) -> None:
            if event.new != (o.sigma if o.noise is None else o.noise):
                o.noise = event.new

        def to_widget(*_events: Event) -> None:
            value = o.sigma if o.noise is None else o.noise
            widget.param.update(end=max(widget.end, value), value=value)

        widget.param.watch(to_section, "value")
        o.param.watch(to_widget, ["noise", "sigma"])
        return widget
