"""Radar composites in ODIM_H5, EUMETNET's layout of HDF5, as DWD and others write them.

Source: Michelson et al., EUMETNET OPERA weather radar information model for implementation with the HDF5 file format, version
2.4, tables 1, 5, 13, 16.
"""

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.backends.common import BackendArray
from xarray.core import indexing

from backends.errors import InputError

if TYPE_CHECKING:
    import netCDF4
    from pyproj import CRS

FORMAT = "ODIM_H5"
#: Objects that are pictures on a map; volumes and scans are not.
PICTURES = ("COMP", "IMAGE")
#: What is known of quantities: long name, CF standard name, unit, and the value where a radar has looked and found nothing.
#: Reflectivity of no echo is the least value of the usual coding in eight bits; a speed where nothing moves is missing.
QUANTITIES = {
    "TH": ("Total reflectivity, horizontal", "equivalent_reflectivity_factor", "dBZ", -32.0),
    "DBZH": ("Reflectivity, horizontal", "equivalent_reflectivity_factor", "dBZ", -32.0),
    "DBZV": ("Reflectivity, vertical", "equivalent_reflectivity_factor", "dBZ", -32.0),
    "RATE": ("Rain rate", "lwe_precipitation_rate", "mm h-1", 0.0),
    "ACRR": ("Accumulated precipitation", "lwe_thickness_of_precipitation_amount", "mm", 0.0),
    "VIL": ("Vertical integral of liquid water", "", "kg m-2", 0.0),
    "HGHT": ("Height", "", "km", math.nan),
    "VRADH": ("Radial velocity", "radial_velocity_of_scatterers_away_from_instrument", "m s-1", math.nan),
    "QIND": ("Quality", "", "1", math.nan),
}
UNKNOWN = ("", "", "", math.nan)
#: By how many pixels corners and steps may disagree: some write the centres of the corner pixels.
SLACK = 1.5


@dataclass(frozen=True)
class Image:
    """One picture of a file: where its numbers are, how they are coded, and what they are of."""

    place: str
    quantity: str
    time: np.datetime64
    shape: tuple[int, int]
    gain: float
    offset: float
    nodata: float | None
    undetect: float | None
    grid: tuple[tuple[str, object], ...]

    def decoded(self, numbers: np.ndarray) -> np.ndarray:
        """Return values as float32: NaN where there are no data, that of :data:`QUANTITIES` where nothing was detected."""
        values = numbers * self.gain + self.offset
        if self.undetect is not None:
            values = np.where(numbers == self.undetect, QUANTITIES.get(self.quantity, UNKNOWN)[3], values)
        if self.nodata is not None:
            values = np.where(numbers == self.nodata, np.nan, values)
        return values.astype(np.float32)


class Composites(BackendArray):
    """Pictures of one quantity at several times, (time, y, x), each read when it is asked for."""

    def __init__(self, path: Path, images: list[Image]) -> None:
        self._path, self._images = path, images
        self.shape, self.dtype = (len(images), *images[0].shape), np.dtype(np.float32)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> np.ndarray:
        import netCDF4

        times, *part = key
        with netCDF4.Dataset(self._path) as file:
            file.set_auto_maskandscale(False)
            if isinstance(times, slice):
                chosen = self._images[times]
                return np.stack([image.decoded(file[image.place][tuple(part)]) for image in chosen])
            image = self._images[times]
            return image.decoded(np.asarray(file[image.place][tuple(part)]))


def is_odim(file: "netCDF4.Dataset") -> bool:
    """Return whether an HDF5 file is of this layout, by its root."""
    named = str(getattr(file, "Conventions", "")).startswith("ODIM_H5")
    return named or ({"what", "dataset1"} <= set(file.groups) and hasattr(file["what"], "object"))


def made(datasets: Sequence[xr.Dataset]) -> bool:
    """Return whether datasets are of this reader."""
    return bool(datasets) and datasets[0].attrs.get("Conventions") == FORMAT


def read(path: Path, label: str) -> list[xr.Dataset]:
    """Return a dataset for each quantity, along time where there are several times.

    Raises
    ------
    InputError
        If the file holds no pictures, or they cannot be decoded or placed.
    """
    import netCDF4

    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        kind = str(getattr(file.groups.get("what"), "object", "")) or "nothing named"
        if kind not in PICTURES:
            raise InputError(f"{label} is a radar file with {kind}; of ODIM_H5 composites are read ({', '.join(PICTURES)})")
        images = list(_images(file, label))
    if not images:
        raise InputError(f"{label} is a radar file without a picture: it has no dataset1/data1/data")
    return [_dataset(path, label, name, series) for name, series in _series(images)]


def _images(file: "netCDF4.Dataset", label: str) -> Iterator[Image]:
    for name in _numbered(file, "dataset"):
        for part in _numbered(file[name], "data"):
            above = [file, file[name], file[f"{name}/{part}"]]
            data = above[-1].variables.get("data")
            if data is None:
                continue
            what, where = _attributes(above, "what"), _attributes(above, "where")
            if data.ndim != 2 or data.dtype.kind not in "iuf":
                raise InputError(f"{name}/{part}/data of {label} must be a picture of numbers; it has the shape {data.shape}")
            sizes = (_number(where, "ysize", label, data.shape[0]), _number(where, "xsize", label, data.shape[1]))
            if sizes != data.shape:
                raise InputError(f"{name}/{part}/data of {label} has the shape {data.shape}; its where says {sizes}")
            nodata, undetect = (_number(what, key, label) if key in what else None for key in ("nodata", "undetect"))
            grid = tuple(sorted((key, value) for key, value in where.items() if key not in ("xsize", "ysize")))
            quantity = str(what.get("quantity", "")) or "unnamed"
            yield Image(
                f"{name}/{part}/data", quantity, _time(what, label), data.shape,
                _number(what, "gain", label, 1.0), _number(what, "offset", label, 0.0), nodata, undetect, grid,
            )  # fmt: skip


def _numbered(group: "netCDF4.Dataset", word: str) -> list[str]:
    numbers = (name.removeprefix(word) for name in group.groups if name.startswith(word))
    return [f"{word}{n}" for n in sorted(int(number) for number in numbers if number.isdecimal() and number.isascii())]


def _attributes(groups: "Sequence[netCDF4.Dataset]", name: str) -> dict[str, object]:
    """Return the attributes of the groups of a name from the root down: what is nearer to the data counts."""
    found: dict[str, object] = {}
    for group in groups:
        if name in group.groups:
            found.update({key: group[name].getncattr(key) for key in group[name].ncattrs()})
    return found


def _number(attributes: Mapping[str, object], key: str, label: str, default: float | None = None) -> float:
    value = attributes.get(key, default)
    if not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise InputError(f"{key} of {label} must be a number; {'there is none' if value is None else f'came {value!r:.40}'}")
    return float(value)


def _time(what: Mapping[str, object], label: str) -> np.datetime64:
    """Return when a picture ends, which is when an accumulation is valid; otherwise the time of the file."""
    for date, time in (("enddate", "endtime"), ("startdate", "starttime"), ("date", "time")):
        if date in what and time in what:
            text = f"{what[date]}{what[time]}"
            try:
                return np.datetime64(datetime.datetime.strptime(text, "%Y%m%d%H%M%S"), "ns")
            except ValueError as problem:
                raise InputError(f"the time of {label} must be YYYYMMDD and HHmmss; came {text!r:.40}") from problem
    raise InputError(f"{label} does not say of what time it is: date and time are missing")


def _series(images: list[Image]) -> Iterator[tuple[str, list[Image]]]:
    """Yield the pictures of each quantity and grid by time; where there are several of one time, ``DBZH``, then ``DBZH-2``."""
    series: dict[tuple[object, ...], list[Image]] = {}
    for image in images:
        alike = (image.quantity, image.grid, image.shape)
        number = next(n for n in count(1) if all(image.time != i.time for i in series.get((*alike, n), [])))
        series.setdefault((*alike, number), []).append(image)
    names: dict[str, int] = {}
    for (quantity, *_), members in series.items():
        names[str(quantity)] = number = names.get(str(quantity), 0) + 1
        yield str(quantity) if number == 1 else f"{quantity}-{number}", sorted(members, key=lambda image: image.time)


def _dataset(path: Path, label: str, name: str, series: list[Image]) -> xr.Dataset:
    crs, x, y = grid_of(dict(series[0].grid), series[0].shape, label)
    long_name, standard_name, units, nothing = QUANTITIES.get(series[0].quantity, UNKNOWN)
    attributes = {
        "long_name": long_name, "standard_name": standard_name, "units": units, "nothing_detected": nothing,
        "grid_mapping": "crs",
    }  # fmt: skip
    if crs.is_geographic:
        dims, about = ("latitude", "longitude"), (("latitude", "degrees_north"), ("longitude", "degrees_east"))
    else:
        dims, about = ("y", "x"), (("projection_y_coordinate", "m"), ("projection_x_coordinate", "m"))
    values = xr.Variable(("time", *dims), indexing.LazilyIndexedArray(Composites(path, series)), attributes)
    places = {
        dim: (dim, axis, {"standard_name": standard, "units": unit})
        for dim, axis, (standard, unit) in zip(dims, (y, x), about, strict=True)
    }
    times = ("time", np.array([image.time for image in series]))
    dataset = xr.Dataset({name: values}, {"time": times, **places, "crs": ((), 0, crs.to_cf())}, {"Conventions": FORMAT})
    return dataset.isel(time=0) if len(series) == 1 else dataset


def grid_of(where: Mapping[str, object], shape: tuple[int, int], label: str) -> "tuple[CRS, np.ndarray, np.ndarray]":
    """Return the projection of a picture and the centres of its columns, west to east, and rows, from the top.

    The upper left corner of the upper left pixel is where it begins; steps are those given, or those between the corners.

    Raises
    ------
    InputError
        If the projection is not understood, corners or steps are missing, or they contradict each other.
    """
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        crs = CRS.from_user_input(str(where.get("projdef", "")))
        change = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    except ProjError as problem:
        raise InputError(f"the projection (projdef) of {label} is not understood: {problem!s:.120}") from problem
    corners = {}
    for name in ("UL", "UR", "LL", "LR"):
        if f"{name}_lon" in where and f"{name}_lat" in where:
            place = (_number(where, f"{name}_lon", label), _number(where, f"{name}_lat", label))
            corners[name] = np.array(place if crs.is_geographic else change.transform(*place))
    steps = np.array([_step(where, corners, axis, shape, label) for axis in (0, 1)])
    return crs, *_centres(corners, steps, shape, label)


def _step(
    where: Mapping[str, object], corners: Mapping[str, np.ndarray], axis: int, shape: tuple[int, int], label: str
) -> float:
    """Return the width (axis 0) or height (1) of a pixel, and check that it leads from corner to corner."""
    key, number = ("xscale", "yscale")[axis], shape[1 - axis]
    pairs = ((("UL", "UR"), ("LL", "LR")), (("LL", "UL"), ("LR", "UR")))[axis]
    between = [float(corners[b][axis] - corners[a][axis]) / number for a, b in pairs if a in corners and b in corners]
    step = _number(where, key, label) if key in where else between[0] if between else math.nan
    if not 0 < step < math.inf:
        raise InputError(f"{key} of {label} must be above 0, or its corners be named; came {where.get(key, 'neither')!r:.40}")
    for other in between:
        if not abs(other / step - 1) * number <= SLACK:
            raise InputError(
                f"the corners of {label} are {other * number / step:.5g} pixels of {key} {step:.6g} apart; it has {number}"
            )
    return step


def _centres(
    corners: Mapping[str, np.ndarray], steps: np.ndarray, shape: tuple[int, int], label: str
) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = shape
    # From each corner to the upper left one, in pixels.
    ways = {"UL": (0, 0), "LL": (0, rows), "UR": (-columns, 0), "LR": (-columns, rows)}
    corner = next((name for name in ways if name in corners and np.isfinite(corners[name]).all()), None)
    if corner is None:
        raise InputError(f"no corner of {label} lies in its projection: UL_lon, UL_lat, LL_lon, LL_lat … are missing or wrong")
    left, top = corners[corner] + np.array(ways[corner]) * steps
    return left + (np.arange(columns) + 0.5) * steps[0], top - (np.arange(rows) + 0.5) * steps[1]
