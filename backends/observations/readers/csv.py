"""CSV, each column what its header says, or what a person says it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.fields.damage import first_line, printable
from backends.observations.coded import Coded
from backends.observations.columns import Columns, guess_columns, standard_name
from backends.observations.readers.faults import DECODING_PROBLEMS
from backends.observations.readers.progress import Progress, silent
from backends.observations.schema import HEIGHT, NO_LEVEL, PRESSURE, QUALITIES, UNKNOWN, VARIABLES
from backends.observations.table import Table, build, concatenate
from backends.observations.units import to_si

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "CSV"

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
    """Read a file whose columns can be guessed; progress is counted in variables.

    Raises
    ------
    InputError
        As of :func:`read_columns`.
    """
    return read_columns(path, guess_columns(header_of(path)), progress)


def read_columns(path: Path, columns: Columns, progress: Progress = silent) -> Table:
    """Read a CSV file.

    Comma, semicolon, tab or bar between the columns; times as ISO 8601, UTC where they have no zone, or as numbers
    yyyymmddhh or yyyymmddhhmm.

    Raises
    ------
    InputError
        If the file is no such text, a column does not exist, or one that must hold numbers or times holds others.
    """
    header = header_of(path)
    columns.check(header)
    try:
        data = _parsed(path)
    except (*DECODING_PROBLEMS, TypeError) as problem:
        raise InputError(f"{path.name} cannot be read as CSV: {first_line(problem)}") from problem
    shared = _shared(data, columns, path.name)
    parts = []
    named = list(columns.variables.items()) or [(columns.roles["value"], "")]
    for number, (name, variable) in enumerate(named):
        progress(number, len(named))
        value = _numbers(data, name, path.name)
        if variable:
            parts.append(_one(path.name, variable, value, columns.units.get(name, ""), shared))
        else:
            parts += _each(path.name, _texts(data, columns.roles["variable"]), value, columns.units.get(name, ""), shared)
    return concatenate(parts)


def _parsed(path: Path) -> "pa.Table":
    from pyarrow import csv

    # A few columns that begin with numbers hold texts further down: all are read as texts and converted where needed.
    names = header_of(path)
    with path.open("rb") as file:
        delimiter = delimiter_of(file.read(65_536).decode("utf-8", "ignore").splitlines()[0])
    import pyarrow as pa

    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(column_names=[str(k) for k in range(len(names))], skip_rows=1),
        parse_options=csv.ParseOptions(delimiter=delimiter),
        convert_options=csv.ConvertOptions(column_types={str(k): pa.string() for k in range(len(names))}),
    ).rename_columns(names)


def _header(head: bytes) -> list[str]:
    line = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0].decode("utf-8") if head.strip() else ""
    return [printable(name.strip().strip("\"'")) for name in line.split(delimiter_of(line))]


def delimiter_of(line: str) -> str:
    """Return what stands between the columns: the sign that is the most frequent in the first line."""
    return max(_DELIMITERS, key=line.count)


def _texts(data: "pa.Table", name: str) -> Coded:
    return Coded.of(data.column(data.schema.names.index(name)).fill_null("").to_pylist())


def _numbers(data: "pa.Table", name: str, source: str) -> np.ndarray:
    """Return a column as float64; NaN where it is empty or says that there is nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(data.column(data.schema.names.index(name)))
    nothing = pc.is_in(pc.utf8_lower(texts), pa.array(["", "nan", "na", "n/a", "null", "none", "m", "-", "--", "/"]))
    texts = pc.if_else(nothing, None, texts)
    try:
        return texts.cast(pa.float64()).to_numpy(zero_copy_only=False).astype("f8")
    except pa.ArrowInvalid as problem:
        raise InputError(f"column {name} of {source} must hold numbers: {first_line(problem)}") from problem


def _times(data: "pa.Table", name: str, source: str) -> np.ndarray:
    import pandas as pd

    texts = pd.Series(data.column(data.schema.names.index(name)).to_pylist(), dtype="object")
    lengths = set(texts.dropna().str.strip().str.len()) if texts.notna().any() else set()
    digits = bool(texts.dropna().str.strip().str.fullmatch(r"\d+").all())
    layout = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 8: "%Y%m%d"}.get(lengths.pop()) if digits and len(lengths) == 1 else "ISO8601"
    try:
        times = pd.to_datetime(texts, format=layout, utc=True)
    except (ValueError, TypeError, OverflowError) as problem:
        raise InputError(f"column {name} of {source} must hold times like 2021-05-16T12:00: {first_line(problem)}") from problem
    return times.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def _shared(data: "pa.Table", columns: Columns, source: str) -> dict[str, Any]:
    """Return the columns that all variables have in common."""
    shared: dict[str, Any] = {"report": np.arange(data.num_rows)}
    for role, name in columns.roles.items():
        if role == "time":
            shared[role] = _times(data, name, source)
        elif role in ("station", "report_type"):
            shared[role] = _texts(data, name)
        elif role == "quality":
            shared[role] = _quality(_texts(data, name))
        elif role in ("pressure level", "height level"):
            kind, wanted, usual = (PRESSURE, "Pa", "hPa") if role == "pressure level" else (HEIGHT, "m", "m")
            shared["level"] = to_si(_numbers(data, name, source), columns.units.get(name, usual), wanted, f"column {name}")
            shared["level_kind"] = np.where(np.isfinite(shared["level"]), kind, NO_LEVEL)
        elif role not in ("variable", "value"):
            shared[role] = _numbers(data, name, source)
    return shared


def _quality(texts: Coded) -> np.ndarray:
    """Return the classes that are named; other texts, such as a service's own numbers, say nothing."""
    classes = [QUALITIES.index(name.lower()) if name.lower() in QUALITIES else UNKNOWN for name in texts.names]
    return np.array(classes, np.uint8)[texts.codes] if classes else np.zeros(len(texts), np.uint8)


def _one(source: str, variable: str, value: np.ndarray, text: str, shared: dict[str, Any]) -> Table:
    known = VARIABLES.get(variable)
    if known is None:
        return build(source, FORMAT, {variable: text}, value=value, variable=variable, **shared)
    shared = dict(shared)
    if not text:
        _refuse_other_units(source, variable, value, known.units)
    else:
        what = f"{variable} of {source}"
        zero = to_si(np.zeros(1), text, known.units, what)
        value = to_si(value, text, known.units, what)
        for name in ("background", "analysis", "error"):
            if name in shared:
                shared[name] = to_si(shared[name], text, known.units, what) - (zero if name == "error" else 0)
    return build(source, FORMAT, value=value, variable=variable, **shared)


def _refuse_other_units(source: str, variable: str, value: np.ndarray, units: str) -> None:
    """Raise where values without a unit are certainly not SI: temperatures in °C, pressures in hPa, humidities in %."""
    finite = np.abs(value[np.isfinite(value)])
    middle = float(np.median(finite)) if len(finite) else np.nan
    if (units == "K" and middle < 100) or (units == "Pa" and middle < 2000) or (variable == "relative_humidity" and middle > 2):
        raise InputError(f"{variable} of {source} has no unit, and values of about {middle:.4g}, not {units}; say its unit")


def _each(source: str, variables: Coded, value: np.ndarray, text: str, shared: dict[str, Any]) -> list[Table]:
    """Return the rows of each variable, where they are named row by row."""
    parts = []
    for number, name in enumerate(variables.names):
        which = variables.codes == number
        own = {key: column.take(which) if isinstance(column, Coded) else column[which] for key, column in shared.items()}
        parts.append(_one(source, standard_name(name), value[which], text, own))
    return parts or [build(source, FORMAT, value=value, variable="", **shared)]
