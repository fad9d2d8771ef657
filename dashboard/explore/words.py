"""What the Explore page says of a field, its series and its variable."""

import math
from collections.abc import Mapping
from html import escape

from backends.fields.areas import areas_known
from backends.fields.field import Series
from backends.fields.fills import Fills
from backends.fields.picture import Picture
from backends.pictures.field import place_label
from dashboard.plots.marked import sign
from dashboard.theme import PICKED, number, units_label

HINT = "Click the map to draw the series at a place; drag to pan or to turn the globe, scroll to zoom, hover to read values."


def heading(picture: Picture) -> str:
    """Return title, unit, valid time, level and member of a picture."""
    variable = picture.field.variable
    units = f" [{escape(units_label(variable.units))}]" if variable.units else ""
    when = f'<span class="when">{escape(picture.field.caption)}</span>'
    return f'<div class="heading"><h2>{escape(variable.title)}{units}</h2>{when}</div>'


def facts(picture: Picture, units: str) -> str:
    """Return range, mean, missing values and grid of a picture."""
    here, mesh = picture.here, picture.field.variable.mesh
    missing = f"{here.missing:,} of {here.missing + here.count:,}" if here.missing else "none"
    said = {
        "min": f"{number(here.min)} {units}",
        "mean by area" if areas_known(mesh) else "mean of points": known(here.mean, units),
        "max": f"{number(here.max)} {units}",
        "missing": missing,
        "grid": f"{mesh.kind}, {' × '.join(f'{n:,}' for n in mesh.shape)}",
    }
    cells = (f'<span><span class="name">{name}</span><b>{escape(text)}</b></span>' for name, text in said.items())
    remarks = "".join(f'<div class="stale">{escape(remark)}</div>' for remark in fill_remarks(picture.fills))
    return f'<div class="facts">{"".join(cells)}</div>{remarks}'


def known(value: float, units: str) -> str:
    """Return a number with its unit; a dash where there is none, as of a mean of directions that cancel."""
    return f"{number(value)} {units}" if math.isfinite(value) else "–"


def fill_remarks(fills: Fills) -> list[str]:
    """Return a sentence for each number that looks like a fill value."""
    return [
        f"{count:,} {'values' if count > 1 else 'value'} of {number(value, 6)} {'look' if count > 1 else 'looks'} like a fill "
        "value that the file does not declare as missing."
        for value, count in fills
    ]


def legend(series: list[Series]) -> str:
    """Return the places of series with their markers, or how to choose some."""
    if not series:
        return f'<div class="hint">{HINT}</div>'
    entries = (f"<span>{sign(color)}{escape(place_label(s))}</span>" for s, color in zip(series, PICKED, strict=False))
    return f'<div class="facts panel-title">{"".join(entries)}</div>'


def attributes(name: str, attributes: Mapping[str, str], dims: tuple[str, ...], shape: tuple[int, ...]) -> str:
    """Return a table of what a file says of a variable."""
    rows = {"name": name, "dimensions": " × ".join(f"{d} {n}" for d, n in zip(dims, shape, strict=True))}
    rows |= {key: value for key, value in attributes.items() if value and not key.startswith("GRIB_")}
    rows |= {key: value for key, value in attributes.items() if value and key.startswith("GRIB_")}
    lines = (f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in rows.items())
    return f'<table class="about">{"".join(lines)}</table>'
