"""The controls of B, of the observations with H and R, and of the method; each group is made when it is opened first."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cases import REAL
from backends.experiments.pictures import frame_of
from backends.experiments.problem_case import ReadyCase
from dashboard.analysis.case_controls import CORRELATIONS
from dashboard.analysis.state import AnalysisState
from dashboard.binding import choice, slider, steps, switch
from dashboard.controls import Group, html
from dashboard.theme import units_label

SOURCES = {"Static": "static", "From the times (NMC)": "nmc", "Ensemble, localised": "ensemble", "Hybrid": "hybrid"}
FLOORS = {"0": 0.0, "1e-8": 1e-8, "1e-7": 1e-7, "1e-6": 1e-6, "1e-5": 1e-5, "1e-4": 1e-4, "1e-3": 1e-3, "1e-2": 1e-2}
SOLVERS = {
    "Closed form, observation space": "closed-form", "Closed form, state space": "state-space",
    "Conjugate gradients": "pcg", "L-BFGS": "lbfgs", "Gauss–Newton": "gauss-newton",
}  # fmt: skip
OPERATORS = {
    "Points (interpolation)": "point", "Area means": "area", "Vertical channels": "channel", "Square": "square",
    "Logarithm": "logarithm", "Saturating": "saturating",
}  # fmt: skip
NONLINEAR = ("square", "logarithm", "saturating")
PLACEMENTS = {"Random": "random", "Grid": "grid", "Columns": "columns", "Clicked": "clicked", "Of the case": "case"}
MAX_COUNT, MAX_SEED = 2000, 99


class ErrorControls:
    """Sliders of σ_b, L and σ_o on top, everything else in groups."""

    def __init__(self, state: AnalysisState) -> None:
        self.state = state
        b, o = state.b, state.o
        self.sigma_b = slider(
            b, "sigma", "σ_b", 0, 4, 0.02, "Background error σ_b: standard deviation of x_b − x_t that the analysis assumes."
        )
        self.length = slider(
            b, "length", "L", 0.01, 0.5, 0.005, "Correlation length L of background errors that the analysis assumes."
        )
        self.length_z = slider(
            b, "length_z", "L_z [km]", 0.1, 10, 0.1, "Vertical correlation length that the analysis assumes."
        )
        self.sigma_o = slider(o, "sigma", "σ_o", 0, 4, 0.02, "Observation error σ_o that the analysis assumes.")
        self.likelihood = pmui.Button(
            label="Most likely σ_b, L, σ_o", variant="outlined", size="small", sizing_mode="stretch_width",
            on_click=lambda _: setattr(b, "tune", "likelihood"),
            description="The settings under which the innovations d = y − H(x_b) are most likely, by gradient ascent.",
        )  # fmt: skip
        self.count = slider(o, "count", "Observations p", 0, 400, about="Number of observations.")
        self.placement = choice(o, "placement", "Placed", {"Random": "random"}, "How the observations are placed")
        self.seed = slider(
            o, "seed", "Seed", 0, MAX_SEED, about="Seed of the places and of the observation errors: another draw."
        )
        self.clear = pmui.Button(
            label="Remove all", variant="text", size="small", on_click=lambda _: state.clear_places(),
            description="Take all observations away, to place them by clicking.",
        )  # fmt: skip
        self.by_column = pmui.Switch(
            label="Click adds a column", value=False, visible=False,
            description="A click on the plane adds a whole column of stations, or takes one away.",
        )  # fmt: skip
        self.by_column.param.watch(lambda event: state.param.update(columns=event.new), "value")
        self.hint = html(
            '<div class="hint">Click a picture to add an observation, click one to take it away, drag it to move it.</div>'
        )
        self.background_error = Group("Background error B", self._more_b)
        self.observing = Group("Operator H and errors R", self._more_o)
        self.method = Group("Method", self._more_m)
        self.network = pn.Column(
            self.placement, self.count, self.seed, self.clear, self.by_column, self.hint, sizing_mode="stretch_width", margin=0
        )
        state.param.watch(self._on_opened, "opened")
        o.param.watch(self._on_placement, "placement")

    def content(self) -> list[Any]:
        """Return the controls from top to bottom."""
        return [
            self.sigma_b, self.length, self.length_z, self.sigma_o, self.likelihood, pmui.Divider(), self.network,
            pmui.Divider(), self.background_error.pane, self.observing.pane, self.method.pane,
        ]  # fmt: skip

    # Groups ---------------------------------------------------------------------------------------------------------------

    def _more_b(self) -> list[Any]:
        b = self.state.b
        self.source = choice(b, "source", "Source of B", SOURCES)
        self.source.param.watch(self._on_source, "value")
        self.of_source: dict[str, list[Any]] = {
            "nmc": [slider(b, "nmc_lag", "Lag [time steps]", 1, 96)],
            "ensemble": [slider(b, "localisation", "Localisation [km]", 200, 6000, 100)],
            "hybrid": [
                slider(b, "static_weight", "β_s² (static)", 0, 1, 0.05),
                slider(b, "ensemble_weight", "β_e² (ensemble)", 0, 1, 0.05),
            ],
        }
        self.periodised = switch(
            b,
            "periodised",
            "Periodised",
            "Sum the correlation over all images. Off: of the wrapped distance, as the course publishes it.",
        )
        self.floor = steps(b, "floor", "Floor α", FLOORS)
        self.kind = choice(b, "floor_kind", "Floor is", {"max(λ, α λ_max)": "spectral", "λ + α λ_max": "added"})
        self.height = slider(b, "height_scale", "Height scale h [m]", 0, 3000, 50)
        self._follow_source()
        self._fit_groups()
        extra = [widget for widgets in self.of_source.values() for widget in widgets]
        return [
            self.source,
            *extra,
            choice(b, "correlation", "Correlation", CORRELATIONS),
            self.floor,
            self.kind,
            self.periodised,
            self.height,
        ]

    def _more_o(self) -> list[Any]:
        o = self.state.o
        self.operator = choice(o, "operator", "Operator H", OPERATORS)
        self.operator.param.watch(self._on_operator, "value")
        self.radius = pmui.FloatInput(
            label="Radius of the means", value=o.radius, start=0, sizing_mode="stretch_width", visible=o.operator == "area",
            description=o.param.radius.doc,
        )  # fmt: skip
        self.radius.param.watch(lambda event: o.param.update(radius=event.new or None), "value")
        self.width = slider(o, "width", "Width of the channels [km]", 0.2, 10, 0.1)
        self.width.visible = o.operator == "channel"
        self.noise = slider(o, "noise", "True σ_o", 0, 4, 0.02, "Standard deviation of the errors that are added to the truth")
        self.columns = slider(o, "levels", "Levels in a column", 1, 40)
        self.of_generated = [
            slider(o, "gross_probability", "Gross errors, probability", 0, 0.5, 0.01),
            slider(o, "gross_size", "Gross errors, size [σ]", 0, 30, 1),
            self._single(),
        ]
        self.error_length = slider(o, "correlation_length", "L_o", 0, 10, 0.1)
        self._fit_groups()
        return [
            self.operator, self.radius, self.width, self.noise, self.columns,
            self.error_length,
            *self.of_generated,
        ]  # fmt: skip

    def _single(self) -> Any:
        widget = pmui.Switch(
            label="Single observation", value=self.state.o.innovation is not None,
            description="One observation with an innovation of one σ_b; click to move it. The increment is a column of B.",
        )  # fmt: skip
        widget.param.watch(lambda event: self.state.single(event.new), "value")
        self.state.o.param.watch(lambda event: widget.param.update(value=event.new is not None), "innovation")
        return widget

    def _more_m(self) -> list[Any]:
        m = self.state.m
        return [
            choice(m, "solver", "Solver", SOLVERS),
            slider(m, "iterations", "Most iterations", 1, 1000),
            slider(m, "background_check", "Background check [σ]", 0, 6, 0.5),
            slider(m, "huber", "Huber threshold [σ_o]", 0, 5, 0.1),
        ]

    # What applies to which case -------------------------------------------------------------------------------------------

    def _on_operator(self, event: Event) -> None:
        self.radius.visible, self.width.visible = event.new == "area", event.new == "channel"
        linear_only = self.state.m.solver in ("closed-form", "state-space", "pcg")
        if event.new in NONLINEAR and linear_only:
            self.state.m.solver = "gauss-newton"  # the closed forms need a linear H

    def _on_placement(self, *_events: Event) -> None:
        random = self.state.o.placement not in ("clicked", "case")
        real = self.state.kind in REAL
        self.count.visible = random and not real
        self.seed.visible = self.state.o.placement != "case" and not real

    def _on_source(self, _event: Event) -> None:
        self._follow_source()
        if not self.state.taking:  # what a person chooses begins with what its data say; a file has numbers of its own
            self.state.b.param.update(sigma=None, length=None)

    def _follow_source(self) -> None:
        source = self.state.b.source
        shown = {"nmc": ("nmc",), "ensemble": ("ensemble",), "hybrid": ("ensemble", "hybrid")}.get(source, ())
        for name, widgets in self.of_source.items():
            for widget in widgets:
                widget.visible = name in shown

    def _on_opened(self, event: Event) -> None:
        if event.new is None:
            return
        case = event.new.prepared.experiment.case
        frame, start = frame_of(case.domain), case.suggested
        self._fit_sigmas(case)
        km = f" [{case.length_units}]" if case.length_units else ""
        symbol = "L_x" if frame == "plane" else "L"
        step = {"line": 0.005, "plane": 0.5}.get(frame, 5)
        end = {"line": 0.4, "plane": case.longest}.get(frame, min(case.longest, max(500, 4 * start.length)))
        self.length.param.update(start=step, end=max(end, self.length.value), step=step, label=f"{symbol}{km}")
        self.length_z.visible = self.by_column.visible = frame == "plane"
        for widget in (self.placement, self.clear, self.hint):
            widget.visible = self.state.kind not in REAL
        most = min(MAX_COUNT, int(case.valid.sum()))
        self.count.param.update(end=max(most if frame != "line" else 200, self.count.value))
        placements = ["random", "grid", "clicked"]
        if frame == "plane":
            placements.insert(2, "columns")
        if case.observations is not None:
            placements.append("case")
        self.placement.options = {title: key for title, key in PLACEMENTS.items() if key in placements}
        self.placement.value = self.state.o.placement
        self._on_placement()
        self._fit_groups()

    def _fit_sigmas(self, case: ReadyCase) -> None:
        """Give the sliders of standard deviations the range and the unit of a case."""
        start = case.suggested
        units = units_label(case.units)
        bracket = f" [{units}]" if units else ""
        # As wide as for σ_b, so that both can be compared, unless σ_o would be lost at the end of the slider.
        scale_o = start.sigma if start.sigma_o > start.sigma / 10 else 10 * start.sigma_o
        for widget, value, name in (
            (self.sigma_b, start.sigma, "σ_b"),
            (self.sigma_o, scale_o, "σ_o"),
            (getattr(self, "noise", None), scale_o, "True σ_o"),
        ):
            if widget is not None:
                widget.param.update(start=0, end=max(4 * value, widget.value), step=value / 50, label=f"{name}{bracket}")

    def _fit_groups(self) -> None:
        """Show in the groups what applies to the case."""
        opened = self.state.opened
        if opened is None:
            return
        case = opened.prepared.experiment.case
        frame = frame_of(case.domain)
        if hasattr(self, "floor"):
            sources = (
                ["static"] + ["nmc"] * (case.differences is not None) + ["ensemble", "hybrid"] * (case.members is not None)
            )
            self.source.options = {title: key for title, key in SOURCES.items() if key in sources}
            self.source.value = self.state.b.source
            self.periodised.visible, self.kind.visible = frame == "line", frame == "plane"
            self.height.visible, self.floor.visible = frame == "stations", frame != "stations"
        if hasattr(self, "operator"):
            operators = [key for key in OPERATORS.values() if frame == "plane" or key != "channel"]
            self.operator.options = {title: key for title, key in OPERATORS.items() if key in operators}
            self.operator.value = self.state.o.operator
            self.columns.visible = frame == "plane"
            self._fit_sigmas(case)
            end = {"line": 0.2, "plane": 5.0}.get(frame, 500.0)
            km = f" [{case.length_units}]" if case.length_units else ""
            self.error_length.param.update(end=end, step=end / 50, label=f"L_o{km}")
            for widget in (self.operator, self.noise, self.error_length, *self.of_generated):
                widget.visible = self.state.kind not in REAL
