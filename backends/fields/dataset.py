"""An opened dataset: its variables, and fields, series and means read from them."""

import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from backends.errors import InputError
from backends.fields.axes import describe_axes, fixed_time
from backends.fields.circular import direction, is_circular, vectors
from backends.fields.coordinates import with_coordinates
from backends.fields.derived import derive
from backends.fields.field import Axis, Field, Reading, Series, Statistics, Variable, combine, statistics
from backends.fields.fills import without_fills
from backends.fields.grids import Layout, layout
from backends.fields.meshes import cell_at
from backends.fields.stored import StoredValues
from backends.fields.views import covered

#: Values that are read for the mean of many fields, at most.
MOST_MEANT = 2**28


class FieldDataset:
    """Variables on grids of any kind on the Earth, read lazily.

    Parameters
    ----------
    label
        What a person calls it: usually the file's name.
    format
        ``NetCDF``, ``GRIB``, ``Zarr``.
    sources
        The xarray datasets that it is made of; a GRIB file may hold several. Names that occur twice get the name of
        the level coordinate added.
    path
        Where it came from, if from a file.

    Raises
    ------
    InputError
        If no variable lies on a grid that is understood.
    """

    def __init__(self, label: str, format: str, sources: Iterable[xr.Dataset], path: Path | None = None) -> None:
        self.label, self.format, self.path = label, format, path
        self._stored = StoredValues(label)
        self._arrays = self._stored.arrays
        self._layouts: dict[str, Layout] = {}
        self.variables: dict[str, Variable] = {}
        #: What can be computed from them: read by name as they are, see :mod:`backends.fields.derived`.
        self.derived: dict[str, Variable] = {}
        self._ranges: dict[tuple[object, ...], Statistics] = {}
        #: The field that was asked for last: a map that is moved shows another part of it.
        self._newest: Field | None = None
        refused: list[str] = []
        for source in map(with_coordinates, sources):
            for name, array in source.data_vars.items():
                if array.dtype.kind not in "fiu":
                    continue
                try:
                    lay = layout(array, source)
                except InputError as problem:
                    refused.append(str(problem))
                    continue
                if lay is not None:
                    free = self._free_name(str(name), array)
                    self.variables[free] = self._add(free, array, lay)
        if not self.variables:
            raise InputError(
                refused[0]
                if refused
                else f"{label} has no variable with latitudes and longitudes: nothing in it can be put on a map"
            )
        for name, array, lay in derive(self.variables, dict(self._arrays), dict(self._layouts), self._stored.part):
            self.derived[name] = self._add(name, array, lay)

    def _free_name(self, name: str, array: xr.DataArray) -> str:
        if name not in self._arrays:
            return name
        suffix = array.attrs.get("GRIB_typeOfLevel", len(self._arrays))
        return f"{name}@{suffix}"

    def _add(self, name: str, array: xr.DataArray, lay: Layout) -> Variable:
        attributes = array.attrs
        self._arrays[name], self._layouts[name] = array, lay
        return Variable(
            name=name,
            long_name=str(attributes.get("long_name", "")),
            standard_name=_text(attributes.get("standard_name", "")),
            units=str(attributes.get("units", "")),
            dims=tuple(map(str, array.dims)),
            shape=tuple(array.shape),
            axes=describe_axes(array, lay.dims),
            time=fixed_time(array),
            mesh=lay.mesh,
            attributes={str(key): _text(value) for key, value in attributes.items()},
        )

    def variable(self, name: str) -> Variable:
        """Return the description of a variable, or raise InputError naming those there are."""
        known = {**self.variables, **self.derived}
        if name not in known:
            raise InputError(f"{self.label} has no variable {name!r}; it has {', '.join(known)}")
        return known[name]

    def field(self, name: str, selection: Mapping[str, int]) -> Field:
        """Return a variable at one index per axis (0 where none is given).

        Raises
        ------
        InputError
            If the variable or an index does not exist, or the file turns out to be damaged there.
        """
        variable = self.variable(name)
        chosen = {axis.name: _checked(axis, selection.get(axis.name, 0)) for axis in variable.axes}
        newest = self._newest
        if newest is not None and newest.variable is variable and newest.selection == chosen and not self.keeps(name):
            return newest
        values, reading = self._timed(name, chosen)
        self._newest = field = Field(variable, self._arranged(name, values, chosen), chosen, reading)
        return field

    def fields(self, name: str, along: Axis, indices: np.ndarray, selection: Mapping[str, int]) -> np.ndarray:
        """Return a variable at several indices of one axis, increasing, (T, ...) with the shape of the grid.

        Of a variable that is too large to keep only what is stored together with them is read, chunk by chunk through Dask.

        Raises
        ------
        InputError
            As :meth:`field` does.
        """
        variable, lay, array = self.variable(name), self._layouts[name], self._arrays[name]
        others = [axis for axis in variable.axes if axis.name != along.name]
        chosen = {axis.name: _checked(axis, selection.get(axis.name, 0)) for axis in others}
        for index in (indices.min(), indices.max()):
            _checked(along, int(index))
        if self._stored.keeps(name):
            values = self._stored.part(name, chosen)
            values = values[tuple(indices if d == along.name else slice(None) for d in array.dims if d not in chosen)]
        else:
            # What lies between is not to be read: each run of indices that follow each other on its own.
            runs = np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1)
            parts = [self._stored.chunked(name, {**chosen, along.name: slice(int(run[0]), int(run[-1]) + 1)}) for run in runs]
            values = np.concatenate(parts, axis=[d for d in array.dims if d not in chosen].index(along.name))
        return lay.arrange(values, [d for d in map(str, array.dims) if d not in chosen])

    def at_cells(
        self, name: str, cells: np.ndarray, selection: Mapping[str, int], along: Axis | None = None, part: slice = slice(None)
    ) -> np.ndarray:
        """Return a variable at cells (k,), numbered as its grid does, (k,), or (T, k) along a part of one axis.

        Every other axis is taken at its index in `selection` (0 where none is given). Of a variable that is too large to keep
        the smallest rectangle of rows and columns that holds the cells is read, see :meth:`reach`.

        Raises
        ------
        InputError
            As :meth:`field` does.
        """
        variable, lay, array = self.variable(name), self._layouts[name], self._arrays[name]
        rest = [axis for axis in variable.axes if along is None or axis.name != along.name]
        chosen = {axis.name: _checked(axis, selection.get(axis.name, 0)) for axis in rest}
        where = lay.positions(cells)
        free = [] if along is None else [along.name]
        if self._stored.keeps(name):
            values = self._stored.part(name, chosen)
            dims = [d for d in map(str, array.dims) if d not in chosen]
            values = values.transpose([dims.index(d) for d in (*free, *lay.dims)])
            index: tuple[slice | np.ndarray, ...] = (*(part for _ in free), *(where[d] for d in lay.dims))
            return values[index]
        places = {d: xr.DataArray(indices, dims="cells read") for d, indices in where.items()}
        taken = array.isel({**chosen, **dict.fromkeys(free, part)}).isel(places)
        return self._stored.decode(name, lambda: taken.transpose(*free, "cells read").values)

    def reach(self, name: str, cells: np.ndarray) -> int:
        """Return how many values of a field :meth:`at_cells` reads or looks up for cells (k,)."""
        if self.keeps(name):
            return len(cells)
        return math.prod(int(np.ptp(indices)) + 1 for indices in self._layouts[name].positions(cells).values())

    def together(self, name: str, along: Axis) -> int:
        """Return how many indices of an axis are stored together, in one chunk of the file; 1 where that is not known."""
        return int(self._arrays[self.variable(name).name].encoding.get("preferred_chunks", {}).get(along.name, 1))

    def mean_field(
        self, name: str, over: Axis, selection: Mapping[str, int], part: np.ndarray | None = None, words: str = ""
    ) -> Field:
        """Return the mean over indices of one axis, at one index on each other axis; NaN where any value is.

        Directions have that of their vectors.

        Parameters
        ----------
        name, selection
            What it is a mean of, as in :meth:`field`.
        over
            The axis.
        part
            The indices, all by default.
        words
            What the mean is called, by default that over the axis.

        Raises
        ------
        InputError
            As :meth:`field` does, or if more than `MOST_MEANT` values would have to be read.
        """
        variable = self.variable(name)
        others = [axis for axis in variable.axes if axis.name != over.name]
        chosen = {axis.name: _checked(axis, selection.get(axis.name, 0)) for axis in others}
        indices = range(len(over)) if part is None else part
        wanted = len(indices) * math.prod(variable.mesh.shape)
        if wanted > MOST_MEANT and not self.keeps(name):
            raise InputError(
                f"a mean over {len(indices):,} fields of {variable.title} takes {wanted:,} values; at most {MOST_MEANT:,} are "
                "read"
            )
        circular = is_circular(variable)
        total = np.zeros((2, *variable.mesh.shape)) if circular else np.zeros(variable.mesh.shape)
        for index in indices:
            here = {**chosen, over.name: int(index)}
            values = self._arranged(name, self._stored.part(name, here), here)
            total += vectors(values) if circular else values
        mean = total / len(indices)
        return Field(variable, (direction(*mean) if circular else mean).astype(np.float32), chosen, words=words)

    def series(self, name: str, latitude: float, longitude: float, selection: Mapping[str, int]) -> Series:
        """Return the values along the time axis in the cell at a place.

        Raises
        ------
        InputError
            If the variable has no time axis, or the place lies outside its grid.
        """
        variable = self.variable(name)
        axis = variable.axis("time")
        if axis is None:
            raise InputError(f"{variable.title} has a single time, so there is no series to draw")
        lay = self._layouts[name]
        cell = cell_at(lay.mesh, latitude, longitude)
        chosen = {a.name: _checked(a, selection.get(a.name, 0)) for a in variable.axes if a.name != axis.name}
        values, reading = self._timed(name, {**chosen, **lay.position(cell)})
        north, east = (float(places[cell]) for places in lay.mesh.places())
        east -= 360 * math.floor((east - covered(lay.mesh).west) / 360)
        return Series(variable, axis, values, north, east, reading)

    def statistics(self, name: str) -> Statistics:
        """Return the statistics of all values of a variable; one too large to keep is read slice by slice."""
        array = self._arrays[self.variable(name).name]
        if self._stored.keeps(name) or array.ndim <= len(self._layouts[name].dims):
            return statistics(self._stored.part(name, {}))
        first = str(array.dims[0])
        return combine(statistics(self._stored.part(name, {first: index})) for index in range(array.sizes[first]))

    def keeps(self, name: str) -> bool:
        """Return whether a variable is read whole and kept."""
        return self._stored.keeps(self.variable(name).name)

    def usual_range(self, name: str, selection: Mapping[str, int]) -> Statistics:
        """Return the statistics over all times and members at the chosen level, to fix colour limits by.

        Of a variable that is too large to keep, only the selected field is looked at. What looks like a fill value is left out.
        """
        variable = self.variable(name)
        kept = self.keeps(name)
        alike = ("time", "member") if kept else ()
        chosen = {a.name: _checked(a, selection.get(a.name, 0)) for a in variable.axes if a.role not in alike}
        if not kept:
            return without_fills(self._stored.part(name, chosen))[0]
        key = (name, *chosen.items())
        if key not in self._ranges:
            self._ranges[key] = without_fills(self._stored.part(name, chosen))[0]
        return self._ranges[key]

    def _arranged(self, name: str, values: np.ndarray, chosen: Mapping[str, int]) -> np.ndarray:
        return self._layouts[name].arrange(values, [d for d in map(str, self._arrays[name].dims) if d not in chosen])

    def _timed(self, name: str, chosen: Mapping[str, int]) -> tuple[np.ndarray, Reading]:
        """Return values at indices, and how they came."""
        whole: Mapping[str, int] = {} if self.keeps(name) else chosen
        read = None if self._stored.loaded(name) else whole
        begun = time.perf_counter()
        values = self._stored.part(name, chosen)
        return values, Reading(chosen, read, 1000 * (time.perf_counter() - begun))


def _checked(axis: Axis, index: int) -> int:
    if not 0 <= index < len(axis):
        raise InputError(f"index {index} on axis {axis.name!r} does not exist; it has {len(axis)} entries")
    return index


def _text(value: object) -> str:
    text = str(value)
    return "" if text == "unknown" else text
