"""The Analysis page as a person sees it: the case and the sliders in the sidebar, four linked maps, and the scores."""

from html import escape

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable
from param.parameterized import Event

from backends.assimilation.twin import TwinSettings
from backends.fields.catalogue import Catalogue
from backends.fields.field import Axis
from backends.fields.raster import rasterise, state_raster
from backends.fields.twin_case import lags
from dashboard.analysis.scores import scores, settings_line
from dashboard.analysis.state import AnalysisState
from dashboard.controls import DatasetSelect, LiveIntSlider, LiveSlider, html, notice, one_message, tell
from dashboard.plots.live import LiveMap
from dashboard.shell import Content
from dashboard.theme import ANALYSIS, BACKGROUND, DIVERGING, TRUTH, FieldStyle, limits, style_of, units_label

#: An analysis that is not there after this many milliseconds is announced; before, the eye does not notice.
ANNOUNCE_AFTER = 120
MAX_COUNT, MAX_SEED = 2000, 99
MAP_WIDTH, MAP_HEIGHT = 530, 345
GRAY = "#888888"
DIFFERENCE = FieldStyle(DIVERGING, symmetric=True)


class AnalysisPage:
    """Widgets and figures round an :class:`AnalysisState`; every figure is built once and changed in place."""

    def __init__(self, catalogue: Catalogue, dataset: str = "") -> None:
        self._document = pn.state.curdoc
        self._announcing = False
        self._shown_case: object = None
        self._titles = {name: html(margin=(4, 0, 0, 44)) for name in ("truth", "background", "analysis", "increment")}
        self.maps: dict[str, LiveMap] = {}
        for name in self._titles:
            first = self.maps.get("truth")
            self.maps[name] = LiveMap(MAP_WIDTH, MAP_HEIGHT, on_tap=self._on_tap, linked_to=first)
        self._scores, self._belongs = html(), html()
        self._problem, self._stale, self._reading = notice("problem"), notice("stale"), notice("stale")
        self.state = state = AnalysisState(catalogue, dataset)
        self._build_case_controls()
        self._build_network_controls()
        self._build_error_controls()
        state.param.watch(self._offer_datasets, ["entries", "dataset"])
        state.param.watch(self._on_opened, ["opened", "dataset", "variable"])
        state.param.watch(self._on_suggested, "suggested")
        state.param.watch(self._show, "result")
        state.param.watch(lambda event: tell(self._problem, "problem", event.new), "problem")
        state.param.watch(self._on_reading, "reading")
        state.param.watch(self._announce_later, [*state.SETTINGS, *state.CASE, "problem"])

    # Controls -----------------------------------------------------------------------------------------------------

    def _build_case_controls(self) -> None:
        state = self.state
        self.datasets = DatasetSelect(label="Dataset", description="The truth is a field of this dataset.")
        self.datasets.param.watch(self._on_dataset, "key")
        self.variables = pmui.Select(label="Variable", sizing_mode="stretch_width", description="The state x is this variable.")
        self.variables.param.watch(self._on_variable, "value")
        self.axes = pn.Column(sizing_mode="stretch_width", margin=0)
        self.background = pmui.RadioButtonGroup.from_param(
            state.param.background, label="", options={"Earlier field": "earlier", "Time mean": "mean"}, size="small",
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.lag = pmui.Select(
            label="Background is earlier by", sizing_mode="stretch_width",
            description="x_b is the same field this long before the truth.",
        )  # fmt: skip
        self.lag.param.watch(lambda event: event.new and state.param.update(lag=event.new), "value")
        state.param.watch(lambda event: self.lag.param.update(visible=event.new == "earlier"), "background")

    def _build_network_controls(self) -> None:
        state = self.state
        self.placement = pmui.RadioButtonGroup.from_param(
            state.param.placement, label="", options={"Random": "random", "Grid": "grid", "Clicked": "clicked"}, size="small",
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.count = LiveIntSlider.from_param(
            state.param.count, label="Observations p", start=1, end=MAX_COUNT, sizing_mode="stretch_width",
            description="Number of observations.",
        )  # fmt: skip
        self.seed = LiveIntSlider.from_param(
            state.param.seed, label="Seed", start=0, end=MAX_SEED, sizing_mode="stretch_width",
            description="Seed of the random places and of the observation noise: another draw of the same experiment.",
        )  # fmt: skip
        self.clear = pmui.Button(
            label="Remove all", variant="text", size="small", on_click=lambda _: state.clear_places(),
            description="Take all observations away, to place them by clicking on a map.",
        )  # fmt: skip

    def _build_error_controls(self) -> None:
        state = self.state
        self.sigma_b = LiveSlider.from_param(
            state.param.sigma_b, label="σ_b", sizing_mode="stretch_width",
            description="Background error σ_b: standard deviation of x_b − x_t that the analysis assumes.",
        )  # fmt: skip
        self.length = LiveSlider.from_param(
            state.param.length, label="L [km]", sizing_mode="stretch_width",
            description="Correlation length L: background errors this far apart are correlated by exp(−½) = 0.61.",
        )  # fmt: skip
        self.sigma_o = LiveSlider.from_param(
            state.param.sigma_o, label="σ_o", sizing_mode="stretch_width",
            description="Observation error σ_o: of the noise that is added, and that the analysis assumes.",
        )  # fmt: skip

    def content(self) -> Content:
        """Return the page for the frame."""
        sidebar = [
            self.datasets,
            self._reading,
            self.variables,
            self.axes,
            self.background,
            self.lag,
            pmui.Divider(),
            self.sigma_b,
            self.length,
            self.sigma_o,
            self._problem,
            pmui.Divider(),
            self.placement,
            self.count,
            self.seed,
            self.clear,
            html('<div class="hint">Click a map to add an observation; click an observation to take it away.</div>'),
        ]
        boxes = [
            pn.Column(self._titles[name], map_.pane, margin=0, styles={"flex": "0 1 calc(50% - 8px)", "min-width": "0"})
            for name, map_ in self.maps.items()
        ]
        main = [
            pn.Column(
                self._scores,
                self._belongs,
                self._stale,
                pn.FlexBox(*boxes, gap="4px 8px", sizing_mode="stretch_width"),
                sizing_mode="stretch_width",
                margin=(6, 14),
            )
        ]
        return Content(main, sidebar, self.state.close)

    def _on_dataset(self, event: Event) -> None:
        if event.new not in ("", self.state.dataset):
            self.state.open(event.new)

    def _on_variable(self, event: Event) -> None:
        if event.new:
            self.state.choose_variable(event.new)

    def _on_tap(self, latitude: float, longitude: float) -> None:
        self.state.toggle(latitude, longitude)

    # From the state to the controls -------------------------------------------------------------------------------

    def _on_reading(self, event: Event) -> None:
        tell(self._reading, "stale", f"Opening {event.new} …" if event.new else "")
        if not event.new:
            self._offer_datasets()

    def _offer_datasets(self, *_events: Event) -> None:
        self.datasets.offer(self.state.entries, [], self.state.dataset or self.state.reading)

    def _on_opened(self, *_events: Event) -> None:
        state = self.state
        if state.opened is None:
            return
        options = {v.title: v.name for v in state.opened.variables.values()}
        self.variables.param.update(options=options, value=state.variable)
        variable = state.opened.variable(state.variable)
        self.axes.objects = [self._axis_control(axis) for axis in variable.axes]
        time = variable.axis("time")
        if time is not None:
            self.lag.param.update(options=lags(time), value=state.lag)

    def _axis_control(self, axis: Axis) -> Viewable:
        options = {text: k for k, text in enumerate(axis.labels)}
        label = {"time": "Truth at", "level": "Level", "member": "Member"}.get(axis.role, axis.name)
        kind = pmui.DiscreteSlider if axis.role == "time" else pmui.Select
        control = kind(label=label, options=options, value=self.state.selection[axis.name], sizing_mode="stretch_width")
        control.param.watch(lambda event: self.state.choose(axis.name, event.new), "value")
        return control

    def _on_suggested(self, event: Event) -> None:
        start: TwinSettings = event.new
        units = units_label(self.state.case.truth.variable.units)
        for slider, value, symbol in ((self.sigma_b, start.sigma_b, "σ_b"), (self.sigma_o, start.sigma_b, "σ_o")):
            slider.param.update(start=0, end=4 * value, step=value / 50, label=f"{symbol} [{units}]")
        self.length.param.update(start=10, end=min(3000, max(500, 4 * start.length)), step=10)

    # From the state to what is shown ------------------------------------------------------------------------------

    def _show(self, *_events: Event) -> None:
        state, case, result = self.state, self.state.case, self.state.result
        if result is None:
            return
        variable = case.truth.variable
        units, style = units_label(variable.units), style_of(variable)
        points = result.observations.points
        longitude, latitude = points.longitude.cpu().numpy(), points.latitude.cpu().numpy()
        values = result.observations.values.cpu().numpy()
        innovation = result.analysis.innovation.cpu().numpy()
        scene = (state.opened, variable.name)
        shared, symmetric = limits(style, case.range), limits(DIFFERENCE, case.error_range)
        with one_message():
            if case is not self._shown_case:
                self._shown_case = case
                self.maps["truth"].show(scene, rasterise(case.truth), style, shared, variable.title, units)
                self.maps["background"].show(scene, rasterise(case.background), style, shared, variable.title, units)
                self._show_titles()
            analysis = state_raster(result.analysis.mean, case.truth)
            increment = state_raster(result.analysis.increment, case.truth)
            self.maps["analysis"].show(scene, analysis, style, shared, variable.title, units)
            self.maps["increment"].show(scene, increment, DIFFERENCE, symmetric, "increment", units)
            for name, map_ in self.maps.items():
                map_.mark(longitude, latitude, innovation if name == "increment" else values)
            self._scores.object = scores(result, units)
            self._belongs.object = settings_line(result, units)
            tell(self._stale, "stale", "")
        if state.stale:
            self._announce_later()

    def _show_titles(self) -> None:
        case = self.state.case
        texts = {
            "truth": (TRUTH, "Truth", case.truth.caption),
            "background": (BACKGROUND, "Background", case.background.caption),
            "analysis": (ANALYSIS, "Analysis", "background + increment"),
            "increment": (GRAY, "Increment", "points: y − H(x_b)"),
        }
        for name, (color, title, caption) in texts.items():
            self._titles[name].object = (
                f'<div class="panel-title"><span class="swatch" style="background:{color}"></span>{title}'
                f' <span class="hint">{escape(caption)}</span></div>'
            )

    # Stale --------------------------------------------------------------------------------------------------------

    def _announce_later(self, *_events: Event) -> None:
        if self._document is None:
            self._announce()
        elif not self._announcing:
            self._announcing = True
            self._document.add_timeout_callback(self._announce, ANNOUNCE_AFTER)

    def _announce(self) -> None:
        self._announcing = False
        state = self.state
        if not state.stale or state.result is None:
            tell(self._stale, "stale", "")
        elif state.problem:
            tell(self._stale, "stale", "The maps still show the last analysis, made with the settings above.")
        else:
            tell(self._stale, "stale", "Computing … the maps still show the analysis of the settings above.")
