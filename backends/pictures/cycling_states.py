"""The panels with the states of a race, for each layout of states."""

from itertools import combinations

import numpy as np

from backends.experiments.cycling.layout import Layout
from backends.experiments.cycling.view import RaceView
from backends.fields.field import statistics
from backends.fields.raster import Raster
from backends.pictures.drawing import Curve, LinePanel, MapPanel, Points, labelled
from backends.pictures.style import (  # fmt: skip
    ANALYSIS,
    BACKGROUND,
    DASHES,
    DIFFERENCE,
    METHOD_COLOURS,
    NEUTRAL,
    OBSERVATIONS,
    SPREAD,
    TRUTH,
    FieldStyle,
    limits,
    limits_of,
)

#: Newest cycles whose states are shown, by the kind of layout.
HISTORY = {"phase": 250, "ring": 150, "plane": 0}
#: How far axes and colours reach, in standard deviations of the climate.
REACH = 3.5
#: States of a trail; planes of components that are drawn; share of errors that the colours of errors hold.
TRAIL, MOST_PLANES, USUAL = 40, 3, 0.98
#: Maps of a plane and their titles, in their order.
TITLES = {
    "truth": "Truth", "background": "Background", "analysis": "Analysis", "increment": "Analysis − background",
    "spread": "Spread",
}  # fmt: skip
STATE = FieldStyle()


def state_panels(
    seen: RaceView, layout: Layout, mean: np.ndarray, spread: np.ndarray, field: int = 0
) -> list[LinePanel | MapPanel]:
    """Return the panels of the states; mean and standard deviation (n,) of the climate say how far they reach.

    Parameters
    ----------
    seen
        The moment, with the history that :data:`HISTORY` asks for.
    layout
        Of the states.
    mean, spread
        Of the climate.
    field
        Number of the field that is shown, where there are several.
    """
    if layout.kind == "phase":
        return list(_phase(seen, layout))
    if layout.kind == "ring":
        typical, reach = float(mean.mean()), REACH * float(np.sqrt((spread**2).mean()))
        return [
            _ring(seen, layout, (typical - reach, typical + reach)),
            *_hovmoller(seen, layout, (typical - reach, typical + reach)),
        ]
    part = slice(field * layout.size, (field + 1) * layout.size)
    low, high = (
        float((mean[part] - REACH * spread[part]).min()) if layout.signed[field] else 0.0,
        float((mean[part] + REACH * spread[part]).max()),
    )
    return list(_maps(seen, layout, field, (low, high)))


def _phase(seen: RaceView, layout: Layout) -> list[LinePanel]:
    """Return trails of truth and analyses, and the members of the chosen method, in planes of two components each."""
    if seen.history is None or not len(seen.history.cycles):
        return []
    trails: list[tuple[str, str, np.ndarray | None]] = [("truth", TRUTH, seen.history.truth)]
    for k, (label, states) in enumerate(zip(seen.labels, seen.history.analyses, strict=True)):
        trails.append((label, METHOD_COLOURS[k % len(METHOD_COLOURS)], states))
    members = seen.methods[seen.chosen].members_analysis
    panels = []
    for a, b in list(combinations(range(layout.size), 2))[:MOST_PLANES]:
        curves = []
        for label, colour, states in trails:
            if states is not None:
                x, y = states[-TRAIL:, a], states[-TRAIL:, b]
                dashes = DASHES["truth"] if colour == TRUTH else ()
                curves += [
                    Curve(label, colour, x, y, width=1.0, dashes=dashes),
                    Curve("_now", colour, x[-1:], y[-1:], style="o"),
                ]
        points = None if members is None else Points(members[:, a], members[:, b], label="members", colour=NEUTRAL)
        title = f"Newest {len(seen.history.truth[-TRAIL:])} cycles"
        panels.append(LinePanel(title, layout.names[a], layout.names[b], curves, points))
    return panels


def _ring(seen: RaceView, layout: Layout, reach: tuple[float, float]) -> LinePanel:
    """Return the newest states round the ring, and the observations."""
    x, chosen = np.arange(layout.size), seen.methods[seen.chosen]
    curves = []
    if chosen.analysis is not None and chosen.spread is not None:
        low, high = chosen.analysis - 2 * chosen.spread, chosen.analysis + 2 * chosen.spread
        curves.append(Curve("±2 spreads", ANALYSIS, x, chosen.analysis, low, high))
    states = (
        ("truth", TRUTH, seen.truth),
        ("background", BACKGROUND, chosen.background),
        ("analysis", ANALYSIS, chosen.analysis),
    )
    curves += [Curve(name, colour, x, values, dashes=DASHES[name]) for name, colour, values in states if values is not None]
    points = Points(seen.observed, seen.values, label="observations", colour=OBSERVATIONS, error=seen.sigma)
    return LinePanel("Newest states", layout.axes[0], layout.names[0], curves, points, y_limits=reach)


def _hovmoller(seen: RaceView, layout: Layout, reach: tuple[float, float]) -> list[MapPanel]:
    """Return truth, analysis and its error against place and cycle."""
    history = seen.history
    analysis = None if history is None else history.analyses[seen.chosen]
    if history is None or analysis is None or not len(history.cycles):
        return []
    error = analysis - history.truth
    known = np.abs(error[np.isfinite(error)])
    usual = float(np.quantile(known, USUAL)) if known.size else 1.0
    south, north, east = history.cycles[0] - 0.5, history.cycles[-1] + 0.5, history.truth.shape[1] - 0.5
    shown = (
        ("Truth", history.truth, STATE, reach), ("Analysis", analysis, STATE, reach),
        ("Analysis − truth", error, DIFFERENCE, limits(DIFFERENCE, statistics(np.array([-usual, usual])))),
    )  # fmt: skip
    return [
        MapPanel(name, Raster(values, -0.5, east, south, north), style.palette, held, layout.names[0],
                 axes=("point", "cycle"), geographic=False)
        for name, values, style, held in shown
    ]  # fmt: skip


def _maps(seen: RaceView, layout: Layout, field: int, reach: tuple[float, float]) -> list[MapPanel]:
    """Return maps of truth, background, analysis, increment and spread of one field."""
    chosen, size = seen.methods[seen.chosen], layout.size
    quantity = labelled(layout.names[field], layout.units[field])
    states = {"truth": seen.truth, "background": chosen.background, "analysis": chosen.analysis, "spread": chosen.spread}
    fields = {
        name: values[field * size : (field + 1) * size].reshape(layout.shape)
        for name, values in states.items()
        if values is not None
    }
    if "background" in fields and "analysis" in fields:
        fields["increment"] = fields["analysis"] - fields["background"]
    x, y, values = _observed(seen, layout, field)
    panels = []
    for name, title in TITLES.items():
        if name not in fields:
            continue
        style, held = STATE, reach
        if name in ("increment", "spread"):
            style = DIFFERENCE if name == "increment" else SPREAD
            held = limits_of(style, fields[name])
        points = Points(x, y, values if style is STATE else None)
        raster = Raster(fields[name], *layout.edges)
        panels.append(
            MapPanel(
                title, raster, style.palette, held, quantity, points, axes=(layout.axes[0], layout.axes[1]),
                geographic=False, true_to_scale=layout.true_to_scale,
            )
        )  # fmt: skip
    return panels


def _observed(seen: RaceView, layout: Layout, field: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, y and values of the observations of a field."""
    here = seen.observed // layout.size == field
    rows, columns = layout.shape
    west, east, south, north = layout.edges
    points = seen.observed[here] % layout.size
    x = west + (points % columns + 0.5) * (east - west) / columns
    y = south + (points // columns + 0.5) * (north - south) / rows
    return x, y, seen.values[here]
