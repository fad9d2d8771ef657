"""Writing an exhibit as a file, in the form that the file's ending asks for."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.experiments.cycling.netcdf import write
from backends.pictures.drawing import Exhibit, Table

#: Rows of a table, and values of a NetCDF file, at most.
MOST_ROWS, MOST_VALUES = 1_000_000, 50_000_000
#: Compression that costs little time.
COMPRESSED = {"zlib": True, "complevel": 1, "shuffle": True}


def endings(exhibit: Exhibit) -> tuple[str, ...]:
    """Return what an exhibit can be written as."""
    return ("png", "svg", "nc", *exhibit.tables, *exhibit.files)


def save(exhibit: Exhibit, path: Path | str) -> None:
    """Write an exhibit: ``.png`` and ``.svg`` the picture, ``.nc`` the numbers with the CF conventions, ``.csv`` a table.

    What else it can be written as, the exhibit itself knows.

    Raises
    ------
    InputError
        If the ending is another one, the file would be too large, or it cannot be written.
    """
    path = Path(path)
    ending = next((e for e in sorted(endings(exhibit), key=len, reverse=True) if path.name.endswith(f".{e}")), "")
    if ending == "nc":
        _write_netcdf(exhibit, path)
        return
    if ending in exhibit.files:
        exhibit.files[ending](path)
        return
    if ending in ("png", "svg"):
        from backends.pictures.paint import paint

        content = paint(exhibit.drawing(), "png" if ending == "png" else "svg")
    elif ending:
        content = csv_text(exhibit.tables[ending]()).encode()
    else:
        raise InputError(f"{path.name} must end in .{', .'.join(endings(exhibit))}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be written to {str(path.parent)!r}: {problem.strerror}") from problem


def csv_text(table: Table) -> str:
    """Return a table as RFC 4180 has it: a row of headings, commas, lines that end in CR LF; missing values are empty.

    Raises
    ------
    InputError
        If it has more rows than a table may have.
    """
    rows = len(table.columns[0]) if table.columns else 0
    if rows > MOST_ROWS:
        raise InputError(f"a table has at most {MOST_ROWS:,} rows, this would have {rows:,}; take NetCDF, or a part of it")
    text = StringIO()
    out = csv.writer(text)
    out.writerow(table.headings)
    out.writerows(zip(*map(_cells, table.columns), strict=True))
    return text.getvalue()


def _cells(column: np.ndarray) -> list[str]:
    if column.dtype.kind == "f":  # as short as they can be read back exactly
        return ["" if np.isnan(value) else str(value) for value in column]
    if column.dtype.kind == "M":
        return ["" if np.isnat(value) else f"{np.datetime_as_string(value, unit='s')}Z" for value in column]
    return [str(value) for value in column.tolist()]


def check_values(count: int) -> None:
    """Raise InputError if a NetCDF file would have more values than one that is handed over may have."""
    if count > MOST_VALUES:
        raise InputError(f"a file that is handed over has at most {MOST_VALUES:,} values, this would have {count:,}")


def _write_netcdf(exhibit: Exhibit, path: Path) -> None:
    data = exhibit.data()
    check_values(sum(int(variable.size) for variable in data.variables.values()))
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in data.variables.items():
        if variable.dtype.kind == "f" and name in data.data_vars:
            encoding[str(name)] = {**COMPRESSED, "_FillValue": np.float32(np.nan)} if variable.ndim else {}
        elif variable.dtype.kind == "f":
            encoding[str(name)] = {"_FillValue": None}  # coordinates are never missing
    write(data, path, encoding)
