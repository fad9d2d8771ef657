"""What the address of the Analysis page says: the experiment as a file has it, the tab, and what is chosen on the tabs."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from param.parameterized import Event
from pydantic import Field

from backends.errors import InputError
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.sections import Section
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import Parameter, Score
from dashboard.address import Tab, apart
from dashboard.analysis.covariance import CovarianceView, Shown
from dashboard.analysis.network import NetworkView
from dashboard.analysis.state import AnalysisState
from dashboard.analysis.tuning import TuningView

#: What the keys of the pinned analysis begin with.
PINNED = "pinned."


class AnalysisView(Section):
    """Keys of the address that are not those of an experiment file."""

    tab: Literal["analysis", "b", "diagnostics", "convergence", "tuning-surface", "compare", "network", "file"] = Field(
        "analysis", description="the tab that is shown"
    )
    case: str = Field("", description="a case to begin with settings that suit it, in place of an experiment")
    dataset: str = Field("", description="the same with a field of a dataset of the catalogue")
    column: tuple[float, ...] | None = Field(
        None,
        max_length=2,
        description="of B: where the column is that is shown: x, x and z, or latitude and longitude; null: the middle",
    )
    shown: Shown = Field("sigma_b", description="of a B that is estimated from the times of the file: what is shown of it")
    across: Parameter = Field("sigma_b", description="of the tuning surface: the setting that varies from left to right")
    upward: Parameter = Field("sigma_o", description="of the tuning surface: the setting that varies from below upward")
    score: Score = Field("likelihood", description="of the tuning surface: what the colours show")
    network: str = Field("", description="run of the network that is shown; empty: the newest that takes the problem")


class AnalysisAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`.

    What is chosen on the tabs is taken over when the analysis of the experiment is there. To be made before anything else
    follows the state.

    Parameters
    ----------
    state, tab, covariance, tuning, network
        Of the page.
    show
        Called when something else is chosen on the tabs and no new analysis comes, which would bring it.
    """

    STEPS: Sequence[str] = (
        "tab", "case.name", "case.path", "case.variable", "column", "shown", "across", "upward", "score", "network", "pinned",
    )  # fmt: skip

    def __init__(
        self, state: AnalysisState, tab: Tab, covariance: CovarianceView, tuning: TuningView, network: NetworkView,
        show: Callable[[], Any],
    ) -> None:  # fmt: skip
        self._state, self._tab, self._show = state, tab, show
        self._covariance, self._tuning, self._network = covariance, tuning, network
        self._wanted: AnalysisView | None = None
        #: Told what turns out not to be there; set by the page.
        self.report: Callable[[str], Any] = lambda _fault: None
        state.param.watch(self._on_result, "result")
        state.param.watch(self._on_problem, "problem")

    def pairs(self) -> Pairs | None:
        """Return the experiment that is shown; None until it is."""
        state = self._state
        if state.stale or state.opened is None or self._wanted is not None:
            return None
        view: dict[str, Any] = {"tab": self._tab.name}
        view |= self._covariance.chosen(state.opened, state.result) | self._tuning.chosen(state.result)
        if self._tab.name == "network":  # which offers those alone that take the problem as it is now
            view["network"] = self._network.run
        pinned = () if state.pinned.settings is None else to_pairs(state.pinned.settings.tree(), PINNED)
        return to_pairs(state.experiment.tree()) + pinned + to_pairs(AnalysisView.model_validate(view).tree())

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over an experiment, or begin a case, and remember what is to be chosen of it."""
        of_pinned = tuple((key.removeprefix(PINNED), text) for key, text in pairs if key.startswith(PINNED))
        others = tuple(pair for pair in pairs if not pair[0].startswith(PINNED))
        of_view, of_experiment = apart(others, tuple(AnalysisView.model_fields))
        view, faults = read(of_view, AnalysisView), self._pin(of_pinned)
        if of_experiment:
            begins = [key for key in view.given if key in ("case", "dataset")]
            faults += [f"{key}: is for an address that has no key of an experiment" for key in begins]
            experiment = read(of_experiment, AnalysisSettings)
            faults += experiment.faults
            try:
                self._state.take_over(experiment.settings)
            except InputError as problem:
                faults.append(str(problem))
        elif view.settings.case or view.settings.dataset:
            self._state.choose(view.settings.case, view.settings.dataset)
        self._wanted, there = view.settings, not self._state.stale
        if there:
            self._choose()
        if there and view.settings.tab == self._tab.name:
            self._show()
        else:
            self._tab.show(view.settings.tab)
        return [*view.faults, *faults]

    def _pin(self, pairs: Pairs) -> list[str]:
        """Pin the analysis of these settings; none where there are none."""
        pinned = read(pairs, AnalysisSettings) if pairs else None
        self._state.pinned.recall(None if pinned is None else pinned.settings)
        return [] if pinned is None else [f"{PINNED}{fault}" for fault in pinned.faults]

    def _choose(self) -> None:
        """Choose on the tabs what has been asked for, of the analysis that is there."""
        wanted, state = self._wanted, self._state
        if wanted is None or state.opened is None or state.result is None:
            return
        self._wanted = None
        self._covariance.choose(state.opened, state.result, wanted.column, wanted.shown, self.report)
        self._tuning.choose(state.result, wanted.across, wanted.upward, wanted.score, self.report)
        self._network.choose(wanted.network, self.report)

    def _on_result(self, _event: Event) -> None:
        if self._wanted is not None and not self._state.stale:
            self._choose()

    def _on_problem(self, event: Event) -> None:
        """Ask no more for what belongs to an analysis that does not come."""
        if event.new:
            self._wanted = None
