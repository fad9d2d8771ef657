"""Interactive work off the event loop: one thread per resource, which visitors take turns on; per page, the latest wins."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from functools import partial
from typing import Generic, TypeVar

import panel as pn
from bokeh.document import Document
from panel.io.state import set_curdoc

from backends.errors import InputError
from backends.memory import lack_is_told
from dashboard.activity import happened
from dashboard.arrival import arrival
from dashboard.turns import Turns

Request = TypeVar("Request")
Result = TypeVar("Result")

LOG = logging.getLogger("assimilab")

#: Everything that computes on the device. One thread: the device does one thing at a time anyway, in order.
DEVICE = Turns("device")
#: Everything that reads files. One thread: the NetCDF and HDF5 libraries must not be entered twice.
FILES = Turns("files")
#: Pictures and frames of films that are kept. One thread: matplotlib must not be entered twice.
PICTURES = Turns("pictures")


#: Without a browser there is no event loop that would deliver one result after the other.
_DELIVERING = threading.RLock()


class LatestWins(Generic[Request, Result]):
    """Computes a page's requests on a worker thread and hands the results back to the page.

    At most one request of a page waits: a newer one takes its place in the queue. Results come back in the order of the
    requests, on the page's own event loop with its document locked, so the page may change what it shows.

    Parameters
    ----------
    worker
        The executor with one thread, shared with other pages; it may refuse when a visitor has too much waiting.
    compute
        Called on the worker's thread with a request.
    deliver
        Called on the page's event loop with the request and its result.
    fail
        Called there instead with a sentence, if `compute` raised an exception: the message of an input error, or for
        anything else, which is a defect, a reference to the server's log, where it stands in full.
    """

    def __init__(
        self,
        worker: Executor,
        compute: Callable[[Request], Result],
        deliver: Callable[[Request, Result], None],
        fail: Callable[[str], None],
    ) -> None:
        self._worker, self._compute, self._deliver, self._fail = worker, compute, deliver, fail
        self._document: Document | None = pn.state.curdoc
        self._session = None if self._document is None else self._document.session_context
        self._lock = threading.Lock()
        self._newest: Request | None = None
        self._waiting = False
        self._last: Future[None] | None = None
        self._closed = False
        self._arrival = None if self._document is None else arrival(self._document)

    def request(self, request: Request) -> None:
        """Ask for a computation; replaces an earlier request that has not started."""
        with self._lock:
            self._newest = request
            if self._waiting or self._closed:
                return
            try:
                work = self._last = self._submit()
            except InputError as problem:
                self._newest, refusal = None, str(problem)
            else:
                self._waiting, refusal = True, ""
        if refusal:
            self._hand_over(partial(self._fail, refusal))
        else:
            work.add_done_callback(self._report_defect)

    def close(self) -> None:
        """Drop what waits and deliver nothing any more; called when the session ends."""
        with self._lock:
            self._closed, self._newest = True, None

    def wait(self) -> None:
        """Block until nothing waits or runs; for programs without a browser, such as tests."""
        while (last := self._last) is not None:
            last.result()
            if self._last is last:
                return

    def _submit(self) -> "Future[None]":
        if isinstance(self._worker, Turns):
            return self._worker.submit_for(id(self if self._document is None else self._document), self._work)
        return self._worker.submit(self._work)

    def wait_a_while(self, seconds: float) -> None:
        """Block until nothing runs, or so long; for other work that is to give way to this."""
        if (last := self._last) is not None:
            wait([last], seconds)

    def _work(self) -> None:
        with self._lock:
            request, self._newest, self._waiting = self._newest, None, False
        if request is None:  # closed in the meantime
            return
        try:
            with lack_is_told():
                result = self._compute(request)
        except InputError as problem:
            self._hand_over(partial(self._fail, str(problem)))
        else:
            self._hand_over(partial(self._deliver, request, result))

    def _report_defect(self, work: Future[None]) -> None:
        problem = None if work.cancelled() else work.exception()
        if problem is not None:
            LOG.error("Computing for a page failed", exc_info=problem)
            self._hand_over(partial(self._fail, f"this failed inside the program ({problem!r}); the server's log says where"))

    def _hand_over(self, done: Callable[[], None]) -> None:
        if self._arrival is None:
            with _DELIVERING:
                done()
            return
        if self._closed:
            return
        try:
            self._arrival.hand_over(partial(self._unless_closed, done))
        except (AttributeError, RuntimeError):
            # Bokeh takes the document apart on its own thread before it says that the session has ended.
            if self._session is None or not self._session.destroyed:
                raise

    def _unless_closed(self, done: Callable[[], None]) -> None:
        if self._closed:
            return
        # Panel shares style sheets within a document, and may otherwise look for them in that of another visitor.
        with set_curdoc(self._document):
            done()
        if self._session is not None:
            happened(self._session.id)
