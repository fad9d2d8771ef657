"""Observations of one variable as they are kept: their map, their counts, and their departures from a model."""

from dataclasses import dataclass

import numpy as np

from backends.fields.raster import Raster
from backends.observations import parquet
from backends.observations.linked import Linked
from backends.observations.mapped import Drawing as MapDrawing
from backends.observations.mapped import Drawn, drawn
from backends.observations.overview import Overview, overview
from backends.observations.schema import LEVELS, QUALITIES, QUANTITY_NAMES, UNKNOWN, title
from backends.observations.table import Table as Observed
from backends.pictures.drawing import (
    Bars,
    Colours,
    Curve,
    Drawing,
    Exhibit,
    LinePanel,
    MapPanel,
    NamedBars,
    Points,
    labelled,
)  # fmt: skip
from backends.pictures.observation_numbers import dataset, rows, statistics, summary_of
from backends.pictures.style import (
    ANALYSIS,
    BACKGROUND,
    DIVERGING,
    NEUTRAL,
    OBSERVATIONS,
    QUALITY_COLOURS,
    VIRIDIS,
    FieldStyle,
    limits_of,
    style_named,
    units_label,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Seen:
    """What is looked at of the observations of one variable: their map, and all that is counted of those that are chosen."""

    asked: MapDrawing
    drawn: Drawn
    found: Overview

    @property
    def table(self) -> Observed:
        """The observations, whether chosen or not."""
        return self.asked.of.table

    @property
    def variable(self) -> str:
        """Its name."""
        column = self.table.variable
        return column.names[column.codes[0]]

    @property
    def chosen(self) -> Observed:
        """The observations that fit all that was chosen."""
        rows = Linked(self.table, self.asked.selection).rows()
        return self.table if rows.all() else self.table.take(rows)


def observations(asked: MapDrawing, limits: tuple[float, float]) -> Exhibit:
    """Return the observations of one variable as they are kept; the numbers are those of the chosen ones.

    Parameters
    ----------
    asked
        What the map shows, and what is chosen.
    limits
        Of the colours of values and departures.
    """
    made: list[Seen] = []

    def seen() -> Seen:
        if not made:
            made.append(Seen(asked, drawn(asked), overview(asked.of.table, Linked(asked.of.table, asked.selection))))
        return made[0]

    return Exhibit(
        lambda: _drawing(seen(), limits),
        lambda: dataset(seen().chosen, seen().variable),
        {"csv": lambda: rows(seen().chosen, seen().variable), "statistics.csv": lambda: statistics(seen().found)},
        {"parquet": lambda path: parquet.write(seen().chosen, path)},
    )


# The picture ----------------------------------------------------------------------------------------------------------


def _drawing(seen: Seen, limits: tuple[float, float]) -> Drawing:
    found, table = seen.found, seen.table
    units = table.units.get(seen.variable, "")
    units = "" if units == "1" else units_label(units)
    few = f"{found.chosen:,} of {found.rows:,}" if found.chosen < found.rows else f"{found.rows:,}"
    head = f"{title(seen.variable).capitalize()}{units and f' [{units}]'} · {few} observations · {table.source}"
    panels = [_map(seen, limits, units), *_counts(found), *_departures(found, units)]
    return Drawing(head, panels, columns=3, wide=1)


def _map(seen: Seen, limits: tuple[float, float], units: str) -> MapPanel:
    asked, shown, colour = seen.asked, seen.drawn, seen.asked.colour
    style = style_named(seen.variable.replace("_", " "))
    colours = _colours(colour, style, seen, limits, units)
    pixels, under = shown.picture.raster, shown.under
    window = asked.window or shown.area
    points = None
    if pixels is None:
        p = shown.picture
        points = Points(p.x, p.y, p.values.astype(float))
        nothing = np.full((2, 2), np.nan)
        pixels = Raster(nothing, window.west, window.east, window.south, window.north)
        if under is not None:
            own = None if colour == "value" else colours
            points = Points(p.x, p.y, p.values.astype(float), colours=own)
            held = colours.limits if colour == "value" else limits_of(style, under.values)
            pixels, colours = under, Colours(style.palette, held, labelled(title(seen.variable), units))
    elif colour == "number":
        with np.errstate(divide="ignore", invalid="ignore"):
            powers = np.where(pixels.values > 0, np.log10(pixels.values), np.nan)
        pixels = Raster(powers, pixels.west, pixels.east, pixels.south, pixels.north)
    name = f"{shown.picture.count:,} observations in view" + (
        "" if points is not None else ", counted in pixels" if colour == "number" else ", means in pixels"
    )
    return MapPanel(
        name, pixels, colours.palette, colours.limits, colours.label, points, asked.projection, seen=window,
        clear=under is None,
    )  # fmt: skip


def _colours(colour: str, style: FieldStyle, seen: Seen, limits: tuple[float, float], units: str) -> Colours:
    if colour == "quality":
        classes = ", ".join(f"{k} {name}" for k, name in enumerate(QUALITIES))
        return Colours(QUALITY_COLOURS, (-0.5, len(QUALITIES) - 0.5), f"quality: {classes}")
    if colour == "number":
        counts = seen.drawn.picture.raster
        most = 2.0 if counts is None else max(2.0, float(np.nanmax(counts.values, initial=0)))
        return Colours(VIRIDIS, (0.0, float(np.log10(most))), "log₁₀ of the number in a pixel")
    palette = style.palette if colour == "value" else DIVERGING
    name = title(seen.variable) if colour == "value" else QUANTITY_NAMES[colour]
    return Colours(palette, limits, labelled(name, units))


def _counts(found: Overview) -> list[LinePanel | NamedBars]:
    """Return how many there are by report type, through time and by level."""
    panels: list[LinePanel | NamedBars] = []
    if found.report_types:
        names = sorted(found.report_types, key=lambda name: found.report_types[name])
        counts = np.array([found.report_types[name] for name in names])
        panels.append(NamedBars("By report type", "number", [name or "without a type" for name in names], counts, OBSERVATIONS))
    starts, counts = found.times
    if len(starts):
        step = starts[1] - starts[0] if len(starts) > 1 else np.timedelta64(3600, "s")
        bars = Bars("", OBSERVATIONS, starts, starts + step, counts)
        panels.append(LinePanel("Through time", "time (UTC)", "number", [], bars=[bars]))
    if found.levels is not None:
        name, level_units, factor = LEVELS[found.levels.kind]
        edges = factor * found.levels.edges
        bars = Bars("", OBSERVATIONS, edges[:-1], edges[1:], found.levels.counts, flat=True)
        panels.append(
            LinePanel("By level", "number", labelled(name, level_units), [], bars=[bars], y_limits=_level_limits(found, edges))
        )
    return panels


def _level_limits(found: Overview, edges: np.ndarray) -> tuple[float, float]:
    """Return the ends of the axis of levels, of which pressure grows downward."""
    assert found.levels is not None
    low, high = float(edges[0]), float(edges[-1])
    return (high, low) if found.levels.kind == "pressure" else (low, high)


def _departures(found: Overview, units: str) -> list[LinePanel]:
    """Return a histogram of each quantity, and mean and spread of the departures against level."""
    panels = []
    for name, (edges, counts) in found.histograms.items():
        bars = [Bars("all", NEUTRAL, edges[:-1], edges[1:], counts)]
        if judged(found):
            bars.append(Bars("passed", OBSERVATIONS, edges[:-1], edges[1:], found.passed[name]))
        heading = QUANTITY_NAMES[name][:1].upper() + QUANTITY_NAMES[name][1:]
        panels.append(LinePanel(heading, labelled(QUANTITY_NAMES[name], units), "number", [], bars=bars))
    if found.levels is None or not {"background", "analysis"} & set(found.histograms):
        return panels
    name, level_units, factor = LEVELS[found.levels.kind]
    edges = factor * found.levels.edges
    at: np.ndarray = factor * found.levels.at
    curves: list[Curve] = []
    for what, colour in (("background", BACKGROUND), ("analysis", ANALYSIS)):
        if what in found.histograms:
            of = [summary_of(d, what, judged(found)) for d in found.levels.departures]
            curves.append(Curve(f"{QUANTITY_NAMES[what]} mean", colour, np.array([s.mean for s in of]), at))
            std = np.array([s.std for s in of])
            curves.append(Curve(f"{QUANTITY_NAMES[what]} standard deviation", colour, std, at, style="--"))
    words = "Mean and standard deviation against level" + (", of those that passed" if judged(found) else "")
    panels.append(
        LinePanel(
            words, labelled("departure", units), labelled(name, level_units), curves, y_limits=_level_limits(found, edges)
        )
    )
    return panels


def judged(found: Overview) -> bool:
    """Return whether any observation was judged by quality control."""
    return bool(found.qualities[UNKNOWN] < found.qualities.sum())
