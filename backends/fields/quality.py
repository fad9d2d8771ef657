"""What may be wrong with a field: missing and infinite values, fill values taken for data, outliers, constant fields."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from backends.fields.areas import cell_areas
from backends.fields.circular import is_circular
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field
from backends.fields.fills import Fills, fill_values

#: Robust distance from the median beyond which a value counts as an outlier: of normally distributed ones 6e-7.
OUTLYING = 5.0
#: Seconds that a scan takes the file thread for at a time, which other visitors wait for, too.
WHILE = 0.15
#: Standard deviation of a normal distribution in units of its median absolute deviation.
NORMAL = 1.4826


@dataclass(frozen=True)
class Quality:
    """What was found in a field, in the variable's units; NaN where it has no values.

    Attributes
    ----------
    count, missing, infinite
        Numbers of finite values, of NaN, and of infinities.
    min, max, median, spread
        Of the finite values, all alike; the spread is 1.4826 times their median absolute deviation. Directions have neither
        median nor spread, NaN, and no outliers.
    fills
        Numbers that look like fill values, and how often they occur.
    outliers
        How many other values lie more than `OUTLYING` spreads from the median; 0 where the spread is.
    worst
        Value, latitude and longitude of the one that lies furthest out; None without outliers.
    """

    count: int
    missing: int
    infinite: int
    min: float
    max: float
    median: float
    spread: float
    fills: Fills
    outliers: int
    worst: tuple[float, float, float] | None

    @property
    def constant(self) -> bool:
        """Whether all values are the same."""
        return self.count > 1 and self.min == self.max


def quality(shown: Field) -> Quality:
    """Return what may be wrong with a field.

    A robust z = (x − median) / (1.4826 MAD) is not moved by the outliers that it is to find (Rousseeuw and Croux, 1993, J. Am.
    Stat. Assoc. 88, 1273–1283). It says little of quantities that are far from normally distributed, such as precipitation.
    """
    values = shown.values.ravel().astype(np.float64)
    finite = values[np.isfinite(values)]
    missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    if not finite.size:
        return Quality(0, missing, infinite, np.nan, np.nan, np.nan, np.nan, (), 0, None)
    fills = fill_values(finite)
    filled = np.isin(values, [value for value, _ in fills])
    rest = values[np.isfinite(values) & ~filled]
    rest = rest if rest.size else finite
    if is_circular(shown.variable):
        least, greatest = float(finite.min()), float(finite.max())
        return Quality(int(finite.size), missing, infinite, least, greatest, np.nan, np.nan, fills, 0, None)
    median = float(np.median(rest))
    spread = NORMAL * float(np.median(np.abs(rest - median)))
    with np.errstate(invalid="ignore"):
        distance = np.where(np.isfinite(values) & ~filled, np.abs(values - median), -1.0)
    outlying = distance > OUTLYING * spread if spread > 0 else np.zeros(values.shape, dtype=bool)
    worst = None
    if outlying.any():
        cell = int(distance.argmax())
        latitude, longitude = shown.variable.mesh.places()
        worst = (float(values[cell]), float(latitude[cell]), float(longitude[cell]))
    return Quality(
        int(finite.size), missing, infinite, float(finite.min()), float(finite.max()), median, spread, fills,
        int(outlying.sum()), worst,
    )  # fmt: skip


@dataclass
class Scan:
    """Statistics of a whole variable, field by field, so that it can be watched and stopped.

    The mean and the sum of squares of deviations are weighted by the areas of the cells and combined pair by pair (Chan, Golub
    and LeVeque, 1983, Am. Stat. 37, 242–247). Of directions there are none: 359° and 1° are neighbours.

    Attributes
    ----------
    dataset, name
        Of which variable.
    of, done
        How many fields it has, and how many of them have been looked at.
    count, missing
        Numbers of finite values and of others.
    min, max, mean
        Of the finite values; the mean is NaN of directions.
    empty, constant, filled
        Captions of fields without any value, with one value everywhere, and with fill values.
    """

    dataset: FieldDataset
    name: str
    done: int = 0
    count: int = 0
    missing: int = 0
    min: float = np.inf
    max: float = -np.inf
    mean: float = 0.0
    empty: list[str] = field(default_factory=list)
    constant: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        variable = self.dataset.variable(self.name)
        axes, self._areas = variable.axes, cell_areas(variable.mesh)
        self._circular = is_circular(variable)
        self.of = int(np.prod([len(axis) for axis in axes], dtype=np.int64))
        self._squares = self._weight = 0.0
        if self._circular:
            self.mean = np.nan
        self._selections: Iterator[Mapping[str, int]] = (
            dict(zip([axis.name for axis in axes], indices, strict=True)) for indices in product(*(range(len(a)) for a in axes))
        )

    @property
    def deviation(self) -> float:
        """Standard deviation of all values, weighted by area; NaN without any, and of directions."""
        return float(np.sqrt(self._squares / self._weight)) if self._weight and not self._circular else np.nan

    def for_a_while(self) -> bool:
        """Look at fields for :data:`WHILE` seconds, at least at one; return whether there are more."""
        until = time.monotonic() + WHILE
        while self.step():
            if time.monotonic() > until:
                return self.done < self.of
        return False

    def step(self) -> bool:
        """Look at the next field; return whether there was one.

        Raises
        ------
        InputError
            If the file is damaged there.
        """
        selection = next(self._selections, None)
        if selection is None:
            return False
        shown = self.dataset.field(self.name, selection)
        there = np.isfinite(shown.values)
        finite = shown.values[there].astype(np.float64)
        self.done += 1
        self.missing += shown.values.size - finite.size
        if not finite.size:
            self.empty.append(shown.caption)
            return True
        least, greatest = float(finite.min()), float(finite.max())
        if least == greatest and finite.size > 1:
            self.constant.append(shown.caption)
        if fill_values(finite):
            self.filled.append(shown.caption)
        self.min, self.max = min(self.min, least), max(self.max, greatest)
        self.count += finite.size
        weight = self._areas.reshape(there.shape)[there]
        if not weight.sum():
            return True  # rows right at a pole have no area
        mean, part = float(np.average(finite, weights=weight)), float(weight.sum())
        apart, together = mean - self.mean, self._weight + part
        self._squares += float((weight * np.square(finite - mean)).sum()) + apart**2 * self._weight * part / together
        self.mean += apart * part / together
        self._weight = together
        return True
