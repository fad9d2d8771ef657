"""The beginning of a CSV file, for a person who is to say what its columns are."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from backends.errors import InputError
from backends.fields.damage import printable
from backends.observations.readers.csv import delimiter_of, header_of

#: How the names of files end that may be tables though their columns are not recognised, and how many columns they have at
#: least: latitude, longitude and a value.
ENDINGS = (".csv", ".tsv", ".txt")
FEWEST = 3
#: Rows that are shown, and bytes in which they are looked for.
ROWS = 5
_HEAD = 65_536


@dataclass(frozen=True)
class Preview:
    """Names of the columns, and the first rows as they are written."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def may_be_table(path: Path) -> bool:
    """Return whether a file is called as tables of text are, and begins with a line of at least three names."""
    try:
        return path.suffix.lower() in ENDINGS and path.is_file() and len(header_of(path)) >= FEWEST
    except InputError:
        return False


def preview(path: Path) -> Preview:
    """Return the header and the first five rows; each row is as long as the header.

    Raises
    ------
    InputError
        If the file cannot be opened or is no text.
    """
    header = header_of(path)
    with path.open("rb") as file:
        lines = file.read(_HEAD).decode("utf-8", "replace").splitlines()
    try:
        found = [row for row in csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=delimiter_of(lines[0])) if row][:ROWS]
    except csv.Error as problem:
        raise InputError(f"{path.name} cannot be read as CSV: {problem}") from problem
    rows = (tuple(printable(cell.strip()) for cell in (*row, *[""] * len(header))[: len(header)]) for row in found)
    return Preview(tuple(header), tuple(rows))
