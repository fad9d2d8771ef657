"""Comparing observations with a field of any dataset: O−B by interpolation, and the field under them on the map."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
        #: The variable of an address whose comparison is on its way.
        self._awaited = ""
        #: Asked for last: what comes of anything before is no longer wanted.
        self._newest: Wanted | None = None
        #: Whether a comparison has been asked for, or will be at once, that is not there yet; and what is done when it is.
        self._on_its_way, self._then = False, _nothing
        self._work: LatestWins[Wanted, tuple[list[str], Comparison]] = LatestWins(
            FILES, self._compare, self._on_compared, self._on_failed
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
            control.param.watch(self._on_chosen, "value")
        self.under.param.watch(lambda event: state.show_under(event.new), "value")
        state.param.watch(self._on_variable, "file_of")
        state.param.watch(self._on_another, ["table", "variable"])

    def offer(self, entries: list[Entry]) -> None:
        """Offer the datasets that hold fields."""
        fields = {entry.title: entry.key for entry in entries if entry.origin != "observed"}
        self.datasets.param.update(options={NOTHING: "", **fields}, value=self.datasets.value)

    @property
    def chosen(self) -> dict[str, str | bool]:
        """What is chosen, by the keys of the page's address."""
        if not self.datasets.value:
            return {}
        variable = self.variable.value or self._awaited
        return {
            "field": self.datasets.value, "field_variable": variable, "in_time": self.in_time.value,
            "field_shown": self.under.value,
        }  # fmt: skip

    def choose(self, key: str, variable: str, in_time: str, shown: bool, ask: bool) -> str:
        """Choose what `chosen` was, and ask for it unless it comes anyway; return what of it there is not, if so."""
        fault = ""
        if key and key not in self.datasets.options.values():
            fault, key = f"field: there is no dataset of fields {key!r:.60}", ""
        none = {"field": "", "field_variable": "", "in_time": "nearest"}
        asked = {"field": key, "field_variable": variable, "in_time": in_time} if key else none
        before = {**none, **self.chosen}
        self._then, self.under.value = _nothing, shown
        if not ask or any(before[name] != value for name, value in asked.items()):
            self._showing, self._awaited = True, asked["field_variable"]
            self.datasets.value, self.in_time.value = key, asked["in_time"]
            self.variable.param.update(options={}, value=None)
            self._showing, self._on_its_way = False, bool(key)
            if not key:
                self._put_away()
            if ask and key:
                self._ask()
            elif ask:
                self._state.take_comparison(None)
        return fault

    def when_there(self, then: Callable[[], None]) -> None:
        """Do something when the comparison that is on its way is there, unless it fails or something else is chosen first."""
        if self._on_its_way:
            self._then = then

    def wait(self) -> None:
        """Block until the comparison is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._work.close()
        self._newest, self._then = None, _nothing

    def _on_another(self, *_events: Event) -> None:
        """Forget what was to be done with observations that are no longer looked at."""
        self._then = _nothing

    def _on_variable(self, _event: Event) -> None:
        """Compare what is looked at now with the same dataset."""
        self._showing, self._newest = True, None
        self.variable.param.update(options={}, value=None)
        self._showing = False
        self._ask()

    def _on_chosen(self, _event: Event) -> None:
        """Compare as a person has chosen."""
        if not self._showing:
            self._then = _nothing
            self._ask()

    def _ask(self) -> None:
        state = self._state
        if self.datasets.value and state.file_of is not None:
            tell(self._problem, "problem", "")
            units = state.table.units[state.variable]
            self._newest = Wanted(
                state.file_of, state.variable, units, self.datasets.value, self.variable.value or self._awaited,
                self.in_time.value,
            )  # fmt: skip
            self._on_its_way = True
            self._said.object = '<div class="hint" style="margin: 0 10px">Comparing …</div>'
            self._let_go()
            self._work.request(self._newest)

    def _let_go(self) -> None:
        """Show no longer what another comparison has given; what the map was coloured by comes back with the next one."""
        state, colour = self._state, self._state.colour
        if state.comparison is None:
            return
        state.take_comparison(None)
        if state.colour != colour:
            self._then = partial(self._colour_again, colour, state.colour)

    def _colour_again(self, colour: str, meanwhile: str) -> None:
        """Colour the map by departures again, unless a person has chosen something else while there were none."""
        if self._state.colour == meanwhile and colour in self._state.colours(self._state.of):
            self._state.choose_colour(colour)

    def _compare(self, wanted: Wanted) -> tuple[list[str], Comparison]:
        dataset = self._catalogue.open(wanted.key)
        names = fitting(dataset, wanted.observed, wanted.units)
        if not names:
            raise InputError(f"{dataset.label} has no field of {wanted.observed}")
        name = wanted.variable if wanted.variable in names else names[0]
        return names, compare(wanted.of, dataset, name, "linear" if wanted.in_time == "linear" else "nearest")

    def _on_compared(self, wanted: Wanted, found: tuple[list[str], Comparison]) -> None:
        if wanted is not self._newest:
            return
        names, comparison = found
        self._showing, self._awaited = True, ""
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
        self._on_its_way, then, self._then = False, self._then, _nothing
        then()

    def _on_failed(self, problem: str) -> None:
        self._on_its_way, self._then, self._said.object = False, _nothing, ""
        tell(self._problem, "problem", problem)

    def _on_dataset(self, event: Event) -> None:
        if self._showing:
            return
        self._then = _nothing
        if event.new:
            self._ask()
        else:
            self._put_away()
            self._state.take_comparison(None)

    def _put_away(self) -> None:
        """Show nothing of a comparison in the controls, and await none."""
        self._awaited, self._newest, self._on_its_way = "", None, False
        for control in (self.variable, self.in_time, self.under):
            control.visible = False
        self._said.object = ""
        tell(self._problem, "problem", "")


def _nothing() -> None:
    """Do nothing."""
