"""Colours, colour maps and units on the pages: those of :mod:`backends.pictures.style`, and how numbers are written."""

import math

from backends.pictures.style import (
    ANALYSIS,
    BACKGROUND,
    DIFFERENCE,
    DIVERGING,
    MISSING,
    NEUTRAL,
    OBSERVATIONS,
    PICKED,
    REJECTED,
    STYLES,
    SUPERSCRIPT,
    TRUTH,
    FieldStyle,
    limits,
    limits_of,
    style_named,
    style_of,
    units_label,
)  # fmt: skip

__all__ = [
    "ANALYSIS", "BACKGROUND", "DIFFERENCE", "DIVERGING", "MISSING", "NEUTRAL", "OBSERVATIONS", "PICKED", "REJECTED", "STYLES",
    "TRUTH", "FieldStyle", "limits", "limits_of", "number", "short_time", "style_named", "style_of", "units_label",
]  # fmt: skip

#: Numbers from the first to below the second are written in full, others with a power of ten.
PLAIN_FROM, PLAIN_BELOW = 1e-3, 1e7


def number(value: float, digits: int = 4, zeros: bool = False) -> str:
    """Return a number with so many significant digits as it is written in print: ``−0.25``, ``120,000``, ``1.2·10⁻⁵``.

    With `zeros` those at its end stay, ``−0.2500``: numbers of a column are then equally long, and rest while they change.
    """
    if not math.isfinite(value):
        return "–"
    known = float(f"{value:.{digits}g}")
    if known and not PLAIN_FROM <= abs(known) < PLAIN_BELOW:
        mantissa, power = f"{known:.{digits - 1}e}".split("e")
        return f"{float(mantissa):.{digits}g}·10{str(int(power)).translate(SUPERSCRIPT)}".replace("-", "−")
    commas = "," if abs(known) >= 1e4 else ""  # as style guides ask for, from five digits on
    text = f"{known:{'#' * zeros}{commas}.{digits}g}".removesuffix(".") if abs(known) < 10**digits else f"{value:{commas}.0f}"
    return text.replace("-", "−")


def short_time(seconds: float) -> str:
    """Return what a computation took, with three significant digits: ``25.2 µs``, ``693 ms``, ``1.04 s``."""
    factor, unit = next(((f, u) for f, u in ((1.0, "s"), (1e3, "ms")) if seconds * f >= 0.9995), (1e6, "µs"))
    return f"{seconds * factor:.3g} {unit}" if seconds * factor < 999.5 else f"{seconds * factor:,.0f} {unit}"
