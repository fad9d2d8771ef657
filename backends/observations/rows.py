"""Numbers of rows; millions that follow each other need no array."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Following:
    """The numbers from `first` on, `count` of them; indexed as an array of them would be, but not from the end."""

    first: int
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, which: Any) -> Any:
        """Return one number, those of a slice without an array, or those at places or of a mask as an int32 array."""
        if isinstance(which, slice):
            start, stop, step = which.indices(self.count)
            return Following(self.first + start, max(stop - start, 0)) if step == 1 else np.asarray(self)[which]
        places = np.asarray(which)
        if places.dtype == bool:
            places = np.flatnonzero(places).astype("i4")
        if places.size and not 0 <= places.min() <= places.max() < self.count:
            raise IndexError(f"there are {self.count} rows; came {places.min()} to {places.max()}")
        return np.add(places, self.first, dtype="i4", casting="same_kind")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.arange(self.first, self.first + self.count, dtype="i4" if dtype is None else dtype)

    def of(self, column: np.ndarray) -> np.ndarray:
        """Return what a column holds in these rows, copying nothing."""
        return column[self.first : self.first + self.count]


#: Numbers of rows, (N,), int32 where they are an array.
Rows = np.ndarray | Following


def thrifty(rows: np.ndarray) -> Rows:
    """Return increasing numbers without an array, if they follow each other."""
    n = len(rows)
    return Following(int(rows[0]), n) if n and int(rows[-1]) - int(rows[0]) == n - 1 else rows
