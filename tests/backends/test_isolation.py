"""A file that crashes or hangs its decoder is a sentence, and everything else goes on."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.isolation import decoder as decoding
from backends.fields.isolation.decoder import decoder
from backends.fields.isolation.wire import Channel
from backends.fields.readers import open_dataset
from tests.backends.damage import LATITUDE, LONGITUDE, WRITERS
from tests.conftest import ROOT
from tests.files import known, regional

FIELD = known(LATITUDE[::-1], LONGITUDE)


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A dataset of which every field is decoded when it is asked for."""
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    return open_dataset(regional(tmp_path / "a.nc"))


@contextmanager
def stopped(then: int | None = None):
    """The decoder stands still, as if in an endless loop, and is sent a signal a moment after it was asked, if one is given."""
    pid = decoder().pid
    os.kill(pid, signal.SIGSTOP)

    def end() -> None:
        os.kill(pid, then)
        os.kill(pid, signal.SIGCONT)

    later = threading.Timer(0.2, end)
    if then is not None:
        later.start()
    yield
    later.cancel()


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "composite.h5"])  # which test_odim looks at
def test_a_field_is_the_same_as_decoded_here(name, tmp_path):
    path = WRITERS[name](tmp_path / name)
    isolated, here = open_dataset(path), open_dataset(path, trusted=True)
    (variable,), (direct,) = isolated.variables.values(), here.variables.values()
    assert (variable.axes[0].labels, variable.attributes, variable.dims) == (
        direct.axes[0].labels,
        direct.attributes,
        direct.dims,
    )
    for k in range(3):
        field = isolated.field(variable.name, {variable.axes[0].name: k})
        np.testing.assert_array_equal(field.values, here.field(variable.name, {variable.axes[0].name: k}).values)
        np.testing.assert_allclose(field.values, FIELD + k, rtol=1e-4)


OTHERS = [pytest.param(number, marks=pytest.mark.reference) for number in (signal.SIGKILL, signal.SIGABRT)]


@pytest.mark.parametrize("signal", [signal.SIGSEGV, *OTHERS])
def test_a_crash_of_a_new_process_is_a_sentence_and_the_next_field_is_there(opened, signal):
    decoder().close()
    decoder().start()
    with stopped(then=signal), pytest.raises(InputError, match=rf"variable 't' of a\.nc .* crash \({signal.name}\)"):
        opened.field("t", {"time": 1})
    np.testing.assert_allclose(opened.field("t", {"time": 1}).values, FIELD + 1, rtol=1e-6)


def test_a_crash_of_a_process_that_an_earlier_file_may_have_spoilt_is_tried_again(opened):
    before = decoder().pid
    with stopped(then=signal.SIGSEGV):
        np.testing.assert_allclose(opened.field("t", {"time": 1}).values, FIELD + 1, rtol=1e-6)
    assert decoder().pid != before


def test_a_crash_while_opening_is_a_sentence(tmp_path, opened):
    decoder().close()
    decoder().start()
    with stopped(then=signal.SIGSEGV), pytest.raises(InputError, match=r"b\.nc cannot be read as NetCDF, .* crash \(SIGSEGV\)"):
        open_dataset(regional(tmp_path / "b.nc"))
    assert open_dataset(tmp_path / "b.nc").variables


def test_one_flipped_bit_that_makes_eccodes_free_memory_twice_is_a_sentence(tmp_path, opened):
    content = bytearray(WRITERS["ccsds.grib"](tmp_path / "a.grib").read_bytes())
    content[17] ^= 32  # of the length of section 1
    (tmp_path / "a.grib").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.grib cannot be read as GRIB, the file may be damaged: it made the decoder crash"):
        open_dataset(tmp_path / "a.grib")
    np.testing.assert_allclose(opened.field("t", {"time": 1}).values, FIELD + 1, rtol=1e-6)


def test_a_process_that_ended_while_nothing_was_asked_is_not_missed(opened):
    os.kill(decoder().pid, signal.SIGKILL)
    decoder()._process.wait()
    np.testing.assert_allclose(opened.field("t", {"time": 2}).values, FIELD + 2, rtol=1e-6)


def test_a_hang_is_ended_and_told(opened, monkeypatch):
    monkeypatch.setattr(decoding, "PATIENCE", 0.3)
    with stopped(), pytest.raises(InputError, match=r"more than 0\.3 s without a sign of progress"):
        opened.field("t", {"time": 1})
    monkeypatch.undo()
    np.testing.assert_allclose(opened.field("t", {"time": 1}).values, FIELD + 1, rtol=1e-6)


def test_a_process_that_starts_may_take_longer_than_one_that_has_been_asked(opened, monkeypatch):
    granted, receive = [], Channel.receive
    monkeypatch.setattr(Channel, "receive", lambda self, patience: granted.append(patience) or receive(self, patience))
    decoder().close()
    for time in (1, 2):
        opened.field("t", {"time": time})
    assert granted[0] == decoding.START  # until the sign that the process can answer
    assert granted[1:] == [decoding.PATIENCE] * len(granted[1:])
    assert len(granted) >= 3
    decoder().close()
    monkeypatch.setattr(decoding, "START", 1e-6)
    with pytest.raises(InputError, match="more than 1e-06 s without a sign of progress"):
        opened.field("t", {"time": 1})


def test_a_request_with_signs_ends_after_the_longest_time(opened, monkeypatch):
    monkeypatch.setattr(decoding, "LONGEST", 0.0)
    monkeypatch.setattr(Channel, "receive", lambda self, patience: ({"sign": 1}, []))
    with pytest.raises(InputError, match=r"took the decoder more than 0 s$"):
        opened.field("t", {"time": 1})


#: In a process of its own, as the decoder is: threads of other tests would give signs, too.
SIGNS = """
import hashlib, json, socket, threading, time
from contextlib import suppress
import numpy as np
from backends.fields.isolation import signs as watched
from backends.fields.isolation.wire import Channel

watched.LOOK_EVERY = 0.02
here, there = map(Channel, socket.socketpair())

def signs():
    count = 0
    with suppress(TimeoutError):
        while here.receive(0.05):
            count += 1
    return count

with watched.Signs(there):
    time.sleep(0.3)
resting = signs()
with watched.Signs(there):
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        np.sort(np.asarray(json.loads(json.dumps(list(range(3000))))[::-1]))
working = signs()
over = threading.Event()
def work():
    while not over.is_set():
        sorted(range(3000))
        json.dumps(list(range(3000)))
another = threading.Thread(target=work)
another.start()
with watched.Signs(there):
    time.sleep(1.0)
over.set()
another.join()
in_another = signs()
with watched.Signs(there):
    hashlib.pbkdf2_hmac("sha256", b"one", b"call", 2_000_000)  # that lets other threads run and does not come back for long
print(resting, working, in_another, signs())
"""


def test_signs_come_while_the_thread_gets_on_and_only_then():
    done = subprocess.run([sys.executable, "-c", SIGNS], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    resting, working, in_another, lost = map(int, done.stdout.split())
    assert resting <= 1
    assert lost <= 1
    assert working >= 3
    assert in_another >= 3


def test_a_file_that_has_changed_is_not_mixed_with_what_was_opened(opened, tmp_path):
    decoder().close()
    regional(tmp_path / "a.nc", comment="another")
    with pytest.raises(InputError, match=r"a\.nc has changed since it was opened; open it again"):
        opened.field("t", {"time": 1})


def test_an_answer_that_found_no_memory_here_is_not_the_beginning_of_the_next(opened, monkeypatch):
    def none_left(*_: object) -> np.ndarray:
        raise MemoryError

    with monkeypatch.context() as lacking:
        lacking.setattr(Channel, "_array", none_left)
        with pytest.raises(MemoryError):
            opened.field("t", {"time": 1})
    np.testing.assert_allclose(opened.field("t", {"time": 2}).values, FIELD + 2, rtol=1e-6)


def test_arrays_of_every_kind_come_over_the_wire_whole():
    here, there = map(Channel, socket.socketpair())
    arrays = [
        np.arange(6, dtype=">f4").reshape(2, 3).T,
        np.array(np.datetime64("2020-01-01T06", "ns")),
        np.array(["Ä", "bc"]),
        np.zeros((0, 3)),
        np.array(True),
        np.random.default_rng(1).normal(size=300_000),  # more than the socket's buffer holds
    ]
    threading.Thread(target=there.send, args=({"a": [1, "ü"]}, arrays)).start()
    message, received = here.receive(5.0)
    assert message == {"a": [1, "ü"]}
    for sent, came in zip(arrays, received, strict=True):
        assert (came.dtype, came.shape) == (sent.dtype, sent.shape)
        np.testing.assert_array_equal(came, sent)


def test_objects_are_refused_on_the_wire():
    here, there = map(Channel, socket.socketpair())
    there.send({}, [np.zeros(2)])
    raw = here._end.recv(2000).replace(b"<f8", b"|O ").replace(b'"|O "', b'"|O" ')
    there._end.sendall(raw)
    with pytest.raises(TypeError, match="cannot be received"):
        here.receive(1.0)
