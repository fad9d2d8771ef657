"""The same models from other starts and with other truths, side by side, when it is asked for: it needs further forecasts."""

import re
import threading
import time
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.rollout.generalise import Trial, generalised
from backends.experiments.rollout.other_starts import GeneraliseSettings
from backends.experiments.rollout.settings import TestbedStart
from backends.experiments.rollout.view import RolloutView
from backends.experiments.yaml_text import parse
from dashboard.controls import html, notice, one_message, show_progress, tell
from dashboard.plots.race.frame import ANY_HEIGHT, grid, with_units
from dashboard.plots.rollout.curves import LeadCurve, LeadCurves
from dashboard.rollout.chosen import LINES
from dashboard.rollout.others_table import table
from dashboard.rollout.state import FORECASTS, MOST_SECONDS, RolloutState
from dashboard.worker import LatestWins

ABOUT = """
<h2 class="section">Other starts, other truths</h2><div class="hint">The same models from starts that they were not made for.
With another truth the perfect model keeps the parameters of the sidebar, and is wrong. Persistence is trivial: it keeps any
mass, and on the periodic line it is right again after each turn. With nothing chosen: all shapes, and one other truth.</div>
"""
SHAPES = {"states of the climate": "climate", "bump": "bump", "sine": "sine", "top hat": "top_hat", "bumps": "bumps"}
#: Errors above so many times the size of the starts are only bad.
WORST = 2.0
#: A constant of another truth, in parts of its own.
FASTER = 1.2


class OthersPart:
    """Which starts and truths, a button that runs them, a table, and curves of each."""

    def __init__(self, state: RolloutState) -> None:
        self._section: Any = state.form.parts["generalise"].section
        self._view: RolloutView | None = None
        self._stop = threading.Event()
        self._done = (0, 0)
        self._work: LatestWins[tuple[RolloutView, GeneraliseSettings], tuple[Trial, ...]] = LatestWins(
            FORECASTS, self._compute, self._on_trials, self._on_failed
        )
        self.shapes = pmui.MultiChoice(
            label="Shapes", options=SHAPES, value=[], width=380, description=self._section.param["shapes"].doc
        )
        self.truths = pmui.TextInput(
            label="Other truths", placeholder="none", size="small", width=260,
            description="Parameters in which the truth differs from that of the sidebar; truths with commas between them, "
            "such as speed=1.2, speed=0.8 waves=5",
        )  # fmt: skip
        self.run = pmui.Button(
            label="Run from these", icon="play_circle", variant="outlined", size="small", on_click=self._on_run,
            description="Runs all models from each of them",
        )  # fmt: skip
        self._problem, self._words = notice("problem"), html("")
        self.progress = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", visible=False)
        self.figures: list[LeadCurves] = []
        self._figures = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self.pane = pn.Column(
            html(ABOUT), pn.Row(self.shapes, self.truths, margin=0), pn.Row(self.run, margin=0), self._problem, self.progress,
            self._words, self._figures, sizing_mode="stretch_width", margin=0, visible=False, styles=ANY_HEIGHT,
        )  # fmt: skip
        self.shapes.param.watch(self._on_shapes, "value")
        self.truths.param.watch(self._on_truths, "value")
        self._section.param.watch(self._follow, ["shapes", "dynamics"])
        state.param.watch(self._on_fault, "fault")
        self._follow()

    def show(self, view: RolloutView | None) -> None:
        """Offer to run the models of other forecasts; there are no other starts but those of a testbed."""
        old, self._view = self._view, view
        self.pane.visible = view is not None and isinstance(view.prepared.settings.start, TestbedStart)
        if view is None or (old is not None and old.prepared is view.prepared):
            return
        self._stop.set()  # what is on its way belongs to other forecasts
        self.shapes.visible = startable(view)
        self._words.object, self._figures.objects, self.figures = "", [], []
        self._rest()
        tell(self._problem, "problem", "")

    def tick(self) -> None:
        """Bring the progress up to date; called some times a second."""
        if self.progress.visible:
            show_progress(self.progress, *self._done)

    def wait(self) -> None:
        """Block until what was asked for is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything."""
        self._stop.set()
        self._work.close()
        self._view = None

    def _on_shapes(self, event: Event) -> None:
        self._section.shapes = tuple(event.new)

    def _on_truths(self, event: Event) -> None:
        try:
            dynamics = truths_of(event.new)
        except InputError as problem:
            tell(self._problem, "problem", str(problem))
        else:
            tell(self._problem, "problem", "")
            self._section.dynamics = dynamics

    def _follow(self, *_events: Event) -> None:
        """Show what a file, or another testbed, has brought."""
        if tuple(self.shapes.value or ()) != self._section.shapes:
            self.shapes.value = list(self._section.shapes)
        text = text_of(self._section.dynamics)
        if text != self.truths.value and not (self.truths.value and _same(self.truths.value, self._section.dynamics)):
            self.truths.value = text

    def _on_fault(self, event: Event) -> None:
        if event.new.startswith("generalise"):
            tell(self._problem, "problem", re.sub(r"generalise\.dynamics\.(\d+)[. ]", _counted, event.new))
        elif event.old.startswith("generalise"):
            tell(self._problem, "problem", "")

    def _on_run(self, _event: object) -> None:
        if self.progress.visible:
            self._stop.set()
            return
        if self._view is None:
            return
        try:
            asked: GeneraliseSettings = self._section.settings()
        except InputError as problem:
            tell(self._problem, "problem", str(problem))
            return
        if not asked.asked:
            asked = usual(self._view)
            self._section.take(asked)
        self._stop.clear()
        self._done = (0, 0)
        tell(self._problem, "problem", "")
        self.run.param.update(label="Stop", icon="stop")
        self.progress.param.update(visible=True, value=0, variant="indeterminate")
        self._work.request((self._view, asked))

    def _compute(self, request: tuple[RolloutView, GeneraliseSettings]) -> tuple[Trial, ...]:
        view, asked = request
        end = time.monotonic() + MOST_SECONDS

        def report(done: int, of: int) -> None:
            self._done = (done, of)
            if self._stop.is_set():
                raise InputError(f"stopped after {done} of {of} leads of all starts; nothing of it is kept")
            if time.monotonic() > end and done < of:
                raise InputError(
                    f"{done} of {of} leads of all starts took {MOST_SECONDS:g} s, which is as long as this page may forecast. "
                    "Choose fewer, or run the file without a browser"
                )

        trials = generalised(view.prepared, view.result, asked, report)
        assert all(trial.entries for trial in trials)  # computed here, where nobody waits for it
        return trials

    def _on_trials(self, request: tuple[RolloutView, GeneraliseSettings], trials: tuple[Trial, ...]) -> None:
        view = self._view
        if view is None or view.prepared is not request[0].prepared:
            return
        with one_message():
            self._rest()
            self._words.object = table(trials)
            self.figures = [LeadCurves("RMSE / size", height=230, reference=1.0, within=(0.0, WORST)) for _ in trials]
            parts = [pn.Column(html(_title(trial)), figure.pane, sizing_mode="stretch_width", margin=0)
                     for trial, figure in zip(trials, self.figures, strict=True)]  # fmt: skip
            for trial, figure in zip(trials, self.figures, strict=True):
                figure.show(view.leads, _curves(trial), with_units("lead time", view.time_unit))
            self._figures.objects = [grid(*parts, least=420, columns_at_most=2)]

    def _on_failed(self, problem: str) -> None:
        self._rest()
        tell(self._problem, "problem", problem)

    def _rest(self) -> None:
        self.run.param.update(label="Run from these", icon="play_circle")
        self.progress.visible = False


def startable(view: RolloutView) -> bool:
    """Return whether forecasts could start from shapes: of states on a line that a testbed advects."""
    start = view.prepared.settings.start
    return isinstance(start, TestbedStart) and start.dynamics.name in LINES and view.layout.kind == "ring"


def usual(view: RolloutView) -> GeneraliseSettings:
    """Return what is tried where nothing is chosen: all shapes there are, and a truth with another constant."""
    dynamics = view.prepared.settings.start.dynamics  # type: ignore[union-attr]
    key = next(iter(dynamics.UNCERTAIN), None)
    shapes = tuple(shape for shape in SHAPES.values() if shape != "climate") if startable(view) else ()
    truths = () if key is None else ({key: float(f"{FASTER * getattr(dynamics, key):.3g}")},)
    return GeneraliseSettings.model_validate({"shapes": shapes, "dynamics": truths})


def truths_of(text: str) -> tuple[dict[str, Any], ...]:
    """Return the changes that a text such as ``speed=1.2, speed=0.8 waves=5`` says.

    Raises
    ------
    InputError
        If it is written otherwise.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        changes = {}
        for word in part.split():
            key, equals, value = word.partition("=")
            if not (key and equals and value):
                raise InputError(f"other truths are written like speed=1.2, speed=0.8 waves=5; came {word!r:.60}")
            changes[key] = parse(value, repr(word))
        found.append(changes)
    return tuple(found)


def text_of(dynamics: tuple[dict[str, Any], ...]) -> str:
    """Return changes as :func:`truths_of` reads them."""
    return ", ".join(" ".join(f"{key}={value}" for key, value in changes.items()) for changes in dynamics)


def _counted(match: re.Match[str]) -> str:
    """Return what a person calls the key of one of the other truths, which are counted from 1."""
    return f"other truth {int(match[1]) + 1}: "


def _same(text: str, dynamics: tuple[dict[str, Any], ...]) -> bool:
    try:
        return truths_of(text) == dynamics
    except InputError:
        return False


def _title(trial: Trial) -> str:
    chosen = ' <span class="hint">as in the sidebar</span>' if trial.chosen else ""
    return f'<div class="panel-title">{escape(trial.name)}{chosen}</div>'


def _curves(trial: Trial) -> dict[str, LeadCurve]:
    """Return the error of each model in parts of the size of the starts."""
    curves = {}
    for forecast in trial.result.forecasts:
        rmse = trial.result.rmse(forecast)
        value, low, high = (part.numpy() / (trial.size or 1.0) for part in (rmse.value, rmse.low, rmse.high))
        curves[forecast.label] = LeadCurve(value, low, high, ended=forecast.ended)
    return curves
