"""Percentiles of what was measured, and tables of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return median, 95th and 99th percentile, least and greatest of times given in seconds, in milliseconds."""
    p50, p95, p99 = np.percentile(seconds, [50, 95, 99])
    values = {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "min_ms": min(seconds), "max_ms": max(seconds)}
    return {name: round(1000 * float(value), 2) for name, value in values.items()} | {"runs": len(seconds)}


def table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return rows as the lines of a table in Markdown; `columns` are headings, and the keys of rows below them."""
    lines = [columns, ["---"] * len(columns), *([row[key] for key in columns.values()] for row in rows)]
    return [f"| {' | '.join('–' if cell is None else str(cell) for cell in line)} |" for line in lines]
