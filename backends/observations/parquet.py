"""The table as a Parquet file, columns and dictionaries as they are."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.observations.coded import Coded
from backends.observations.schema import NUMBERS, TEXTS
from backends.observations.table import Table

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
    about = {"source": table.source, "format": table.format, "units": json.dumps(dict(table.units))}
    return pa.table(columns).replace_schema_metadata(about)


def from_arrow(arrow: "pa.Table") -> Table:
    """Return the table that :func:`to_arrow` was given."""
    arrow = arrow.unify_dictionaries().combine_chunks()
    columns: dict[str, Any] = {}
    for name, kind in NUMBERS.items():
        columns[name] = arrow[name].to_numpy().astype(kind, copy=False)
    for name in TEXTS:
        chunks = arrow[name].chunks
        codes = np.concatenate([chunk.indices.to_numpy() for chunk in chunks]) if chunks else np.zeros(0)
        names = chunks[0].dictionary.to_pylist() if chunks else []
        columns[name] = Coded(codes.astype(np.int32, copy=False), tuple(names))
    about = {key.decode(): value.decode() for key, value in (arrow.schema.metadata or {}).items()}
    return Table(source=about["source"], format=about["format"], units=json.loads(about["units"]), **columns)


def write(table: Table, path: Path) -> None:
    """Write a Parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(to_arrow(table), path, compression="zstd")


def read(path: Path) -> Table:
    """Read a Parquet file that :func:`write` wrote, or raise one of `DAMAGE`."""
    import pyarrow.parquet as pq

    return from_arrow(pq.read_table(path))
