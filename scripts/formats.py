"""Bring the tables and small maps of docs/formats.md up to date: ``python -m scripts.formats``, or some: ``... formats grids``.

A file of every format and on every grid is written, opened as Explore does, and drawn. The files of the data folder
(ASSIMILAB_DATA, or ../shared/data) are described where they are; without them their table stays as it is. Times are those that
``python -m benchmarks formats`` has measured; before that there are no columns of times.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from backends.fields.dataset import FieldDataset
from backends.fields.readers import open_dataset, open_store, recognise
from backends.observations.decode import decode_elsewhere
from backends.observations.inspect import inspect_observations
from scripts.experiment_keys import ROOT, filled
from scripts.format_cases import FIELDS, FORMATS, GRIDS_OPENED, Case
from scripts.format_server import served
from scripts.small_maps import map_of_fields, map_of_observations
from tests.conftest import data_folder

DOCUMENT = ROOT / "docs" / "formats.md"
PICTURES = ROOT / "docs" / "pictures" / "formats"
TIMES = ROOT / "benchmarks" / "results" / "formats.json"

#: The tests that open the real files.
REAL_TESTS = {
    "aircraft.bufr": "test_observation_bufr.py::test_real_aircraft",
    "dwd-synop-germany-2021-05-16T12.bufr": "test_stations.py::test_helgoland",
    "ecmwf-open-data-2024-01-01.grib2": "test_readers.py::test_several_hypercubes_in_one_grib",
    "era5-2mt-2019-03-uk.grib": "test_readers.py::test_era5_over_britain",
    "era5-levels-members.grib": "test_readers.py::test_the_ensemble_has_members_levels_and_times",
    "eraint_uvz.nc": "test_readers.py::test_monthly_means_without_dates",
    "temp-radiosondes.bufr": "test_observation_bufr.py::test_a_real_sounding",
}
#: What is no file of fields or observations, and the test that reads it.
OTHERS = {
    "course-1d.npz": (
        "the lecture's line, for the Analysis page",
        "test_course_minima.py::test_the_line_with_the_plain_b_of_the_wrapped_distance",
    ),
    "course-2d.npz": ("the lecture's vertical plane, for the Analysis page", "test_course_minima.py::test_the_plane"),
}


def main(*chosen: str) -> None:
    """Draw the maps of all tables, or of those that are named, and write the document anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    data = data_folder()
    with tempfile.TemporaryDirectory() as folder:
        rows: dict[str, tuple[str, Iterable[tuple[str, ...]]]] = {
            "formats": ("format", (_row(case, Path(folder)) for case in FORMATS)),
            "grids": ("grid", (_row(case, Path(folder)) for case in GRIDS_OPENED)),
            "files": ("file", () if data is None else _real_rows(data)),
        }
        asked = set(chosen or rows) - ({"files"} if data is None else set())
        parts = {name: table(*made) if name in asked else _as_it_is(name) for name, made in rows.items()}
    DOCUMENT.write_text(filled(DOCUMENT, parts), encoding="utf-8")


def table(first: str, rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of rows that begin with a key of the measured times, which is not shown."""
    times = json.loads(TIMES.read_text(encoding="utf-8"))["formats"]["measured"] if TIMES.exists() else None
    heads = [first, "size", "what is in it", "opened by", *(["first, s", "again, s"] if times else []), "map"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for key, *cells, picture in rows:
        measured = [] if times is None else [_seconds(times.get(key, {}).get(which)) for which in ("first_s", "again_s")]
        lines.append("| " + " | ".join([*cells, *measured, picture]) + " |")
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _row(case: Case, folder: Path) -> tuple[str, ...]:
    path = folder / f"{case.name}{case.ending}"
    case.write(path)
    said, image = described(path, case.kind == FIELDS, by_address=case.reader == "remote")
    return case.name, case.what, _size(path), said, _test(case.test), _picture(case.name, case.what, image)


def _real_rows(data: Path) -> Iterable[tuple[str, ...]]:
    for path in sorted(data.iterdir()):
        name = path.name
        if name in OTHERS:
            what, test = OTHERS[name]
            yield name, f"`{name}`", _size(path), what, _test(test), ""
        elif name in REAL_TESTS:
            said, image = described(path, recognise(path))
            yield name, f"`{name}`", _size(path), said, _test(REAL_TESTS[name]), _picture(path.stem, name, image)
        elif path.suffix != ".md":
            raise SystemExit(f"{name} is not in the table of {Path(__file__).name}: name the test that opens it")


def described(path: Path, of_fields: bool, by_address: bool = False) -> tuple[str, Image.Image]:
    """Return what is in a file, in words, and a map of it."""
    if not of_fields:
        known = inspect_observations(path)
        names = ", ".join(_plain(str(each["name"])) for each in known["variables"])  # type: ignore[attr-defined]
        return f"{known['observations']:,} values of {names}", map_of_observations(decode_elsewhere(path))
    with opened(path, by_address) as dataset:
        image = map_of_fields(dataset)
    shapes: dict[str, list[str]] = {}
    for variable in dataset.variables.values():
        sizes = " × ".join(map(str, variable.shape))
        shapes.setdefault(f"{sizes}, {variable.mesh.kind}", []).append(f"`{variable.name}`")
    return "; ".join(f"{', '.join(names)} ({of})" for of, names in shapes.items()), image


@contextmanager
def opened(path: Path, by_address: bool = False) -> Iterator[FieldDataset]:
    """Open a file, or a store as a server on this machine gives it."""
    if not by_address:
        yield open_dataset(path)
        return
    with served(path.parent) as address:
        yield open_store(f"{address}/{path.name}")


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _size(path: Path) -> str:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(size / 1e3, 0.1):.1f} kB"


def _test(test: str) -> str:
    file, _, function = test.partition("::")
    return f"[`{function}`](../tests/backends/{file})"


def _picture(name: str, what: str, image: Image.Image) -> str:
    image.save(PICTURES / f"{name}.webp", quality=80, method=6)
    return f"![{what}](pictures/formats/{name}.webp)"


def _as_it_is(name: str) -> str:
    found = re.search(f"<!-- begin {name} -->\n(.*?)\n<!-- end -->", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return "" if found is None else found[1]


if __name__ == "__main__":
    main(*sys.argv[1:])
