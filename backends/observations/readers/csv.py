"""CSV, each column what its header says, or what a person says it is."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.fields.damage import first_line, printable
from backends.observations.coded import Coded
from backends.observations.columns import Columns, guess_columns, standard_name
from backends.observations.readers.csv_cells import Piece
from backends.observations.readers.faults import DECODING_PROBLEMS
from backends.observations.readers.progress import Progress, silent
from backends.observations.readers.soundings import Reports
from backends.observations.schema import HEIGHT, NO_LEVEL, PRESSURE, QUALITIES, UNKNOWN, VARIABLES
from backends.observations.table import Table, build, concatenate
from backends.observations.units import to_si

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "CSV"

#: Rows that are converted at once.
ROWS = 2**17

#: Columns in which rows of one sounding are the same.
HEADER = ("station", "report_type", "time", "latitude", "longitude")

_DELIMITERS = ",;\t|"


def claims(path: Path, head: bytes) -> bool:
    """Return whether the file is text whose first line names a latitude, a longitude and something observed."""
    del path
    if b"\0" in head:
        return False
    try:
        guess_columns(header := _header(head)).check(header)
    except (InputError, UnicodeDecodeError):
        return False
    return True


def header_of(path: Path) -> list[str]:
    """Return the names of the columns, to be shown to a person who says what they are.

    Raises
    ------
    InputError
        If the file cannot be opened or is no text.
    """
    try:
        with path.open("rb") as file:
            return _header(file.read(65_536))
    except OSError as problem:
        raise InputError(f"{path.name} cannot be opened: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise InputError(f"{path.name} must be text in UTF-8") from problem


def read(path: Path, progress: Progress) -> Table:
    """Read a file whose columns can be guessed; progress is counted in bytes.

    Raises
    ------
    InputError
        As of :func:`pieces_of`.
    """
    return concatenate(list(pieces(path, progress)))


def pieces(path: Path, progress: Progress) -> Iterator[Table]:
    """Do the same piece by piece."""
    return pieces_of(path, guess_columns(header_of(path)), progress)


def read_columns(path: Path, columns: Columns, progress: Progress = silent) -> Table:
    """Read a CSV file; see :func:`pieces_of`."""
    return concatenate(list(pieces_of(path, columns, progress)))


def pieces_of(path: Path, columns: Columns, progress: Progress = silent) -> Iterator[Table]:
    """Give the rows of a CSV file piece by piece, each variable after the other in each; at least one piece.

    Comma, semicolon, tab or bar between the columns; times as ISO 8601, UTC where they have no zone, or as numbers
    yyyymmddhh or yyyymmddhhmm. What has been given counts for nothing if an error follows.

    Raises
    ------
    InputError
        If the file is no such text, has no rows, a column does not exist, or one that must hold numbers or times holds others.
    """
    header = header_of(path)
    columns.check(header)
    unitless, reports = _Unitless(path.name), Reports()
    named = list(columns.variables.items()) or [(columns.roles["value"], "")]
    empty = True
    for piece in _parsed(path, header, columns, progress):
        empty = False
        shared = _shared(piece, columns)
        if "level" in shared:  # a sounding has a row for each level
            shared["report"] = reports.number(*(shared[name] for name in HEADER if name in shared))
        parts = []
        for name, variable in named:
            value, units = piece.numbers(name), columns.units.get(name, "")
            if variable:
                parts.append(_one(variable, value, units, shared, unitless))
            else:
                parts += _each(piece.texts(columns.roles["variable"]), value, units, shared, unitless)
        yield concatenate(parts)
    if empty:
        raise InputError(f"{path.name} holds no observations: there are no rows below its header")
    unitless.check()


def _parsed(path: Path, header: Sequence[str], columns: Columns, progress: Progress) -> Iterator[Piece]:
    import pyarrow as pa
    from pyarrow import csv

    # A few columns that begin with numbers hold texts further down: all are read as texts and converted where needed.
    read = sorted({header.index(name) for name in (*columns.roles.values(), *columns.variables)})
    size, first = max(path.stat().st_size, 1), 0
    try:
        with path.open("rb") as file:
            delimiter = delimiter_of(file.read(65_536).decode("utf-8", "ignore").splitlines()[0])
            file.seek(0)
            with csv.open_csv(
                file,
                read_options=csv.ReadOptions(column_names=[str(k) for k in range(len(header))], skip_rows=1),
                parse_options=csv.ParseOptions(delimiter=delimiter),
                convert_options=csv.ConvertOptions(
                    column_types={str(k): pa.string() for k in read}, include_columns=[str(k) for k in read]
                ),
            ) as batches:
                for batch in _gathered(batches):
                    yield Piece(path.name, tuple(header[k] for k in read), batch, first)
                    first += batch.num_rows
                    progress(min(file.tell(), size), size)
    except (*DECODING_PROBLEMS, TypeError) as problem:
        raise InputError(f"{path.name} cannot be read as CSV: {first_line(problem)}") from problem


def _gathered(batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Give the rows of small batches, which pyarrow reads ahead many of, in larger ones."""
    import pyarrow as pa

    some: list[pa.RecordBatch] = []
    for batch in batches:
        some.append(batch)
        if sum(one.num_rows for one in some) >= ROWS:
            yield pa.concat_batches(some)
            some = []
    if some:
        yield pa.concat_batches(some)


def _header(head: bytes) -> list[str]:
    line = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0].decode("utf-8") if head.strip() else ""
    return [printable(name.strip().strip("\"'")) for name in line.split(delimiter_of(line))]


def delimiter_of(line: str) -> str:
    """Return what stands between the columns: the sign that is the most frequent in the first line."""
    return max(_DELIMITERS, key=line.count)


def _shared(piece: Piece, columns: Columns) -> dict[str, Any]:
    """Return the columns that all variables have in common, and the name of the file."""
    shared: dict[str, Any] = {"source": piece.source, "report": np.arange(piece.first, piece.first + len(piece))}
    for role, name in columns.roles.items():
        if role == "time":
            shared[role] = piece.times(name)
        elif role in ("station", "report_type"):
            shared[role] = piece.texts(name)
        elif role == "quality":
            shared[role] = _quality(piece.texts(name))
        elif role in ("pressure level", "height level"):
            kind, wanted, usual = (PRESSURE, "Pa", "hPa") if role == "pressure level" else (HEIGHT, "m", "m")
            shared["level"] = to_si(piece.numbers(name), columns.units.get(name, usual), wanted, f"column {name}")
            shared["level_kind"] = np.where(np.isfinite(shared["level"]), kind, NO_LEVEL)
        elif role not in ("variable", "value"):
            shared[role] = piece.numbers(name)
    return shared


def _quality(texts: Coded) -> np.ndarray:
    """Return the classes that are named; other texts, such as a service's own numbers, say nothing."""
    classes = [QUALITIES.index(name.lower()) if name.lower() in QUALITIES else UNKNOWN for name in texts.names]
    return np.array(classes, np.uint8)[texts.codes] if classes else np.zeros(len(texts), np.uint8)


class _Unitless:
    """Values without a unit: told where they are certainly not SI, temperatures in °C, pressures in hPa, humidities in %."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._some: dict[str, list[np.ndarray]] = {}

    def add(self, variable: str, value: np.ndarray) -> None:
        """Remember magnitudes of a piece, some thousands of them where there are more."""
        finite = np.abs(value[np.isfinite(value)])
        self._some.setdefault(variable, []).append(finite[:: 1 + len(finite) // 10_000].copy())

    def check(self) -> None:
        """Raise InputError where the unit must be said."""
        for variable, some in self._some.items():
            units, finite = VARIABLES[variable].units, np.concatenate(some)
            middle = float(np.median(finite)) if len(finite) else np.nan
            small = (units == "K" and middle < 100) or (units == "Pa" and middle < 2000)
            if small or (variable == "relative_humidity" and middle > 2):
                raise InputError(
                    f"{variable} of {self._source} has no unit, and values of about {middle:.4g}, not {units}; say its unit"
                )


def _one(variable: str, value: np.ndarray, text: str, shared: dict[str, Any], unitless: _Unitless) -> Table:
    known = VARIABLES.get(variable)
    shared = dict(shared, format=FORMAT)
    if known is None:
        return build(units={variable: text}, value=value, variable=variable, **shared)
    if not text:
        unitless.add(variable, value)
    else:
        what = f"{variable} of {shared['source']}"
        zero = to_si(np.zeros(1), text, known.units, what)
        value = to_si(value, text, known.units, what)
        for name in ("background", "analysis", "error"):
            if name in shared:
                shared[name] = to_si(shared[name], text, known.units, what) - (zero if name == "error" else 0)
    return build(value=value, variable=variable, **shared)


def _each(variables: Coded, value: np.ndarray, text: str, shared: dict[str, Any], unitless: _Unitless) -> list[Table]:
    """Return the rows of each variable, where they are named row by row."""
    parts = []
    for number, name in enumerate(variables.names):
        which = variables.codes == number
        own = {key: _some(column, which) for key, column in shared.items()}
        parts.append(_one(standard_name(name), value[which], text, own, unitless))
    return parts or [build(format=FORMAT, value=value, variable="", **shared)]


def _some(column: Any, which: np.ndarray) -> Any:
    if isinstance(column, str):
        return column
    return column.take(which) if isinstance(column, Coded) else column[which]
