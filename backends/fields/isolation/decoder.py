"""The process that decodes the files of users, as the server sees it."""

import atexit
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.fields.damage import crashed, ended, silent_for
from backends.fields.isolation.wire import Channel, Message

LOG = logging.getLogger("assimilab")

#: Seconds without a sign after which the process is ended, and seconds that one request may take with signs.
PATIENCE, LONGEST = 10.0, 600.0
#: Seconds that a new process may take until its first sign, which says that it can answer: it imports xarray.
START = 60.0
ROOT = Path(__file__).parents[3]


class Unreadable(OSError):  # noqa: N818  what is unreadable is a part of a file; it is told as damage like any other OSError
    """A file made its decoder fail, crash or hang; the message ends a sentence."""


class Decoder:
    """A process that answers requests one after the other, and is started anew when it has crashed or was ended.

    It is started as a program rather than by :mod:`multiprocessing`, so that jobs, which are daemons, may have one too, and so
    that it imports nothing of whoever asks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._used = self._ready = False

    def start(self) -> None:
        """Start the process now, without waiting until it can answer, if there is none."""
        with self._lock:
            self._running()

    def ask(self, request: Message) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Return the answer and its arrays.

        Raises
        ------
        InputError
            If the file cannot be used, as the reader says.
        Unreadable
            If the decoder failed otherwise, ended, or gave no sign for too long.
        """
        with self._lock:
            answer, arrays = self._asked(request)
        if "input" in answer:
            raise InputError(answer["input"])
        if "damage" in answer:
            raise Unreadable(answer["damage"])
        return answer, arrays

    def close(self) -> None:
        """End the process; the next request starts another."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        return None if self._process is None else self._process.pid

    def _asked(self, request: Message) -> tuple[dict[str, Any], list[np.ndarray]]:
        while True:
            channel, used = self._running(), self._used
            try:
                self._used = True
                channel.send(request)
                return self._answer(channel)
            except TimeoutError as problem:
                self._end()
                raise Unreadable(str(problem)) from None
            except (EOFError, ConnectionError):
                how = self._end()
                # A damaged file may spoil the memory of the process such that it ends over the next, which is whole.
                if not used:
                    raise Unreadable(crashed(how)) from None
            except BaseException:  # such as a lack of memory here: the next request would take the rest for its answer
                self._end()
                raise

    def _answer(self, channel: Channel) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Return the answer, or raise TimeoutError with the end of a sentence."""
        until = time.monotonic() + LONGEST
        while True:
            patience = PATIENCE if self._ready else START
            try:
                answer, arrays = channel.receive(patience)
            except TimeoutError:
                raise TimeoutError(silent_for(patience)) from None
            self._ready = True
            if "sign" not in answer:
                return answer, arrays
            if time.monotonic() > until:
                raise TimeoutError(f"it took the decoder more than {LONGEST:g} s")

    def _running(self) -> Channel:
        if self._process is not None and self._process.poll() is not None:
            LOG.warning("The process that decodes files had ended (%s)", self._end())
        if self._channel is None:
            here, there = socket.socketpair()
            with there:
                self._process = subprocess.Popen(  # noqa: S603  this program itself
                    [sys.executable, "-m", "backends.fields.isolation.worker", str(there.fileno())],
                    pass_fds=[there.fileno()],
                    stdin=subprocess.DEVNULL,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(_paths())},
                )
            self._channel, self._used, self._ready = Channel(here), False, False
        return self._channel

    def _end(self) -> str:
        """Kill the process and return how it had ended, if it had."""
        process, channel = self._process, self._channel
        self._process = self._channel = None
        if channel is not None:
            channel.close()
        if process is None:
            return ""
        try:
            status = process.wait(0.5)  # its end of the socket closes a moment before it can be waited for
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        return ended(status)


def _paths() -> Sequence[str]:
    return [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]


@cache
def decoder() -> Decoder:
    """Return the decoder of this process, made at the first call and ended with it."""
    made = Decoder()
    atexit.register(made.close)
    return made
