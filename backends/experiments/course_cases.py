"""The course's own cases, from the arrays it published: a periodic line and a vertical plane."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backends.device import compute_device, precise_dtype
from backends.errors import InputError
from backends.experiments.cases import CourseLineCase, CoursePlaneCase
from backends.experiments.problem_case import ReadyCase, Suggested
from backends.experiments.sections import LEAST
from backends.fields.paths import confine
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane
from backends.observing.observations import Observations

#: What reading a damaged or foreign file raises; the last one is how zipfile says that it does not know a compression.
_DAMAGE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError)
#: Grid points of the largest file that is read.
LARGEST = 60_000


def course_line_case(settings: CourseLineCase, folder: Path) -> ReadyCase:
    """Return the course's 1D case from its file: n 256, 20 observations, σ_o 0.05, σ_b 0.25, L 0.15.

    Raises
    ------
    InputError
        If the file is absent, damaged, or another.
    """
    file = _CourseFile(settings.path, folder)
    n, p = len(file.numbers("truth", 1)), len(file.numbers("observations", 1))
    device = compute_device()
    line = PeriodicLine(n, device, precise_dtype(device))
    places = line.coordinates()[torch.from_numpy(file.indices("observation_index", p, n)).to(device)]
    suggested = Suggested(file.positive("sigma_b"), file.positive("length"), file.positive("sigma_o"))
    return _course(line, file, places, suggested, longest=0.5)


def course_plane_case(settings: CoursePlaneCase, folder: Path) -> ReadyCase:
    """Return the course's x–z plane from its file: 120 x 50, 7 columns of 20 levels, lengths 25 km and 2 km.

    Raises
    ------
    InputError
        If the file is absent, damaged, or another.
    """
    file = _CourseFile(settings.path, folder)
    x, z, p = file.numbers("x_km", 1), file.numbers("z_km", 1), len(file.numbers("observations", 1))
    device = compute_device()
    dtype = precise_dtype(device)
    plane = VerticalPlane(*(torch.from_numpy(axis).to(device, dtype) for axis in (x, z)))
    ix, iz = (
        torch.from_numpy(file.indices(name, p, size)).to(device)
        for name, size in (("observation_ix", len(x)), ("observation_iz", len(z)))
    )
    places = torch.stack([plane.x[ix], plane.z[iz]], dim=1)
    numbers = (file.positive(name) for name in ("sigma_b", "length_x_km", "noise", "length_z_km"))
    return _course(plane, file, places, Suggested(*numbers), longest=plane.extent[1] - plane.extent[0], units="K")


def _course(
    domain: PeriodicLine | VerticalPlane,
    file: "_CourseFile",
    places: Tensor,
    suggested: Suggested,
    longest: float,
    units: str = "",
) -> ReadyCase:
    def state(name: str) -> Tensor:
        values = torch.from_numpy(file.numbers(name, len(domain.shape))).to(places)
        if values.shape != domain.shape:
            raise InputError(f"{file.name}: {name} must have shape {domain.shape}; it has {tuple(values.shape)}")
        return values.flatten()

    truth, background = state("truth"), state("background")
    return ReadyCase(
        domain=domain,
        truth=truth,
        background=background,
        weights=domain.area_weights(),
        valid=torch.ones_like(truth, dtype=torch.bool),
        units=units,
        length_units=domain.units[0],
        suggested=suggested,
        longest=longest,
        truth_caption="of the course",
        background_caption="of the course",
        observations=Observations(torch.from_numpy(file.numbers("observations", 1)).to(places), places),
    )


class _CourseFile:
    """The arrays of a file, each checked when it is asked for."""

    def __init__(self, path: str, folder: Path) -> None:
        file = confine(path, folder)
        self.name = file.name
        if not (file.is_file() and zipfile.is_zipfile(file)):
            raise InputError(f"{path!r} is not a whole npz file, which a case of the course is read from")
        try:
            with zipfile.ZipFile(file) as archive:
                size = sum(part.file_size for part in archive.infolist())
            if size > 100 * LARGEST:
                raise InputError(f"{path!r} unpacks to {size} bytes; a case of the course has at most {100 * LARGEST}")
            with np.load(file, allow_pickle=False) as archive:
                self._arrays = {name: np.asarray(archive[name]) for name in archive.files}
        except _DAMAGE as problem:
            raise InputError(f"{path!r} is a damaged npz file, or holds more than plain arrays") from problem

    def numbers(self, name: str, dimensions: int) -> np.ndarray:
        """Return an array of finite numbers, float64."""
        if name not in self._arrays:
            raise InputError(f"{self.name} is not this case of the course: it has no array {name!r}")
        array = self._arrays[name]
        if array.dtype.kind not in "fiu" or array.ndim != dimensions or not array.size or not np.isfinite(array).all():
            raise InputError(
                f"{self.name}: {name} must be finite numbers in {dimensions} dimension{'s' * (dimensions != 1)}; it has type "
                f"{array.dtype}, shape {array.shape}"
            )
        return array.astype(np.float64)

    def positive(self, name: str) -> float:
        """Return a single positive number."""
        value = float(self.numbers(name, 0))
        if value < LEAST:
            raise InputError(f"{self.name}: {name} must be positive; it is {value:g}")
        return value

    def indices(self, name: str, count: int, size: int) -> np.ndarray:
        """Return indices of observed grid points, one for each observation."""
        array = self.numbers(name, 1)
        if len(array) != count or array.min() < 0 or array.max() >= size or (array != array.round()).any():
            raise InputError(
                f"{self.name}: {name} must be {count} indices from 0 to {size - 1}; it has {len(array)}, from {array.min():g} "
                f"to {array.max():g}"
            )
        return array.astype(np.int64)
