"""Histogram and power spectrum of a field as they are kept: the Statistics tab of the Explore page, and its script."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.fields.distribution import Histogram, Power, slope_line
from backends.fields.field import Field
from backends.fields.quality import Quality
from backends.fields.summary import Spectrum, Summary
from backends.pictures.cf import about, place_of
from backends.pictures.drawing import Bars, Curve, Drawing, Exhibit, LinePanel, NamedBars, Table, labelled
from backends.pictures.explore_script import ExploreScript, Source
from backends.pictures.style import ANALYSIS, BACKGROUND, NEUTRAL, squared_label, units_label

if TYPE_CHECKING:
    import xarray as xr

#: Slopes that are drawn to compare: of quasi-geostrophic turbulence (Charney, 1971), and of Kolmogorov's inertial range.
SLOPES = ((-3.0, "k⁻³", NEUTRAL, "--"), (-5 / 3, "k⁻⁵ᐟ³", BACKGROUND, ":"))

#: Part of the greatest power below which there is nothing but the rounding of single precision.
ROUNDING = 1e-13


def statistics_of(field: Field, found: Summary, log: bool = False) -> Exhibit:
    """Return the statistics of a field; `log` is of the shares in the histogram."""
    return Exhibit(lambda: _drawing(field, found, log), lambda: _data(field, found), {"csv": lambda: statistics_table(found)})


def numbers(quality: Quality) -> dict[str, float]:
    """Return what counts and describes the values of a field, by name."""
    q = quality
    return {
        "values": q.count, "missing": q.missing, "infinite": q.infinite, "minimum": q.min, "median": q.median,
        "maximum": q.max, "spread": q.spread, "outliers": q.outliers,
    }  # fmt: skip


def _drawing(field: Field, found: Summary, log: bool) -> Drawing:
    variable, q = field.variable, found.quality
    units = units_label(variable.units)
    panels: list[LinePanel | NamedBars] = []
    if isinstance(found.histogram, Histogram):
        panels.append(_histogram(found.histogram, labelled(variable.title, units), log))
    if isinstance(found.power, Power):
        panels.append(_spectrum(found.power, units))
    if not panels:
        counted = np.array([float(q.missing), float(q.infinite)])
        panels.append(NamedBars("There are no values", "number", ["missing", "infinite"], counted, NEUTRAL))
    median = f"median of grid points {q.median:.4g} {units}, " if np.isfinite(q.median) else ""
    said = f"{median}{q.min:.4g} to {q.max:.4g} {units}, {q.missing:,} missing".replace("-", "−")
    return Drawing(" · ".join(part for part in (variable.title, field.caption, said) if part), panels, columns=2)


def _histogram(bins: Histogram, quantity: str, log: bool) -> LinePanel:
    bars = Bars("", ANALYSIS, bins.edges[:-1], bins.edges[1:], 100 * bins.share)
    return LinePanel("Histogram", quantity, "share of the area [%]", [], bars=[bars], log=log)


def _spectrum(power: Power, units: str) -> LinePanel:
    curves = [Curve("field", ANALYSIS, power.wavenumber, np.where(power.power > 0, power.power, np.nan))]
    curves += [Curve(name, colour, *slope_line(power, slope), style=style) for slope, name, colour, style in SLOPES]
    known = curves[0].y[np.isfinite(curves[0].y)]
    # What is nothing but rounding must not flatten the rest.
    limits = (max(known.min() / 2, ROUNDING * known.max()), 2 * known.max()) if known.size else None
    variance = labelled("variance", squared_label(units))
    return LinePanel("Power spectrum", power.meaning, variance, curves, y_limits=limits, log=True, log_x=True)


def _data(field: Field, found: Summary) -> "xr.Dataset":
    import xarray as xr

    variable = field.variable
    own, squared = ({"units": variable.units}, {"units": f"({variable.units})2"}) if variable.units else ({}, {})
    held: dict[str, Any] = {}
    for name, value in numbers(found.quality).items():
        has_unit = name in ("minimum", "median", "maximum", "spread")
        held[name] = ((), float(value), {"long_name": f"{name} of the field", **(own if has_unit else {})})
    coordinates = place_of(field)
    if isinstance(found.histogram, Histogram):
        bins = found.histogram
        coordinates["bin"] = ("bin", (bins.edges[:-1] + bins.edges[1:]) / 2, {"long_name": "middle of the bin", **own})
        held["bin_edges"] = (("bin", "end"), np.stack([bins.edges[:-1], bins.edges[1:]], axis=1), own)
        held["count"] = ("bin", bins.count, {"long_name": "values in the bin"})
        held["share"] = ("bin", bins.share, {"long_name": "share of the area", "units": "1"})
    if isinstance(found.power, Power):
        power = found.power
        coordinates["wavenumber"] = ("wavenumber", power.wavenumber, {"long_name": power.meaning})
        held["power"] = ("wavenumber", power.power, {"long_name": "variance by wavenumber", **squared})
    return xr.Dataset(held, coordinates, about(f"Statistics of {variable.title}"))


def statistics_table(found: Summary) -> Table:
    """Return rows of all tables below each other: numbers, histogram, spectrum."""
    rows: list[tuple[str, str, object, object, object]] = [
        ("quality", name, "", "", value) for name, value in numbers(found.quality).items()
    ]
    if isinstance(found.histogram, Histogram):
        bins = found.histogram
        for low, high, count, share in zip(bins.edges[:-1], bins.edges[1:], bins.count, bins.share, strict=True):
            rows += [("histogram", "values", low, high, count), ("histogram", "share of the area", low, high, share)]
    if isinstance(found.power, Power):
        of = zip(found.power.wavenumber, found.power.power, strict=True)
        rows += [("spectrum", "variance", k, k, power) for k, power in of]
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    return Table(["table", "item", "from", "to", "value"], columns)


def statistics_script(source: Source, spectrum: Spectrum, log: bool, name: str) -> str:
    """Return the script of the statistics of a field."""
    out = ExploreScript(source)
    out.use("backends.fields.summary", "summary")
    out.use("backends.pictures.statistics", "statistics_of")
    out.set("SPECTRUM", "How the field is taken apart into waves.", spectrum)
    out.do("shown = dataset.field(VARIABLE, SELECTION)")
    out.do(f"exhibit = statistics_of(shown, summary(shown, SPECTRUM), log={bool(log)})")
    return out.text(name, "nc", "csv")
