"""The numbers of observations as they are kept: one row each, and statistics of their departures from a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.observations.overview import Overview
from backends.observations.schema import LEVEL_KINDS, QUALITIES, QUANTITY_NAMES, title
from backends.observations.selection import quantity
from backends.observations.statistics import Departures, Summary
from backends.observations.table import Table as Observed
from backends.pictures.cf import about
from backends.pictures.drawing import Table, labelled

if TYPE_CHECKING:
    import xarray as xr

#: Rows of a NetCDF file, whose texts take much more room than in Parquet.
MOST_ROWS = 1_000_000
#: Columns of a file of observations, with what they are.
COLUMNS = {
    "height": "height of the station's ground above mean sea level", "level": "level, in the unit of its kind",
    "value": "observed value y", "error": "standard deviation of the observation error that an assimilation assumed",
    "background": "model equivalent H(x_b)", "analysis": "model equivalent H(x_a)",
}  # fmt: skip


def rows(t: Observed, variable: str) -> Table:
    """Return observations of one variable as a table, one row each."""
    units = t.units.get(variable, "")
    headings = [
        "report type", "station", "time (UTC)", "latitude [degrees north]", "longitude [degrees east]", "height [m]",
        "kind of level", "level", labelled(variable, units), *(labelled(name, units) for name in ("error", "H(x_b)", "H(x_a)")),
        *(labelled(QUANTITY_NAMES[name], units) for name in ("background", "analysis")), "quality", "report",
    ]  # fmt: skip
    columns = [
        _texts(t.report_type.names, t.report_type.codes), _texts(t.station.names, t.station.codes), t.time, t.latitude,
        t.longitude, t.height, _texts(LEVEL_KINDS, t.level_kind), t.level, t.value, t.error, t.background, t.analysis,
        *(quantity(t, name) for name in ("background", "analysis")), _texts(QUALITIES, t.quality), t.report,
    ]  # fmt: skip
    return Table(headings, columns)


def _texts(names: Sequence[str], codes: np.ndarray) -> np.ndarray:
    """Return texts that are kept as numbers into a list, (N,)."""
    return np.array(names, dtype=object)[codes]


def summary_of(departures: Departures, what: str, passed: bool) -> Summary:
    """Return the summary of O−B (`background`) or O−A (`analysis`), of all or of those that passed."""
    of: Summary = getattr(departures, f"{what}_passed" if passed else what)
    return of


def statistics(found: Overview) -> Table:
    """Return number, least, mean, greatest and standard deviation of all, layer by layer, and by region and report type."""
    lines: list[tuple[Any, ...]] = []

    def add(what: str, of: str, region: str, report_type: str, layer: tuple[float, float], summary: Summary) -> None:
        low, high = layer
        lines.append((what, of, region, report_type, low, high, summary.n, summary.min, summary.mean, summary.max, summary.std))

    nowhere = (np.nan, np.nan)
    for name, (every, passed) in found.statistics.items():
        add(QUANTITY_NAMES[name], "all", "", "", nowhere, every)
        add(QUANTITY_NAMES[name], "passed", "", "", nowhere, passed)
    for name in ("background", "analysis"):
        for of in ("all", "passed"):
            if found.levels is not None:
                ends = zip(found.levels.edges[:-1], found.levels.edges[1:], strict=True)
                for layer, d in zip(ends, found.levels.departures, strict=True):
                    if (s := summary_of(d, name, of == "passed")).n:
                        add(QUANTITY_NAMES[name], of, "", "", layer, s)
            for (region, kind), d in found.regions.items():
                if (s := summary_of(d, name, of == "passed")).n:
                    add(QUANTITY_NAMES[name], of, region, kind or "without a type", nowhere, s)
    kind = found.levels.kind if found.levels is not None else "none"
    heads = ("of", "observations", "region", "report type", f"{kind} from", f"{kind} to", "n", "minimum", "mean", "maximum")
    columns = [np.array(column, dtype=object if isinstance(column[0], str) else None) for column in zip(*lines, strict=True)]
    return Table([*heads, "standard deviation"], columns)


def dataset(t: Observed, variable: str) -> "xr.Dataset":
    """Return observations of one variable as labelled arrays along one dimension.

    Raises
    ------
    InputError
        If there are more than are handed over.
    """
    import xarray as xr

    if len(t) > MOST_ROWS:
        raise InputError(f"as NetCDF at most {MOST_ROWS:,} observations are handed over, these are {len(t):,}; take Parquet")
    units = t.units.get(variable, "")
    own = {"units": units} if units else {}
    coordinates: dict[str, Any] = {
        "time": ("observation", t.time.astype("datetime64[ns]"), {"standard_name": "time"}),
        "lat": ("observation", t.latitude.copy(), {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("observation", t.longitude.copy(), {"standard_name": "longitude", "units": "degrees_east"}),
    }
    fields: dict[str, Any] = {}
    for name, meaning in COLUMNS.items():
        unit = {"units": "m"} if name == "height" else {} if name == "level" else own
        fields[name] = ("observation", getattr(t, name).copy(), {"long_name": meaning, **unit})
    fields["innovation"] = ("observation", t.background_departure, {"long_name": "O-B = y - H(x_b)", **own})
    fields["residual"] = ("observation", t.analysis_departure, {"long_name": "O-A = y - H(x_a)", **own})
    fields["quality"] = ("observation", t.quality.astype("i1"), _flags("class of quality control", QUALITIES))
    fields["level_kind"] = ("observation", t.level_kind.astype("i1"), _flags("kind of the level", LEVEL_KINDS))
    for name, column in (("report_type", t.report_type), ("station", t.station)):
        fields[name] = ("observation", _texts(column.names, column.codes), {"long_name": name.replace("_", " ")})
    told = about(f"Observations of {title(variable)} from {t.source}")
    return xr.Dataset(fields, coordinates, told | {"featureType": "point", "variable": variable})


def _flags(what: str, names: Sequence[str]) -> dict[str, Any]:
    return {"long_name": what, "flag_values": np.arange(len(names), dtype="i1"), "flag_meanings": " ".join(names)}
