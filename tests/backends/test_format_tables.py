"""The tables of formats and grids miss no reader and no grid, and name tests and maps that exist."""

import ast
import pkgutil
import re

import pytest

import backends.fields.readers
import backends.observations.readers
from backends.observations import readers as of_observations
from scripts.format_cases import FIELDS, FORMATS, GRIDS_OPENED, OBSERVATIONS
from scripts.formats import DOCUMENT, OTHERS, PICTURES, REAL_TESTS
from tests.conftest import ROOT
from tests.grids import GRIB_GRIDS, GRIDS

CASES = (*FORMATS, *GRIDS_OPENED)
TEXT = DOCUMENT.read_text(encoding="utf-8")
#: Modules beside the readers that read nothing by themselves.
HELPERS = {"grib_messages", "faults", "progress", "netcdf", "csv_preview", "csv_cells", "soundings"}


def modules(package) -> set[str]:
    return {module.name for module in pkgutil.iter_modules(package.__path__)}


def test_no_reader_is_missing():
    here = {case.reader for case in CASES if case.kind == FIELDS}
    assert here == modules(backends.fields.readers) - (HELPERS - {"netcdf"})
    decoding = {case.reader for case in CASES if case.kind == OBSERVATIONS}
    assert decoding == modules(backends.observations.readers) - HELPERS
    assert decoding == {reader.__name__.rpartition(".")[2] for reader in of_observations.READERS}


def test_no_grid_is_missing():
    names = {case.name for case in GRIDS_OPENED}
    assert names == {f"grid-{name}" for name in GRIDS} | {f"grib-{name}" for name in GRIB_GRIDS}


def rows(part: str) -> list[str]:
    block = re.search(f"<!-- begin {part} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)[1]
    return [line for line in block.splitlines()[2:] if line.startswith("|")]


@pytest.mark.parametrize(("part", "expected"), [("formats", FORMATS), ("grids", GRIDS_OPENED)])
def test_the_document_has_a_row_for_each_with_its_test_and_its_map(part, expected):
    written = rows(part)
    assert len(written) == len(expected)
    for case, row in zip(expected, written, strict=True):
        file, _, function = case.test.partition("::")
        assert f"| {case.what} |" in row
        assert f"[`{function}`](../tests/backends/{file})" in row
        assert f"(pictures/formats/{case.name}.webp)" in row


def test_the_document_has_a_row_for_each_real_file():
    assert [re.search("`([^`]*)`", row)[1] for row in rows("files")] == sorted([*REAL_TESTS, *OTHERS])


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/backends/\w+\.py)\)", TEXT))
    assert len(named) > 15
    for function, file in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (file, function)
    for name in re.findall(r"`(test_\w+)`", TEXT):
        known = (ROOT / "tests" / "backends" / f"{name}.py").exists()
        assert known or any(name == function for function, _ in named), name


def test_the_maps_exist_and_are_small():
    named = set(re.findall(r"\(pictures/formats/([^)]*)\)", TEXT))
    assert named == {path.name for path in PICTURES.iterdir()}
    sizes = [(PICTURES / name).stat().st_size for name in named]
    assert max(sizes) < 30_000
    assert sum(sizes) < 1_500_000
