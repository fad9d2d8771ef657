"""The table as a Parquet file, columns and dictionaries as they are."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.observations.coded import Coded
from backends.observations.schema import NUMBERS, TEXTS
from backends.observations.table import Table, add_units

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    _Parts = Iterable[pa.Array]

#: Rows that are compared at once.
PIECE = 2**19
#: What pyarrow raises on a file that is not, or not wholly, one that was written here.
DAMAGE = (OSError, ValueError, KeyError, TypeError, IndexError, NotImplementedError)


def to_arrow(table: Table) -> "pa.Table":
    """Return the table in Arrow's form; texts dictionary-encoded, source, format and units in the metadata."""
    import pyarrow as pa

    columns: dict[str, Any] = {name: pa.array(getattr(table, name)) for name in NUMBERS}
    for name in TEXTS:
        coded = getattr(table, name)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(coded.codes), pa.array(coded.names, pa.string()))
    return pa.table(columns).replace_schema_metadata(_about(table, table.units))


def _about(table: Table, units: Mapping[str, str]) -> dict[str, str]:
    return {"source": table.source, "format": table.format, "units": json.dumps(dict(units))}


def _table(column: Callable[[str], "_Parts"], rows: int, metadata: Mapping[bytes, bytes] | None) -> Table:
    columns: dict[str, Any] = {name: _numbers(column(name), np.empty(rows, kind)) for name, kind in NUMBERS.items()}
    columns |= {name: _texts(column(name), rows) for name in TEXTS}
    about = {key.decode(): value.decode() for key, value in (metadata or {}).items()}
    return Table(source=about["source"], format=about["format"], units=json.loads(about["units"]), **columns)


def _numbers(parts: "_Parts", column: np.ndarray) -> np.ndarray:
    first = 0
    for part in parts:
        column[first : first + len(part)] = part.to_numpy(zero_copy_only=False)
        first += len(part)
    return _thrifty(column)


def _texts(parts: "_Parts", rows: int) -> Coded:
    """Return a column of texts whose parts may have other lists of names each, in no wider type than their number needs."""
    names: dict[str, int] = {}
    codes, first = np.empty(rows, np.int8), 0
    for part in parts:
        new = np.array([names.setdefault(name, len(names)) for name in part.dictionary.to_pylist()], np.int32)
        if len(names) > np.iinfo(codes.dtype).max:
            codes = codes.astype(np.int16 if len(names) <= np.iinfo(np.int16).max else np.int32)
        codes[first : first + len(part)] = new[part.indices.to_numpy()]
        first += len(part)
    return Coded(_thrifty(codes), tuple(names))


def _thrifty(column: np.ndarray) -> np.ndarray:
    """Return a column that takes no memory where all its values are the same; it then cannot be written to."""
    if not len(column):
        return column
    first = column[:1]
    pieces = (column[k : k + PIECE] for k in range(0, len(column), PIECE))  # the first one tells nearly always
    same = all(np.array_equal(piece, np.broadcast_to(first, piece.shape), equal_nan=True) for piece in pieces)
    return np.broadcast_to(first.copy(), column.shape) if same else column


def write(table: Table, path: Path) -> None:
    """Write a Parquet file."""
    write_pieces([table], path)


def write_pieces(tables: Iterable[Table], path: Path) -> None:
    """Write the rows of several tables of the same source one after the other, each as it comes; there must be at least one.

    Raises
    ------
    InputError
        If they give different units to the same variable.
    """
    import pyarrow.parquet as pq

    units: dict[str, str] = {}
    writer = None
    try:
        for table in tables:
            add_units(units, table)
            arrow = to_arrow(table)
            if writer is None:
                writer = pq.ParquetWriter(path, arrow.schema.remove_metadata(), compression="zstd")
            writer.write_table(arrow)
            about = _about(table, units)
        if writer is not None:
            writer.add_key_value_metadata(about)
    finally:
        if writer is not None:
            writer.close()


def read(path: Path) -> Table:
    """Read a Parquet file that :func:`write` wrote, or raise one of `DAMAGE`.

    Column by column and part by part, so that of ten million rows none need be in memory twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return _table(partial(_parts, file), file.metadata.num_rows, file.metadata.metadata)
    finally:
        pa.default_memory_pool().release_unused()


def _parts(file: "pq.ParquetFile", name: str) -> "_Parts":
    for group in range(file.num_row_groups):
        yield from file.read_row_group(group, [name], use_threads=False).column(name).chunks
