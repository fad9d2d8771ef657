"""Ends jobs that say nothing any more."""

import os
import threading
from collections.abc import Callable

from backends.errors import InputError

#: Minutes without a report after which a job counts as stuck. The longest step of any task of ours takes a small part of it.
PATIENCE_MINUTES = 15.0


def patience() -> float:
    """Return how many seconds a job may say nothing: ``ASSIMILAB_STUCK_MINUTES``, or a quarter of an hour.

    Raises
    ------
    InputError
        If it is no positive number.
    """
    text = os.environ.get("ASSIMILAB_STUCK_MINUTES", "").strip()
    try:
        minutes = float(text) if text else PATIENCE_MINUTES
    except ValueError:
        minutes = 0.0
    if not minutes > 0:
        raise InputError(f"ASSIMILAB_STUCK_MINUTES: must be a positive number of minutes; came {text!r:.40}")
    return 60 * minutes


def stuck(seconds: float) -> str:
    """Return what is said of a job that has reported nothing for so many seconds."""
    return f"it was ended because it had reported nothing for {seconds / 60:.3g} min (ASSIMILAB_STUCK_MINUTES)"


class Watchdog:
    """Looks after something, again and again on a thread of its own, once it has been started."""

    def __init__(self, look: Callable[[], None], every: float) -> None:
        self._look, self._every = look, every
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; nothing if that has been done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watchdog of jobs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self._look()
