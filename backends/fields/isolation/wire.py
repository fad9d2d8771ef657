"""Messages between the server and the process that decodes files: JSON, and arrays as their plain bytes.

No object is unpickled, so that a decoder that a crafted file has taken over can send nothing but texts and numbers. Arrays go
through the socket, so that nothing is left behind when one of the two processes ends.
"""

import json
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Message = Mapping[str, Any]

_LENGTH = struct.Struct("!Q")
#: Kinds of numpy's types that may go over the wire: all but objects and records.
KINDS = "biufcmMUS"


class Channel:
    """One end of a connected socket. Several threads may send; one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._sending = threading.Lock()

    def send(self, message: Message, arrays: Sequence[np.ndarray] = ()) -> None:
        """Send a message and arrays of numbers, times or texts of fixed width."""
        arrays = [np.ascontiguousarray(array).reshape(array.shape) for array in arrays]
        described = [[array.dtype.str, list(array.shape)] for array in arrays]
        header = json.dumps({**message, "arrays": described}).encode()
        with self._sending:
            self._end.sendall(_LENGTH.pack(len(header)) + header)
            for array in arrays:
                self._end.sendall(_bytes(array))

    def receive(self, patience: float | None = None) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Return the next message and its arrays.

        Raises
        ------
        TimeoutError
            If nothing at all came for so many seconds.
        EOFError
            If the other end is closed.
        """
        self._end.settimeout(patience)
        try:
            message = json.loads(self._exactly(_LENGTH.unpack(self._exactly(_LENGTH.size))[0]))
            return message, [self._array(kind, shape) for kind, shape in message.pop("arrays")]
        finally:
            self._end.settimeout(None)

    def close(self) -> None:
        """Close the socket."""
        self._end.close()

    def _exactly(self, count: int) -> bytearray:
        buffer = bytearray(count)
        self._fill(memoryview(buffer))
        return buffer

    def _array(self, kind: str, shape: Sequence[int]) -> np.ndarray:
        dtype = np.dtype(kind)
        if dtype.kind not in KINDS:
            raise TypeError(f"an array of {kind!r} cannot be received; expected one of the kinds {KINDS}")
        array = np.empty(shape, dtype)
        self._fill(_bytes(array))
        return array

    def _fill(self, buffer: memoryview) -> None:
        got = 0
        while got < len(buffer):
            count = self._end.recv_into(buffer[got:])
            if not count:
                raise EOFError("the other process has closed the connection")
            got += count


def _bytes(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")
