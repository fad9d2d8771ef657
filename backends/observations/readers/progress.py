"""How a reader tells how far it is."""

from collections.abc import Callable

#: Called with what is done and of how much, in the reader's own unit. Whatever it raises ends the reading.
Progress = Callable[[int, int], None]


def silent(done: int, of: int) -> None:
    """Tell nobody."""
    del done, of
