"""What the Sensitivity tab asks for and has been told, without any widget."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import param

from backends.errors import InputError
from backends.experiments.rollout.sensitivity import (
    Question,
    SensitivityView,
    bounds_of,
    ranges_of,
    sensitivity_of,
)
from backends.experiments.rollout.view import RolloutView
from dashboard.rollout.state import FORECASTS
from dashboard.worker import LatestWins

#: Seconds that one gradient of a page may take.
MOST_SECONDS = 60.0
#: The box at first: so many parts of each axis, in the middle.
PART = 8
#: The lead at first: so many parts of the longest, for gradients of chaotic models grow without end.
EARLY = 4
#: Members that are offered.
MOST_MEMBERS = 20
#: Models that look at nothing of the start, or at nothing else: others are shown first.
DULL = ("persistence", "climatology")


class Asking(param.Parameterized):
    """The question, and the answer to the newest one."""

    question = param.Parameter(None, doc="What is asked.")
    answer = param.Parameter(None, doc="What came of it; of an earlier question while another is on its way.")
    running = param.Boolean(False, doc="Whether a gradient is on its way.")
    problem = param.String(doc="Why there is no gradient, or no such box.")

    def __init__(self) -> None:
        super().__init__()
        self.view: RolloutView | None = None
        self.progress = (0, 0)
        self._work: LatestWins[tuple[RolloutView, Question], SensitivityView | None] = LatestWins(
            FORECASTS, self._compute, self._on_answer, self._on_failed
        )
        self._newest: tuple[RolloutView, Question] | None = None
        self._closed = threading.Event()

    def take(self, view: RolloutView | None) -> None:
        """Take over other forecasts, and ask of them what was asked before, as far as it fits them."""
        old, self.view = self.view, view
        if view is None:
            self.param.update(question=None, answer=None, problem="")
            return
        question = self.question if old is not None and _alike(old, view) else first_question(view)
        self.param.update(answer=None, question=None)
        self.ask(question, start=view.start)

    def ask(self, question: Question, **changes: object) -> None:
        """Ask for a gradient, with some things other than in a question."""
        if self.view is None:
            return
        question = replace(question, **changes)  # type: ignore[arg-type]
        if question == self.question:
            return
        self.param.update(question=question, running=True, problem="")
        self.progress = (0, 0)
        self._newest = (self.view, question)
        self._work.request(self._newest)

    def choose(self, bounds: Sequence[tuple[float, float]]) -> None:
        """Ask for the error in another box; say why where there is no such box."""
        if self.view is None or self.question is None:
            return
        try:
            ranges = ranges_of(self.view.layout, bounds)
        except InputError as problem:
            self.problem = str(problem)
            return
        self.problem = ""
        self.ask(self.question, ranges=ranges)

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Edges of the box, least and greatest, across first; none of a few numbers."""
        if self.view is None or self.question is None or self.view.layout.kind == "phase":
            return ()
        return bounds_of(self.view.layout, self.question.ranges)

    def wait(self) -> None:
        """Block until the gradient is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything."""
        self._closed.set()
        self._work.close()
        self.view = self._newest = self.answer = None

    def _compute(self, request: tuple[RolloutView, Question]) -> SensitivityView | None:
        view, question = request
        try:
            return sensitivity_of(view.prepared, view.layout, question, self._reporter(request))
        except _NotWantedError:
            return None

    def _reporter(self, request: tuple[RolloutView, Question]) -> Callable[[int, int], None]:
        end = time.monotonic() + MOST_SECONDS

        def report(done: int, of: int) -> None:
            if self._closed.is_set() or self._newest is not request:
                raise _NotWantedError
            self.progress = (done, of)
            if time.monotonic() > end:
                raise InputError(
                    f"{done} of {of} parts of the way took {MOST_SECONDS:g} s, which is as long as this page may "
                    "compute; choose a shorter lead"
                )

        return report

    def _on_answer(self, request: tuple[RolloutView, Question], answer: SensitivityView | None) -> None:
        if answer is not None and request is self._newest:
            self.param.update(answer=answer, running=False)

    def _on_failed(self, problem: str) -> None:
        self.param.update(answer=None, running=False, problem=problem)


class _NotWantedError(Exception):
    """Something else has been asked for meanwhile."""


def first_question(view: RolloutView) -> Question:
    """Return what is asked at first: an early lead, and a box in the middle."""
    models = view.prepared.settings.models
    model = next((k for k, settings in enumerate(models) if settings.name not in DULL), 0)
    every, leads = view.prepared.settings.every, len(view.leads) - 1
    ranges = () if view.layout.kind == "phase" else tuple(_middle(size) for size in view.layout.shape)
    return Question(model, view.start, None, every * max(1, leads // EARLY), 0, ranges)


def _middle(size: int) -> tuple[int, int]:
    length = max(1, size // PART)
    begin = (size - length) // 2
    return begin, begin + length


def _alike(old: RolloutView, new: RolloutView) -> bool:
    """Return whether the same question can be asked of both."""
    ours, theirs = old.prepared, new.prepared
    return (
        old.layout == new.layout
        and old.labels == new.labels
        and ours.ensemble.shape[1] == theirs.ensemble.shape[1]
        and (ours.settings.steps, ours.settings.every) == (theirs.settings.steps, theirs.settings.every)
    )
