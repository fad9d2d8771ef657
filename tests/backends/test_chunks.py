"""Chunks of Zarr stores: what a query reads, against a store that counts what is asked of it."""

import math

import numpy as np
import pytest
import xarray as xr
import zarr

from backends.errors import InputError
from backends.fields.chunks import chunks_of

SHAPE, CHUNKS = (11, 20, 30), (4, 20, 7)
QUERIES = [
    {"lead_time": 5},
    {"y": 3, "x": 29},
    {"lead_time": slice(3, 9), "x": slice(6, 8)},
    {"lead_time": -1, "y": slice(2, 3), "x": slice(-8, None)},
    {},
]


@pytest.fixture(params=[2, 3])
def store(request, tmp_path):
    values = np.random.default_rng(1).normal(size=SHAPE).astype("f4")
    data = xr.Dataset({"t2m": (("lead_time", "y", "x"), values), "height": (("y",), values[0, :, 0])})
    path = tmp_path / "a.zarr"
    data.to_zarr(path, encoding={"t2m": {"chunks": CHUNKS}}, zarr_format=request.param, consolidated=False)
    return path


def test_arrays_are_described(store):
    field, height = chunks_of(store)
    assert (field.name, field.dims, field.shape, field.chunks) == ("t2m", ("lead_time", "y", "x"), SHAPE, CHUNKS)
    assert field.grid == (3, 1, 5)
    assert field.chunk_bytes == 4 * math.prod(CHUNKS)
    assert 0.5 * 4 * math.prod(SHAPE) < field.stored < 2 * 4 * math.prod(SHAPE)
    assert (height.name, height.dims, height.grid) == ("height", ("y",), (1,))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_reads_the_chunks_that_zarr_asks_its_store_for(store, query, monkeypatch):
    asked = []
    get = zarr.storage.LocalStore.get

    async def counting(self, key, *arguments, **options):
        asked.append(key)
        return await get(self, key, *arguments, **options)

    array = zarr.open_group(store, mode="r")["t2m"]
    monkeypatch.setattr(zarr.storage.LocalStore, "get", counting)
    wanted = array[tuple(query.get(dim, slice(None)) for dim in ("lead_time", "y", "x"))]
    keys = {key.removeprefix("t2m/").removeprefix("c/").replace(".", "/") for key in asked if key.startswith("t2m")}

    field = chunks_of(store)[0]
    touched = field.touched(query)
    assert {"/".join(map(str, place)) for place in np.argwhere(touched)} == keys
    read = field.read(query)
    assert (read.chunks, read.of) == (len(keys), 15)
    assert (read.bytes, read.wanted) == (len(keys) * field.chunk_bytes, np.asarray(wanted).nbytes)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"time": 0}, "has the axes lead_time, y, x; came 'time'"),
        ({"x": 30}, "x of t2m has 30 positions; came 30"),
        ({"y": slice(5, 5)}, "must hold at least one of its 20 positions"),
        ({"y": slice(0, 9, 2)}, "with a step of 1"),
    ],
)
def test_queries_that_do_not_fit_are_named(store, query, sentence):
    with pytest.raises(InputError, match=sentence):
        chunks_of(store)[0].touched(query)


def test_what_is_no_store_is_named(tmp_path):
    (tmp_path / "a.zarr").write_text("no store")
    for name in ("a.zarr", "b.zarr"):
        with pytest.raises(InputError, match=f"{name} cannot be read as a Zarr store"):
            chunks_of(tmp_path / name)
