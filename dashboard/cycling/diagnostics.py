"""The diagnostics tab: whether each method knows how good it is, and which of two is better."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cycling.diagnostics import Comparison, Diagnostics, compare, diagnose
from backends.experiments.cycling.race import Mark
from backends.experiments.cycling.run import Entry, entries
from backends.experiments.cycling.view import RaceView
from dashboard.controls import html, notice, one_message, tell
from dashboard.cycling.first_guess import table
from dashboard.cycling.state import CyclingState
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.plots.skill.ablation import Ablation
from dashboard.plots.skill.costs import Costs
from dashboard.plots.skill.lines import StretchLines
from dashboard.plots.skill.ranks import RankHistograms
from dashboard.plots.skill.spread import SpreadError
from dashboard.races import LiveRace
from dashboard.worker import DEVICE, LatestWins

#: Seconds between two computations, at least; and at least so many times as long as one takes.
EVERY, TIMES = 1.5, 15.0
#: What is drawn along the run: name, attribute, right value, whether it is a ratio, and what a good one looks like.
QUANTITIES: dict[str, tuple[str, float, bool, str]] = {
    "χ²/p": ("chi2", 1.0, True, "about 1. Above: innovations are larger than spread and σ_o say; below: smaller."),
    "σ_o estimated / assumed": ("ratio_o", 1.0, True, "about 1. Above: observations are worse than the methods assume."),
    "σ_b estimated / assumed": ("ratio_b", 1.0, True, "about 1. Above: the first guess is worse than its spread says."),
    "spread / RMSE": ("spread_ratio", 1.0, True, "about 1. Below: too confident; in the end the observations are ignored."),
    "bias": ("bias", 0.0, False, "scattered about 0. A line that stays on one side: the forecast model drifts."),
}
#: Names of numbers that only some methods have, and what good ones look like.
EXTRAS = {
    "effective_size": ("effective ensemble size", "well above 1. Near 1 a single particle has all the weight."),
    "inflation": ("inflation", "what the method finds itself; 1: none is needed."),
    "iterations": ("iterations", "few: outer or inner loops until the gradient was small enough."),
    "cost": ("J at the analysis", "about half the number of observations where B and R are right."),
    "cost_background": ("J at the background", "not far above J at the analysis, once the method follows the truth."),
}
NOTHING = '<div class="hint">Start the race: diagnostics appear after the spin-up.</div>'
COMING = '<div class="hint">Computing the diagnostics …</div>'
RANKS = """<div class="hint">Good: flat, with most bars in the grey band, which holds 95 % of them if all counts are
independent; neighbours are not quite, so somewhat more scatter is chance too. ∪: too little spread; ∩: too much; a slope: a
bias.</div>"""
SPREAD = """<div class="hint">Good: along the dashed line. Above it errors are larger than the method expects, and observations
get too little weight; below it, too much. The large dot is the newest stretch.</div>"""
COSTS = """<div class="hint">Good: J falls quickly and levels off, and each dot continues the line: there the model is about as
linear as the inner loop takes it to be.</div>"""
ABOUT = """<div class="hint">First guesses of the {count:,} cycles after the spin-up. Good: a bias within two standard errors of
0, and ratios about 1. <span class="worse">Orange</span>: a bias beyond that, or a ratio off by more than a quarter. Each point
below is {length}.</div>"""


#: A row that goes on below, and how wide its figures with their words are: two beside each other on a usual screen. In a
#: `FlexBox` figures that come later have no width.
WRAPS = {"flex-wrap": "wrap", "gap": "10px 24px", **ANY_HEIGHT}
FITS = {"flex": "1 1 460px", "min-width": "0", "max-width": "max(50% - 12px, 560px)"}


@dataclass(frozen=True, eq=False)
class Skill:
    """What is shown of a race at one moment; no comparison where there is a single method."""

    labels: tuple[str, ...]
    entries: tuple[Entry, ...]
    diagnostics: Diagnostics
    a: int
    b: int
    comparison: Comparison | None
    cycle: int
    spinup: int
    marks: tuple[Mark, ...]
    seconds: float


#: A race, and the numbers of methods A and B.
Request = tuple[LiveRace, int, int]


class DiagnosticsView:
    """Table and figures that are computed anew every few seconds while they are looked at."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self._live: LiveRace | None = None
        self._seen: tuple[int, int, int] | None = None
        self._due = 0.0
        self._skill: Skill | None = None
        self._computing: LatestWins[Request, Skill] = LatestWins(DEVICE, _compute, self._on_computed, self._on_failed)
        self._problem, self._table, self._about = notice("problem"), html(NOTHING), html("")
        self.ablation, self.consistency, self.extras = Ablation(), StretchLines(), StretchLines()
        self.ranks, self.spread, self.costs = RankHistograms(), SpreadError(), Costs()
        self.a = pmui.Select(label="A", options={}, size="small", width=180, description="The method in question")
        self.b = pmui.Select(label="B", options={}, size="small", width=180, description="The method it is compared with")
        self.quantity = pmui.Select(
            label="Quantity", options=list(QUANTITIES), value="χ²/p", size="small", width=260,
            description="What is compared with what the method expects, cycle by cycle",
        )  # fmt: skip
        self.extra = pmui.Select(
            label="Number", options={}, size="small", width=260,
            description="Numbers that only some methods report, such as iterations or effective particles",
        )  # fmt: skip
        for select, watch in ((self.a, self._on_choice), (self.b, self._on_choice), (self.quantity, self._on_quantity)):
            select.param.watch(watch, "value")
        self.extra.param.watch(self._on_quantity, "value")
        self._compared, self._consistent, self._extra_hint = html(""), html(""), html("")
        self._ablation_part = _part("A against B", self._compared, self.ablation.pane, self.a, self.b)
        ranks = _part("Rank histograms of the first guess", html(RANKS), self.ranks.pane, styles=ANY_HEIGHT)
        self._costs_part = _part("Cost by iteration", html(COSTS), self.costs.pane)
        self._extras_part = _part("What only some methods have", self._extra_hint, self.extras.pane, self.extra)
        consistency = _part("Consistency along the run", self._consistent, self.consistency.pane, self.quantity)
        spread = _part("Spread against error", html(SPREAD), self.spread.pane)
        figures = pn.Row(
            self._ablation_part, consistency, spread, self._costs_part, self._extras_part,
            sizing_mode="stretch_width", margin=0, styles=WRAPS,
        )  # fmt: skip
        # Left out while there is nothing to show: a page with figures that are hidden like this never ended loading.
        self._all = [ranks, figures]
        self._figures = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self.pane = pn.Column(self._problem, self._table, self._about, self._figures, sizing_mode="stretch_width", margin=0)
        self._clear()

    def show(self, view: RaceView | None) -> None:
        """Say which moment of the race there is to look at; it is computed when the time has come."""
        live = self.state.live
        if live is not self._live:
            self._clear()
            self._live = live
        if view is None or view.cycle == 0 or live is None or not live.ready:
            return
        self._offer(view.labels)
        seen = (view.cycle, len(view.marks), live.settings.spinup)
        if seen != self._seen and time.monotonic() >= self._due:
            self._seen = seen
            if self._table.object == NOTHING:
                self._table.object = COMING
            self._ask()

    def close(self) -> None:
        """Let go of everything."""
        self._computing.close()
        self._live = self._skill = None

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._computing.wait()

    # Computing --------------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        if self._live is not None and self.a.value is not None and self.b.value is not None:
            self._due = time.monotonic() + EVERY
            self._computing.request((self._live, self.a.value, self.b.value))

    def _on_computed(self, request: Request, skill: Skill) -> None:
        if request[0] is not self.state.live:
            return
        self._due = max(self._due, time.monotonic() + TIMES * skill.seconds)
        self._skill = skill
        with one_message():
            tell(self._problem, "problem", "")
            self._draw(skill)

    def _on_failed(self, problem: str) -> None:
        tell(self._problem, "problem", problem)

    # Choosing ---------------------------------------------------------------------------------------------------------

    def _offer(self, labels: tuple[str, ...]) -> None:
        options = {label: number for number, label in enumerate(labels)}
        if options == self.a.options:
            return
        # Neither is asked for by what is chosen here.
        self.a.options = self.b.options = {}
        self.a.param.update(options=options, value=min(1, len(labels) - 1))
        self.b.param.update(options=options, value=0)

    def _on_choice(self, event: Event) -> None:
        if event.new is not None and self._skill is not None:
            self._ask()

    def _on_quantity(self, event: Event) -> None:
        if event.new is not None and self._skill is not None:
            with one_message():
                self._draw_lines(self._skill)

    # Drawing ----------------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        self._live = self._seen = self._skill = None
        self._due = 0.0
        self._table.object, self._about.object, self._figures.objects = NOTHING, "", []
        for figure in (self.ranks, self.spread, self.ablation, self.consistency, self.costs, self.extras):
            figure.clear()
        self._ablation_part.visible = self._costs_part.visible = self._extras_part.visible = False

    def _draw(self, skill: Skill) -> None:
        methods = dict(zip(skill.labels, skill.diagnostics.methods, strict=True))
        there = skill.cycle > skill.spinup
        if there != bool(self._figures.objects):
            self._figures.objects = self._all if there else []
        self._table.object = table(skill.entries, skill.diagnostics.methods) if there else ""
        self._about.object = _about(skill)
        self.ranks.show(
            {
                label: None if method.ranks is None else (method.ranks.edges, method.ranks.heights, method.ranks.band)
                for label, method in methods.items()
            }
        )
        self.spread.show(skill.diagnostics.cycles, {label: (m.spread, m.error) for label, m in methods.items()})
        self._draw_comparison(skill)
        self._costs_part.visible = any(method.costs for method in methods.values())
        self.costs.show({label: method.costs for label, method in methods.items()})
        names = list(dict.fromkeys(name for method in methods.values() for name in method.extras))
        self._extras_part.visible = bool(names)
        options = {EXTRAS.get(name, (name.replace("_", " "), ""))[0]: name for name in sorted(names, key=_order)}
        if options != self.extra.options:
            kept = self.extra.value if self.extra.value in names else next(iter(options.values()), None)
            self.extra.param.update(options=options, value=kept)
        self._draw_lines(skill)

    def _draw_comparison(self, skill: Skill) -> None:
        c = skill.comparison
        self._ablation_part.visible = c is not None
        if c is None:
            return
        a, b = skill.labels[skill.a], skill.labels[skill.b]
        self.ablation.show(a, b, c.edges, c.difference, c.errors, c.significant, c.mean, c.error)
        memory = f" About {c.memory:.0f} successive cycles count as one." if len(c.difference) and c.memory >= 2 else ""
        self._compared.object = (
            '<div class="hint">First-guess errors on the same truth and observations. Green: A is better; red: B is. Pale bars '
            f"lie within two standard errors of zero and may be chance.{memory}</div>"
        )

    def _draw_lines(self, skill: Skill) -> None:
        cycles, methods = skill.diagnostics.cycles, dict(zip(skill.labels, skill.diagnostics.methods, strict=True))
        marks = [(mark.cycle, mark.text) for mark in skill.marks]
        attribute, right, ratio, good = QUANTITIES[self.quantity.value]
        lines: dict[str, np.ndarray | None] = {label: getattr(method, attribute) for label, method in methods.items()}
        self.consistency.show(cycles, lines, self.quantity.value, right, ratio, marks)
        self._consistent.object = f'<div class="hint">Good: {good}</div>'
        if self.extra.value is not None:
            name, good = EXTRAS.get(self.extra.value, (self.extra.value.replace("_", " "), ""))
            lines = {label: method.extras.get(self.extra.value) for label, method in methods.items()}
            self.extras.show(cycles, lines, name, marks=marks)
            self._extra_hint.object = f'<div class="hint">Good: {good}</div>' if good else ""


def _compute(request: Request) -> Skill:
    live, a, b = request
    began, race = time.perf_counter(), live.race
    labels = tuple(contestant.label for contestant in race.cycling.contestants)
    a, b = min(a, len(labels) - 1), min(b, len(labels) - 1)
    diagnostics, comparison = diagnose(race), compare(race, a, b) if len(labels) > 1 else None
    return Skill(
        labels, entries(race), diagnostics, a, b, comparison, race.cycle, race.settings.spinup, tuple(race.marks),
        time.perf_counter() - began,
    )  # fmt: skip


def _about(skill: Skill) -> str:
    if skill.cycle <= skill.spinup:
        return f'<div class="hint">Cycle {skill.cycle} of the spin-up of {skill.spinup}, which counts in no diagnostic.</div>'
    length = skill.diagnostics.length
    return ABOUT.format(
        count=skill.cycle - skill.spinup, length="one cycle" if length == 1 else f"the mean over {length:,} cycles"
    )


def _order(name: str) -> int:
    """Return the place of a number among those that only some methods have."""
    return list(EXTRAS).index(name) if name in EXTRAS else len(EXTRAS)


def _part(title: str, hint: pn.pane.HTML, figure: Any, *selects: pmui.Select, styles: dict[str, str] = FITS) -> pn.Column:
    """Return a figure with its title, its controls, and the sentence on what a good one looks like."""
    heading = html(f'<div class="panel-title">{title}</div>', margin=(4, 10, 0, 10))
    bar = [pn.FlexBox(*selects, gap="6px", align_items="center")] if selects else []
    return pn.Column(heading, hint, *bar, figure, margin=0, styles=styles)
