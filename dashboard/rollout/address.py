"""What the address of the Rollout page says: the experiment as a file has it, whether it has been run, and what is shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from param.parameterized import Event

from backends.errors import InputError
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.rollout.analysis_start import AnalysisStart
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.view import RolloutView
from dashboard.address import Tab, apart
from dashboard.controls import one_message
from dashboard.rollout.address_keys import Report, RolloutAddressView
from dashboard.rollout.address_play import PLAYED, choose_on_play, of_play
from dashboard.rollout.play import PlayView
from dashboard.rollout.state import RolloutState

_USUAL = RolloutAddressView().model_dump()


class OnTab(Protocol):
    """A tab beside Play with settings of its own."""

    @property
    def chosen(self) -> dict[str, Any] | None:
        """What is chosen there, by the keys of the address; None while that is on its way."""

    def choose(self, wanted: RolloutAddressView, report: Report) -> None:
        """Choose what an address says of the forecasts that are shown there; what cannot be is told to `report`."""


class RolloutAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`.

    What is said of the Play tab, all other tabs show or export, too. Of these the settings of the one that is shown are said.

    Parameters
    ----------
    play
        The Play tab.
    on_tabs
        Other tabs with settings of their own, by their names in addresses.
    when_shown
        Calls a function when the browser has the page.
    """

    STEPS: Sequence[str] = (
        "tab", "start.name", "start.dynamics.name", "start.dataset", "shown_start", "sums", "drawn", "shown", "field",
        "skill_field", "skill_baseline", "error_model", "error_member", "error_of", "sensitivity_to", "box", "store", "array",
        "query", "axes",
    )  # fmt: skip

    def __init__(
        self,
        state: RolloutState,
        tab: Tab,
        play: PlayView,
        on_tabs: Mapping[str, OnTab],
        when_shown: Callable[[Callable[[], None]], None],
    ) -> None:
        self._state, self._tab, self._play, self._on_tabs, self._when_shown = state, tab, play, on_tabs, when_shown
        #: What is asked for until there are forecasts, and whether its start has been asked for.
        self._wanted: RolloutAddressView | None = None
        self._starting = False
        #: Whether forecasts are to be run as soon as the browser has the page.
        self._beginning = False
        #: Told what turns out not to be there; set by the page.
        self.report: Report = lambda _fault: None
        state.param.watch(self._go, "view")
        state.param.watch(self._on_problem, "problem")

    def pairs(self) -> Pairs | None:
        """Return the experiment and what is shown; None while it is run."""
        state, view = self._state, self._state.view
        if state.running or self._beginning:
            return None
        shown: dict[str, Any] = {"tab": self._tab.name, "run": view is not None and not state.stale}
        if shown["run"]:
            on_tab = self._on_tabs.get(self._tab.name)
            chosen = {} if on_tab is None else on_tab.chosen
            if chosen is None:
                return None
            shown |= of_play(self._play, view) | chosen
        return to_pairs(state.checked().tree()) + to_pairs(RolloutAddressView.model_validate(shown).tree())

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over an experiment, and run it if the address says so, or start from an analysis."""
        keys = tuple(key for key, _ in pairs if key.partition(".")[0] in RolloutAddressView.model_fields)
        of_view, of_experiment = apart(pairs, keys)
        view, state = read(of_view, RolloutAddressView), self._state
        faults, asked = [*view.faults], view.settings
        if of_experiment:
            experiment = read(of_experiment, RolloutSettings)
            faults += experiment.faults
            start = experiment.settings.start
            if isinstance(start, AnalysisStart) and not any(key.startswith("models.") for key in experiment.given):
                self._begin(lambda: state.start_and_run(start))
            else:
                faults += self._take(experiment.settings, asked.run)
        elif asked.race:
            self._when_shown(lambda: state.start_from_race(asked.race, asked.method))
        elif asked.run:
            faults += self._take(None, run=True)
        self._tab.show(asked.tab)
        self._wanted, self._starting = asked, False
        if not (state.running or self._beginning):
            self._go()
        return faults

    def _take(self, settings: RolloutSettings | None, run: bool) -> list[str]:
        """Take over an experiment, None: that of the controls; return what is wrong with it."""
        state = self._state
        try:
            settings = settings or state.checked()
            if run and state.view is not None and not (state.stale or state.running) and state.checked() == settings:
                return []  # this is what is shown
            state.take_over(settings)
        except InputError as problem:
            return [str(problem)]
        if run:
            self._begin(state.run)
        return []

    def _begin(self, run: Callable[[], None]) -> None:
        """Run forecasts when the browser has the page; until then the address stays as it is."""

        def begin() -> None:
            self._beginning = False
            run()

        self._beginning = True
        self._when_shown(begin)

    def _go(self, *_events: Event) -> None:
        """Show what is asked for, as soon as there are forecasts: first from which start, which takes further ones."""
        view, wanted = self._state.view, self._wanted
        if wanted is None or view is None:
            return
        if wanted.shown_start != view.start and not self._starting:
            self._starting = True
            if wanted.shown_start < len(view.prepared.starts):
                self._state.show_start(wanted.shown_start)
                return
            last = len(view.prepared.starts) - 1
            self.report(f"shown_start: the last of the starts, counted from 0, is {last}; came {wanted.shown_start}")
        self._wanted = None
        with one_message():
            self._show(view, wanted)

    def _on_problem(self, event: Event) -> None:
        if event.new:  # what is run next is another's wish
            self._wanted = None

    def _show(self, view: RolloutView, wanted: RolloutAddressView) -> None:
        # Frames of all leads are not drawn for a tab that nobody looks at, unless something is asked of it.
        if self._play.shows(view) or any(getattr(wanted, key) != _USUAL[key] for key in PLAYED):
            self._play.show(view)
            choose_on_play(self._play, view, wanted, self.report)
        on_tab = self._on_tabs.get(self._tab.name)
        if on_tab is not None:
            on_tab.choose(wanted, self.report)
