"""What the address of the Training page says: the task and its settings as a file has them, the run, and the tab."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from backends.experiments.pairs import Pairs, read, to_pairs
from backends.experiments.sections import Section
from backends.experiments.training.registry import TASKS
from dashboard.address import Tab, apart
from dashboard.training.state import TrainingState


class TrainingView(Section):
    """Keys of the address that are not those of an experiment file."""

    tab: Literal["live", "runs", "file"] = Field("live", description="the tab that is shown")
    run: str = Field("", description="id of the run that is looked at")
    record: str = Field("", description="address of the MLflow store that it is in; empty: that of this server")


class TrainingAddress:
    """The state of the page in its address; see :class:`dashboard.address.Addressed`."""

    STEPS: Sequence[str] = ("tab", "task", "run", "record")

    def __init__(self, state: TrainingState, tab: Tab) -> None:
        self._state, self._tab = state, tab

    def pairs(self) -> Pairs | None:
        """Return the settings and the run."""
        settings = self._state.settings()
        view = TrainingView.model_validate({"tab": self._tab.name, "run": self._state.run, "record": self._state.record})
        return (("task", settings.task), *to_pairs(settings.tree()), *to_pairs(view.tree()))

    def take(self, pairs: Pairs) -> Sequence[str]:
        """Take over settings, and look at a run."""
        of_view, of_settings = apart(pairs, tuple(TrainingView.model_fields))
        view, state = read(of_view, TrainingView), self._state
        faults = [*view.faults]
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
        self._tab.show(view.settings.tab)
        return faults
