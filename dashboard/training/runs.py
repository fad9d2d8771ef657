"""All runs in a table: one is chosen to be looked at, several are compared or deleted."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.jobs.job import Job
from backends.learning.metrics import metric_label
from backends.pictures.training import Look
from dashboard.controls import html, notice, one_message, tell
from dashboard.plots.training.curves import Curve, Curves
from dashboard.training.address_keys import Report, TrainingView
from dashboard.training.bar import short_id
from dashboard.training.live import AGAINST, AXES
from dashboard.training.metrics import RunMetrics
from dashboard.training.rows import COLUMNS, differences, row
from dashboard.training.state import MOST_COMPARED, TrainingState

WORDS = f"""
<div class="hint">A click on a row looks at that run. Check two to {MOST_COMPARED} rows to compare them. The score is the median
normalised cost gap, or the first score of the network where a task has none; of a run that has not been completed, the newest
that it reported.</div>
"""
WIDTHS = {
    "run": 68, "started": 100, "state": 82, "task": 140, "parameters": 136, "score": 68, "RMSE": 68, "iterations": 102,
    "minutes": 92, "from": 88, "tags": 94,
}  # fmt: skip
FILTERED = ("state", "task", "parameters", "tags")
TABLE = """
.tabulator .tabulator-cell, .tabulator .tabulator-col, .tabulator .tabulator-col input { font-size: 13px !important; }
.tabulator .tabulator-col { font-weight: 500 !important; }
"""
#: Seconds between two versions of the table in which no state has changed, and seconds in which the browser may still be
#: building it: what comes meanwhile it does not take in, so that it is sent again.
SEND_EVERY, SETTLING = 2.0, 15.0
#: Metrics that a comparison begins with, the first that there is.
FIRST = ("cost_gap_median", "loss")


class RunsView:
    """The table of the runs, and the comparison of those that are checked."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self._rows: list[dict[str, Any]] = []
        self._ids: list[str] = []
        self._sent = -1e9
        self._settled: float | None = None
        self._jobs: dict[str, Job] = {}
        self._metrics: dict[str, RunMetrics] = {}
        self._drawn: tuple[object, ...] = ()
        self._deleting: list[str] = []
        self._checking = self._offering = False
        #: The metric that an address asks for, which may still be read, and who is told where there is none.
        self._asked: tuple[str, Report] | None = None
        text, numbers = {"type": "plaintext"}, ("score", "RMSE", "iterations", "minutes")
        self.table = pn.widgets.Tabulator(
            _frame([]), show_index=False, disabled=True, selectable="checkbox", pagination="local", page_size=12,
            sizing_mode="stretch_width", layout="fit_data_stretch", widths=WIDTHS, theme="simple", stylesheets=[TABLE],
            formatters={name: text for name in COLUMNS if name not in numbers},
            header_filters={name: {"type": "input", "func": "like", "placeholder": "filter"} for name in FILTERED},
        )  # fmt: skip
        self.table.on_click(self._on_click)
        self.table.param.watch(self._on_selection, "selection")
        self.delete = pmui.Button(
            label="Delete", icon="delete", variant="outlined", size="small", disabled=True, on_click=self._on_delete,
            description="Delete the checked runs that have ended",
        )  # fmt: skip
        self.tags = pmui.TextInput(
            label="Tags", placeholder="best, for the lecture", size="small", width=220,
            description="Words of your own, with commas between",
        )  # fmt: skip
        self.tag = pmui.Button(
            label="Tag", icon="sell", variant="outlined", size="small", disabled=True, on_click=self._on_tag,
            description="Mark the checked runs with these words, separated by commas, in the place of their tags",
        )  # fmt: skip
        self._marks = pn.FlexBox(self.delete, self.tags, self.tag, gap="8px", align_items="center")
        self._sure = html()
        self.yes = pmui.Button(
            label="Delete for good", color="error", variant="contained", size="small", on_click=self._on_yes,
            description="Runs, weights and pictures go; nothing brings them back",
        )  # fmt: skip
        self.no = pmui.Button(
            label="Keep", variant="text", size="small", on_click=lambda _: self._ask([]), description="Delete nothing"
        )
        self._confirm = pn.Column(
            self._sure, pn.FlexBox(self.yes, self.no, gap="8px"), sizing_mode="stretch_width", margin=0, visible=False
        )
        self.metric = pmui.Select(
            label="Metric", options={}, size="small", width=240, description="What the curves of the checked runs show"
        )
        self.against = pmui.Select(
            label="Against", options=AGAINST, value="iteration", size="small", width=120,
            description="Horizontal axis: steps of the optimiser, or seconds of training",
        )  # fmt: skip
        self.log = pmui.Switch(label="Logarithmic", value=True, description="Vertical axis, where all values are positive")
        for control in (self.metric, self.against, self.log):
            control.param.watch(self._on_control, "value")
        self._problem, self._table = notice("problem"), html()
        self._curves = Curves("Compared", 320)
        self._bar = pn.FlexBox(self.metric, self.against, self.log, gap="8px", align_items="center", visible=False)
        self._figure = pn.Column(sizing_mode="stretch_width", margin=0)
        self.pane = pn.Column(
            html(WORDS), self.table, self._marks, self._confirm, self._problem, self._bar, self._figure,
            self._table, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    def show(self, jobs: Sequence[Job]) -> None:
        """Bring table and comparison up to date."""
        self._marks.visible = not self.state.record  # another record is not written
        self._jobs = {job.id: job for job in jobs}
        rows, now = [row(job) for job in jobs], time.monotonic()
        if self._settled is None:
            self._settled = now + SETTLING
        moved = [(r["run"], r["state"]) for r in rows] != [(r["run"], r["state"]) for r in self._rows]
        if moved or (now - self._sent > SEND_EVERY and (rows != self._rows or now < self._settled)):
            self._sent = now
            self._replace(rows)
        self._compare()

    def close(self) -> None:
        """Let go of everything."""
        self._metrics.clear()

    @property
    def chosen(self) -> dict[str, Any]:
        """Which runs are checked, and how they are compared, by the keys of the page's address."""
        metric, names = self.metric.value, list(self.metric.options.values())
        if self._asked is not None:
            metric = self._asked[0]
        elif len(self.state.compared) < 2 or not names or metric == _first(names):
            metric = ""
        return {
            "compared": tuple(self.state.compared), "metric": metric,
            "compared_against": self.against.value, "compared_log": self.log.value,
        }  # fmt: skip

    def choose(self, wanted: TrainingView, report: Report) -> None:
        """Check and compare the runs of an address; what turns out not to be there is told to `report`."""
        asked = {key: getattr(wanted, key) for key in self.chosen}
        if asked == self.chosen:
            return
        with one_message():
            self._asked = None
            self.against.value, self.log.value = wanted.compared_against, wanted.compared_log
            self.state.compared = list(dict.fromkeys(wanted.compared))
            self._asked, self._drawn = (wanted.metric, report), ()
            self._check()
            self._compare()

    def _replace(self, rows: list[dict[str, Any]]) -> None:
        """Show other rows, with the same ones checked. They are never patched: a table that is being built fails at that."""
        self._rows, self._ids = rows, list(self._jobs)
        self._checking = True
        self.table.value = _frame(rows)
        self._checking = False
        self._check()

    def _check(self) -> None:
        """Check the runs that are compared in the table; those that are still to come are compared, too."""
        places = {run: k for k, run in enumerate(self._ids)}
        checked = [places[run] for run in self.state.compared if run in places]
        if self.table.selection != checked:
            self._checking = True
            self.table.selection = checked
            self._checking = False

    def _on_click(self, event: Any) -> None:
        if event.column in COLUMNS and event.row < len(self._ids):
            self.state.param.update(run=self._ids[event.row], problem="")

    def _on_selection(self, _event: Event) -> None:
        if not self._checking:
            self.state.compared = [self._ids[k] for k in self.table.selection if k < len(self._ids)]
        self.delete.disabled = self.tag.disabled = not self.state.compared
        chosen = [self._jobs[run] for run in self.state.compared if run in self._jobs]
        self.tags.value = ", ".join(chosen[0].tags) if chosen else ""
        self._ask([])
        self._compare()

    def _on_tag(self, _event: object) -> None:
        self.state.tag([run for run in self.state.compared if run in self._jobs], self.tags.value)
        self._sent = -1e9
        self.show(self.state.runs())

    # Deleting -----------------------------------------------------------------------------------------------------

    def _on_delete(self, _event: object) -> None:
        self._ask([run for run in self.state.compared if run in self._jobs and self._jobs[run].state.final])
        if not self._deleting:
            tell(self._problem, "problem", "only runs that have ended can be deleted; cancel the others first")

    def _ask(self, ids: list[str]) -> None:
        self._deleting = ids
        tell(self._problem, "problem", "")
        names = ", ".join(short_id(run) for run in ids)
        words = f"Delete {names} with record, weights and checkpoint? There is no way back."
        self._sure.object = f'<div class="stale">{words}</div>'
        self._confirm.visible = bool(ids)

    def _on_yes(self, _event: object) -> None:
        for run in self._deleting:
            self.state.tell("delete", run)
            self._metrics.pop(run, None)
        self._ask([])
        self.show(self.state.runs())

    # Comparing ----------------------------------------------------------------------------------------------------

    def _on_control(self, event: Event) -> None:
        if event.obj is self.metric and not self._offering:
            self._asked = None  # a person has chosen another
        self._compare()

    def _compare(self) -> None:
        ids = [run for run in self.state.compared if run in self._jobs][:MOST_COMPARED]
        if len(ids) < 2:
            ids = []
        for run in ids:
            metrics = self._metrics.setdefault(run, RunMetrics(self.state.source, run))
            metrics.read()
        jobs = [self._jobs[run] for run in ids]
        versions = [self._metrics[run].version for run in ids]
        key = (jobs, versions, self.metric.value, self.against.value, self.log.value)
        if key == self._drawn:
            return
        self._drawn = key
        with one_message():
            self._bar.visible = bool(ids)
            self._table.object = differences(jobs) if ids else ""
            self._offer(ids)
            name = self.metric.value
            shown = [run for run in ids if name in self._metrics[run].steps]
            if not shown:
                self._figure.objects = []
                return
            # Runs that have no such metric keep their colour in the table.
            curves = []
            for run in ids:
                metrics = self._metrics[run]
                x, y = metrics.curve(name, self.against.value) if run in shown else (np.empty(0), np.empty(0))
                curves.append(Curve(short_id(run), x, y))
            self._curves.title(metric_label(name))
            self._curves.show(curves, AXES[self.against.value], self.log.value, (name, self.against.value))
            if not self._figure.objects:
                self._figure.objects = [self._curves.pane]

    @property
    def compared(self) -> tuple[list[Job], str, Look]:
        """The runs that are compared, none where fewer than two are checked, and what of them is drawn, and how."""
        jobs = [self._jobs[run] for run in self.state.compared if run in self._jobs][:MOST_COMPARED]
        return jobs if len(jobs) > 1 else [], self.metric.value or "", Look(self.against.value, 1, self.log.value)

    def _offer(self, ids: Sequence[str]) -> None:
        names = dict.fromkeys(name for run in ids for name in self._metrics[run].steps if name != "seconds")
        if not names:
            return
        value = self._wanted(list(names), ids)
        options = {metric_label(name): name for name in names}
        if (options, value) != (self.metric.options, self.metric.value):
            self._offering = True
            self.metric.param.update(options=options, value=value)
            self._offering = False

    def _wanted(self, names: Sequence[str], ids: Sequence[str]) -> str:
        """Return which of the metrics is shown: what an address asks for, what was shown before, or the first."""
        shown = self.metric.value if self.metric.value in names else _first(names)
        if self._asked is None:
            return shown
        asked, report = self._asked
        if asked in names or not asked:
            self._asked = None
            return asked or _first(names)
        if all(self._metrics[run].version and self._jobs[run].state.final for run in ids):
            self._asked = None
            report(f"metric: the runs that are compared have {', '.join(names[:8])} …; came {asked!r:.60}")
        return shown


def _first(names: Sequence[str]) -> str:
    """Return the metric that is offered first."""
    return next((name for name in FIRST if name in names), names[0])


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))
