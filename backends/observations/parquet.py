"""The table as a Parquet file, columns and dictionaries as they are."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.observations.coded import Coded
from backends.observations.schema import NUMBERS, TEXTS
from backends.observations.table import Table, add_units

if TYPE_CHECKING:
    import pyarrow as pa

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


def from_arrow(arrow: "pa.Table") -> Table:
    """Return the table that :func:`to_arrow` was given."""
    return _table(arrow.column, arrow.schema.metadata)


def _table(column: Callable[[str], "pa.ChunkedArray"], metadata: Mapping[bytes, bytes] | None) -> Table:
    columns: dict[str, Any] = {name: _numbers(column(name), kind) for name, kind in NUMBERS.items()}
    columns |= {name: _texts(column(name)) for name in TEXTS}
    about = {key.decode(): value.decode() for key, value in (metadata or {}).items()}
    return Table(source=about["source"], format=about["format"], units=json.loads(about["units"]), **columns)


def _numbers(column: "pa.ChunkedArray", kind: str) -> np.ndarray:
    return _thrifty(np.array(column.to_numpy().astype(kind, copy=False)))


def _texts(column: "pa.ChunkedArray") -> Coded:
    chunks = column.unify_dictionaries().chunks
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in chunks]) if chunks else np.zeros(0)
    names = chunks[0].dictionary.to_pylist() if chunks else []
    return Coded(_thrifty(codes.astype(np.int32, copy=False)), tuple(names))


def _thrifty(column: np.ndarray) -> np.ndarray:
    """Return a column that takes no memory where all its values are the same; it then cannot be written to."""
    if not len(column):
        return column
    first = column[:1]
    same = np.array_equal(column, np.broadcast_to(first, column.shape), equal_nan=True)
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

    Column by column, so that ten million rows need not be in memory twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return _table(lambda name: file.read([name]).column(name), file.metadata.metadata)
    finally:
        pa.default_memory_pool().release_unused()
