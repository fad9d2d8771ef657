"""Fields on one map at times that follow each other, as a network sees them: scaled, and with what forces them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class Archive:
    """A field that is to be forecast, and fields that are known at all times.

    Attributes
    ----------
    field
        Scaled to mean 0 and standard deviation 1 over the times trained with, (T, y, x), float32.
    forcing
        Scaled alike, (T, C, y, x); C may be 0.
    mean, scale, unit
        Of the field: what it was before is `mean + scale · field`, in `unit`.
    step_hours
        Between two times.
    trained, tested
        How many times, the first ones, are trained with, and the number of the first one that is tested with.
    extent
        West, south, east, north of the map, degrees.
    """

    field: Tensor
    forcing: Tensor
    mean: float
    scale: float
    unit: str
    step_hours: int
    trained: int
    tested: int
    extent: tuple[float, float, float, float]

    def __len__(self) -> int:
        return len(self.field)

    @classmethod
    def of(
        cls,
        field: np.ndarray,
        scaled: list[np.ndarray],
        plain: list[np.ndarray],
        unit: str,
        step_hours: int,
        trained: int,
        tested: int,
        extent: tuple[float, float, float, float],
    ) -> "Archive":
        """Return the archive of a field (T, y, x), of forcings that are scaled as it is, and of some that stay as they are.

        Raises
        ------
        InputError
            If a value is missing, or too few times are left to train or to test with.
        """
        if not 2 <= trained <= tested <= len(field) - 2:
            raise InputError(
                f"at least 2 times must be trained with, and 2 after them tested with; came {len(field)} times, the first "
                f"{trained} to train with, those from {tested} on to test with"
            )
        columns: list[np.ndarray] = []
        mean, scale = 0.0, 1.0
        for number, values in enumerate([field, *scaled]):
            if values.shape != field.shape:
                raise InputError(f"all fields must have the shape {field.shape}; came {values.shape}")
            if not np.isfinite(values).all():
                raise InputError("an emulator needs fields without missing values")
            seen = values[:trained].astype(np.float64)
            m, s = float(seen.mean()), float(seen.std()) or 1.0
            if number == 0:
                mean, scale = m, s
            columns.append((values.astype(np.float64) - m) / s)
        forcing = [torch.from_numpy(np.ascontiguousarray(c, np.float32)) for c in [*columns[1:], *plain]]
        stacked = torch.stack(forcing, 1) if forcing else torch.zeros(len(field), 0, *field.shape[1:])
        scaled_field = torch.from_numpy(columns[0].astype(np.float32))
        return cls(scaled_field, stacked, mean, scale, unit, step_hours, trained, tested, extent)


def clock(hours: np.ndarray, longitude: np.ndarray, rows: int) -> list[np.ndarray]:
    """Return sine and cosine of the local solar time, (T, rows, columns) each.

    Parameters
    ----------
    hours
        Of the day in UTC, (T,).
    longitude
        Degrees east, (columns,).
    rows
        Number of them.
    """
    local = 2 * np.pi * (hours[:, None] + longitude / 15) / 24
    shape = (len(hours), rows, len(longitude))
    return [np.broadcast_to(f(local)[:, None, :], shape).astype(np.float32) for f in (np.sin, np.cos)]
