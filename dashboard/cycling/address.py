"""What the address of the Cycling page says: the experiment as a file has it, the race, and what is chosen on the tabs."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import Field

from backends.errors import InputError
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.faults import validated
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.sections import Section
from dashboard.address import Tab, apart
from dashboard.cycling.diagnostics import DiagnosticsView, Quantity
from dashboard.cycling.live import LiveView, Reach
from dashboard.cycling.runs import RunsView
from dashboard.cycling.sections import first_with_members
from dashboard.cycling.state import CyclingState


class CyclingView(Section):
    """Keys of the address that are not those of an experiment file."""

    tab: Literal["live", "diagnostics", "long-runs", "file"] = Field("live", description="the tab that is shown")
    shown: int | None = Field(
        None, ge=0, description="number of the method whose states are shown; null: the first that has members"
    )
    race: str = Field("", description="key of a race that is live on the server; its settings count as long as it is")
    time_axes: Reach = Field(400, description="cycles that curves against time reach back, or `all`")
    logarithmic: bool = Field(False, description="whether the axis of the errors against time is")
    drawn: str = Field("", description="of a testbed of a few numbers: which of them, such as `x-z`; empty: all")
    around_mean: Literal["members", "spread", "none"] = Field("members", description="of a testbed on a ring: what is drawn")
    field: str = Field("", description="of a testbed of several fields: the one that the maps show; empty: the first")
    a: int | None = Field(None, ge=0, description="number of the method that is compared, from 0; null: the second")
    b: int = Field(0, ge=0, description="number of the method that it is compared with")
    quantity: Quantity = Field("chi2", description="what is compared along the run with what methods expect")
    number: str = Field("", description="of those that only some methods report, such as `iterations`; empty: the first")
    run_cycles: int = Field(10_000, ge=2, le=1_000_000, description="cycles of a long run that would be started")
    run_spinup: int = Field(400, ge=0, le=1_000_000, description="cycles at its beginning that the scores leave out")
    run_experiments: int = Field(1, ge=1, le=1000, description="independent experiments in its batch")
    run: str = Field("", description="id of the long run that is looked at; empty: the newest")


#: Keys of what the picture of the state offers, of which each testbed has one at most.
OF_PICTURES = ("drawn", "around_mean", "field")
_USUAL = {key: CyclingView.model_fields[key].default for key in OF_PICTURES}


class CyclingAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`."""

    STEPS: Sequence[str] = (
        "tab", "dynamics.name", "drawn", "around_mean", "field", "a", "b", "quantity", "number", "run",
    )  # fmt: skip

    def __init__(self, state: CyclingState, tab: Tab, live: LiveView, diagnostics: DiagnosticsView, runs: RunsView) -> None:
        self._state, self._tab = state, tab
        self._live, self._diagnostics, self._runs = live, diagnostics, runs
        #: Told what turns out not to be there later than an address is taken over; set by the page.
        self.report: Callable[[str], Any] = lambda _fault: None
        self._taking: list[str] | None = None

    def pairs(self) -> Pairs | None:
        """Return the experiment, its race, and what is chosen on the tabs.

        Raises
        ------
        InputError
            If a setting, or a number of Long runs, is out of range.
        """
        live = self._state.live
        state, settings = self._state, self._state.settings()
        shown = None if state.chosen == first_with_members(settings) else state.chosen
        view: dict[str, Any] = {"tab": self._tab.name, "race": "" if live is None else live.key, "shown": shown}
        view |= self._live.chosen | self._diagnostics.chosen | self._runs.begins_with
        if self._tab.name == "long-runs":
            view["run"] = self._runs.run
        return to_pairs(validated(CyclingView, view).tree()) + to_pairs(settings.tree())

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Go to a race, or begin one with the settings."""
        of_view, of_experiment = apart(pairs, tuple(CyclingView.model_fields))
        view = read(of_view, CyclingView)
        self._taking = faults = [*view.faults]
        experiment = None
        if of_experiment:
            found = read(of_experiment, CyclingSettings)
            experiment = found.settings
            faults += found.faults
        try:
            self._state.open(view.settings.race, experiment)
        except InputError as problem:
            faults.append(str(problem))
            self._state.open("", None)
        if view.settings.shown is not None:
            self._state.chosen = min(view.settings.shown, len(self._state.methods) - 1)
        self._choose(view.settings)
        self._tab.show(view.settings.tab)
        self._taking = None
        return faults

    def _choose(self, wanted: CyclingView) -> None:
        """Choose on the tabs what an address says."""
        of_pictures = {key: name for key in OF_PICTURES if (name := getattr(wanted, key)) != _USUAL[key]}
        self._live.choose(wanted.time_axes, wanted.logarithmic, of_pictures, self._tell)
        self._diagnostics.choose(wanted.a, wanted.b, wanted.quantity, wanted.number, self._tell)
        self._runs.choose(wanted.run_cycles, wanted.run_spinup, wanted.run_experiments, wanted.run, self._tell)

    def _tell(self, fault: str) -> None:
        if self._taking is None:
            self.report(fault)
        else:
            self._taking.append(fault)
