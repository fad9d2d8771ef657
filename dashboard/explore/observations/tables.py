"""Tables of numbers, chips of what is chosen, and the card of a report: markup of our own round escaped text of files."""

from collections.abc import Iterable, Mapping
from html import escape

import numpy as np

from backends.fields.field import time_label
from backends.observations.card import Card, shown
from backends.observations.linked import ASPECTS
from backends.observations.overview import Levels, Overview
from backends.observations.schema import LEVEL_KINDS, LEVELS, QUALITIES, QUANTITY_NAMES, REPORT_TYPES, UNKNOWN, title
from backends.observations.selection import Selection
from backends.observations.statistics import Summary
from backends.observations.table import Table
from dashboard.theme import number, units_label


def statistics_table(overview: Overview, units: str) -> str:
    """Return n, minimum, mean, maximum and standard deviation of all, and of those that passed where quality was controlled."""
    judged = overview.qualities[UNKNOWN] < overview.qualities.sum()
    rows = []
    for name, (every, passed) in overview.statistics.items():
        rows.append(_row(f"{QUANTITY_NAMES[name]}, all" if judged else QUANTITY_NAMES[name], every, units))
        rows += [_row(f"{QUANTITY_NAMES[name]}, passed", passed, units)] if judged else []
    return _table(("", "n", "minimum", "mean", "maximum", "standard deviation"), rows)


def _row(name: str, s: Summary, units: str) -> tuple[str, ...]:
    values = (f"{number(v)} {units}" if np.isfinite(v) else "–" for v in (s.min, s.mean, s.max, s.std))
    return (name, f"{s.n:,}", *values)


def regions_table(overview: Overview, units: str) -> str:
    """Return bias and standard deviation by region and report type, of those that passed, or of all where none was judged."""
    rows = []
    judged = overview.qualities[UNKNOWN] < overview.qualities.sum()
    for (region, kind), d in overview.regions.items():
        cells = []
        for every, good in ((d.background, d.background_passed), (d.analysis, d.analysis_passed)):
            passed = good if judged else every
            cells += [f"{every.n:,}", f"{good.n:,}"]
            cells += [
                f"{number(passed.mean)} {units}" if passed.n else "–",
                f"{number(passed.std)} {units}" if passed.n else "–",
            ]
        rows.append((region, kind or "without a type", *cells))
    if not rows:
        return '<div class="hint">No observation has O−B or O−A.</div>'
    head = (
        "region",
        "report type",
        *(f"{q} {what}" for q in ("O−B", "O−A") for what in ("n", "passed", "mean", "standard deviation")),
    )
    return _table(head, rows)


def levels_table(levels: Levels, units: str, judged: bool) -> str:
    """Return n, minimum, mean, maximum and standard deviation by layer, of those that passed, of all where none was judged."""
    rows = []
    for k, d in enumerate(levels.departures):
        ends = (float(levels.edges[k]), float(levels.edges[k + 1]))
        for name, one in (
            ("O−B", d.background_passed if judged else d.background),
            ("O−A", d.analysis_passed if judged else d.analysis),
        ):
            if one.n:
                rows.append((level_range(levels.kind, ends), name, *_row("", one, units)[1:]))
    if not rows:
        return ""
    return _table(
        ("layer, passed only" if judged else "layer", "", "n", "minimum", "mean", "maximum", "standard deviation"), rows
    )


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    titles = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = (
        f"<tr><th>{escape(first)}</th>" + "".join(f"<td>{escape(text)}</td>" for text in rest) + "</tr>"
        for first, *rest in rows
    )
    return f'<table class="numbers"><tr>{titles}</tr>{"".join(lines)}</table>'


def chips(selection: Selection, units: str) -> dict[str, str]:
    """Return what is chosen, in words, by what it is chosen by (`linked.ASPECTS`)."""
    s = selection
    words = {
        "place": "" if s.box is None else place_range(s.box),
        "value": "" if s.within is None else f"{QUANTITY_NAMES[s.within[0]]} {_span(s.within[1:])} {units}",
        "level": "" if s.levels is None or s.level_kind is None else level_range(s.level_kind, s.levels),
        "report type": ", ".join(name or "without a type" for name in s.report_types),
        "time": "" if s.start is None or s.end is None else f"{time_label(s.start)} to {time_label(s.end)}",
        "quality": ", ".join(s.qualities),
        "station": ", ".join(s.stations),
    }
    return {aspect: words[aspect] for aspect in ASPECTS if words[aspect]}


def place_range(box: tuple[float, float, float, float]) -> str:
    """Return a box in words."""
    west, east, south, north = box
    return f"{_degrees(south, 'NS')} to {_degrees(north, 'NS')}, {_degrees(west, 'EW')} to {_degrees(east, 'EW')}"


def _degrees(value: float, letters: str) -> str:
    value = (value + 180) % 360 - 180 if letters == "EW" and abs(value) > 180 else value
    return f"{abs(value):.2f}°{letters[value < 0]}"


def _span(ends: tuple[float, float]) -> str:
    return f"{number(ends[0])} to {number(ends[1])}"


def level_range(kind: str, ends: tuple[float, float]) -> str:
    """Return a range of levels in words."""
    name, units, factor = LEVELS[kind]
    return f"{name} {_span((factor * ends[0], factor * ends[1]))} {units}".strip()


def level_text(table: Table, row: int) -> str:
    """Return the level of a row in words; nothing where it has none."""
    kind = LEVEL_KINDS[table.level_kind[row]]
    if kind == "none" or not np.isfinite(table.level[row]):
        return ""
    name, units, factor = LEVELS[kind]
    text = f"{number(factor * float(table.level[row]))} {units}".strip()
    return text if units == "hPa" else f"{name} {text}"


def place_text(table: Table, row: int) -> str:
    """Return the place of a row as it was reported."""
    latitude, longitude = float(table.latitude[row]), float(table.longitude[row])
    if not np.isfinite([latitude, longitude]).all():
        return "unknown"
    return f"{_degrees(latitude, 'NS')} {_degrees(longitude, 'EW')}"


def time_text(table: Table, row: int) -> str:
    """Return the time of a row in words."""
    time = table.time[row]
    return "time unknown" if np.isnat(time) else time_label(time)


def value_text(table: Table, row: int) -> str:
    """Return the value of a row with its unit."""
    name = table.variable.names[table.variable.codes[row]]
    return f"{number(float(table.value[row]))} {unit_text(table, name)}".strip()


def unit_text(table: Table, variable: str) -> str:
    """Return the unit of a variable as it is printed; nothing for pure numbers."""
    units = table.units.get(variable, "")
    return "" if units == "1" else units_label(units)


def departure_text(table: Table, row: int) -> str:
    """Return O−B and O−A of a row, as far as they are there."""
    both = {"O−B": table.background_departure[row], "O−A": table.analysis_departure[row]}
    return ", ".join(f"{name} {number(float(d))}" for name, d in both.items() if np.isfinite(d))


def report_text(table: Table, row: int) -> str:
    """Return the station and the report type of a row."""
    station, kind = table.station.names[table.station.codes[row]], table.report_type.names[table.report_type.codes[row]]
    return f"{station or 'without a name'} · {REPORT_TYPES.get(kind, kind) or 'without a type'}"


def pointer_columns(table: Table, rows: np.ndarray) -> Mapping[str, list[str]]:
    """Return the texts that the pointer shows of points."""
    return {
        "what": [", ".join(filter(None, (value_text(table, k), departure_text(table, k)))) for k in rows],
        "report": [report_text(table, k) for k in rows],
        "when": [f"{time_text(table, k)} · {QUALITIES[table.quality[k]]}" for k in rows],
        "level": [level_text(table, k) for k in rows],
    }


def card_text(card: Card) -> str:
    """Return the card of a report: its station, and all that it observed."""
    t, k = card.table, card.row
    kind = t.report_type.names[t.report_type.codes[k]]
    name = t.station.names[t.station.codes[k]] or "without a name"
    height = f"{number(float(t.height[k]))} m" if np.isfinite(t.height[k]) else "unknown"
    facts = {
        "type": f"{kind} ({REPORT_TYPES[kind]})" if kind in REPORT_TYPES else kind or "without a type",
        "place": place_text(t, k),
        "height of the station": height,
        "time": time_text(t, k),
    }
    lines = "".join(f"<tr><th>{a}</th><td>{escape(b)}</td></tr>" for a, b in facts.items())
    rows = shown(card)
    columns = {
        "variable": [title(t.variable.names[t.variable.codes[r]]) for r in rows],
        "level": [level_text(t, r) for r in rows],
        "value": [value_text(t, r) for r in rows],
        "departures": [departure_text(t, r) for r in rows],
        "quality": [QUALITIES[t.quality[r]] for r in rows],
    }
    columns = {name: texts for name, texts in columns.items() if any(texts)}
    more = f'<div class="hint">{len(t) - len(rows):,} more values in this report.</div>' if len(rows) < len(t) else ""
    return (
        f'<div class="panel-title">Station {escape(name)}</div><table class="about">{lines}</table>'
        f"<div style='max-height: 260px; overflow-y: auto' tabindex='0' aria-label='Values of the report'>"
        f"{_table(columns, zip(*columns.values(), strict=True))}{more}</div>"
    )
