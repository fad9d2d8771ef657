"""From a path to the pixels of the map: files of every format and grid, opened for the first time and again.

Three processes open each file after one another, each with a decoder and with kept observations of its own. All have opened
a small file of every format before, as a server has that has been running for a while. ``ASSIMILAB_FORMATS`` chooses: names of
files, with commas between them, or the word ``missing`` for those that have not been measured yet on such a machine.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backends.fields.readers import recognise
from benchmarks.machine import measured_here
from scripts.format_cases import FIELDS, FORMATS, GRIDS_OPENED, Case
from scripts.format_server import served
from scripts.formats import REAL_TESTS
from tests.conftest import data_folder

REPEATS = 3


class Opener:
    """A process that opens files and says how long it took."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "ASSIMILAB_HOME": str(home)}  # in which no observations are kept yet
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.opening"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def seconds(self, what: str, fields: bool) -> float:
        """Return the seconds until a file or an address was opened.

        Raises
        ------
        RuntimeError
            If the process has ended; what it had to say is on standard error.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"what": what, "fields": fields}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{what} was not opened")
        return float(answer)


def measure() -> Iterator[dict[str, object]]:
    """Give seconds of the first and of the second opening, medians, by the name of the case or of the file, after each."""
    data = data_folder()
    cases = {case.name: case for case in (*FORMATS, *GRIDS_OPENED)}
    names = [*cases, *(REAL_TESTS if data else ())]
    measured = dict(measured_here("formats").get("measured", {}))
    wanted = _wanted(os.environ.get("ASSIMILAB_FORMATS", ""), names, set(measured))
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server, _openers() as openers:
        for request in _small(Path(folder), server):
            for opener in openers:
                opener.seconds(*request)
        for name in wanted:
            if name in cases:
                case = cases[name]
                if not (written := _written(case, Path(folder), server)):
                    continue
                request = written, case.kind == FIELDS
            else:
                assert data is not None
                request = str(data / name), recognise(data / name)
            runs = [(opener.seconds(*request), opener.seconds(*request)) for opener in openers]
            first, again = (round(statistics.median(run[k] for run in runs), 3) for k in (0, 1))
            measured[name] = {"first_s": first, "again_s": again}
            yield {"repeats": REPEATS, "measured": {each: measured[each] for each in names if each in measured}}


@contextmanager
def _openers() -> Iterator[list[Opener]]:
    with ExitStack() as stack:
        homes = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(REPEATS)]
        openers = [Opener(home) for home in homes]
        for opener in openers:
            stack.enter_context(opener.process)  # waits for its end, which that of its input is
        yield openers


def _wanted(text: str, names: list[str], measured: set[str]) -> list[str]:
    if text == "missing":
        return [name for name in names if name not in measured]
    chosen = text.split(",") if text else names
    if unknown := [name for name in chosen if name not in names]:
        raise SystemExit(f"there is no {unknown[0]!r} to be opened; there are {', '.join(names)}")
    return chosen


def _small(folder: Path, server: str) -> Iterator[tuple[str, bool]]:
    """Write a file of fields of every format, by other names than those that are measured."""
    (folder / "before").mkdir()
    for case in FORMATS:
        if case.kind == FIELDS:
            yield _written(case, folder / "before", f"{server}/before"), True


def _written(case: Case, folder: Path, server: str) -> str:
    """Write a case's file, and return its path or address; nothing where a package that writes it is not installed."""
    path = folder / f"{case.name}{case.ending}"
    try:
        case.write(path)
    except ModuleNotFoundError as problem:  # of ODB, which requirements.txt does not name
        print(f"{case.name} is left out: there is no package {problem.name}", file=sys.stderr)
        return ""
    return f"{server}/{path.name}" if case.reader == "remote" else str(path)
