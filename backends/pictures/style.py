"""Colours, colour maps, limits and units of what is drawn: one table for the pages and for pictures that are kept."""

import math
import re
from dataclasses import dataclass, replace

import colorcet
import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from backends.fields.circular import is_circular
from backends.fields.field import Statistics, Variable, statistics

#: The same four colours for the same four things on every page, in both modes (colour-blind safe, Okabe and Ito, 2008).
TRUTH, BACKGROUND, OBSERVATIONS, ANALYSIS = "#009E73", "#E69F00", "#CC79A7", "#0072B2"
#: Colours of points that a person picks on a map, in the order of picking.
PICKED = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C564B")
#: Of the methods, in their order. Among all choices from published colour-blind-safe sets (Okabe and Ito, 2008; Tol, 2021;
#: Petroff, 2021) these lie as far apart as they can under normal, red-, green- and blue-blind sight, and from the colours of
#: truth and observations, and are seen on white and on dark paper.
METHOD_COLOURS = ("#0072B2", "#C44601", "#33BBEE", "#AA3377", "#E69F00", "#B9AC70")
#: Of curves in one figure, in their order; apart from each other for colour-blind eyes and on both papers.
CURVE_COLOURS = ("#0072B2", "#C44601", "#009E73", "#AA3377", "#E69F00", "#33BBEE")
#: The marker of each colour that curves have, in matplotlib's letters, for who does not see the colour; curves in a neutral
#: colour have none. All are among the filled ones that Bokeh has, so that pages draw them, too; colours that are alike, of
#: which no figure has both, share one.
MARKERS = dict(
    zip(
        (*METHOD_COLOURS, TRUTH, OBSERVATIONS, "#D55E00", "#56B4E9", "#7A5195", "#8C564B"),
        ("o", "s", "^", "D", "v", "h", "P", "*", "s", "^", "D", "h"),
        strict=True,
    )
)
#: Dashes of a line by what it is of, for who does not see its colour: lengths drawn and left out in turn, in widths of the
#: line, so short that the little piece in a legend tells which. What is sought, the analysis or a network's answer, is drawn
#: in full.
DASHES: dict[str, tuple[float, ...]] = {
    "truth": (1.0, 1.3), "background": (3.0, 1.5), "analysis": (), "exact": (4.5, 1.5, 1.0, 1.5), "network": (),
    "other": (2.0, 3.0),
}  # fmt: skip
#: What stands for a missing value on a map.
MISSING = "#9e9e9e"
#: Lines and outlines that have to be seen on the light and on the dark page.
NEUTRAL = "#888888"
#: Observations that quality control has rejected, and values that should not be.
REJECTED = "#D55E00"

#: Part of a step of colour limits that values may lie beyond them.
ROUNDING = 1e-6

#: Of the classes of quality of observations, in their order: unknown, passed, suspicious, rejected.
QUALITY_COLOURS = (MISSING, TRUTH, "#E69F00", REJECTED)

DIVERGING = tuple(colorcet.CET_D1A)
VIRIDIS = tuple(map(to_hex, matplotlib.colormaps["viridis"](range(256))))


@dataclass(frozen=True)
class FieldStyle:
    """How a variable is drawn.

    Attributes
    ----------
    palette
        Colours from the least to the greatest value.
    symmetric
        Whether the limits lie evenly about zero.
    from_zero
        Whether the lower limit is zero.
    cycle
        Whether the colours run once round a circle, from 0 to so much, whatever the values are; 0 where they do not.
    """

    palette: tuple[str, ...] = VIRIDIS
    symmetric: bool = False
    from_zero: bool = False
    cycle: float = 0.0


#: Of what lies about zero, and of what is never below it: differences and spreads.
DIFFERENCE, SPREAD = FieldStyle(DIVERGING, symmetric=True), FieldStyle(from_zero=True)
#: By what occurs in a variable's CF standard name, long name or short name; the first that fits counts.
STYLES = (
    (r"wind speed|wind_speed|gust", FieldStyle(tuple(colorcet.CET_L17), from_zero=True)),
    (r"wind.(from.)?direction", FieldStyle(tuple(colorcet.CET_C6), cycle=360.0)),
    (r"dew.?point.depression", FieldStyle(tuple(colorcet.CET_L10), from_zero=True)),
    (r"temperature|dew_?point|\bt2m\b|\bair\b", FieldStyle(tuple(colorcet.bmy))),
    (r"(east|north|upw)ward|component of wind|vorticity|divergence|\b[uv](10)?\b", DIFFERENCE),
    (r"precipitation|rain|snow|\btp\b", FieldStyle(tuple(colorcet.CET_L12), from_zero=True)),
    (r"humidity|cloud|mixing ratio", FieldStyle(tuple(colorcet.CET_L12))),
)


def style_of(variable: Variable) -> FieldStyle:
    """Return the style of a variable, by its names."""
    style = style_named(f"{variable.standard_name} {variable.long_name} {variable.name}")
    # The circle is that of degrees.
    return replace(style, cycle=0.0, from_zero=True) if style.cycle and not is_circular(variable) else style


def style_named(text: str) -> FieldStyle:
    """Return the style of what has such a name."""
    return next((style for pattern, style in STYLES if re.search(pattern, text.lower())), FieldStyle())


def limits(style: FieldStyle, usual: Statistics) -> tuple[float, float]:
    """Return colour limits that hold all usual values, on round numbers; 0 to 1 where there are no values."""
    if style.cycle:
        return 0.0, style.cycle  # on part of the circle its two ends would have one colour, and neighbours two
    if not usual.count:
        return 0.0, 1.0
    low, high = usual.min, usual.max
    if style.symmetric:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    if style.from_zero:
        low = min(0.0, low)
    if high <= low:  # a constant field still needs a range to be drawn in
        high = low + (abs(low) * 0.1 or 1.0)
    power = math.floor(math.log10(high - low)) - 1
    step = 10.0**power
    # What misses a round number by the rounding of floating point alone is that number.
    low, high = math.floor(low / step + ROUNDING) * step, math.ceil(high / step - ROUNDING) * step
    return round(low, -power), round(high, -power)


def limits_of(style: FieldStyle, values: np.ndarray) -> tuple[float, float]:
    """Return colour limits that hold all finite values of an array."""
    return limits(style, statistics(np.asarray(values, dtype=float)))


def squared_label(units: str) -> str:
    """Return the square of a unit as it is written in print."""
    return f"{units}²" if units.isalpha() else f"({units})²" if units else ""


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def units_label(units: str) -> str:
    """Return a unit as it is written in print: ``m**2 s**-2`` and ``m2 s-2`` become ``m² s⁻²``."""
    if units in {"degK", "Kelvin", "kelvin"}:
        return "K"
    units = re.sub(r"^1e-?(\d+) ", lambda power: "10⁻" + power.group(1).translate(SUPERSCRIPT) + " ", units)
    units = re.sub(r"\*\*|\^", "", units)
    return re.sub(r"(?<=[A-Za-z])-?\d+", lambda power: power.group().translate(SUPERSCRIPT), units)
