"""The cells of one column of a CSV file, turned from text into numbers, times and coded texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backends.errors import InputError
from backends.fields.damage import first_line, printable
from backends.observations.coded import Coded

if TYPE_CHECKING:
    import pyarrow as pa

#: What is written where there is nothing, in lower case.
_NOTHING = ("", "nan", "na", "n/a", "null", "none", "m", "-", "--", "/")
_ISO = "ISO8601"
#: Layouts of times that are written as one number, by how many digits it has.
_LAYOUTS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M"}


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a file that follow each other.

    Attributes
    ----------
    source
        Name of the file.
    names
        Names of the columns that were read.
    batch
        Their cells, texts.
    first
        Number of the first row, the file's first below the header being 0.
    """

    source: str
    names: tuple[str, ...]
    batch: "pa.RecordBatch"
    first: int

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def _cells(self, name: str) -> "pa.StringArray":
        return self.batch.column(self.names.index(name))

    def texts(self, name: str) -> Coded:
        """Return a column of texts."""
        return Coded.encoded(self._cells(name).fill_null("").dictionary_encode())

    def numbers(self, name: str) -> np.ndarray:
        """Return a column as float64; NaN where it is empty or says that there is nothing.

        Raises
        ------
        InputError
            If there is something else.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = pc.utf8_trim_whitespace(self._cells(name))
        nothing = pc.is_in(pc.utf8_lower(texts), pa.array(_NOTHING))
        texts = pc.if_else(nothing, None, texts)
        try:
            return texts.cast(pa.float64()).to_numpy(zero_copy_only=False).astype("f8", copy=False)
        except pa.ArrowInvalid as problem:
            raise InputError(f"column {name} of {self.source} must hold numbers: {first_line(problem)}") from problem

    def times(self, name: str) -> np.ndarray:
        """Return a column as datetime64[s], UTC where it has no zone; NaT where it is empty.

        Each text is understood by itself: ISO 8601, or as a number yyyymmdd, yyyymmddhh or yyyymmddhhmm.

        Raises
        ------
        InputError
            If there is something else; it is named with its row.
        """
        import pyarrow as pa

        try:
            plain = self._cells(name).cast(pa.timestamp("s"))
        except pa.ArrowInvalid:  # zones, fractions of seconds, numbers, nothing: a hundredth of the speed
            coded = self.texts(name)
        else:
            return plain.to_numpy(zero_copy_only=False)
        times, understood = _times(coded.names)
        if not understood.all():
            wrong = int(np.argmin(understood[coded.codes]))
            raise InputError(
                f"column {name} of {self.source} must hold times like 2021-05-16T12:00; "
                f"row {self.first + wrong + 1} has {printable(coded.names[int(coded.codes[wrong])])[:40]!r}"
            )
        return times[coded.codes]


def _times(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as datetime64[s], and which of them could be understood or say that there is nothing."""
    import pandas as pd

    times = np.full(len(texts), np.datetime64("NaT", "s"))
    nothing = np.array([text.lower() in (*_NOTHING, "nat") for text in texts], bool)
    layouts = np.array([_LAYOUTS.get(len(text), _ISO) if text.isdecimal() else _ISO for text in texts])
    for layout in sorted(set(layouts[~nothing].tolist())):
        which = np.flatnonzero((layouts == layout) & ~nothing)
        some = pd.Series([texts[int(k)] for k in which], dtype="object")
        some = pd.to_datetime(some, format=layout, utc=True, errors="coerce")
        times[which] = some.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    return times, nothing | ~np.isnat(times)
