"""The tuning surface: a score over two parameters, with the current setting as a cross; clicking sets the sliders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.outcome import Outcome
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import Parameter, Score, Surface, tuning_surface, usual_axis
from backends.fields.field import statistics
from dashboard.analysis.state import AnalysisState
from dashboard.controls import html, notice, tell
from dashboard.plots.surface import LiveSurface
from dashboard.theme import DIFFERENCE, FieldStyle, limits, number, units_label
from dashboard.worker import DEVICE, LatestWins

PARAMETERS: dict[str, Parameter] = {
    "σ_b": "sigma_b",
    "L": "length",
    "σ_o": "sigma_o",
    "observations p": "count",
    "floor α": "floor",
}
SCORES: dict[str, Score] = {"RMSE of the analysis": "rmse", "χ²/p − 1": "chi2", "−log p(d), likelihood": "likelihood"}
SENTENCES = {
    "rmse": "Error of the analysis against the truth, or at withheld stations: known only where there is one.",
    "chi2": "Zero where the innovations are as large as B and R say; a valley, not a point: many pairs fit.",
    "likelihood": "How unlikely the innovations are under B and R: it needs no truth. Its minimum is the most likely setting.",
}


@dataclass(frozen=True, eq=False)
class Request:
    """A surface that is asked for."""

    experiment: AnalysisExperiment
    settings: AnalysisSettings
    x: Parameter
    y: Parameter
    score: Score


class TuningView:
    """The surface and its controls; computed anew while it is looked at and something else than its axes changes."""

    def __init__(self, state: AnalysisState) -> None:
        self.state = state
        self._work: LatestWins[Request, Surface] = LatestWins(DEVICE, _compute, self._deliver, self._fail)
        self._surface: Surface | None = None
        #: The surface that is shown, and the settings that it was made with.
        self.newest: tuple[AnalysisSettings, Surface] | None = None
        self._known, self._choosing = True, False
        self.x = _axis("Across", "sigma_b", "The setting that varies from left to right")
        self.y = _axis("Upward", "sigma_o", "The setting that varies from below upward")
        self.score = pmui.Select(
            label="Score", options=SCORES, value="likelihood", width=220,
            description="What the colours show for each pair of settings, all else as in the sidebar",
        )  # fmt: skip
        self.likelihood = pmui.Button(
            label="Go to the most likely σ_b, L, σ_o", variant="outlined", size="small",
            on_click=lambda _: setattr(state.b, "tune", "likelihood"),
            description="Gradient ascent of the likelihood through the factorisation of S",
        )  # fmt: skip
        for select in (self.x, self.y, self.score):
            select.param.watch(self._on_choice, "value")
        self._problem, self._words = notice("problem"), html(css_classes=["desk"])
        self.plot = LiveSurface(on_tap=self._on_tap)
        self.pane = pn.Column(
            pn.FlexBox(self.x, self.y, self.score, self.likelihood, align_items="center", gap="8px"),
            self._problem, self._words, self.plot.pane, sizing_mode="stretch_width", max_width=900,
        )  # fmt: skip

    def chosen(self, outcome: Outcome) -> dict[str, str]:
        """Return the axes and the score, by the keys of an address; the score as an outcome's case allows."""
        score = self.score.value if self.score.value != "rmse" or outcome.case.has_truth else "likelihood"
        return {"across": self.x.value, "upward": self.y.value, "score": score}

    def choose(
        self, outcome: Outcome, across: Parameter, upward: Parameter, score: Score, report: Callable[[str], Any]
    ) -> None:
        """Take the axes and the score that an address says, without asking for the surface; `report` is told what cannot be."""
        self._choosing = True
        try:
            self._offer_scores(outcome.case.has_truth)
            if score not in self.score.options.values():
                report(f"score: nobody knows the truth here that an RMSE could be against; came {score}")
                score = "likelihood"
            self.x.value, self.y.value, self.score.value = across, upward, score
        finally:
            self._choosing = False

    def _on_choice(self, _event: Event) -> None:
        if not self._choosing:
            self.ask()

    def ask(self) -> None:
        """Ask for the surface of the settings as they are."""
        opened, result = self.state.opened, self.state.result
        if opened is None or result is None:
            return
        self._offer_scores(result.case.has_truth)
        self._work.request(Request(opened.prepared.experiment, result.settings, self.x.value, self.y.value, self.score.value))

    def _offer_scores(self, known: bool) -> None:
        """Offer an error where something is known that it could be against."""
        if known != self._known:
            self._known = known
            offered = {name: score for name, score in SCORES.items() if known or score != "rmse"}
            self.score.param.update(
                options=offered, value=self.score.value if self.score.value in offered.values() else "likelihood"
            )

    def close(self) -> None:
        """Let go of everything."""
        self._work.close()
        self._surface = self.newest = None

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._work.wait()

    def _deliver(self, request: Request, surface: Surface) -> None:
        result = self.state.result
        if result is None:
            return
        self._surface, self.newest = surface, (request.settings, surface)
        units, kilometres = units_label(result.case.units), result.case.length_units
        values = surface.values.numpy()
        style = DIFFERENCE if surface.score == "chi2" else FieldStyle()
        # A few extreme settings must not take all the colours.
        low, high = np.nanquantile(values, [0, 0.9])
        span = limits(style, statistics(np.array([low, high, *((-1.0, 1.0) if surface.score == "chi2" else ())])))
        of = {"sigma_b": units, "sigma_o": units, "length": kilometres}
        names = {key: title for title, key in PARAMETERS.items()}
        label = {"rmse": "RMSE", "chi2": "χ²/p − 1", "likelihood": "−log p(d)"}[surface.score]
        self.plot.show(
            values, surface.x.values, surface.y.values, span, label, units if surface.score == "rmse" else "",
            _label(names[surface.x.parameter], of.get(surface.x.parameter, "")),
            _label(names[surface.y.parameter], of.get(surface.y.parameter, "")), style,
        )  # fmt: skip
        current = self._current(surface.x.parameter), self._current(surface.y.parameter)
        likeliest = None
        if result.optimum is not None:
            optimum = {"sigma_b": result.optimum.sigma_b, "length": result.optimum.length, "sigma_o": result.optimum.sigma_o}
            if surface.x.parameter in optimum and surface.y.parameter in optimum:
                likeliest = optimum[surface.x.parameter], optimum[surface.y.parameter]
        self.plot.mark(current=current, best=surface.best, likeliest=likeliest)
        best = ", ".join(f"{names[a.parameter]} {number(v)}" for a, v in zip((surface.x, surface.y), surface.best, strict=True))
        self._words.object = (
            f'<div class="hint" data-role="surface">{SENTENCES[surface.score]} Cross: the current setting; star: the best of '
            f"the {values.size} settings ({best}). Click to go there.{_cut(values, span)}</div>"
        )
        tell(self._problem, "problem", "")

    def _fail(self, text: str) -> None:
        tell(self._problem, "problem", text)

    def _current(self, parameter: Parameter) -> float:
        result = self.state.result
        return {
            "sigma_b": result.sigma_b, "length": result.length, "sigma_o": result.sigma_o,
            "count": float(len(result.observations)), "floor": result.settings.background_error.floor,
        }[parameter]  # fmt: skip

    def _on_tap(self, x: float, y: float) -> None:
        if self._surface is None:
            return
        b, o = self.state.b, self.state.o
        changes: dict[Any, dict[str, float]] = {b: {}, o: {}}
        for axis, value in ((self._surface.x, x), (self._surface.y, y)):
            section, name = self._where(axis.parameter)
            changes[section][name] = round(value) if axis.parameter == "count" else float(f"{value:.3g}")
        length = changes[b].get("length")
        if length is not None and b.length_z is not None:  # on the surface both lengths keep their ratio
            changes[b]["length_z"] = float(f"{b.length_z * length / b.length:.3g}")
        for section, values in changes.items():
            section.param.update(**values)

    def _where(self, parameter: Parameter) -> tuple[Any, str]:
        b, o = self.state.b, self.state.o
        return {
            "sigma_b": (b, "sigma"), "length": (b, "length"), "sigma_o": (o, "sigma"), "count": (o, "count"),
            "floor": (b, "floor"),
        }[parameter]  # fmt: skip


def _axis(label: str, parameter: Parameter, description: str) -> pmui.Select:
    return pmui.Select(label=label, options=PARAMETERS, value=parameter, width=150, description=description)


def _compute(request: Request) -> Surface:
    x, y = (usual_axis(request.experiment, request.settings, parameter) for parameter in (request.x, request.y))
    return tuning_surface(request.experiment, request.settings, x, y, request.score)


def _cut(values: np.ndarray, span: tuple[float, float]) -> str:
    """Return a sentence on how many values lie beyond the colours, above; nothing where none does."""
    beyond = int(np.sum(values > span[1]))
    return f" Colours end at {number(span[1])}; {beyond} of the settings are above." if beyond else ""


def _label(name: str, units: str) -> str:
    return f"{name} [{units}]" if units else name
