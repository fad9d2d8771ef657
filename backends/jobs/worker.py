"""How a task runs, in a process of its own that Dask keeps, and how the server reaches it there."""

import json
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends.errors import InputError
from backends.jobs.context import Cancelled, Checkpoint, as_bytes, plain, shown
from backends.jobs.job import State
from backends.jobs.task import resolve
from backends.jobs.thinning import Thinning
from backends.memory import lack_is_told

#: Seconds between messages to the server.
SEND_EVERY = 0.2
#: Most values of each metric that are sent to the server, besides the last.
MOST_POINTS = 10_000

#: What the server hears: which job, which message, and what has changed; plain values that MessagePack can hold. Dask adds
#: the address of the worker.
Message = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """All that a worker needs to know of a job.

    Attributes
    ----------
    id
        Of the job.
    topic
        Where the server listens.
    task
        The function, ``module:name``.
    settings, folder
        Its first two arguments.
    checkpoint, earlier
        Folders of the checkpoints of this job and of one that it goes on from, or nothing.
    """

    id: str
    topic: str
    task: str
    settings: str
    folder: str
    checkpoint: str
    earlier: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes
    ----------
    messages
        How many messages it sent.
    details
        Where a defect is in the program.
    """

    state: State
    messages: int
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    problem: str = ""
    details: str = ""


class Control:
    """What the server wants of a job that runs here: "run", "pause" or "cancel"."""

    def __init__(self) -> None:
        self.wish = "run"
        self._number = 0
        self._changed = threading.Condition()

    def tell(self, number: int, wish: str) -> None:
        """Take over a wish, unless a later one has overtaken it on the way."""
        with self._changed:
            if number > self._number:
                self._number, self.wish = number, wish
                self._changed.notify_all()

    def wait_while_paused(self) -> None:
        """Block as long as the job is to pause."""
        with self._changed:
            self._changed.wait_for(lambda: self.wish != "pause")


#: The jobs that run in this process.
_CONTROLS: dict[str, Control] = {}


def tell(job: str, number: int, wish: str) -> None:
    """Pass on what the server wants of a job; runs in the process that the job runs in."""
    control = _CONTROLS.get(job)
    if control is not None:
        control.tell(number, wish)


class WorkerContext:
    """The context of a task that runs on a Dask worker: reports are gathered and sent five times a second.

    Parameters
    ----------
    order
        The job.
    control
        What the server wants of it.
    send
        Sends a message to the server.
    step_aside
        Called by the task's own thread before it pauses for the first time: lets the next job have its place.
    """

    def __init__(self, order: Order, control: Control, send: Callable[[Message], None], step_aside: Callable[[], None]) -> None:
        self.checkpoint = Checkpoint(Path(order.checkpoint), Path(order.earlier) if order.earlier else None)
        self.artifacts: dict[str, bytes] = {}
        self.messages = 0
        self.job = order.id
        self._control, self._send, self._step_aside = control, send, step_aside
        self._thread = threading.get_ident()
        self._aside = False
        self._lock = threading.Lock()
        self._thinning = Thinning(MOST_POINTS)
        self._points: list[tuple[int, dict[str, float]]] = []
        self._news: Message = {}
        self._ended = threading.Event()
        self._sender = threading.Thread(target=self._send_on, name=f"reports of {order.id}", daemon=True)

    def start(self) -> None:
        """Say that the job has started, and begin to send reports."""
        self._flush(state=State.RUNNING.value, starts=True)
        self._sender.start()

    def end(self) -> None:
        """Send what is left."""
        self._ended.set()
        self._sender.join()
        with self._lock:
            self._points += [(point.step, point.values) for point in self._thinning.rest()]
        self._flush()

    def report(self, done: int, of: int, metrics: Mapping[str, float] | None = None, note: str = "") -> None:
        """Take down the report; see :class:`backends.jobs.context.JobContext`."""
        done, of = int(done), int(of)
        with self._lock:
            self._news["done"], self._news["of"] = done, of
            if note:
                self._news["note"] = note
            if metrics:
                values = self._thinning.keep(done, of, {name: float(value) for name, value in metrics.items()})
                if values:
                    self._points.append((done, values))
        if self._control.wish != "run":
            self._obey()

    def show(self, name: str, content: bytes | str) -> None:
        """Send it with the next report; see :class:`backends.jobs.context.JobContext`."""
        data = shown(name, content)
        with self._lock:
            self._news.setdefault("shown", {})[name] = data

    def save(self, name: str, content: bytes | str) -> None:
        """Keep a file until the job has ended; it then goes to the server with the summary."""
        self.artifacts[plain(name)] = as_bytes(content)

    def _obey(self) -> None:
        if self._control.wish == "pause":
            self._flush(state=State.PAUSED.value)
            # Dask can let only the thread go that it gave to the task.
            if not self._aside and threading.get_ident() == self._thread:
                self._aside = True
                self._step_aside()
            self._control.wait_while_paused()
        if self._control.wish == "cancel":
            raise Cancelled
        self._flush(state=State.RUNNING.value)

    def _send_on(self) -> None:
        while not self._ended.wait(SEND_EVERY):
            if self._news:
                self._flush()

    def _flush(self, **more: Any) -> None:
        with self._lock:
            news, self._news, points, self._points = self._news, {}, self._points, []
            if not (news or points or more):
                return
            self.messages += 1
            # Sent under the lock, so that messages leave in the order of their numbers.
            self._send({"job": self.job, "number": self.messages, "time": time.time(), "points": points, **news, **more})


def dask_setup(_: object) -> None:
    """Prepare the process of a worker of our own; Dask calls it in one that begins.

    Ctrl-C reaches all processes of a terminal. The server hears it and ends this one in order.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A task is thousands of short calls into torch, and gives the interpreter away in each. Dask's threads, which have little
    # to do, would keep it for Python's usual 5 ms.
    sys.setswitchinterval(0.0005)


def work(order: Order) -> Outcome:
    """Run a job on a Dask worker; whatever the task raises becomes the outcome."""
    from distributed import get_worker, secede

    worker = get_worker()
    control = _CONTROLS[order.id] = Control()
    context = WorkerContext(order, control, lambda message: worker.log_event(order.topic, message), secede)
    context.start()
    state, summary, problem, details = State.FAILED, {}, "", ""
    try:
        with lack_is_told():
            summary = resolve(order.task)(order.settings, Path(order.folder), context)
        json.dumps(summary)  # raises here, where it can still be told
        state = State.COMPLETED
    except Cancelled:
        state = State.CANCELLED
    except InputError as fault:
        problem = str(fault)
    except Exception as defect:  # noqa: BLE001, a defect of a task is its outcome; the server logs it
        summary, problem, details = {}, f"this failed inside the program ({defect!r})", traceback.format_exc()
    finally:
        context.end()
        del _CONTROLS[order.id]
    return Outcome(state, context.messages, summary, context.artifacts, problem, details)
