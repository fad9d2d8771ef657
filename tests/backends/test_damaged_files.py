"""Files damaged by chance: each is a sentence or a readable dataset, and no process ends but the one that decodes."""

import time
import zlib

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.readers import open_dataset
from tests.backends.damage import WRITERS, damaged

#: Seconds that no file may take: a hang is ended after 10 s, and a busy machine needs some to start another process.
HANG = 60.0


def open_all(name: str, folder, count: int, seed: int) -> tuple[int, list[str]]:
    """Open damaged files of one format, read everything in them; return how many could be, and what is said of the others."""
    (folder / "bad").mkdir()
    good = WRITERS[name](folder / name)
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    sentences = []
    for path in damaged(good, folder / "bad", count, generator):
        start = time.monotonic()
        try:
            opened = open_dataset(path)
            for variable in opened.variables:
                opened.field(variable, {})
                opened.statistics(variable)
        except InputError as problem:
            sentences.append(str(problem))
        assert time.monotonic() - start < HANG
    assert open_dataset(good).variables
    return count - len(sentences), sentences


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_are_read_or_told(name, tmp_path):
    readable, sentences = open_all(name, tmp_path, count=8, seed=2026)
    assert readable < 8 or name.endswith("zarr")  # of a store, one of many files is damaged, often one of no importance
    check(sentences, tmp_path)


@pytest.mark.reference
@pytest.mark.parametrize("name", WRITERS)
def test_many_damaged_files_are_read_or_told(name, tmp_path):
    readable, sentences = open_all(name, tmp_path, count=64, seed=1)
    assert readable
    assert sentences
    check(sentences, tmp_path)


def check(sentences, folder) -> None:
    for sentence in sentences:
        assert 20 < len(sentence) < 400
        assert "\n" not in sentence
        assert str(folder) not in sentence
