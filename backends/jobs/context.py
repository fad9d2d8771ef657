"""What a task is given: where it reports, saves and looks whether it is still wanted."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from backends.errors import InputError

#: Told the steps done, all steps, metrics and a sentence.
Listener = Callable[[int, int, Mapping[str, float], str], None]


#: Most bytes that are shown at once of a job that runs; they pass through the scheduler, which remembers some.
MOST_SHOWN = 1_000_000


class Cancelled(Exception):  # noqa: N818, it is no error
    """Nobody wants the result any more; raised by `report` in a task, which lets it pass."""


class Checkpoint:
    """Where a task keeps what it needs to go on after an interruption: the newest only.

    Parameters
    ----------
    folder
        Where to keep it; without one nothing is kept.
    earlier
        Where another job kept its own, which this one goes on from as long as it has none.
    """

    def __init__(self, folder: Path | None, earlier: Path | None = None) -> None:
        self._folder, self._earlier = folder, earlier

    def save(self, content: bytes) -> None:
        """Keep this in the place of what was kept before; an interruption leaves one of the two, whole.

        Raises
        ------
        InputError
            If it cannot be written; what was kept before is still there.
        """
        if self._folder is None:
            return
        unfinished = self._folder / "unfinished"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            unfinished.replace(self._folder / "newest")
        except OSError as problem:
            with suppress(OSError):
                unfinished.unlink()
            raise InputError(
                f"the checkpoint, {len(content) / 1e6:.1f} MB, cannot be written into {self._folder}: {problem.strerror}"
            ) from problem

    def latest(self) -> bytes | None:
        """Return what was kept last, or nothing."""
        for folder in (self._folder, self._earlier):
            if folder is not None and (folder / "newest").is_file():
                return (folder / "newest").read_bytes()
        return None


class JobContext(Protocol):
    """How a task speaks with whoever started it.

    Attributes
    ----------
    checkpoint
        Where it keeps what it needs to go on after an interruption.
    job
        The id of the job, or nothing.
    """

    checkpoint: Checkpoint
    job: str

    def report(self, done: int, of: int, metrics: Mapping[str, float] | None = None, note: str = "") -> None:
        """Say that so many of all steps are done; cheap enough for thousands of calls in a second.

        Parameters
        ----------
        done, of
            Steps done, and all steps.
        metrics
            Numbers by name, which belong to step `done`.
        note
            What is being done, in a few words; empty leaves it as it was.

        Raises
        ------
        Cancelled
            If the job has been cancelled. While it is paused, the call does not return.
        """

    def show(self, name: str, content: bytes | str) -> None:
        """Show how things stand: the newest content of each name is there for whoever looks at the job while it runs.

        Raises
        ------
        ValueError
            If `name` is no plain file name, or there is more than a megabyte.
        """

    def save(self, name: str, content: bytes | str) -> None:
        """Leave a file with the job; one of the same name takes the place of an earlier one.

        Raises
        ------
        ValueError
            If `name` is no plain file name.
        """


class LocalContext:
    """The context of a task that runs in this process: on the command line, and in tests.

    Parameters
    ----------
    out
        The folder that files are saved in; without one they are dropped.
    listener
        Told each report.
    checkpoint
        The folder of the checkpoint; without one the task begins at the beginning and keeps none.
    """

    def __init__(self, out: Path | None = None, listener: Listener | None = None, checkpoint: Path | None = None) -> None:
        self._out, self._listener = out, listener
        self.checkpoint = Checkpoint(checkpoint)
        self.job = ""

    def report(self, done: int, of: int, metrics: Mapping[str, float] | None = None, note: str = "") -> None:
        """Tell the listener."""
        if self._listener is not None:
            self._listener(done, of, metrics or {}, note)

    def show(self, name: str, content: bytes | str) -> None:
        """Check it; nobody looks."""
        shown(name, content)

    def save(self, name: str, content: bytes | str) -> None:
        """Write into the folder."""
        plain(name)
        if self._out is not None:
            self._out.mkdir(parents=True, exist_ok=True)
            (self._out / name).write_bytes(as_bytes(content))


def plain(name: str) -> str:
    """Return a name that is a plain file name.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not re.fullmatch(r"\w[\w .+-]{0,99}", name):
        raise ValueError(f"a file must have a plain name, letters and digits and . _ + -; came {name!r:.120}")
    return name


def shown(name: str, content: bytes | str) -> bytes:
    """Return what is shown of a job that runs, if it may be.

    Raises
    ------
    ValueError
        If the name is no plain file name, or there is too much.
    """
    data = as_bytes(content)
    if len(data) > MOST_SHOWN:
        raise ValueError(f"{plain(name)}: at most {MOST_SHOWN} bytes can be shown of a job that runs; came {len(data)}")
    return data


def as_bytes(content: bytes | str) -> bytes:
    """Return what is written into a file, text in UTF-8."""
    return content.encode() if isinstance(content, str) else content
