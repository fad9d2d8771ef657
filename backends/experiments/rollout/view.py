"""A rollout as pages show it: the frames of one start, curves of skill, and series at a point, as NumPy arrays."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from backends.errors import InputError
from backends.experiments.cycling.layout import Layout
from backends.experiments.rollout.layout import layout_of_world, valid_times, visited
from backends.experiments.rollout.prepare import Prepared
from backends.experiments.rollout.series import PLUME
from backends.rollout.archive import ArchiveWorld
from backends.rollout.result import Forecast, Rollout
from backends.rollout.rollout import Report, rollout
from backends.rollout.skill import Curve
from backends.rollout.world import Starts

#: Scores that have a curve of their own over lead, in the order in which pages show them.
SCORES = ("rmse", "bias", "acc", "crps", "spread")


@dataclass(frozen=True, eq=False)
class Band:
    """A score over lead time with its 90 % interval, (K + 1,) each; NaN where it is not defined."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class ForecastView:
    """What one model forecast from the start that is shown.

    Attributes
    ----------
    label
        What it is called.
    mean, spread
        Of the members, (K + 1, n); the spread is NaN of a single one.
    members
        (K + 1, M, n).
    ended
        Why it ends before the others; empty where it does not.
    """

    label: str
    mean: np.ndarray
    spread: np.ndarray
    members: np.ndarray
    ended: str


@dataclass(frozen=True, eq=False)
class RolloutView:
    """The picture of a rollout.

    Attributes
    ----------
    prepared, result
        What was run, and its scores.
    start
        Number of the start whose states are shown.
    layout
        Of the states.
    leads, times
        Lead times (K + 1,) in `time_unit`, and what each valid time is called.
    truth
        True states from this start, (K + 1, n).
    forecasts
        One for each model, in their order.
    backdrop
        States of the climate, (m, n), of testbeds whose states are points in a space of few dimensions; otherwise none.
    """

    prepared: Prepared
    result: Rollout
    start: int
    layout: Layout
    leads: np.ndarray
    times: tuple[str, ...]
    truth: np.ndarray
    forecasts: tuple[ForecastView, ...]
    backdrop: np.ndarray

    @property
    def time_unit(self) -> str:
        """Unit of leads; empty where time has none."""
        return self.result.time_unit

    @property
    def power_unit(self) -> str:
        """Unit of power spectra, that of the first field squared; empty where it has none."""
        unit = self.layout.units[0]
        return f"({unit})²" if set(unit) & set("/ ") else f"{unit}²" if unit else ""

    @property
    def on_earth(self) -> bool:
        """Whether the states are maps of places on Earth."""
        return isinstance(self.prepared.world, ArchiveWorld)

    @property
    def began(self) -> np.datetime64 | None:
        """The date of the start, UTC; None where time has none."""
        world = self.prepared.world
        return world.times[int(self.prepared.starts.steps[self.start])] if isinstance(world, ArchiveWorld) else None

    @property
    def labels(self) -> tuple[str, ...]:
        """What the models are called."""
        return tuple(forecast.label for forecast in self.forecasts)

    @property
    def scored(self) -> dict[str, int]:
        """The fields that have scores of their own, by what people call them; their numbers."""
        return {title: number for number, (_, title, _) in enumerate(self.result.scored)}

    @property
    def curves(self) -> dict[str, dict[str, Band]]:
        """Each of :data:`SCORES` by the label of the model; of several fields those of the first."""
        return self.by_field[0]

    @cached_property
    def by_field(self) -> tuple[dict[str, dict[str, Band]], ...]:
        """The curves of each field that has scores of its own."""
        result = self.result
        return tuple(
            {
                score: {forecast.label: _band(getattr(result, score)(forecast, field)) for forecast in result.forecasts}
                for score in SCORES
            }
            for field in range(len(result.scored))
        )

    def useful_of(self, field: int = 0) -> dict[str, float | None]:
        """Return the lead at which the anomaly correlation falls below 0.6, by the label of the model; None: it does not."""
        return {forecast.label: self.result.useful_lead(forecast, field) for forecast in self.result.forecasts}

    def skill(self, baseline: str, field: int = 0) -> dict[str, Band]:
        """Return by how many percent the RMSE of each model is below that of a baseline."""
        reference = self.result[baseline]
        return {forecast.label: _band(self.result.skill(forecast, reference, field)) for forecast in self.result.forecasts}

    def drift(self, quantity: str) -> dict[str, Band]:
        """Return the change of a quantity since the start, mean over starts, with the least and greatest of any start."""
        return {
            forecast.label: _of_starts(self.result.drift(forecast, quantity))
            for forecast in self.result.forecasts
        }  # fmt: skip

    def true_drift(self, quantity: str) -> np.ndarray:
        """Return the change of the true quantity since the start, in the same parts, mean over starts, (K + 1,)."""
        values, sizes = self.result.quantities[quantity], self.result.sizes[quantity]
        return _of_starts((values - values[:, :1]) / sizes[:, None]).value

    def band(self, forecast: ForecastView) -> tuple[np.ndarray, np.ndarray]:
        """Return the quantiles of the members between which a plume lies, (K + 1, n) each."""
        low, high = np.quantile(forecast.members, PLUME, axis=1)
        return low, high

    def place(self, component: int) -> tuple[float, float]:
        """Return x and y of the middle of the cell that a component of a plane belongs to."""
        (rows, columns), (west, east, south, north) = self.layout.shape, self.layout.edges
        row, column = divmod(component % self.layout.size, columns)
        return west + (column + 0.5) * (east - west) / columns, south + (row + 0.5) * (north - south) / rows

    def component_at(self, field: int, x: float, y: float) -> int | None:
        """Return the component of a field of a plane whose cell holds a place, or None outside."""
        (rows, columns), (west, east, south, north) = self.layout.shape, self.layout.edges
        column, row = math.floor((x - west) / (east - west) * columns), math.floor((y - south) / (north - south) * rows)
        inside = 0 <= column < columns and 0 <= row < rows
        return field * self.layout.size + row * columns + column if inside else None

    def middle(self, field: int = 0) -> int:
        """Return the component in the middle of a field, or the first of a few numbers."""
        layout = self.layout
        if layout.kind == "phase":
            return 0
        inside = sum(size // 2 * math.prod(layout.shape[axis + 1 :]) for axis, size in enumerate(layout.shape))
        return field * layout.size + inside

    def name_of(self, component: int) -> str:
        """Return what a component is called, with its place."""
        layout = self.layout
        if layout.kind == "phase":
            return layout.names[component]
        if layout.kind == "ring":
            return f"{layout.names[0]} at {layout.axes[0]} {component}"
        x, y = self.place(component)
        across, up = (label.split(" ")[0] for label in layout.axes)
        return f"{self.quantity_of(component)} at {across} {x:.4g}, {up} {y:.4g}".replace("-", "−")

    def quantity_of(self, component: int) -> str:
        """Return what a component is a value of."""
        layout = self.layout
        return layout.names[component if layout.kind == "phase" else component // layout.size]

    def unit_of(self, component: int) -> str:
        """Return the unit of a component; empty where it has none."""
        layout = self.layout
        return layout.units[component if layout.kind == "phase" else component // layout.size]

    def of_field(self, states: np.ndarray, field: int) -> np.ndarray:
        """Return one field (..., size) of states (..., n)."""
        if self.layout.kind == "phase":
            return states
        return states[..., field * self.layout.size : (field + 1) * self.layout.size]


def view_of(prepared: Prepared, result: Rollout, start: int = 0, report: Report | None = None) -> RolloutView:
    """Return the picture of a rollout from one of its starts; forecasts from another than the kept one are run again.

    Raises
    ------
    InputError
        If there is no such start.
    """
    S = len(prepared.starts)
    if not 0 <= start < S:
        raise InputError(f"the starts have the numbers 0 to {S - 1}; came {start}")
    shown = result if start == result.shown else _from_one(prepared, start, report)
    world = prepared.world
    leads = result.leads.numpy()
    return RolloutView(
        prepared, result, start, layout_of_world(world), leads, valid_times(world, prepared.starts, start, leads),
        shown.truth.numpy(), tuple(_forecast(forecast) for forecast in shown.forecasts), visited(world),
    )  # fmt: skip


def _from_one(prepared: Prepared, start: int, report: Report | None) -> Rollout:
    one, s = slice(start, start + 1), prepared.settings
    starts = Starts(prepared.starts.states[one], prepared.starts.steps[one], prepared.starts.blocks[one])
    return rollout(
        prepared.world, prepared.models, starts, prepared.ensemble[one], s.steps, s.every, seed=s.seed, report=report
    )


def _forecast(forecast: Forecast) -> ForecastView:
    frames = forecast.frames
    spread = frames.std(1) if frames.shape[1] > 1 else torch.full_like(frames[:, 0], math.nan)
    return ForecastView(forecast.label, frames.mean(1).numpy(), spread.numpy(), frames.numpy(), forecast.ended)


def _band(curve: Curve) -> Band:
    return Band(curve.value.numpy(), curve.low.numpy(), curve.high.numpy())


def _of_starts(values: Tensor) -> Band:
    return Band(values.mean(0).numpy(), values.amin(0).numpy(), values.amax(0).numpy())
