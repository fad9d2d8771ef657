"""From a path to the map on the pixels: files of every format and grid, opened for the first time and again.

Each is measured in processes of their own, whose decoder has started and has opened another file before.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from backends.fields.picture import look_at
from backends.fields.readers import recognise
from backends.observations.decode import table_of
from scripts.format_cases import FIELDS, FORMATS, GRIDS_OPENED, OBSERVATIONS
from scripts.formats import REAL_TESTS, opened
from tests.conftest import data_folder
from tests.files import regional

REPEATS = 3


def measure() -> dict[str, object]:
    """Return seconds of the first and of the second opening, medians, by the name of the case or of the real file."""
    with tempfile.TemporaryDirectory() as folder:
        measured = {}
        for name, path, kind in _files(Path(folder)):
            runs = [_elsewhere(path, kind) for _ in range(REPEATS)]
            first, again = (round(statistics.median(run[k] for run in runs), 3) for k in (0, 1))
            measured[name] = {"first_s": first, "again_s": again}
    return {"repeats": REPEATS, "measured": measured}


def _files(folder: Path) -> Iterator[tuple[str, Path, str]]:
    for case in (*FORMATS, *GRIDS_OPENED):
        path = folder / f"{case.name}{case.ending}"
        case.write(path)
        yield case.name, path, "address" if case.reader == "remote" else case.kind
    data = data_folder()
    for path in () if data is None else map(data.joinpath, REAL_TESTS):
        yield path.name, path, FIELDS if recognise(path) else OBSERVATIONS


def _elsewhere(path: Path, kind: str) -> list[float]:
    with tempfile.TemporaryDirectory() as home:  # in which no observations are kept yet
        command = [sys.executable, "-m", "benchmarks.formats", str(path), kind]
        environment = {**os.environ, "ASSIMILAB_HOME": home}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return list(json.loads(done.stdout.splitlines()[-1]))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print the seconds of the first and the second opening of one file."""
    path, kind = Path(sys.argv[1]), sys.argv[2]
    if kind in (FIELDS, "address"):
        with tempfile.TemporaryDirectory() as folder:
            _draw(regional(Path(folder) / "another.nc"), False)

    def work() -> None:
        if kind == OBSERVATIONS:
            table_of(path)
        else:
            _draw(path, kind == "address")

    print(json.dumps([_seconds(work), _seconds(work)]))


def _draw(path: Path, by_address: bool) -> None:
    with opened(path, by_address) as dataset:
        look_at(dataset, next(iter(dataset.variables)), {})


if __name__ == "__main__":
    main()
