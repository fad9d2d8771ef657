"""A thread that all visitors share, and that serves them in turn."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from backends.errors import InputError

#: What one visitor may have waiting on one thread; a page has about a dozen views that each wait for at most one thing.
MOST_WAITING = 24
#: Waiting times that are kept, for the status of the server.
REMEMBERED = 1000


@dataclass(frozen=True)
class Waiting:
    """How a thread keeps up: what waits now, for how many visitors, what it has served and refused, and how long it took.

    `median` and `slowest`, the 95th percentile, are seconds that the last ones waited for their turn.
    """

    queued: int
    visitors: int
    served: int
    refused: int
    median: float
    slowest: float

    @classmethod
    def of(cls, queued: int, visitors: int, served: int, refused: int, waits: list[float]) -> "Waiting":
        """Return the summary of waiting times in seconds; zero where nothing has waited yet."""
        waits = sorted(waits) or [0.0]
        median, slowest = (waits[int(share * (len(waits) - 1))] for share in (0.5, 0.95))
        return cls(queued, visitors, served, refused, median, slowest)


@dataclass(frozen=True)
class _Work:
    call: Callable[[], Any]
    future: "Future[Any]"
    since: float


class Turns(Executor):
    """One thread that works for visitors in turn: whoever has much waiting delays the others by one piece of work at a time.

    Parameters
    ----------
    name
        Of the thread.
    most
        Pieces of work that one visitor may have waiting.
    """

    def __init__(self, name: str, most: int = MOST_WAITING) -> None:
        self._name, self._most = name, most
        self._changed = threading.Condition()
        self._queues: OrderedDict[Hashable, deque[_Work]] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._served = self._refused = 0
        self._waits: deque[float] = deque(maxlen=REMEMBERED)

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Add work that is no visitor's; all such work counts as one visitor's, without a limit."""
        return self._add(None, lambda: call(*args, **kwargs))

    def submit_for(self, visitor: Hashable, call: Callable[[], Any]) -> "Future[Any]":
        """Add work of a visitor.

        Raises
        ------
        InputError
            If the visitor has as much waiting as one may have.
        """
        return self._add(visitor, call)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work, and end when what waits is done, or with `cancel_futures` as soon as what runs is done."""
        with self._changed:
            self._closed = True
            if cancel_futures:
                for queue in self._queues.values():
                    for work in queue:
                        work.future.cancel()
                self._queues.clear()
            self._changed.notify_all()
        if wait and self._thread is not None:
            self._thread.join()

    def waiting(self) -> Waiting:
        """Return how the thread keeps up."""
        with self._changed:
            queued = sum(len(queue) for queue in self._queues.values())
            return Waiting.of(queued, len(self._queues), self._served, self._refused, list(self._waits))

    def _add(self, visitor: Hashable, call: Callable[[], Any]) -> "Future[Any]":
        work = _Work(call, Future(), time.monotonic())
        with self._changed:
            if self._closed:
                raise RuntimeError(f"the {self._name} thread takes no more work")
            queue = self._queues.setdefault(visitor, deque())
            if visitor is not None and len(queue) >= self._most:
                self._refused += 1
                raise InputError(f"{self._most} things that you asked for are still waiting; ask again when they are done")
            queue.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return work.future

    def _run(self) -> None:
        while (work := self._next()) is not None:
            if not work.future.set_running_or_notify_cancel():
                continue
            try:
                result = work.call()
            except BaseException as problem:  # noqa: BLE001  whoever asked is told, as by any executor
                work.future.set_exception(problem)
            else:
                work.future.set_result(result)
                del result
            del work  # while the thread waits, it must not keep the last visitor's page, nor what has been made for it

    def _next(self) -> _Work | None:
        """Return the oldest work of the visitor who has waited longest for a turn; None when there will be no more."""
        with self._changed:
            while not self._queues:
                if self._closed:
                    return None
                self._changed.wait()
            visitor, queue = self._queues.popitem(last=False)
            work = queue.popleft()
            if queue:
                self._queues[visitor] = queue
            self._served += 1
            self._waits.append(time.monotonic() - work.since)
            return work
