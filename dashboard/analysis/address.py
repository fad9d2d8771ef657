"""What the address of the Analysis page says: the experiment as a file has it, and the tab."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from backends.errors import InputError
from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.sections import Section
from backends.experiments.settings import AnalysisSettings
from dashboard.address import Tab, apart
from dashboard.analysis.state import AnalysisState


class AnalysisView(Section):
    """Keys of the address that are not those of an experiment file."""

    tab: Literal["analysis", "b", "diagnostics", "convergence", "tuning-surface", "compare", "network", "file"] = Field(
        "analysis", description="the tab that is shown"
    )
    case: str = Field("", description="a case to begin with settings that suit it, in place of an experiment")
    dataset: str = Field("", description="the same with a field of a dataset of the catalogue")


class AnalysisAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`."""

    STEPS: Sequence[str] = ("tab", "case.name", "case.path", "case.variable")

    def __init__(self, state: AnalysisState, tab: Tab) -> None:
        self._state, self._tab = state, tab

    def pairs(self) -> Pairs | None:
        """Return the experiment that is shown; None until it is."""
        if self._state.stale:
            return None
        experiment = to_pairs(self._state.experiment.tree())
        return experiment + to_pairs(AnalysisView.model_validate({"tab": self._tab.name}).tree())

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over an experiment, or begin a case."""
        of_view, of_experiment = apart(pairs, tuple(AnalysisView.model_fields))
        view, faults = read(of_view, AnalysisView), []
        if of_experiment:
            faults += [f"{key}: is for an address that has no key of an experiment" for key in view.given if key != "tab"]
            experiment = read(of_experiment, AnalysisSettings)
            faults += experiment.faults
            try:
                self._state.take_over(experiment.settings)
            except InputError as problem:
                faults.append(str(problem))
        elif view.settings.case or view.settings.dataset:
            self._state.choose(view.settings.case, view.settings.dataset)
        self._tab.show(view.settings.tab)
        return [*view.faults, *faults]
