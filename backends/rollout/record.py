"""What an archive holds: fields on one map at times that follow each other, read as they are needed."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid


@dataclass(frozen=True)
class ArchivedField:
    """A field of an archive: what files and what people call it, its unit, and its CF standard name if it has one."""

    key: str
    title: str
    unit: str
    standard_name: str = ""


class Record(ABC):
    """Fields over time.

    Attributes
    ----------
    fields
        What they are, F of them.
    times
        Of the T maps, datetime64[s], in even steps.
    grid
        Of each map.
    trained, tested
        How many times, the first ones, may be fitted to, and the number of the first one that is forecast.
    together
        How many times that follow each other are stored together, and best read so.

    Raises
    ------
    InputError
        If steps are uneven, or too few times are left to fit to or to forecast.
    """

    def __init__(
        self,
        fields: tuple[ArchivedField, ...],
        times: np.ndarray,
        grid: LatLonGrid,
        trained: int,
        tested: int,
        together: int = 1,
    ) -> None:
        self.fields, self.times, self.grid = fields, times.astype("datetime64[s]"), grid
        self.trained, self.tested, self.together = trained, tested, together
        if not 2 <= trained <= tested <= len(times) - 2:
            raise InputError(
                f"at least 2 times must be fitted to, and 2 after them forecast; came {len(times)} times, the first {trained} "
                f"to fit to, those from {tested} on to forecast"
            )
        steps = np.diff(self.times) / np.timedelta64(3600, "s")
        if steps.min() <= 0 or steps.max() != steps.min():
            raise InputError(
                f"the times of an archive must follow each other in even steps; came steps of {steps.min():g} to "
                f"{steps.max():g} h between {self.times[0]} and {self.times[-1]}"
            )
        #: Between two times, h.
        self.step_hours = float(steps[0])

    def __len__(self) -> int:
        return len(self.times)

    @abstractmethod
    def read(self, steps: np.ndarray) -> np.ndarray:
        """Return the fields at times by their numbers, increasing, (S, F, ny, nx), rows south to north; NaN where missing.

        Raises
        ------
        InputError
            If they cannot be read.
        """


class Loaded(Record):
    """A record in memory.

    Parameters
    ----------
    values
        (T, F, ny, nx).
    """

    def __init__(
        self,
        values: np.ndarray,
        fields: tuple[ArchivedField, ...],
        times: np.ndarray,
        grid: LatLonGrid,
        trained: int,
        tested: int,
    ) -> None:
        super().__init__(fields, times, grid, trained, tested)
        expected = (len(times), len(fields), *grid.shape)
        if values.shape != expected:
            raise InputError(f"values must have the shape {expected} of times, fields, rows, columns; came {values.shape}")
        self._values = values

    def read(self, steps: np.ndarray) -> np.ndarray:
        """Return the fields at these times."""
        return self._values[steps]
