"""Archives that rollouts start from: those that emulators are trained on, with the same split, and any other dataset."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from backends.errors import InputError
from backends.experiments.faults import under
from backends.experiments.field_cases import find_variable, select
from backends.experiments.rollout.settings import EMULATED, ArchiveStart
from backends.experiments.training.dynamics import TESTED, TRAINED, TRAINED_EUROPEAN
from backends.experiments.training.trained import trained
from backends.fields.catalogue import Catalogue
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Variable
from backends.geometry.grid import LatLonGrid
from backends.learning.dynamics.field import FieldEmulator
from backends.rollout.archive import ArchiveWorld
from backends.rollout.field import EmulatedField
from backends.rollout.record import ArchivedField, Record

#: Part of the times of other datasets that are forecast, the last ones, where the file does not say.
UNSEEN = 1 / 3


class Stored(Record):
    """Variables of a dataset at one level and of one member, read from its file as they are needed.

    Parameters
    ----------
    data
        The dataset.
    variables
        Of it, on one grid and with the same times.
    start
        Level and member.
    trained, tested
        The split, see :class:`backends.rollout.record.Record`.
    """

    def __init__(self, data: FieldDataset, variables: list[Variable], start: ArchiveStart, trained: int, tested: int) -> None:
        first = variables[0]
        axes = [_time(data, variable) for variable in variables]
        for variable, axis in zip(variables, axes, strict=True):
            if not _alike(first, axes[0], variable, axis):
                raise InputError(
                    f"start.fields: {variable.name} of {data.label} has other times or another grid than {first.name}; "
                    "give fields that belong together"
                )
        _check_even(first, data)
        self._data, self._axes = data, axes
        self._selections = [select(variable, level=start.level, member=start.member) for variable in variables]
        times = axes[0].times
        assert times is not None
        super().__init__(
            tuple(ArchivedField(v.name, _title(v), v.units, v.standard_name) for v in variables),
            times, first.grid, trained, tested, data.together(first.name, axes[0]),
        )  # fmt: skip

    def read(self, steps: np.ndarray) -> np.ndarray:
        """Return the fields at these times."""
        parts = zip(self.fields, self._axes, self._selections, strict=True)
        return np.stack([self._data.fields(field.key, axis, steps, chosen) for field, axis, chosen in parts], axis=1)


def archive_world(start: ArchiveStart, folder: Path, device: torch.device, dtype: torch.dtype) -> ArchiveWorld:
    """Return the world of an archive.

    Raises
    ------
    InputError
        If it cannot be read, has too few times, or times that are uneven.
    """
    return ArchiveWorld(record_of(start, folder), device, dtype)


def record_of(start: ArchiveStart, folder: Path) -> Record:
    """Return the fields of an archive, and what of them may be fitted to.

    Raises
    ------
    InputError
        As :func:`archive_world` does.
    """
    data = _catalogue(folder).open({"era5": start.path, "european": "european-forecast"}.get(start.dataset, start.dataset))
    usual = "t2m" if "t2m" in data.variables and start.dataset != "era5" else next(iter(data.variables))
    with under("start.fields"):
        variables = [find_variable(data, name) for name in start.fields or (usual,)]
        count = min(len(_time(data, variable)) for variable in variables)
    if start.dataset in EMULATED:  # as the trainings of their emulators have it
        trained, tested = (TRAINED, count - TESTED) if start.dataset == "era5" else (TRAINED_EUROPEAN,) * 2
    else:
        trained = tested = count - round(count * (UNSEEN if start.unseen is None else start.unseen))
    return Stored(data, variables, start, trained, tested)


def emulated_field(run: str, world: ArchiveWorld, label: str, folder: Path) -> EmulatedField:
    """Return the network of a run as a model of an archive.

    Raises
    ------
    InputError
        If there is no such run, or it has trained something else or on another archive.
    """
    settings, task = trained(run, folder)
    if not isinstance(task, FieldEmulator):
        raise InputError(f"the run {run!r} has trained {settings.task}; an archive needs an emulator of fields")
    return EmulatedField(task, world, label)


@lru_cache(maxsize=4)
def _catalogue(folder: Path) -> Catalogue:
    """Return the catalogue of a folder, which remembers what it has opened."""
    return Catalogue(folder)


def _time(data: FieldDataset, variable: Variable) -> Axis:
    """Return the time axis of a variable."""
    axis = variable.axis("time")
    if axis is None:
        raise InputError(f"{variable.title} of {data.label} has no time axis; forecasts need fields at many times")
    if axis.times is None:
        raise InputError(f"{variable.title} of {data.label} does not say what times it is for; forecasts need their dates")
    return axis


def _alike(first: Variable, time: Axis, other: Variable, axis: Axis) -> bool:
    grids = ((a.latitude.numpy(), a.longitude.numpy()) for a in (first.grid, other.grid))
    (lat, lon), (latitude, longitude) = grids
    same = np.array_equal(lat, latitude) and np.array_equal(lon, longitude)
    return same and time.times is not None and axis.times is not None and np.array_equal(time.times, axis.times)


def _check_even(variable: Variable, data: FieldDataset) -> None:
    """Raise InputError unless a picture with even rows and columns has every point in its cell."""
    grid: LatLonGrid = variable.grid
    for name, values in (("latitudes", grid.latitude), ("longitudes", grid.longitude)):
        even = torch.linspace(float(values[0]), float(values[-1]), len(values), dtype=torch.float64)
        step = float(values[-1] - values[0]) / (len(values) - 1)
        if float((values.double() - even).abs().max()) > step / 2:
            raise InputError(f"the {name} of {data.label} are too uneven for a map of forecasts; give fields on an even grid")


def _title(variable: Variable) -> str:
    return variable.title.replace(" metre ", " m ")
