"""Decoding in a process of its own: crashes, hangs and damage end in a sentence, and the second time is quick."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from backends.__main__ import main
from backends.errors import InputError
from backends.observations import decode
from backends.observations.columns import Columns
from backends.observations.decode import Cancelled, decode_elsewhere, table_for_maps, table_of
from backends.observations.readers import read
from tests.backends.observation_files import CSV, cut, decoded_synop, feedback, ioda, mixed_bufr, odb

ROOT = Path(__file__).parents[2]
WRITERS = {"bufr": mixed_bufr, "feedback": feedback, "decoded": decoded_synop, "ioda": ioda, "odb": odb}


# Stand-ins for a decoder, run in the other process.


def crash(path: Path, place: Path, pipe, columns) -> None:
    pipe.send_bytes(b"[1, 2]")
    os.kill(os.getpid(), 11)


def hang(path: Path, place: Path, pipe, columns) -> None:
    pipe.send_bytes(b"[1, 2]")
    time.sleep(600)


def test_a_file_is_decoded_elsewhere_and_kept(tmp_path, monkeypatch):
    path, told = mixed_bufr(tmp_path / "x.bufr"), []
    table = table_for_maps(path, lambda done, of: told.append((done, of)), lambda: True, None)
    assert told == [(0, 2), (1, 2)]
    as_it_is = read(path)
    for name in range(len(as_it_is.variable.names)):  # the same rows, each variable by itself, from south to north
        here, there = table.variable.codes == name, as_it_is.variable.codes == name
        order = np.argsort(as_it_is.latitude[there], kind="stable")
        np.testing.assert_array_equal(table.value[here], as_it_is.value[there][order])
        np.testing.assert_array_equal(table.report[here], as_it_is.report[there][order])
    assert (np.diff(table.variable.codes) >= 0).all()
    monkeypatch.setattr(decode, "decode_elsewhere", None)  # not needed again
    assert table_of(path).station.texts() == as_it_is.station.texts()


def test_a_crash_and_a_hang_end_in_a_sentence(tmp_path, monkeypatch):
    path = mixed_bufr(tmp_path / "x.bufr")
    monkeypatch.setattr(decode, "decode_to_parquet", crash)
    with pytest.raises(InputError, match=r"x\.bufr cannot be decoded: it made the decoder crash \(SIGSEGV\)"):
        decode_elsewhere(path)
    monkeypatch.setattr(decode, "decode_to_parquet", hang)
    with pytest.raises(InputError, match=r"more than 0\.3 s without a sign of progress"):
        decode_elsewhere(path, patience=0.3)
    with pytest.raises(Cancelled):
        decode_elsewhere(path, wanted=iter([True, True, False]).__next__)


def test_errors_come_back_as_they_are(tmp_path):
    (tmp_path / "x.bufr").write_bytes(mixed_bufr(tmp_path / "whole.bufr").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"^x\.bufr is a damaged or incomplete BUFR file"):
        table_of(tmp_path / "x.bufr")
    with pytest.raises(InputError, match=r"^there is no file none\.bufr$"):
        table_of(tmp_path / "none.bufr")


def test_the_command_describes_observations(tmp_path, capsys):
    assert main(["inspect", str(feedback(tmp_path / "ekf.nc"))]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["observations"], said["reports"], said["stations"]) == ("DWD feedback file", 5, 3, 3)
    assert said["report_types"] == {"TEMP": 3, "SYNOP": 1, "RAD": 1}
    assert said["qualities"] == {"unknown": 1, "passed": 2, "suspicious": 1, "rejected": 1}
    assert said["variables"][0]["background_departure"] == {"n": 2, "mean": 0.5, "std": 0.0}
    assert said["time"] == ["2020-01-01T10:30:00", "2020-01-01T12:30:00"]
    assert main(["inspect", str(tmp_path / "none")]) == 2


FUZZ = """
import os, signal, sys, traceback, warnings
from pathlib import Path
import numpy as np
from backends.errors import InputError
from backends.observations.readers import read
warnings.simplefilter("ignore")
source, first, mutations = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
read(source)  # what it takes to load the libraries does not count
whole, path = np.frombuffer(source.read_bytes(), np.uint8), source.with_name("mutated" + source.suffix)
signals = 0
for number in range(first, mutations):
    rng, data = np.random.default_rng([7, number]), whole.copy()
    for place in rng.integers(0, len(data), 1 + number % 8):
        data[place] ^= 1 << rng.integers(8)
    if number % 3 == 0:
        data = data[: rng.integers(0, len(data))]
    path.write_bytes(data.tobytes())
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, 1)
        try:
            read(path)
        except InputError as problem:
            if not str(problem).isprintable() or not 15 < len(str(problem)) < 400:
                print(repr(str(problem)), file=sys.stderr, flush=True)
                os._exit(1)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        sys.exit(f"mutation {number}")
    signals += os.WIFSIGNALED(status)
print(signals)
"""
#: Damaged files of each format in every run, and in the long one.
MUTATIONS, MANY = 30, 200
KINDS = (*WRITERS, "csv")


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(tmp_path, kind):
    assert crashes(tmp_path / "x.dat", kind, 0, MUTATIONS) <= 5  # a few are the libraries' own


@pytest.mark.reference
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files_are_read_or_refused(tmp_path, kind):
    assert crashes(tmp_path / "x.dat", kind, MUTATIONS, MANY) <= 12


def crashes(path: Path, kind: str, first: int, last: int) -> int:
    """Read files with flipped bits and cut ends, seeded: an exception that is no InputError is a defect of a reader.

    A signal, a crash or a second of work, ends the decoder's library, for which there is the process of its own; each file is
    tried in one here. Returned is how often that was.
    """
    if kind == "csv":
        path.write_text(CSV)
    else:
        if kind == "odb":
            pytest.importorskip("pyodc", reason="pyodc is not among the requirements")
        WRITERS[kind](path)
    command = [sys.executable, "-c", FUZZ, str(path), str(first), str(last)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout.split()[-1])


@pytest.mark.reference
def test_real_aircraft_are_decoded_once(real_data, monkeypatch):
    path = real_data / "aircraft.bufr"
    first = table_of(path)
    assert len(first) > 19_000
    monkeypatch.setattr(decode, "decode_elsewhere", None)
    np.testing.assert_array_equal(table_of(path).value, first.value)


def test_a_cut_real_file(real_data, tmp_path):
    assert len(table_of(cut(real_data / "temp-radiosondes.bufr", tmp_path / "x.bufr", messages=3))) > 100


def test_a_table_is_kept_for_each_answer_about_its_columns(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,c\n50,10,280\n")
    columns = [Columns({"latitude": "a", "longitude": "b"}, {"c": name}) for name in ("air_temperature", "ozone")]
    for one, name in zip(columns * 2, ("air_temperature", "ozone") * 2, strict=True):
        assert table_of(path, columns=one).variable.texts() == [name]
    with pytest.raises(InputError, match="none of the formats"):
        table_of(path)
