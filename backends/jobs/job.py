"""What is known of a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: The files that the record holds of each job, besides those that it left.
SETTINGS, SUMMARY = "settings.yaml", "summary.json"


class State(StrEnum):
    """Where a job stands; the last three are final."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (State.COMPLETED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class Point:
    """Metrics at one step of a job."""

    step: int
    values: dict[str, float]


@dataclass(frozen=True)
class Job:
    """A job as it was when it was asked for.

    Attributes
    ----------
    id
        What addresses know it by.
    kind
        What is done, a key of :data:`backends.jobs.task.KINDS`.
    settings
        Of what, as YAML.
    state
        Where it stands.
    done, of
        Steps done, and all steps; `of` is 0 before the first report.
    note
        What the task says it is doing, or what the job waits for.
    wish
        What has been asked of it: "run", "pause" or "cancel"; the state follows when the task next reports.
    problem
        Why it failed, one sentence.
    created, started, ended
        Seconds since 1970; 0 where it has not come to that.
    summary
        What the task returned.
    artifacts
        Names of the files that it left, the summary among them.
    latest
        The newest value of each metric.
    tags
        What a person has marked it with.
    """

    id: str
    kind: str
    settings: str
    state: State = State.CREATED
    done: int = 0
    of: int = 0
    note: str = ""
    wish: str = "run"
    problem: str = ""
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    latest: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""
        if self.state is State.COMPLETED:
            return 1.0
        return min(1.0, self.done / self.of) if self.of else 0.0
