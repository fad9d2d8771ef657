"""Ends jobs that say nothing any more, and those that run for too long."""

import os
import threading
from collections.abc import Callable

from backends.errors import InputError

#: Minutes without a report after which a job counts as stuck. The longest step of any task of ours takes a small part of it.
PATIENCE_MINUTES = 15.0
#: Hours that a job may run, its pauses not counted.
LONGEST_HOURS = 24.0


def patience() -> float:
    """Return how many seconds a job may say nothing: ``ASSIMILAB_STUCK_MINUTES``, or a quarter of an hour.

    Raises
    ------
    InputError
        If it is no positive number.
    """
    return 60 * _positive("ASSIMILAB_STUCK_MINUTES", PATIENCE_MINUTES, "minutes")


def longest() -> float:
    """Return how many seconds a job may run: ``ASSIMILAB_LONGEST_HOURS``, or a day.

    Raises
    ------
    InputError
        If it is no positive number.
    """
    return 3600 * _positive("ASSIMILAB_LONGEST_HOURS", LONGEST_HOURS, "hours")


def _positive(name: str, usual: float, unit: str) -> float:
    text = os.environ.get(name, "").strip()
    try:
        number = float(text) if text else usual
    except ValueError:
        number = 0.0
    if not number > 0:
        raise InputError(f"{name}: must be a positive number of {unit}; came {text!r:.40}")
    return number


def stuck(seconds: float) -> str:
    """Return what is said of a job that has reported nothing for so many seconds."""
    return f"it was ended because it had reported nothing for {seconds / 60:.3g} min (ASSIMILAB_STUCK_MINUTES)"


def too_long(seconds: float) -> str:
    """Return what is said of a job that has run for so many seconds."""
    return (
        f"it was ended because it had run for {seconds / 3600:.3g} h, as long as a job may (ASSIMILAB_LONGEST_HOURS); "
        "what it saved on the way is kept, and a training can be gone on from"
    )


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
