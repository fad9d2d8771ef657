"""Files of fields damaged by chance: each is a sentence or a map, and no process ends but the one that decodes.

Files of observations are damaged by `test_observation_decoding`.
"""

import time
import zlib
from functools import partial

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields import views
from backends.fields.messages import messages
from backends.fields.picture import look_at
from backends.fields.readers import open_dataset
from tests.backends.damage import WRITERS, damaged
from tests.backends.test_anemoi import store
from tests.files import write
from tests.grids import GRIB_GRIDS, GRIDS, grib

#: Of every format, and of every grid: what places them is damaged as well.
FORMATS = {**WRITERS, "anemoi.zarr": store}
ON_GRIDS = {
    **{f"{name}.nc": lambda path, make=make: write(path, make()) for name, (make, _, _) in GRIDS.items()},
    **{f"{name}.grib": partial(grib, name=name) for name in GRIB_GRIDS},
}
#: Damaged files of each in the long test.
MANY, MANY_ON_GRIDS = 48, 16

#: Seconds that no file may take: a hang is ended after 10 s, and a busy machine needs some to start another process.
HANG = 60.0


def open_all(name: str, folder, count: int, seed: int) -> tuple[int, list[str]]:
    """Open damaged files, read and draw everything in them; return for how many that went, and what is said of the others."""
    (folder / "bad").mkdir()
    good = {**FORMATS, **ON_GRIDS}[name](folder / name)
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    sentences = []
    for path in damaged(good, folder / "bad", count, generator):
        start = time.monotonic()
        try:
            opened = open_dataset(path)
            for variable in opened.variables:
                opened.statistics(variable)
                look_at(opened, variable, {})
            if opened.format == "GRIB":
                messages(opened)
        except InputError as problem:
            sentences.append(str(problem))
        assert time.monotonic() - start < HANG
    assert open_dataset(good).variables
    return count - len(sentences), sentences


@pytest.fixture(autouse=True)
def small_screen(monkeypatch):
    monkeypatch.setattr(views, "MAX_WIDTH", 120)
    monkeypatch.setattr(views, "MAX_HEIGHT", 80)


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_read_or_told(name, tmp_path):
    readable, sentences = open_all(name, tmp_path, count=8, seed=2026)
    assert readable < 8 or name.endswith("zarr")  # of a store, one of many files is damaged, often one of no importance
    check(sentences, tmp_path)


@pytest.mark.reference
@pytest.mark.parametrize(("name", "count"), [*((n, MANY) for n in FORMATS), *((n, MANY_ON_GRIDS) for n in ON_GRIDS)])
def test_many_damaged_files_are_read_or_told(name, count, tmp_path):
    readable, sentences = open_all(name, tmp_path, count, seed=1)
    assert readable
    assert sentences
    check(sentences, tmp_path)


def check(sentences, folder) -> None:
    for sentence in sentences:
        assert 20 < len(sentence) < 400
        assert "\n" not in sentence
        assert str(folder) not in sentence
