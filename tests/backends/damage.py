"""Small files of every format, and the same files damaged by chance."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.files import dataset, known, write

if TYPE_CHECKING:
    import h5py

LATITUDE, LONGITUDE = np.arange(60.0, 29.0, -2.0), np.arange(-20.0, 21.0, 2.0)


def grib(path: Path, edition: int = 2, steps: int = 3, **keys: object) -> Path:
    """Write the known field as GRIB messages of 2 m temperature, one for each 6 h of a forecast."""
    import eccodes

    with path.open("wb") as file:
        for step in range(steps):
            message = eccodes.codes_grib_new_from_samples(f"regular_ll_sfc_grib{edition}")
            settings = {
                "Ni": len(LONGITUDE), "Nj": len(LATITUDE), "iDirectionIncrementInDegrees": 2, "jDirectionIncrementInDegrees": 2,
                "latitudeOfFirstGridPointInDegrees": 60, "latitudeOfLastGridPointInDegrees": 30,
                "longitudeOfFirstGridPointInDegrees": -20 if edition == 1 else 340, "longitudeOfLastGridPointInDegrees": 20,
                "dataDate": 20200101, "dataTime": 0, "endStep": 6 * step, "shortName": "2t", **keys,
            }  # fmt: skip
            for key, value in settings.items():
                eccodes.codes_set(message, key, value)
            eccodes.codes_set_values(message, (known(LATITUDE, LONGITUDE) + step).ravel())
            eccodes.codes_write(message, file)
            eccodes.codes_release(message)
    return path


def zarr(path: Path, format: int) -> Path:
    """Write the known field as a Zarr store."""
    dataset(LATITUDE, LONGITUDE).to_zarr(path, zarr_format=format)
    return path


#: The upper left corner (m) of a composite of Germany's north in DWD's projection, and its numbers: 0 and 255 are no values.
COMPOSITE = {
    "projdef": "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +x_0=543196.835 +y_0=3622588.862 +a=6378137 +b=6356752.3142",
    "left": 300e3,
    "top": -200e3,
    "numbers": np.random.default_rng(7).integers(0, 250, (60, 40)).astype("u1"),
}
COMPOSITE["numbers"][:3, :2] = [[0, 255], [255, 0], [1, 249]]


def composite(path: Path, quantity: str = "DBZH", times: tuple[str, ...] = ("120500",)) -> Path:
    """Write a radar composite as ODIM_H5, pixels of 2 km, half a unit from -32.5; later datasets are one number greater."""
    import h5py
    import pyproj

    rows, columns = COMPOSITE["numbers"].shape
    left, top = COMPOSITE["left"], COMPOSITE["top"]
    corners = {"U": top, "D": top - 2000 * rows}, {"L": left, "R": left + 2000 * columns}
    with h5py.File(path, "w") as file:
        file.attrs["Conventions"] = np.bytes_("ODIM_H5/V2_3")
        what = {"object": "COMP", "version": "H5rad 2.3", "date": "20210714", "time": "120500", "source": "ORG:78"}
        where = {"projdef": COMPOSITE["projdef"], "xsize": columns, "ysize": rows, "xscale": 2000.0, "yscale": 2000.0}
        for vertical, y in corners[0].items():
            for side, x in corners[1].items():
                place = pyproj.Proj(COMPOSITE["projdef"])(x, y, inverse=True)
                name = vertical.replace("D", "L") + side
                where |= {f"{name}_lon": place[0], f"{name}_lat": place[1]}
        _attributes(file.create_group("what"), what)
        _attributes(file.create_group("where"), where)
        for number, time in enumerate(times):
            one = file.create_group(f"dataset{number + 1}")
            day = {"startdate": "20210714", "starttime": "120000", "enddate": "20210714", "endtime": time}
            _attributes(one.create_group("what"), {"product": "COMP", **day})
            numbers = COMPOSITE["numbers"]
            numbers = np.where((numbers > 0) & (numbers < 255), numbers + number, numbers)
            data = one.create_dataset("data1/data", data=numbers.astype("u1"), compression="gzip")
            _attributes(data, {"CLASS": "IMAGE", "IMAGE_VERSION": "1.2"})
            coding = {"quantity": quantity, "gain": 0.5, "offset": -32.5, "nodata": 255.0, "undetect": 0.0}
            _attributes(one["data1"].create_group("what"), coding)
    return path


def _attributes(group: "h5py.Group | h5py.Dataset", values: dict[str, object]) -> None:
    for key, value in values.items():
        group.attrs[key] = np.bytes_(value) if isinstance(value, str) else value


def folder(path: Path) -> Path:
    """Write the known field as a folder with a file for each time."""
    path.mkdir()
    for k in range(4):
        write(path / f"{k}.nc", dataset(LATITUDE, LONGITUDE).isel(time=[k]))
    return path


#: What writes a good file of each format.
WRITERS: dict[str, Callable[[Path], Path]] = {
    "netcdf4.nc": lambda path: write(path, dataset(LATITUDE, LONGITUDE)),
    "compressed.nc": lambda path: write(
        path, dataset(LATITUDE, LONGITUDE), encoding={"t": {"zlib": True, "chunksizes": (1, 16, 21)}}
    ),
    "classic.nc": lambda path: write(path, dataset(LATITUDE, LONGITUDE), format="NETCDF3_CLASSIC"),
    "edition1.grib": lambda path: grib(path, 1),
    "edition2.grib": lambda path: grib(path, 2),
    "ccsds.grib": lambda path: grib(path, 2, packingType="grid_ccsds"),
    "composite.h5": composite,
    "folder": folder,
    "two.zarr": lambda path: zarr(path, 2),
    "three.zarr": lambda path: zarr(path, 3),
}


def damaged(good: Path, folder: Path, count: int, generator: np.random.Generator) -> Iterator[Path]:
    """Yield damaged copies of a file, or of a folder of which one file is damaged, one after the other at the same place.

    A quarter each is cut short, has up to eight bits of its first kilobyte flipped, has bits flipped anywhere, and has a
    stretch overwritten with zeros or noise.
    """
    bad = folder / good.name
    for _ in range(count):
        shutil.rmtree(bad, ignore_errors=True)
        bad.unlink(missing_ok=True) if bad.is_file() else None
        if good.is_dir():
            shutil.copytree(good, bad)
            files = sorted(path for path in bad.rglob("*") if path.is_file())
            victim = files[generator.integers(len(files))]
        else:
            shutil.copy(good, bad)
            victim = bad
        victim.write_bytes(mutated(victim.read_bytes(), generator))
        yield bad


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    """Return damaged bytes."""
    kind = generator.integers(4)
    if kind == 0:
        return content[: generator.integers(len(content))]
    changed = np.frombuffer(content, np.uint8).copy()
    if kind in (1, 2):
        reach = min(len(changed), 1024) if kind == 1 else len(changed)
        places = generator.integers(reach, size=generator.integers(1, 9))
        changed[places] ^= np.uint8(1) << generator.integers(8, size=len(places), dtype=np.uint8)
    else:
        start = generator.integers(len(changed))
        length = min(len(changed) - start, int(generator.integers(1, 257)))
        noise = generator.integers(256, size=length, dtype=np.uint8)
        changed[start : start + length] = noise if generator.integers(2) else 0
    return changed.tobytes()
