"""Rows that were observed together, in formats that write a sounding as a row for each level and give it no number."""

from typing import Any

import numpy as np
import pandas as pd

from backends.observations.coded import Coded


class Reports:
    """Numbers reports of rows that come piece by piece: rows that follow each other under the same header are one report."""

    def __init__(self) -> None:
        self._number = -1
        self._last: tuple[Any, ...] | None = None

    def number(self, *header: np.ndarray | Coded) -> np.ndarray:
        """Return the number of the report of each row of a piece, from 0, going on after the last piece.

        Parameters
        ----------
        header
            What rows of one report have in common, such as station, time and place; each of shape (rows,). Missing values are
            the same as each other.
        """
        columns = [column.codes if isinstance(column, Coded) else column for column in header]
        if not len(columns[0]):
            return np.zeros(0, np.int64)
        new = np.zeros(len(columns[0]), bool)
        for column in columns:
            new[1:] |= ~_same(column[1:], column[:-1])
        new[0] = self._last is None or not all(map(_same, self._last, _row(header, 0)))
        numbers: np.ndarray = self._number + np.cumsum(new)
        self._number, self._last = int(numbers[-1]), _row(header, -1)
        return numbers


def _same(one: Any, other: Any) -> Any:
    return (one == other) | (pd.isna(one) & pd.isna(other))


def _row(header: tuple[np.ndarray | Coded, ...], place: int) -> tuple[Any, ...]:
    return tuple(column.names[column.codes[place]] if isinstance(column, Coded) else column[place] for column in header)
