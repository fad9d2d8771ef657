"""Comparing observations with a field of any dataset: O−B by interpolation, and the field under them on the map."""

from dataclasses import dataclass
from html import escape

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.fields.catalogue import Catalogue, Entry
from backends.observations.comparison import Comparison, compare, fitting
from backends.observations.one_variable import OneVariable
from dashboard.controls import html, notice, tell
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.options import variable_label
from dashboard.worker import FILES, LatestWins

NOTHING = "no field"
IN_TIME = {"nearest time": "nearest", "linear in time": "linear"}


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be compared with what; `variable` is empty where the likeliest is wanted."""

    of: OneVariable
    observed: str
    units: str
    key: str
    variable: str
    in_time: str


class CompareControls:
    """Dataset, variable and interpolation in time, and whether the field is shown; the result goes to the state.

    Parameters
    ----------
    state
        Of the observations.
    catalogue
        Where datasets are opened.
    """

    def __init__(self, state: ObservationState, catalogue: Catalogue) -> None:
        self._state, self._catalogue = state, catalogue
        self._showing = False
        self._work: LatestWins[Wanted, tuple[list[str], Comparison]] = LatestWins(
            FILES, self._compare, self._on_compared, lambda text: tell(self._problem, "problem", text)
        )
        self.datasets = pmui.Select(
            label="Compare with",
            options={NOTHING: ""},
            value="",
            searchable=True,
            sizing_mode="stretch_width",
            description="A field that is interpolated to the observations; its H(x) replaces that of the file",
        )
        self.variable = pmui.Select(
            label="Field variable", options={}, visible=False, sizing_mode="stretch_width",
            description="Which of the dataset's variables is what is observed",
        )  # fmt: skip
        self.in_time = pmui.Select(
            label="Between times", options=IN_TIME, value="nearest", visible=False, sizing_mode="stretch_width",
            description="Nearest: the field of the nearest time, however far. Linear: between the times round an observation",
        )  # fmt: skip
        self.under = pmui.Switch(
            label="Show the field under the observations", value=True, visible=False, margin=(8, 10),
            description="At the time and level nearest to most of them",
        )  # fmt: skip
        self._problem, self._said = notice("problem"), html()
        self.pane = pn.Column(
            self.datasets, self.variable, self.in_time, self.under, self._said, self._problem,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.datasets.param.watch(self._on_dataset, "value")
        for control in (self.variable, self.in_time):
            control.param.watch(lambda _: self._ask(), "value")
        self.under.param.watch(lambda event: state.show_under(event.new), "value")
        state.param.watch(self._on_variable, "file_of")

    def offer(self, entries: list[Entry]) -> None:
        """Offer the datasets that hold fields."""
        fields = {entry.title: entry.key for entry in entries if entry.origin != "observed"}
        self.datasets.param.update(options={NOTHING: "", **fields}, value=self.datasets.value)

    def wait(self) -> None:
        """Block until the comparison is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._work.close()

    def _on_variable(self, _event: Event) -> None:
        """Compare what is looked at now with the same dataset."""
        self._showing = True
        self.variable.param.update(options={}, value=None)
        self._showing = False
        self._ask()

    def _ask(self) -> None:
        state = self._state
        if not self._showing and self.datasets.value and state.file_of is not None:
            tell(self._problem, "problem", "")
            units = state.table.units[state.variable]
            wanted = Wanted(
                state.file_of, state.variable, units, self.datasets.value, self.variable.value or "", self.in_time.value
            )
            self._work.request(wanted)

    def _compare(self, wanted: Wanted) -> tuple[list[str], Comparison]:
        dataset = self._catalogue.open(wanted.key)
        names = fitting(dataset, wanted.observed, wanted.units)
        if not names:
            raise InputError(f"{dataset.label} has no field of {wanted.observed}")
        name = wanted.variable if wanted.variable in names else names[0]
        return names, compare(wanted.of, dataset, name, "linear" if wanted.in_time == "linear" else "nearest")

    def _on_compared(self, wanted: Wanted, found: tuple[list[str], Comparison]) -> None:
        if wanted.of is not self._state.file_of or wanted.key != self.datasets.value:
            return
        names, comparison = found
        self._showing = True
        options = {variable_label(comparison.dataset.variable(name)): name for name in names}
        if options != self.variable.options:
            self.variable.options = {}  # a list that keeps its value goes on showing the name in the dataset before
        self.variable.param.update(options=options, value=comparison.variable, visible=True)
        for control in (self.in_time, self.under):
            control.visible = True
        self._showing = False
        without = f"Without H(x): {comparison.without}. " if comparison.without else ""
        self._said.object = f'<div class="hint" style="margin: 0 10px">{without}Field: {escape(comparison.caption)}.</div>'
        self._state.take_comparison(comparison)

    def _on_dataset(self, event: Event) -> None:
        if event.new:
            self._ask()
            return
        for control in (self.variable, self.in_time, self.under):
            control.visible = False
        self._said.object = ""
        tell(self._problem, "problem", "")
        self._state.take_comparison(None)
