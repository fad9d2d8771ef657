"""One field of a rollout as it is read: in the unit that people expect, and sums over time lead by lead."""

from dataclasses import dataclass

import numpy as np

from backends.experiments.rollout.limits import difference_limit, value_limits
from backends.experiments.rollout.view import ForecastView, RolloutView
from backends.fields.quantities import Quantity, quantity


def amounts(sums: np.ndarray, per_step: bool) -> np.ndarray:
    """Return what sums (K + 1, ...) grew by since the lead before, NaN at the first, or since the first lead."""
    if not per_step:
        return sums - sums[:1]
    return np.concatenate([np.full_like(sums[:1], np.nan), np.diff(sums, axis=0)])


def accumulated(view: RolloutView, field: int) -> bool:
    """Return whether a field is a sum since some time before the start: by its name and unit, and as it never decreases."""
    layout = view.layout
    if layout.kind != "plane" or not quantity(layout.names[field], layout.units[field]).summed:
        return False
    truth = view.of_field(view.truth, field)
    return bool((np.diff(truth, axis=0) >= -1e-5 * np.abs(truth).max()).all())


@dataclass(frozen=True, eq=False)
class ShownField:
    """One field of all forecasts of a view.

    Attributes
    ----------
    view, field
        Whose, and which.
    quantity
        How its values are read.
    accumulated
        Whether the states hold sums over time of it, of which amounts are shown.
    per_step
        Whether amounts are those since the lead before, rather than since the start.
    """

    view: RolloutView
    field: int
    quantity: Quantity
    accumulated: bool
    per_step: bool

    @property
    def name(self) -> str:
        """What is shown."""
        name = self.view.layout.names[self.field]
        if not self.accumulated:
            return name
        return f"{name.removesuffix(' since the start')} {self._span}"

    @property
    def unit(self) -> str:
        """Unit of values; that of differences is `quantity.difference_unit`."""
        return self.quantity.unit

    @property
    def truth(self) -> np.ndarray:
        """(K + 1, size)."""
        return self.read(self.view.of_field(self.view.truth, self.field))

    def mean(self, forecast: ForecastView) -> np.ndarray:
        """Return the mean of a model's members, (K + 1, size)."""
        return self.read(self.view.of_field(forecast.mean, self.field))

    def member(self, forecast: ForecastView, number: int) -> np.ndarray:
        """Return one of a model's members, (K + 1, size)."""
        return self.read(self.view.of_field(forecast.members[:, number], self.field))

    def spread(self, forecast: ForecastView) -> np.ndarray:
        """Return the standard deviation of a model's members, (K + 1, size)."""
        if not self.accumulated or forecast.members.shape[1] == 1:
            return self.quantity.factor * self.view.of_field(forecast.spread, self.field)
        return self.read(self.view.of_field(forecast.members, self.field)).std(axis=1, ddof=1)

    def chosen(self, forecast: ForecastView, what: str) -> np.ndarray:
        """Return `mean` or `spread` of a model's members, or one of them by ``member 1``, (K + 1, size)."""
        if what == "spread":
            return self.spread(forecast)
        return self.mean(forecast) if what == "mean" else self.member(forecast, int(what.removeprefix("member ")) - 1)

    def value_limits(self) -> tuple[float, float]:
        """Return limits of the colours of values: those of the truth, but from 0 on for amounts."""
        low, high = value_limits(self.truth, even=self.unit != "°C")
        return (0.0, max(high, 0.0) or 1.0) if self.accumulated else (low, high)

    def difference_limit(self) -> float:
        """Return a value that hardly any difference between a forecast and the truth exceeds."""
        truth = self.truth
        return difference_limit(self.mean(forecast) - truth for forecast in self.view.forecasts)

    def spread_limits(self) -> tuple[float, float]:
        """Return 0 and a value that hardly any spread of the members of any model exceeds."""
        return 0.0, difference_limit(self.spread(forecast) for forecast in self.view.forecasts)

    def read(self, values: np.ndarray) -> np.ndarray:
        """Return values of the field (K + 1, ...) as they are read."""
        return self.quantity.read(amounts(values, self.per_step) if self.accumulated else values)

    @property
    def _span(self) -> str:
        if not self.per_step:
            return "since the start"
        steps = np.diff(self.view.leads)
        if len(steps) and np.allclose(steps, steps[0]):
            return f"in {steps[0]:.6g} {self.view.time_unit}".rstrip()
        return "since the lead before"


def shown(view: RolloutView, field: int, per_step: bool = True) -> ShownField:
    """Return a field as it is shown."""
    names, units = view.layout.names, view.layout.units
    return ShownField(view, field, quantity(names[field], units[field]), accumulated(view, field), per_step)
