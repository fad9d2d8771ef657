"""The one table of observations: one row for each report, variable and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.fields.circular import is_direction, wrapped
from backends.observations.coded import Coded, joined
from backends.observations.schema import NUMBERS, TEXTS, VARIABLES


@dataclass(frozen=True, eq=False)
class Table:
    """N observations; every column has shape (N,). What is missing is NaN, NaT, or an empty text.

    Attributes
    ----------
    source, format
        Name of the file, and of its format.
    units
        Unit of `value`, `error`, `background` and `analysis` of each variable; SI where `schema.VARIABLES` knows it.
    time
        datetime64[s], UTC.
    latitude, longitude
        float64, degrees north and east; as reported, and thus possibly not on Earth, but for longitudes above 180, from
        which a full turn is taken.
    height
        float32, m above mean sea level: of the station's ground.
    level, level_kind
        float32 in the unit of the kind, NaN where there is none; number into `schema.LEVEL_KINDS`.
    variable, report_type, station
        CF standard name or the file's name; one of `schema.REPORT_TYPES` or the file's; the station's identifier.
    value
        float32, what was observed; always finite.
    error
        float32, standard deviation of the observation error that an assimilation assumed.
    report
        int32, number of the report in the file: rows with the same number were observed together.
    quality
        Number into `schema.QUALITIES`.
    background, analysis
        float32, H(x_b) and H(x_a): the model's equivalents of the observation.

    Raises
    ------
    InputError
        If a column has another length than `value`, or a variable has no unit.
    """

    source: str
    format: str
    units: Mapping[str, str]
    time: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    height: np.ndarray
    level: np.ndarray
    level_kind: np.ndarray
    variable: Coded
    value: np.ndarray
    error: np.ndarray
    report_type: Coded
    station: Coded
    report: np.ndarray
    quality: np.ndarray
    background: np.ndarray
    analysis: np.ndarray

    def __post_init__(self) -> None:
        for name in (*NUMBERS, *TEXTS):
            if len(getattr(self, name)) != len(self.value):
                raise InputError(
                    f"column {name} of {self.source} must have {len(self.value)} rows; came {len(getattr(self, name))}"
                )
        without = [name for name in self.variable.names if name not in self.units]
        if without:
            raise InputError(f"the variables of {self.source} need a unit each; {', '.join(without)} have none")

    def __len__(self) -> int:
        return len(self.value)

    def take(self, which: np.ndarray | slice) -> "Table":
        """Return some of the rows, given by a mask, by numbers, or as a slice, which copies none."""
        return self.with_columns(**{name: self._column(name, which) for name in (*NUMBERS, *TEXTS)})

    def _column(self, name: str, which: np.ndarray | slice) -> np.ndarray | Coded:
        column = getattr(self, name)
        return column.take(which) if isinstance(column, Coded) else column[which]

    def with_columns(self, **columns: Any) -> "Table":
        """Return the table with other columns in the place of some."""
        return Table(**{field.name: getattr(self, field.name) for field in fields(self)} | columns)

    @property
    def background_departure(self) -> np.ndarray:
        """O−B = y − H(x_b), float64, in the variable's unit, NaN without a background; of directions in [−180, 180)."""
        return self._departure(self.background)

    @property
    def analysis_departure(self) -> np.ndarray:
        """O−A = y − H(x_a), float64, in the variable's unit, NaN without an analysis; of directions in [−180, 180)."""
        return self._departure(self.analysis)

    def directions(self) -> np.ndarray:
        """Return which rows are directions in degrees, shape (N,)."""
        circular = np.array([is_direction(name, self.units[name]) for name in self.variable.names], bool)
        return circular[self.variable.codes] if circular.any() else np.zeros(len(self), bool)

    def _departure(self, model: np.ndarray) -> np.ndarray:
        apart, circular = self.value.astype("f8") - model, self.directions()
        return np.where(circular, wrapped(apart), apart) if circular.any() else apart


#: What a column holds where a file has nothing for it.
_MISSING = {"time": np.datetime64("NaT", "s"), "level_kind": 0, "quality": 0, "report": 0}
#: Degrees that a place may lie beyond the Earth by rounding alone.
ROUNDED = 1e-6


def build(source: str, format: str, units: Mapping[str, str] | None = None, **columns: Any) -> Table:
    """Return a table from the columns that a file has; rows without a finite value are left out.

    Parameters
    ----------
    source, format
        See :class:`Table`.
    units
        Units of the variables that `schema.VARIABLES` does not know.
    columns
        Arrays of the same length, or one number or text that holds for all rows; `value` must be an array. Columns that
        are not given are missing throughout.

    Raises
    ------
    InputError
        If the columns are not of the same length, or a variable has no unit.
    """
    value = np.asarray(columns["value"], "f8")
    whole: dict[str, Any] = {}
    for name, kind in NUMBERS.items():
        given = np.asarray(columns.get(name, _MISSING.get(name, np.nan)))
        with np.errstate(over="ignore"):  # a fill value of double precision: infinite, and then left out
            column = given.astype(kind)
        whole[name] = np.full(len(value), column) if column.ndim == 0 else column
    whole["longitude"] = np.where(
        (whole["longitude"] > 180) & (whole["longitude"] <= 360), whole["longitude"] - 360, whole["longitude"]
    )
    for name, end in (("latitude", 90.0), ("longitude", 180.0)):
        place = whole[name]
        with np.errstate(invalid="ignore"):  # the South Pole comes as −90.00000000000001°
            whole[name] = np.where(np.abs(place) <= end + ROUNDED, np.clip(place, -end, end), place)
    for name in TEXTS:
        texts = columns.get(name, "")
        if isinstance(texts, str):
            texts = Coded.alike(texts, len(value))
        whole[name] = texts if isinstance(texts, Coded) else Coded.of(texts)
    known = {name: VARIABLES[name].units for name in whole["variable"].names if name in VARIABLES}
    table = Table(source=source, format=format, units={**known, **(units or {})}, **whole)
    finite = np.isfinite(table.value)
    return table if finite.all() else table.take(finite)


def concatenate(parts: Sequence[Table]) -> Table:
    """Return the rows of several tables of the same source one after the other; there must be at least one table.

    Raises
    ------
    InputError
        If they give different units to the same variable.
    """
    if len(parts) == 1:
        return parts[0]
    units: dict[str, str] = {}
    for part in parts:
        add_units(units, part)
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in NUMBERS}
    columns |= {name: joined([getattr(part, name) for part in parts]) for name in TEXTS}
    return Table(source=parts[0].source, format=parts[0].format, units=units, **columns)


def add_units(units: dict[str, str], table: Table) -> None:
    """Add the units of a table to those of others of the same source, or raise InputError where they differ."""
    for name, unit in table.units.items():
        if units.setdefault(name, unit) != unit:
            raise InputError(f"{name} of {table.source} must have one unit; it has {units[name]!r} and {unit!r}")
