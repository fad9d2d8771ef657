"""What is known of a file of observations, as plain values for programs."""

from pathlib import Path

import numpy as np

from backends.observations.decode import table_of
from backends.observations.schema import LEVEL_KINDS, QUALITIES
from backends.observations.statistics import summary
from backends.observations.suspicious import duplicates, suspicious_places
from backends.observations.table import Table


def inspect_observations(path: Path) -> dict[str, object]:
    """Return the description of a file of observations.

    Keys: ``path``, ``format``, ``observations``, ``reports``, ``stations`` (counts), ``time`` (first and last, ISO 8601, or
    null), ``latitude``, ``longitude`` (least and greatest, or null), ``variables`` (each with ``name``, ``units``, ``count``,
    ``min``, ``mean``, ``max``, and ``background_departure`` and ``analysis_departure`` with ``n``, ``mean``, ``std`` where
    the file has model equivalents), ``report_types``, ``level_kinds``, ``qualities`` (counts), ``duplicates`` and
    ``suspicious_places`` (counts).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    table = table_of(path)
    times = table.time[~np.isnat(table.time)]
    return {
        "path": str(path),
        "format": table.format,
        "observations": len(table),
        "reports": len(np.unique(table.report)),
        "stations": len(table.station.counts()),
        "time": [str(times.min()), str(times.max())] if len(times) else None,
        "latitude": _range(table.latitude),
        "longitude": _range(table.longitude),
        "variables": [_variable(table, name) for name in table.variable.counts()],
        "report_types": table.report_type.counts(),
        "level_kinds": _counts(table.level_kind, LEVEL_KINDS),
        "qualities": _counts(table.quality, QUALITIES),
        "duplicates": int(duplicates(table).sum()),
        "suspicious_places": int((suspicious_places(table) > 0).sum()),
    }


def _range(values: np.ndarray) -> list[float] | None:
    known = summary(values)
    return [known.min, known.max] if known.n else None


def _counts(codes: np.ndarray, names: tuple[str, ...]) -> dict[str, int]:
    return {name: int(n) for name, n in zip(names, np.bincount(codes, minlength=len(names)), strict=True) if n}


def _variable(table: Table, name: str) -> dict[str, object]:
    one = table.take(table.variable.is_in([name]))
    values = summary(one.value)
    result: dict[str, object] = {"name": name, "units": table.units[name], "count": values.n}
    # Numbers of directions have no mean: 359° and 1° are neighbours.
    mean = None if one.directions().any() else values.mean
    result |= {"min": values.min, "mean": mean, "max": values.max}
    for key, departure in (("background_departure", one.background_departure), ("analysis_departure", one.analysis_departure)):
        known = summary(departure)
        if known.n:
            result[key] = {"n": known.n, "mean": known.mean, "std": known.std}
    return result
