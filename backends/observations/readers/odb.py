"""ODB-2, the observation database of ECMWF, through pyodc, which must be installed apart.

It is not among the requirements, since it pins a library that ecCodes needs in another version; its own decoder in Python
needs none.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.fields.damage import first_line
from backends.observations.coded import Coded
from backends.observations.readers.faults import DECODING_PROBLEMS
from backends.observations.readers.feedback import named
from backends.observations.readers.netcdf import moments, whole
from backends.observations.readers.progress import Progress
from backends.observations.schema import CHANNEL, HEIGHT, NO_LEVEL, OTHER, PASSED, PRESSURE, REJECTED, UNKNOWN
from backends.observations.table import Table, build
from backends.observations.varno import report_type, units_of_others, variable_name

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "ODB-2"

#: Kinds of the vertical coordinate that are known: pressure, geopotential height, channel.
_LEVEL_KINDS = {1: PRESSURE, 2: HEIGHT, 3: CHANNEL, 4: CHANNEL}
#: Bits of the status of an observation.
_ACTIVE, _PASSIVE, _REJECTED, _BLACKLISTED = 1, 2, 4, 8


def claims(path: Path, head: bytes) -> bool:
    """Return whether the file begins like an ODB-2 file."""
    del path
    return head[:5] == b"\xff\xffODA"


def read(path: Path, progress: Progress) -> Table:
    """Read an ODB-2 file; progress is counted in its frames.

    Raises
    ------
    InputError
        If pyodc is not installed, the file is damaged, or a column without which there are no observations is missing.
    """
    try:
        import pyodc
    except ModuleNotFoundError as problem:
        raise InputError(f"reading {path.name} needs pyodc: install it with pip install --no-deps pyodc==1.6.0") from problem
    import struct

    import pandas as pd

    try:
        frames = pyodc.Reader(str(path)).frames
        parts = []
        for number, frame in enumerate(frames):
            progress(number, len(frames))
            parts.append(frame.dataframe())
        data = pd.concat(parts, ignore_index=True)
    except (*DECODING_PROBLEMS, TypeError, AttributeError, ArithmeticError, struct.error) as problem:
        raise InputError(f"{path.name} is a damaged or incomplete ODB-2 file: {first_line(problem)}") from problem
    # Names are column@table; each column that is used is in one table alone.
    data.columns = [str(name).partition("@")[0] for name in data.columns]
    data = data.loc[:, ~data.columns.duplicated()]
    missing = [name for name in ("lat", "lon", "varno", "obsvalue") if name not in data.columns]
    if missing:
        raise InputError(f"{path.name} needs the columns lat, lon, varno and obsvalue; it lacks {', '.join(missing)}")
    return _table(path.name, data)


def _table(source: str, data: "pd.DataFrame") -> Table:
    rows = len(data)

    def column(*names: str) -> np.ndarray:
        import pandas as pd

        name = next((n for n in names if n in data.columns), None)
        return (
            np.full(rows, np.nan)
            if name is None
            else pd.to_numeric(data[name], errors="coerce").to_numpy("f8", na_value=np.nan)
        )

    date, clock, level = column("date", "andate"), column("time", "antime"), column("vertco_reference_1")
    value, varno = column("obsvalue"), whole(column("varno"))
    columns: dict[str, Any] = {
        "time": moments(date // 10_000, date // 100 % 100, date % 100, clock // 10_000, clock // 100 % 100),
        "latitude": column("lat"),
        "longitude": column("lon"),
        "height": column("stalt"),
        "level": level,
        "level_kind": _level_kind(level, whole(column("vertco_type"))),
        "variable": named(varno, variable_name),
        "value": value,
        "error": column("obs_error", "final_obs_error"),
        "report_type": named(whole(column("obstype")), report_type),
        "report": _reports(data, column("seqno", "reportno")),
        "quality": _quality(column("datum_status")),
        # Departures are kept, observation minus model.
        "background": value - column("fg_depar"),
        "analysis": value - column("an_depar"),
    }
    if "statid" in data.columns:
        columns["station"] = Coded.of(data["statid"].fillna("").astype(str))
    return build(source, FORMAT, units_of_others(set(np.unique(varno).tolist())), **columns)


def _reports(data: "pd.DataFrame", number: np.ndarray) -> np.ndarray:
    """Return the report of each row: by its number, or where a file has none, by station, type, time and place."""
    if np.isfinite(number).any():
        return np.unique(number, return_inverse=True)[1]
    header = ("statid", "obstype", "date", "andate", "time", "antime", "lat", "lon")
    return data.groupby([name for name in header if name in data], sort=False, dropna=False).ngroup().to_numpy()


def _level_kind(level: np.ndarray, kind: np.ndarray) -> np.ndarray:
    result = np.full(len(level), OTHER)
    for number, of in _LEVEL_KINDS.items():
        result[kind == number] = of
    result[~np.isfinite(level)] = NO_LEVEL
    return result


def _quality(status: np.ndarray) -> np.ndarray:
    quality, bits = np.full(len(status), UNKNOWN), whole(status)
    quality[(bits > 0) & (bits & (_ACTIVE | _PASSIVE) != 0)] = PASSED
    quality[(bits > 0) & (bits & (_REJECTED | _BLACKLISTED) != 0)] = REJECTED
    return quality
