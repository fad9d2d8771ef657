"""A column of texts, many of them alike, as numbers into a list of the different ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows that are counted at once.
PIECE = 2**19


@dataclass(frozen=True, eq=False)
class Coded:
    """N texts.

    Attributes
    ----------
    codes
        Shape (N,), int32, or int8 or int16 where that is enough: for each row its place in `names`.
    names
        The different texts. One may be used by no row, after rows were taken out; none is there twice.
    """

    codes: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Coded":
        """Return texts as numbers; the different ones in the order in which they first occur."""
        import pyarrow as pa

        return cls.encoded(pa.array([str(text) for text in texts], pa.string()).dictionary_encode())

    @classmethod
    def encoded(cls, array: "pa.DictionaryArray") -> "Coded":
        """Return texts that pyarrow has encoded, none of them null."""
        # Blanks at the end and zero bytes are what fixed-width files fill a text up with.
        names: dict[str, int] = {}
        plain = (text.strip().strip("\0") for text in array.dictionary.to_pylist())
        new = np.array([names.setdefault(text, len(names)) for text in plain], np.int32)
        return cls(new[array.indices.to_numpy()], tuple(names))

    @classmethod
    def alike(cls, text: str, count: int) -> "Coded":
        """Return `count` times the same text."""
        return cls(np.zeros(count, np.int32), (text,))

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, which: np.ndarray | slice) -> "Coded":
        """Return some of the rows, given by a mask, by numbers, or as a slice."""
        return Coded(self.codes[which], self.names)

    def is_in(self, texts: Iterable[str]) -> np.ndarray:
        """Return for each row whether its text is one of several, shape (N,), bool."""
        wanted = frozenset(texts)
        return np.array([name in wanted for name in self.names], bool)[self.codes] if self.names else np.zeros(0, bool)

    def counts(self) -> dict[str, int]:
        """Return how often each text occurs, those that do."""
        counted = np.zeros(len(self.names), int)
        for first in range(0, len(self.codes), PIECE):  # NumPy makes wide numbers of all that it counts at once
            counted += np.bincount(self.codes[first : first + PIECE], minlength=len(self.names))
        return {name: int(n) for name, n in zip(self.names, counted, strict=True) if n}

    def texts(self) -> list[str]:
        """Return the texts themselves, for a few rows."""
        return [self.names[code] for code in self.codes]


def joined(parts: list[Coded]) -> Coded:
    """Return columns one after the other."""
    names: dict[str, int] = {}
    codes = []
    for part in parts:
        new = np.array([names.setdefault(name, len(names)) for name in part.names], np.int32)
        codes.append(new[part.codes] if len(new) else part.codes)
    return Coded(np.concatenate(codes), tuple(names))
