"""What the address of the Training page says: the task and its settings as a file has them, the runs, and how they are seen."""

from collections.abc import Callable, Sequence
from typing import Any

from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.training.registry import TASKS
from dashboard.address import Tab, apart
from dashboard.training.address_keys import TrainingView
from dashboard.training.live import LiveView
from dashboard.training.runs import RunsView
from dashboard.training.state import TrainingState


class TrainingAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`."""

    STEPS: Sequence[str] = ("tab", "task", "run", "record", "compared", "metric")

    def __init__(self, state: TrainingState, tab: Tab, live: LiveView, runs: RunsView) -> None:
        self._state, self._tab, self._live, self._runs = state, tab, live, runs
        #: What is wrong of the address that is being taken over.
        self._faults: list[str] | None = None
        #: Told what turns out later not to be there; set by the page.
        self.report: Callable[[str], Any] = lambda _fault: None

    def pairs(self) -> Pairs | None:
        """Return the settings, the runs that are looked at, and how."""
        state, settings = self._state, self._state.settings()
        shown = {"tab": self._tab.name, "run": state.run, "record": state.record, **self._live.chosen, **self._runs.chosen}
        view = TrainingView.model_validate(shown)
        return (("task", settings.task), *to_pairs(settings.tree()), *to_pairs(view.tree()))

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over settings, and look at runs."""
        of_view, of_settings = apart(pairs, tuple(TrainingView.model_fields))
        view, state = read(of_view, TrainingView), self._state
        self._faults = faults = [*view.faults]
        task = dict(of_settings).get("task", state.task)
        if task not in TASKS:
            faults.append(f"task: must be {' or '.join(TASKS)}; came {task!r:.60}")
            task, of_settings = state.task, ()
        if of_settings:
            settings = read((("task", task), *apart(of_settings, ("task",))[1]), TASKS[task])
            faults += settings.faults
            state.take_over(settings.settings)
        if view.settings.record != state.record:
            state.look_at(view.settings.record)
        state.run = view.settings.run
        self._live.choose(view.settings)
        self._runs.choose(view.settings, self._tell)
        self._tab.show(view.settings.tab)
        self._faults = None
        return faults

    def _tell(self, fault: str) -> None:
        if self._faults is None:
            self.report(fault)
        else:
            self._faults.append(fault)
