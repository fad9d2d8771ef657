"""Which times of a file are of the same calendar month: their mean is what an anomaly of one of them is counted from."""

from calendar import month_name

import numpy as np

from backends.errors import InputError
from backends.fields.field import Axis


def calendar_months(axis: Axis) -> np.ndarray:
    """Return the calendar month of each time of an axis, 1 to 12; 0 where it is no date, or not one of the usual calendar."""
    if axis.times is None:
        return np.zeros(len(axis), int)
    months = axis.times.astype("datetime64[M]").astype("i8") % 12 + 1
    return np.where(np.isnat(axis.times), 0, months)


def same_month(axis: Axis, index: int) -> tuple[np.ndarray, str]:
    """Return the indices of all times in the calendar month of one of them, and their mean in words.

    Raises
    ------
    InputError
        If that one is not a date.
    """
    months = calendar_months(axis)
    if not months[index] or axis.times is None:
        raise InputError(f"the mean of a calendar month needs dates; came {axis.labels[index]}")
    indices = np.flatnonzero(months == months[index])
    years = axis.times[indices].astype("datetime64[Y]").astype("i8") + 1970
    first, last = int(years.min()), int(years.max())
    span = f"{first}" if first == last else f"{first} to {last}"
    return indices, f"mean of {len(indices):,} times in {month_name[months[index]]}, {span}"
