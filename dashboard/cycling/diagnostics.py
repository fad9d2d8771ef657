"""The diagnostics tab: whether each method knows how good it is, and which of two is better."""

import time
from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.experiments.cycling.view import RaceView
from dashboard.controls import html, notice, one_message, tell
from dashboard.cycling.first_guess import table
from dashboard.cycling.skill import EXTRAS, Request, Skill, reported, skill_of
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
#: The same as an address says them.
Quantity = Literal["chi2", "sigma_o", "sigma_b", "spread", "bias"]
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

#: Told what of an address cannot be.
Report = Callable[[str], Any]

#: A row that goes on below, and how wide its figures with their words are: two beside each other on a usual screen. In a
#: `FlexBox` figures that come later have no width.
WRAPS = {"flex-wrap": "wrap", "gap": "10px 24px", **ANY_HEIGHT}
FITS = {"flex": "1 1 460px", "min-width": "0", "max-width": "max(50% - 12px, 560px)"}


class DiagnosticsView:
    """Table and figures that are computed anew every few seconds while they are looked at."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self._live: LiveRace | None = None
        self._seen: tuple[int, int, int] | None = None
        self._due = 0.0
        self._skill: Skill | None = None
        #: What an address asks for, and who is told what cannot be: methods A and B until it is known which there are, and a
        #: number until it is known which are reported.
        self._pair: tuple[int | None, int, Report] | None = None
        self._number: tuple[str, Report] | None = None
        self._computing: LatestWins[Request, Skill] = LatestWins(DEVICE, skill_of, self._on_computed, self._on_failed)
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

    @property
    def chosen(self) -> dict[str, Any]:
        """What is chosen on the tab, by the keys of an address; nothing of methods that are given up."""
        quantity = get_args(Quantity)[list(QUANTITIES).index(self.quantity.value)]
        found: dict[str, Any] = {"quantity": quantity}
        there = list(self.a.options) == self.state.labels()
        if self._pair is not None:
            found |= {"a": self._pair[0], "b": self._pair[1]}
        elif there:
            found |= {"a": None if self.a.value == _usual(self.a.options) else self.a.value, "b": self.b.value}
        if self._number is not None:
            found["number"] = self._number[0]
        elif there and self.extra.value != next(iter(self.extra.options.values()), None):
            found["number"] = self.extra.value
        return found

    def choose(self, a: int | None, b: int, quantity: Quantity, number: str, report: Report) -> None:
        """Choose what an address says, as soon as it is there; what cannot be is told to `report`."""
        self.quantity.value = list(QUANTITIES)[get_args(Quantity).index(quantity)]
        self._pair, self._number = (a, b, report), (number, report)
        if self._skill is not None and self._live is self.state.live:
            self._offer(self._skill.labels)
            self._offer_numbers(self._skill)

    def _offer(self, labels: tuple[str, ...]) -> None:
        options = {label: number for number, label in enumerate(labels)}
        pair, self._pair = self._pair, None
        if options == self.a.options and pair is None:
            return
        a, b = _usual(options), 0
        if pair is not None:
            a, b = a if pair[0] is None else pair[0], pair[1]
            if max(a, b) >= len(labels):
                pair[2](f"a and b: are numbers of methods, which go up to {len(labels) - 1} here; came {a} and {b}")
                a, b = _usual(options), 0
        if options != self.a.options:  # neither is asked for by what is chosen here
            self.a.options = self.b.options = {}
        self.a.param.update(options=options, value=a)
        self.b.param.update(options=options, value=b)

    def _offer_numbers(self, skill: Skill) -> None:
        options = reported(skill)
        self._extras_part.visible = bool(options)
        value, usual = self.extra.value, next(iter(options.values()), None)
        if self._number is not None and skill.cycle > skill.spinup:
            (asked, report), self._number = self._number, None
            if asked and asked not in options.values():
                report(f"number: the methods here report {', '.join(options.values()) or 'none'}; came {asked!r:.60}")
            value = asked or usual
        value = value if value in options.values() else usual
        if options != self.extra.options or value != self.extra.value:
            self.extra.param.update(options=options, value=value)

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
        self._offer_numbers(skill)
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


def _usual(options: dict[str, int]) -> int:
    """Return the number of the method that is compared with the first at the beginning."""
    return min(1, len(options) - 1)


def _about(skill: Skill) -> str:
    if skill.cycle <= skill.spinup:
        return f'<div class="hint">Cycle {skill.cycle} of the spin-up of {skill.spinup}, which counts in no diagnostic.</div>'
    length = skill.diagnostics.length
    return ABOUT.format(
        count=skill.cycle - skill.spinup, length="one cycle" if length == 1 else f"the mean over {length:,} cycles"
    )


def _part(title: str, hint: pn.pane.HTML, figure: Any, *selects: pmui.Select, styles: dict[str, str] = FITS) -> pn.Column:
    """Return a figure with its title, its controls, and the sentence on what a good one looks like."""
    heading = html(f'<div class="panel-title">{title}</div>', margin=(4, 10, 0, 10))
    bar = [pn.FlexBox(*selects, gap="6px", align_items="center")] if selects else []
    return pn.Column(heading, hint, *bar, figure, margin=0, styles=styles)
