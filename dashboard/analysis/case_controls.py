"""The controls of the case: which one, and what belongs to each."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.field_cases import lags, usual_lag
from backends.fields.field import Axis
from dashboard.analysis.observed_controls import ObservedControls
from dashboard.analysis.opening import usual_background
from dashboard.analysis.state import AnalysisState
from dashboard.binding import buttons, choice, slider
from dashboard.controls import DatasetSelect, html, notice, tell

TITLES = {
    "periodic-1d": "Periodic line (1D)",
    "xz-2d": "Vertical plane (2D)",
    "course-1d": "Course, line",
    "course-2d": "Course, plane",
    "field": "Real field",
    "ensemble": "Real ensemble",
    "stations": "Real stations",
    "observed-field": "Real observations over a field",
}
CORRELATIONS = {
    "Gaussian": "gaussian", "Exponential": "exponential", "SOAR (Matérn 3/2)": "soar", "Matérn 5/2": "matern52",
    "Gaspari–Cohn": "gaspari-cohn",
}  # fmt: skip
BACKGROUNDS = {"Consistent": "consistent", "Shifted": "shifted"}
MAX_SEED = 99
#: What a true statistic is, for its tooltip.
DRAWN = "of the B that the consistent background is drawn from"


class CaseControls:
    """The list of cases, and below it the controls of the chosen one, made when it is chosen first."""

    def __init__(self, state: AnalysisState) -> None:
        self.state = state
        self.kinds = pmui.Select(
            label="Case", options={TITLES[state.kind]: state.kind}, value=state.kind, sizing_mode="stretch_width",
            description="What is analysed: generated lecture cases, a real field or ensemble, or real observations.",
        )  # fmt: skip
        self.kinds.param.watch(lambda event: event.new and state.param.update(kind=event.new), "value")
        self._reading = notice("stale")
        self._own = pn.Column(sizing_mode="stretch_width", margin=0)
        self._made: dict[str, list[Any]] = {}
        self.datasets: dict[str, DatasetSelect] = {}
        self.variables: dict[str, Any] = {}
        self.axes = {kind: pn.Column(sizing_mode="stretch_width", margin=0) for kind in ("field", "ensemble")}
        self.pane = pn.Column(self.kinds, self._reading, self._own, sizing_mode="stretch_width", margin=0)
        state.param.watch(self._on_offers, "offered")
        state.param.watch(self._on_kind, "kind")
        state.param.watch(lambda event: tell(self._reading, "stale", f"Opening {event.new} …" if event.new else ""), "reading")
        state.param.watch(self._on_opened, "opened")
        self._on_kind()

    def _on_offers(self, *_events: Event) -> None:
        kinds = self.state.offered.kinds
        self.kinds.param.update(options={title: kind for kind, title in TITLES.items() if kind in kinds}, value=self.state.kind)
        for kind in self.datasets:
            self._offer_datasets(kind)
        if "stations" in self._made:  # made before it was known what files there are
            self._made["stations"] = self._stations()
            if self.state.kind == "stations":
                self._own.objects = self._made["stations"]

    def _offer_datasets(self, kind: str) -> None:
        if self.state.offered is not None:
            self.datasets[kind].offer(list(self.state.offered.entries), [], self.state.cases[kind].path)

    def _on_kind(self, *_events: Event) -> None:
        kind = self.state.kind
        if self.kinds.value != kind and kind in self.kinds.options.values():
            self.kinds.value = kind
        if kind not in self._made:
            make = {
                "periodic-1d": self._line, "xz-2d": self._plane, "course-1d": self._course, "course-2d": self._course,
                "field": self._field, "ensemble": self._ensemble, "stations": self._stations,
                "observed-field": self._observed,
            }[kind]  # fmt: skip
            self._made[kind] = make()
        self._own.objects = self._made[kind]

    # Generated ------------------------------------------------------------------------------------------------------------

    def _line(self) -> list[Any]:
        section = self.state.cases["periodic-1d"]
        truths = [slider(section, "length", "True L", 0.01, 0.4, 0.01, f"L {DRAWN}, in lengths of the line")]
        return [
            *self._drawn(section, "True σ_b", truths),
            slider(section, "points", "Grid points n", 40, 400, 10),
            self._seed(section),
        ]

    def _plane(self) -> list[Any]:
        section = self.state.cases["xz-2d"]
        truths = [
            slider(section, "length", "True L_x [km]", 1, 50, 1, f"Horizontal L {DRAWN}"),
            slider(section, "length_z", "True L_z [km]", 0.2, 8, 0.1, f"Vertical L {DRAWN}"),
        ]
        return [
            *self._drawn(section, "True σ_b [K]", truths),
            slider(section, "domain_width", "Domain width [km]", 20, 1000, 10),
            slider(section, "domain_height", "Domain height [km]", 2, 30, 0.5),
            self._seed(section),
        ]

    @staticmethod
    def _drawn(section: Any, sigma: str, lengths: list[Any]) -> list[Any]:
        """Return the kind of background, and the true statistics, which are there while it is drawn from them."""
        truths = [
            choice(section, "correlation", "True correlation", CORRELATIONS, f"Correlation {DRAWN}"),
            slider(section, "sigma", sigma, 0.05, 3.0, 0.05, f"σ_b {DRAWN}"),
            *lengths,
        ]
        return [buttons(section, "background", "Background x_b", BACKGROUNDS), *_while_consistent(section, truths)]

    def _course(self) -> list[Any]:
        return [html('<div class="hint">Truth, background and observations of the course\'s published case.</div>')]

    @staticmethod
    def _seed(section: Any) -> Any:
        return slider(section, "seed", "Seed of the case", 0, MAX_SEED)

    # Fields ---------------------------------------------------------------------------------------------------------------

    def _field(self) -> list[Any]:
        section = self.state.cases["field"]
        background = buttons(section, "background", "Background x_b", {"Earlier field": "earlier", "Time mean": "mean"})
        self.lag = pmui.Select(
            label="Background is earlier by", sizing_mode="stretch_width", visible=section.background == "earlier",
            description="x_b is the same field this long before the truth.",
        )  # fmt: skip
        self.lag.param.watch(lambda event: event.new and section.param.update(lag=event.new), "value")
        section.param.watch(lambda event: self.lag.param.update(visible=event.new == "earlier"), "background")
        return [*self._dataset("field"), self.axes["field"], background, self.lag]

    def _ensemble(self) -> list[Any]:
        section = self.state.cases["ensemble"]
        self.other = pmui.Select(
            label="Background", options={"Mean of the others": "mean"}, value="mean", sizing_mode="stretch_width",
            description="x_b: the mean of the members that are not the truth, or one of them.",
        )  # fmt: skip
        self.other.param.watch(lambda event: event.new is not None and section.param.update(background=event.new), "value")
        return [*self._dataset("ensemble"), self.axes["ensemble"], self.other]

    def _dataset(self, kind: str) -> list[Any]:
        section = self.state.cases[kind]
        select = self.datasets[kind] = DatasetSelect(label="Dataset", description="The truth is a field of this dataset.")
        self._offer_datasets(kind)
        select.param.watch(lambda event: event.new and section.param.update(path=event.new), "key")
        section.param.watch(lambda _event: self._offer_datasets(kind), "path")
        variables = self.variables[kind] = pmui.Select(
            label="Variable", sizing_mode="stretch_width", description="The state x is this variable."
        )
        variables.param.watch(lambda event: event.new and section.param.update(variable=event.new), "value")
        return [select, variables]

    def _on_opened(self, event: Event) -> None:
        opened = event.new
        if opened is None or opened.dataset is None or opened.prepared.field is None:
            return
        kind, field = opened.prepared.settings.name, opened.prepared.field
        if kind not in self.variables:
            return
        options = {v.title: v.name for v in opened.dataset.variables.values()}
        self.variables[kind].param.update(options=options, value=field.variable.name)
        section = self.state.cases[kind]
        self.axes[kind].objects = [self._axis(section, axis, field.selection[axis.name]) for axis in field.variable.axes]
        time, member = field.variable.axis("time"), field.variable.axis("member")
        if kind == "field" and time is not None:
            offered = lags(time)
            lag = section.lag or usual_lag(time)
            if lag not in offered.values():
                offered = {**offered, f"{lag} steps": lag}
            self.lag.param.update(options=offered, value=lag)
        if kind == "ensemble" and member is not None:
            others = {label: k for k, label in enumerate(member.labels) if k != section.member}
            self.other.param.update(options={"Mean of the others": "mean", **others}, value=section.background)

    @staticmethod
    def _axis(section: Any, axis: Axis, index: int) -> Any:
        options = {text: k for k, text in enumerate(axis.labels)}
        label = {"time": "Truth at", "level": "Level", "member": "Truth is"}.get(axis.role, axis.name)
        kind = pmui.DiscreteSlider if axis.role == "time" else pmui.Select
        about = {
            "time": "Valid time of the field that counts as the truth x_t, UTC",
            "level": "Level of the truth and of the background",
            "member": "Member of the ensemble that counts as the truth x_t",
        }.get(axis.role, "What is taken of this dimension of the file")
        control = kind(label=label, options=options, value=index, sizing_mode="stretch_width", description=about)

        def chosen(event: Event) -> None:
            if axis.role == "time":
                section.time = event.new if axis.times is None else str(axis.times[event.new].astype("datetime64[s]"))
            elif axis.role == "level":
                section.level = axis.values[event.new]
            elif axis.role == "member":
                section.member = event.new

        control.param.watch(chosen, "value")
        return control

    def _observed(self) -> list[Any]:
        self.observed = ObservedControls(self.state)
        return self.observed.content()

    # Stations -------------------------------------------------------------------------------------------------------------

    def _stations(self) -> list[Any]:
        section = self.state.cases["stations"]
        offered = self.state.offered
        files = {name: name for name in (offered.stations if offered else ())} or {section.path: section.path}
        datasets = {entry.title: entry.key for entry in (offered.entries if offered else ()) if entry.origin == "found"}
        self.quantity = pmui.Select(
            label="Observed", sizing_mode="stretch_width", description="What the stations observe, and how many of them do."
        )
        self.quantity.param.watch(self._on_quantity, "value")
        self.state.param.watch(self._offer_quantities, "opened")
        self._offer_quantities()
        background = choice(
            section, "background", "Background",
            {"Regression on latitude, longitude, height": "regression", **datasets},
            "x_b: fitted to the stations used, or a field of a file, interpolated",
        )  # fmt: skip
        return [
            choice(section, "path", "File", files, "Reports in BUFR format in the data folder"),
            self.quantity,
            background,
            slider(
                section, "withhold", "Withheld share", 0.05, 0.6, 0.05, "Share of the stations that only judge the analysis"
            ),
            slider(section, "seed", "Seed of the split", 0, MAX_SEED, about="Another choice of the withheld stations"),
        ]

    def _offer_quantities(self, *_events: Event) -> None:
        opened = self.state.opened
        if opened is None or not opened.quantities:
            return
        options = {f"{q.title} ({q.stations} stations)": (q.variable, q.level) for q in opened.quantities}
        settings = opened.prepared.settings
        self.quantity.param.update(options=options, value=(settings.variable, settings.level))

    def _on_quantity(self, event: Event) -> None:
        if event.new:
            variable, level = event.new
            section = self.state.cases["stations"]
            if (variable, level) != (section.variable, section.level):
                background = usual_background(variable, self.state.catalogue)
                section.param.update(variable=variable, level=level, background=background)


def _while_consistent(section: Any, widgets: list[Any]) -> list[Any]:
    """Return widgets that are there only while the background is drawn from B."""

    def follow(*_events: Event) -> None:
        for widget in widgets:
            widget.visible = section.background == "consistent"

    section.param.watch(follow, "background")
    follow()
    return widgets
