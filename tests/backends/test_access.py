"""What a map and a series cost: counted from the chunks that their numbers lie in, and timed in the other process."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.fields.access import a_point, access, holds, on_disk
from backends.fields.chunk_files import chunks_of_dataset
from backends.fields.dataset import FieldDataset
from backends.fields.isolation.opened import RemoteArray
from backends.fields.picture import look_at
from backends.fields.raster import Window
from backends.fields.readers import open_dataset

SHAPE, CHUNKS = (7, 3, 10, 14), (2, 1, 4, 5)
DIMS = ("time", "level", "latitude", "longitude")


@pytest.fixture(params=["NetCDF", "Zarr"])
def file(request, tmp_path):
    """Numbers at 7 times, 3 levels and 10 × 14 places, packed into two bytes each, cut along all of them."""
    values = np.random.default_rng(3).normal(size=SHAPE).astype("f4")
    times = np.datetime64("2020-01-01", "ns") + np.arange(SHAPE[0]) * np.timedelta64(6, "h")
    data = xr.Dataset(
        {"t": (DIMS, values, {"units": "K"})},
        {
            "time": times,
            "level": ("level", [850.0, 500.0, 250.0], {"units": "hPa"}),
            "latitude": ("latitude", np.linspace(60, 40, SHAPE[2]), {"units": "degrees_north"}),
            "longitude": ("longitude", np.linspace(0, 26, SHAPE[3]), {"units": "degrees_east"}),
        },
    )
    packed = {"dtype": "i2", "scale_factor": 0.01, "_FillValue": -32768}
    if request.param == "Zarr":
        data.to_zarr(tmp_path / "a.zarr", encoding={"t": {"chunks": CHUNKS, **packed}}, consolidated=False)
        return tmp_path / "a.zarr"
    data.to_netcdf(tmp_path / "a.nc", encoding={"t": {"chunksizes": CHUNKS, "zlib": True, **packed}})
    return tmp_path / "a.nc"


def chunks_with(wanted):
    """Return the chunks that have one of some numbers, each found by its own place."""
    places = np.moveaxis(np.indices(SHAPE), 0, -1)[wanted].reshape(-1, len(SHAPE))
    return {tuple(k // c for k, c in zip(place, CHUNKS, strict=True)) for place in places.tolist()}


def test_a_map_and_a_series_say_what_they_asked_for(file, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    opened = open_dataset(file)
    shown = opened.field("t", {"time": 3, "level": 1})
    series = opened.series("t", 60.0, 26.0, {"level": 1})  # the first row of the file, as its latitudes fall
    assert shown.reading.asked == shown.reading.read == {"time": 3, "level": 1}
    assert series.reading.asked == series.reading.read == {"level": 1, "latitude": 0, "longitude": 13}
    assert min(shown.reading.milliseconds, series.reading.milliseconds) > 0
    _, array, sizes = chunks_of_dataset(opened, "t")
    assert holds(array, shown.variable)
    for reading, wanted in ((shown.reading, np.s_[3, 1]), (series.reading, np.s_[:, 1, 0, 13])):
        expected = chunks_with(wanted)
        count = array.read(reading.read)
        assert (count.chunks, count.bytes) == (len(expected), len(expected) * np.prod(CHUNKS) * 2)
        stored = on_disk(array, reading.read, sizes)
        if file.suffix == ".nc":
            assert stored is None
        else:
            assert stored == sum((file / "t" / "c" / "/".join(map(str, place))).stat().st_size for place in expected)


def test_what_is_kept_is_read_once_and_whole(file):
    opened = open_dataset(file)
    first, second = opened.field("t", {"time": 3}), opened.field("t", {"time": 4})
    assert (first.reading.asked, first.reading.read) == ({"time": 3, "level": 0}, {})
    assert (second.reading.asked, second.reading.read) == ({"time": 4, "level": 0}, None)
    assert opened.series("t", 50.0, 10.0, {}).reading.read is None


def test_a_map_too_large_to_keep_is_read_once(file, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    opened, read = open_dataset(file), []
    monkeypatch.setattr(RemoteArray, "_read", lambda self, key, real=RemoteArray._read: read.append(key) or real(self, key))
    picture = look_at(opened, "t", {"time": 3, "level": 1})
    assert len(read) == 1
    assert picture.usual == opened.usual_range("t", {"time": 3, "level": 1})
    assert replace(picture.here, mean=picture.usual.mean) == picture.usual  # but that mean is weighted by area


def test_another_part_of_the_same_map_is_not_read_again(file, monkeypatch):
    monkeypatch.setattr("backends.fields.stored.KEPT_VALUES", 100)
    opened, read = open_dataset(file), []
    monkeypatch.setattr(RemoteArray, "_read", lambda self, key, real=RemoteArray._read: read.append(key) or real(self, key))
    whole = look_at(opened, "t", {"time": 3, "level": 1})
    part = look_at(opened, "t", {"time": 3, "level": 1}, Window(0, 10, 40, 50))
    assert len(read) == 1
    assert part.field.reading.read == whole.field.reading.read == {"time": 3, "level": 1}
    later, lower = look_at(opened, "t", {"time": 4, "level": 1}), look_at(opened, "t", {"time": 4})
    assert len(read) == 3
    values = xr.open_dataset(file, engine=None if file.suffix == ".nc" else "zarr")["t"].values[..., ::-1, :]
    for picture, (time, level) in ((whole, (3, 1)), (later, (4, 1)), (lower, (4, 0))):
        np.testing.assert_allclose(picture.field.values, values[time, level], rtol=1e-6)


def test_both_are_timed_afresh_in_the_other_process(file):
    opened = open_dataset(file)
    shown = opened.field("t", {"time": 3, "level": 1})
    point = a_point(shown.variable, shown.reading)
    assert point == {"level": 1, "latitude": 5, "longitude": 7}
    cost = access(opened, "t", shown.reading.asked, point)
    assert cost.map_read.chunks == len(chunks_with(np.s_[3, 1]))
    assert cost.point_read.chunks == len(chunks_with(np.s_[:, 1, 5, 7]))
    assert (cost.map_read.wanted, cost.point_read.wanted) == (2 * 140, 2 * 7)
    assert min(cost.map_ms, cost.point_ms) > 0


def test_what_is_no_array_of_the_file_is_named(file):
    opened = open_dataset(file)
    with pytest.raises(InputError, match=r"no variable 'u'|u is no array of"):
        access(opened, "u", {}, {})
    with pytest.raises(InputError, match="t has the axes time, level, latitude, longitude; came 'step'"):
        access(opened, "t", {"step": 1}, {})


def test_a_store_at_no_path_is_not_timed(file):
    with xr.open_dataset(file, engine="zarr" if file.suffix == ".zarr" else None) as data:
        made = FieldDataset("made", "Zarr", [data.load()])
    with pytest.raises(InputError, match="made is not a file here"):
        access(made, "t", {}, {})
