"""A rollout as a Zarr store or a NetCDF file by the CF conventions, cut into chunks for maps or for points."""

import math
import shutil
import uuid
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backends.disk import ask
from backends.errors import InputError
from backends.experiments.cycling.layout import Layout
from backends.experiments.cycling.netcdf import write as write_file
from backends.experiments.rollout.view import RolloutView
from backends.experiments.run import to_yaml
from backends.fields.access import Access, measured
from backends.fields.chunk_files import chunks_of
from backends.fields.chunks import ChunkedArray
from backends.fields.readers.zarr import claims
from backends.rollout.archive import ArchiveWorld

if TYPE_CHECKING:
    import xarray as xr

#: What a store is cut for: a map at one time, a series at one point, or some of both.
Use = Literal["map", "point", "balanced"]
#: Numbers in a chunk that holds only a part of the map.
CHUNK = 250_000
#: Names of fields that files of others can use, where they are not plain words.
PLAIN = {"φ": "phi", "ω": "vorticity"}
STANDARD = {"2 m temperature": "air_temperature", "ω": "atmosphere_relative_vorticity"}


def dataset(view: RolloutView) -> "xr.Dataset":
    """Return truth and forecasts from the start that is shown, with lead times, valid times and places."""
    import xarray as xr

    places, layout = _places(view), view.layout
    members = min(forecast.members.shape[1] for forecast in view.forecasts)
    states = np.stack([forecast.members[:, :members].swapaxes(0, 1) for forecast in view.forecasts])
    coords: dict[str, Any] = {
        # Strings of any length are a type that Zarr's extensions specify; those of fixed length are none in format 3.
        "model": ("model", np.array(view.labels, object), {"long_name": "what forecasts"}),
        "member": ("member", np.arange(members), {"standard_name": "realization"}),
        "lead_time": ("lead_time", view.leads, {"long_name": "lead time", "units": _time_unit(view)}),
        **{name: (name, values, attributes) for name, (values, attributes) in places.items()},
        **_times(view),
    }
    data: dict[str, Any] = {}
    for number, (name, unit) in enumerate(zip(layout.names, layout.units, strict=True)):
        key, standard = _named(view, number)
        of_name = {"long_name": name, "units": unit or "1"}
        if standard:
            of_name["standard_name"] = standard
        for called, dims, values in (
            (key, ("model", "member", "lead_time"), states),
            (f"{key}_truth", ("lead_time",), view.truth),
        ):
            part = values[..., number] if layout.kind == "phase" else view.of_field(values, number)
            shape = (*values.shape[:-1], *(len(coordinate) for coordinate, _ in places.values()))
            data[called] = ((*dims, *places), np.ascontiguousarray(part.reshape(shape), np.float32), of_name)
    about = {
        "Conventions": "CF-1.11",
        "title": view.prepared.settings.title or "forecast rollout",
        "source": "Assimilab",
        "experiment": to_yaml(view.prepared.settings),
    }
    ended = {forecast.label: forecast.ended for forecast in view.forecasts if forecast.ended}
    if ended:
        about["comment"] = " ".join(f"{label}: {why}." for label, why in ended.items())
    return xr.Dataset(data, coords, about)


def write_zarr(view: RolloutView, path: Path, use: Use, replace: bool = False) -> None:
    """Write a store that is whole or not there, in the place of another one if that is said.

    Raises
    ------
    InputError
        If it cannot be written there, there is no room, or something is there that may not be replaced.
    """
    if path.exists() and not (replace and claims(path)):
        raise InputError(f"{path.name} is there already" + (", and is no Zarr store" if replace else ""))
    data = dataset(view)
    ask(data.nbytes, path.parent, "the store")
    encoding = {
        str(name): {"chunks": chunks_for(use, {str(axis): n for axis, n in array.sizes.items()})}
        for name, array in data.data_vars.items()
    }
    unfinished = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data.to_zarr(unfinished, encoding=encoding, consolidated=False)
        if path.exists():
            shutil.rmtree(path)
        unfinished.replace(path)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be written to {str(path.parent)!r}: {problem.strerror or problem}") from problem
    finally:
        with suppress(OSError):
            shutil.rmtree(unfinished)


def write_netcdf(view: RolloutView, path: Path) -> None:
    """Write a NetCDF file, compressed.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    data = dataset(view)
    write_file(data, path, {str(name): {"zlib": True, "complevel": 3} for name in data.data_vars})


def chunks_for(use: Use, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Return lengths of chunks, in the order of the axes, of an array whose last axes are places.

    For maps a chunk is one map. For points it is all leads and members of a tile of places; balanced it is a stretch of leads
    of a larger tile, each with about :data:`CHUNK` numbers at most.
    """
    whole = {name: n for name, n in sizes.items() if name in ("member", "lead_time")}
    places = [n for name, n in sizes.items() if name not in ("model", "member", "lead_time")]
    if use == "map":
        return tuple(1 if name in ("model", *whole) else n for name, n in sizes.items())
    if use == "balanced" and "lead_time" in whole:
        whole["lead_time"] = max(1, math.isqrt(whole["lead_time"]))
    part = min(1.0, (CHUNK / math.prod(whole.values()) / math.prod(places)) ** (1 / max(1, len(places))))
    if use == "point":
        part = min(part, 0.25)
    return tuple(
        whole[name] if name in whole else 1 if name == "model" else max(1, math.ceil(part * n)) for name, n in sizes.items()
    )


def access(path: Path) -> Access:
    """Return what reading the first field of a store costs.

    Raises
    ------
    InputError
        If it cannot be read, or is no store of a rollout.
    """
    import zarr

    field = field_of(path)
    return measured(
        field, field.query("map", {}), field.query("series", {}),
        lambda: nullcontext(zarr.open_array(path, path=field.name, mode="r")),
    )  # fmt: skip


def field_of(path: Path) -> ChunkedArray:
    """Return the first field of forecasts of a store.

    Raises
    ------
    InputError
        If it cannot be read, or is no store of a rollout.
    """
    for array in chunks_of(path):
        if array.dims[:3] == ("model", "member", "lead_time"):
            return array
    raise InputError(f"{path.name} has no field with the axes model, member and lead_time")


def _named(view: RolloutView, field: int) -> tuple[str, str]:
    """Return what files call a field or a component: a plain name, and the CF standard name or nothing."""
    name, world = view.layout.names[field], view.prepared.world
    standard = STANDARD.get(name, "")
    if isinstance(world, ArchiveWorld):
        archived = world.record.fields[field]
        return archived.key, archived.standard_name or standard
    return PLAIN.get(name, name.replace(" ", "_")), standard


def _time_unit(view: RolloutView) -> str:
    return "hours" if view.on_earth else view.time_unit or "1"


def _times(view: RolloutView) -> dict[str, Any]:
    """Return valid times, and the time of the start where an archive has one."""
    world, start = view.prepared.world, int(view.prepared.starts.steps[view.start])
    if not isinstance(world, ArchiveWorld):
        began = start * world.dt
        about = {"units": _time_unit(view)}
        return {
            "init_time": ((), began, {"long_name": "time of the start", **about}),
            "valid_time": ("lead_time", began + view.leads, {"long_name": "valid time", **about}),
        }
    steps = start + np.rint(view.leads / world.dt).astype(int)
    return {
        "init_time": ((), world.times[start].astype("datetime64[ns]"), {"standard_name": "forecast_reference_time"}),
        "valid_time": ("lead_time", world.times[steps].astype("datetime64[ns]"), {"standard_name": "time"}),
    }


def _places(view: RolloutView) -> dict[str, tuple[np.ndarray, dict[str, str]]]:
    """Return the coordinates of a field with what they are, slowest axis first; none of a state of few components."""
    layout = view.layout
    if layout.kind == "phase":
        return {}
    if layout.kind == "ring":
        return {"point": (np.arange(layout.size), {"long_name": "point of the line", "units": "1"})}
    return _of_plane(layout)


def _of_plane(layout: Layout) -> dict[str, tuple[np.ndarray, dict[str, str]]]:
    (rows, columns), (west, east, south, north) = layout.shape, layout.edges
    across = west + (np.arange(columns) + 0.5) * (east - west) / columns
    up = south + (np.arange(rows) + 0.5) * (north - south) / rows
    if layout.axes[0].startswith("longitude"):
        return {
            "latitude": (up, {"standard_name": "latitude", "units": "degrees_north"}),
            "longitude": (across, {"standard_name": "longitude", "units": "degrees_east"}),
        }
    named = {}
    for label, values in ((layout.axes[1], up), (layout.axes[0], across)):
        name, _, unit = label.rstrip("]").partition(" [")
        named[name] = (values, {"long_name": name, "units": unit or "1"})
    return named
