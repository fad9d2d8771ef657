"""Chunks of files: what a query reads, against a store that counts what is asked of it, and by hand."""

import math

import numpy as np
import pytest
import xarray as xr
import zarr

from backends.errors import InputError
from backends.fields.chunk_files import chunks_of, chunks_of_dataset, stored_sizes
from backends.fields.chunks import ChunkedArray
from backends.fields.readers import open_dataset

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


def test_bytes_on_disk_are_those_of_the_files_of_the_chunks(store):
    field, height = chunks_of(store)
    sizes = stored_sizes(store, field)
    assert sizes.shape == field.grid
    files = [file.stat().st_size for file in (store / "t2m").rglob("*") if file.is_file() and file.name[-1].isdigit()]
    assert sorted(sizes.ravel().tolist()) == sorted(files)
    last = next(file for file in (store / "t2m").rglob("*") if str(file).endswith(("c/2/0/4", "2.0.4")))
    assert sizes[2, 0, 4] == last.stat().st_size
    last.unlink()  # as of a chunk of fill values, which is never written
    assert stored_sizes(store, field)[2, 0, 4] == 0
    assert stored_sizes(store, height).tolist() == [(stored_sizes(store, height)).sum()]


def test_netcdf_files_tell_their_chunks(tmp_path):
    values = np.random.default_rng(1).normal(size=SHAPE).astype("f4")
    data = xr.Dataset({"t2m": (("time", "y", "x"), values), "height": (("y",), values[0, :, 0]), "one": ((), 1.0)})
    data.to_netcdf(tmp_path / "a.nc", encoding={"t2m": {"chunksizes": CHUNKS, "zlib": True}})
    arrays = {array.name: array for array in chunks_of(tmp_path / "a.nc")}
    assert (arrays["t2m"].dims, arrays["t2m"].chunks, arrays["t2m"].stored) == (("time", "y", "x"), CHUNKS, None)
    assert (arrays["height"].chunks, arrays["height"].stored) == ((20,), 80)
    assert (arrays["one"].grid, arrays["one"].places) == ((), ())
    assert stored_sizes(tmp_path / "a.nc", arrays["t2m"]) is None
    data.to_netcdf(tmp_path / "b.nc", format="NETCDF3_CLASSIC", unlimited_dims=["time"])
    records = chunks_of(tmp_path / "b.nc")[0]
    assert (records.chunks, records.stored) == ((1, 20, 30), values.nbytes)
    (tmp_path / "c.nc").write_bytes(b"CDF\x01 this is no field")
    with pytest.raises(InputError, match=r"c.nc cannot be read as a NetCDF file"):
        chunks_of(tmp_path / "c.nc")


FORECAST = ChunkedArray(
    "t2m", ("model", "member", "lead_time", "y", "x"), (2, 3, 5, 8, 9), (1, 2, 2, 3, 4), np.dtype("f4"), None
)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("map", (0, 1, 4, slice(None), slice(None))), ("series", (0, slice(None), slice(None), 4, 7)),
     ("region", (0, 1, slice(None), slice(2, 6), slice(5, 9)))],
)  # fmt: skip
def test_maps_series_and_regions_read_the_chunks_that_their_numbers_lie_in(kind, wanted):
    numbers = np.arange(np.prod(FORECAST.shape)).reshape(FORECAST.shape)
    chunk_of = {}
    for place in np.ndindex(*FORECAST.shape):
        chunk_of[int(numbers[place])] = tuple(k // c for k, c in zip(place, FORECAST.chunks, strict=True))
    expected = {chunk_of[int(number)] for number in np.ravel(numbers[wanted])}
    query = FORECAST.query(kind, {"model": 0, "lead_time": 4, "x": 7}, part=0.5)
    assert {tuple(place) for place in np.argwhere(FORECAST.touched(query)).tolist()} == expected
    assert FORECAST.read(query).wanted == 4 * np.size(numbers[wanted])


def test_sums_over_the_axes_that_are_not_drawn():
    values = np.arange(np.prod(FORECAST.grid)).reshape(FORECAST.grid)
    np.testing.assert_array_equal(FORECAST.over(values, "x", "y"), values.sum((0, 1, 2)))
    np.testing.assert_array_equal(FORECAST.over(values, "lead_time", "x"), values.sum((0, 1, 3)).T)
    np.testing.assert_array_equal(FORECAST.over(values, "member"), values.sum((0, 2, 3, 4))[None])


def test_the_axes_that_tell_most():
    assert FORECAST.telling("map") == ("x", "y")
    assert FORECAST.telling("series") == ("lead_time", "x")
    point = ChunkedArray("x", ("model", "member", "lead_time"), (2, 3, 1), (1, 1, 1), np.dtype("f4"), 0)
    assert point.telling("map") == ("member", "model")
    unnamed = ChunkedArray("a", ("axis 0", "axis 1", "axis 2"), (4, 5, 6), (1, 5, 6), np.dtype("f4"), 0)
    assert unnamed.query("series", {}) == {"axis 1": 2, "axis 2": 3}


def test_an_opened_store_is_cut_as_it_is_said_to_be_from_the_other_process(store):
    places = {"y": np.linspace(40, 50, SHAPE[1]), "x": np.linspace(0, 10, SHAPE[2])}
    xr.Dataset(
        coords={"y": ("y", places["y"], {"units": "degrees_north"}), "x": ("x", places["x"], {"units": "degrees_east"})}
    ).to_zarr(store, mode="a", consolidated=False)
    arrays, chosen, sizes = chunks_of_dataset(open_dataset(store), "t2m")
    assert arrays == chunks_of(store)
    assert chosen == arrays[0]
    np.testing.assert_array_equal(sizes, stored_sizes(store, chosen))
