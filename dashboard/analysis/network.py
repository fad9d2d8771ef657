"""A trained network beside the exact analysis: what it makes of the same problem, and whether it is valid there."""

from collections.abc import Callable
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.io.callbacks import PeriodicCallback
from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.cases import FieldCase
from backends.experiments.outcome import Outcome
from backends.experiments.run import from_yaml, to_yaml
from backends.experiments.training.plane import LARGEST
from backends.experiments.training.registry import TASKS
from backends.experiments.training.settings import TrainingSettings
from backends.experiments.training.trained import Trained, trained
from backends.experiments.training.use import USABLE, Learned, apply, fits, tuned_to
from backends.geometry.grid import LatLonGrid
from backends.jobs.job import Job, State
from dashboard.analysis.state import AnalysisState
from dashboard.controls import html, notice, one_message, tell
from dashboard.jobs import all_jobs
from dashboard.plots.race.frame import grid
from dashboard.plots.training.pictures import CurvePicture, MapPicture, picture, shape_of
from dashboard.theme import number
from dashboard.worker import DEVICE, LatestWins

#: Milliseconds between two looks at a fine-tuning that runs, or at runs that are being read.
LOOK_EVERY = 500
#: Steps of the optimiser in a fine-tuning.
TUNING_STEPS = 500
EMPTY = """
<div class="hint">No network that could analyse this case has been trained yet. Train one on the
<a href="training">Training page</a>: {tasks}. It then appears here, beside the exact answer.</div>
"""
LOADING = '<div class="hint">Looking for networks that have been trained …</div>'
ELSEWHERE = f"""
<div class="hint">Networks are trained for the periodic line, for the vertical plane, and for a field of a file, of at most
{LARGEST:,} grid points, with an earlier one as its background; choose such a case.</div>
"""
#: Run and analysis.
Request = tuple[str, Outcome]


class NetworkView:
    """A list of trained networks, and the chosen one's analysis of the problem of the page."""

    def __init__(self, state: AnalysisState, folder: Path) -> None:
        self.state, self._folder = state, folder
        self._load = lru_cache(maxsize=4)(lambda run: trained(run, folder))
        self._applying: LatestWins[Request, tuple[Trained, Learned]] = LatestWins(
            DEVICE, self._apply, self._on_applied, self._on_failed
        )
        self._tuning = ""
        self._looking: PeriodicCallback | None = None
        self._outcome: Outcome | None = None
        self._network: Trained | None = None
        self._newest: tuple[Request, Learned] | None = None
        #: The run that an address asks for, and who is told if it does not do, until it is known what there is.
        self._awaited: tuple[str, Callable[[str], Any]] | None = None
        self._shapes: tuple[tuple[object, ...], ...] = ()
        self._pictures: list[CurvePicture | MapPicture] = []
        self.chosen = pmui.Select(
            label="Network", options={}, size="small", width=540,
            description="Trained networks that take this problem; each analyses it beside the exact answer.",
        )  # fmt: skip
        self.chosen.param.watch(self._on_chosen, "value")
        self.tune = pmui.Button(
            label="Fine-tune to these settings", variant="outlined", size="small", on_click=self._on_tune, visible=False,
            description="Train on from these weights with the page's B, R and number of observations, for a few hundred steps",
        )  # fmt: skip
        self._words, self._table, self._said = html(""), html(""), html("")
        self._problem, self._stale = notice("problem"), notice("stale")
        self._head = pn.FlexBox(self.chosen, self.tune, align_items="center", gap="12px", visible=False)
        self._fixed = [self._words, self._head, self._said, self._problem, self._stale, self._table]
        self.pane = pn.Column(*self._fixed, sizing_mode="stretch_width", margin=0)

    @property
    def run(self) -> str:
        """The run of the network that is shown, or that an address has asked for; empty if there is none."""
        return (self.chosen.value or "") if self._awaited is None else self._awaited[0]

    def choose(self, run: str, report: Callable[[str], Any]) -> None:
        """Take the network of a run when the tab is shown next, unless none is named; what cannot be is told to `report`."""
        self._awaited = (run, report) if run else None

    def show(self, outcome: Outcome) -> None:
        """Let the chosen network analyse the problem of an outcome, or say what to do first."""
        self._outcome = outcome
        self._offer(outcome)
        if all_jobs().loading and pn.state.curdoc is not None and self._looking is None:
            self._looking = pn.state.add_periodic_callback(self._look, period=LOOK_EVERY)
        if self.chosen.value:
            self._applying.request((self.chosen.value, outcome))

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._applying.close()
        self._load.cache_clear()
        if self._looking is not None:
            self._looking.stop()
        self._outcome = self._network = self._newest = self._awaited = None

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        self._applying.wait()

    def _offer(self, outcome: Outcome) -> None:
        """Offer the networks that could analyse the case, the newest first."""
        trainings = [(job, _settings(job)) for job in all_jobs().list() if job.state is State.COMPLETED]
        runs = [job for job, settings in trainings if settings is not None and fits(settings, outcome)]
        options = {_title(job): job.id for job in runs}
        if list(self.chosen.options.items()) != list(options.items()):
            kept = self.chosen.value if self.chosen.value in options.values() else next(iter(options.values()), None)
            self.chosen.param.update(options=options, value=kept)
        if self._awaited is not None and not all_jobs().loading:
            (run, report), self._awaited = self._awaited, None
            if run in options.values():
                self.chosen.value = run
            else:
                report(f"network: there is none of this run that takes the problem; came {run!r:.60}")
        self._head.visible = bool(options)
        if options or all_jobs().loading:
            self._words.object = "" if options else LOADING
            return
        self._words.object = _how_to_get_one(outcome)
        self._clear()

    @property
    def newest(self) -> tuple[Request, Learned] | None:
        """The newest answer of a network with what it was asked; None where it is still on its way, or there is none."""
        found = self._newest
        return found if found is not None and found[0] == (self.chosen.value, self._outcome) else None

    def _clear(self) -> None:
        self._shapes, self._pictures, self._network, self._newest = (), [], None, None
        tell(self._stale, "stale", "")
        tell(self._problem, "problem", "")
        self._table.object = ""
        self.tune.visible = False
        self.pane.objects = self._fixed

    def _on_chosen(self, event: Event) -> None:
        if event.new and self._outcome is not None:
            self._applying.request((event.new, self._outcome))

    def _apply(self, request: Request) -> tuple[Trained, Learned]:
        network = self._load(request[0])
        return network, apply(network, request[1])

    def _on_applied(self, request: Request, result: tuple[Trained, Learned]) -> None:
        if request[0] != self.chosen.value:
            return
        self._network, learned = result
        self._newest = request, learned
        with one_message():
            tell(self._problem, "problem", "")
            text = "; ".join(learned.reasons)
            tell(self._stale, "stale", f"This network is not valid here: {text}." if text else "")
            self.tune.visible = bool(text)
            self._table.object = _table(learned)
            self._draw(learned)

    def _draw(self, learned: Learned) -> None:
        shapes = tuple(shape_of(panel) for panel in learned.panels)
        if shapes == self._shapes:
            for old, panel in zip(self._pictures, learned.panels, strict=True):
                old.show(panel)
            return
        self._shapes = shapes
        self._pictures = [picture(panel) for panel in learned.panels]
        panes = [pane for drawn in self._pictures for pane in drawn.panes]
        self.pane.objects = [*self._fixed, grid(*panes, least=400, columns_at_most=2)]

    def _on_failed(self, problem: str) -> None:
        self._clear()
        self._head.visible = bool(self.chosen.options)
        tell(self._problem, "problem", problem)

    # Fine-tuning ------------------------------------------------------------------------------------------------------

    def _on_tune(self, _event: object) -> None:
        if self._network is None or self._outcome is None:
            return
        run = self.chosen.value
        try:
            settings = tuned_to(self._network.settings, self._outcome, run, TUNING_STEPS)
            job = all_jobs().submit("training", to_yaml(settings), self._folder, continues=run)
        except InputError as problem:
            tell(self._problem, "problem", str(problem))
            return
        self._tuning = job.id
        self._say(job)
        if pn.state.curdoc is not None and self._looking is None:
            self._looking = pn.state.add_periodic_callback(self._look, period=LOOK_EVERY)

    def _look(self) -> None:
        """See whether earlier runs have been read, and how far the fine-tuning is; choose its network when it is there."""
        if all_jobs().loading:
            return
        job = all_jobs().get(self._tuning) if self._tuning else None
        if job is not None:
            self._say(job)
            if not job.state.final:
                return
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
        if self._outcome is not None:
            self._offer(self._outcome)
        if job is not None and job.state is State.COMPLETED:
            self.chosen.value = job.id

    def _say(self, job: Job) -> None:
        link = f'<a href="training?run={escape(job.id)}">run {escape(job.id)}</a>'
        words = {
            State.COMPLETED: "has been fine-tuned",
            State.FAILED: f"failed: {escape(job.problem)}",
            State.CANCELLED: "was cancelled",
        }.get(job.state, f"is being fine-tuned, {100 * job.fraction:.0f} %")
        self._said.object = f'<div class="hint">{link} {words}</div>'


@lru_cache(maxsize=200)
def _training(text: str) -> TrainingSettings | None:
    """Return the settings of a training, or None where they are not valid any more, as an older version's may be."""
    try:
        settings = from_yaml(text)
    except InputError:
        return None
    return settings if isinstance(settings, TrainingSettings) else None


def _settings(job: Job) -> TrainingSettings | None:
    return _training(job.settings) if job.kind == "training" else None


def _how_to_get_one(outcome: Outcome) -> str:
    """Return which tasks train networks for the case of the page, or that there are none for it."""
    case, domain = outcome.settings.case, outcome.case.domain
    names = " or ".join(f"“{TASKS[task].TITLE}”" for task, kind in USABLE.items() if isinstance(domain, kind))
    if not isinstance(domain, LatLonGrid):
        return EMPTY.format(tasks=escape(names)) if names else ELSEWHERE
    if not isinstance(case, FieldCase) or domain.size > LARGEST:
        return ELSEWHERE
    return EMPTY.format(tasks=escape(f"{names}, with path: {case.path} and variable: {case.variable}"))


def _title(job: Job) -> str:
    settings = _settings(job)
    assert settings is not None  # of those that are offered
    gap = job.summary.get("cost_gap_median")
    quality = f", gap {100 * gap:.2g} %" if isinstance(gap, float) else ""
    return f"{settings.TITLE}{quality} ({job.id})"


def _table(learned: Learned) -> str:
    """Return costs, errors and times of background, exact analysis and network."""
    s = learned.scores

    def row(name: str, *values: float | None) -> str:
        cells = "".join(f"<td>{'' if value is None else number(value)}</td>" for value in values)
        return f"<tr><th>{name}</th>{cells}</tr>"

    rows = (
        row("J", s["j_background"], s["j_3dvar"], s["j_network"]),
        row("J_b", 0.0, s["jb_3dvar"], s["jb_network"]),
        row("J_o", s["j_background"], s["jo_3dvar"], s["jo_network"]),
        row("normalised cost gap [%]", 100.0, 0.0, 100 * s["cost_gap_median"]),
        row("RMSE against the truth", s["rmse_background"], s["rmse_3dvar"], s["rmse_network"]),
        row("time [ms]", None, 1000 * learned.seconds_exact, 1000 * learned.seconds_network),
    )
    head = "<tr><th></th><th>background</th><th>3D-Var, exact</th><th>network</th></tr>"
    return f'<table class="numbers" data-role="network">{head}{"".join(rows)}</table>'
