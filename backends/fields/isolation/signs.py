"""Signs of progress that a decoder gives while it works on a request."""

import os
import signal
import sys
import threading
import time
from types import FrameType

from backends.fields.isolation.wire import Channel

#: Seconds between two looks at whether the decoder makes progress.
LOOK_EVERY = 1.0
#: Part of that time which the first thread must have worked to count; answering a look takes some microseconds.
WORKED = 0.05


class Signs:
    """While it is entered, by the first thread of a process, sends a sign at every look that finds progress.

    The first thread has got on if it has worked and has come back to Python since the last look, as it then answers a signal.
    Other threads have got on if their stacks of calls have changed. A decoder that loops for ever in one call into its library
    does neither, nor does one that holds Python's lock. Indexing many messages and fetching many chunks do.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._worked = False
        self._first = threading.get_ident()

    def __enter__(self) -> "Signs":
        self._spent = time.thread_time()
        signal.signal(signal.SIGUSR1, self._back_in_python)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def _back_in_python(self, _signal: int, _frame: FrameType | None) -> None:
        spent = time.thread_time()
        self._worked |= spent - self._spent > WORKED * LOOK_EVERY
        self._spent = spent

    def _watch(self) -> None:
        before: dict[int, list[tuple[int, int]]] = {}
        known = self._first, threading.get_ident()
        while not self._over.wait(LOOK_EVERY):
            if os.getppid() == 1:  # nobody is left who would read the answer
                os._exit(0)
            others = {thread: _stack(frame) for thread, frame in sys._current_frames().items() if thread not in known}
            if self._worked or others != before:
                self._channel.send({"sign": time.monotonic()})
            before, self._worked = others, False
            signal.pthread_kill(self._first, signal.SIGUSR1)


def _stack(frame: FrameType | None) -> list[tuple[int, int]]:
    stack = []
    while frame is not None:
        stack.append((id(frame), frame.f_lasti))
        frame = frame.f_back
    return stack
