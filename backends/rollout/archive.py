"""An archive as the world: what came true is in it, and forecasts start from times that no model was fitted to."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.base import Norm
from backends.errors import InputError
from backends.rollout.conserved import Quantity
from backends.rollout.record import Record
from backends.rollout.seasons import Seasons, fitted
from backends.rollout.spectra import MapSpectrum
from backends.rollout.world import Layout, Scored, Starts, World

#: Numbers of the states that models are fitted to at most (160 MB in double precision): of a longer archive some sequences.
MOST_FITTED = 20_000_000
#: Steps of each of these sequences, or fewer where there is no room for two.
SEQUENCE = 48


class ArchiveWorld(World):
    """Fields on one map at times that follow each other; the later ones are forecast, the earlier ones may be fitted to.

    A state has the fields one after the other. They are read as they are needed: an archive may be larger than the memory.
    The climate of each place is its mean and its cycle over the times that may be fitted to, see
    :class:`backends.rollout.seasons.Seasons`. Of several fields each has scores of its own; in the norm of the state each
    counts in parts of the standard deviation of its climate.

    Parameters
    ----------
    record
        The fields.
    device, dtype
        Of the states, which are not scaled.

    Raises
    ------
    InputError
        If a value that may be fitted to is missing.
    """

    time_unit = "h"

    def __init__(self, record: Record, device: torch.device, dtype: torch.dtype) -> None:
        self.record, self.times, self._device, self._dtype = record, record.times, device, dtype
        rows, columns = record.grid.shape
        points, self.fields = rows * columns, len(record.fields)
        self.size = self.fields * points
        self.shape = (rows, columns) if self.fields == 1 else (self.fields, rows, columns)
        self.dt, self.unit = record.step_hours, record.fields[0].unit
        self.layout: Layout = "map"
        weights = record.grid.area_weights().double()
        seasons = Seasons.of(record.times, record.trained)
        climate, variance = fitted(seasons, record, self._checked)
        self._seasons, self._climate = seasons, climate.to(device, dtype)
        self._area = weights.to(device, dtype)
        self.norm = Norm(self._area.repeat(self.fields) / self.fields, self._scale(variance, weights).to(device, dtype))
        self.quantities = self._means()
        self.spectrum = MapSpectrum((rows, columns))

    def __len__(self) -> int:
        return len(self.record)

    @property
    def scored(self) -> tuple[Scored, ...]:
        """The fields, each in its unit."""
        points = len(self._area)
        norm = Norm(self._area, torch.ones_like(self._area))
        return tuple(
            Scored(field.key, field.title, field.unit, slice(k * points, (k + 1) * points), norm, 1)
            for k, field in enumerate(self.record.fields)
        )

    def states(self, steps: Tensor) -> Tensor:
        """Return the fields at times by their numbers (S,), (S, n).

        Raises
        ------
        InputError
            If they cannot be read, or a value is missing.
        """
        wanted, places = steps.unique(return_inverse=True)
        values = self._checked(wanted.numpy()).flatten(1)
        return values.to(self._device, self._dtype)[places.to(self._device)]

    def starts(self, count: int, steps: int, generator: torch.Generator) -> Starts:
        """Draw different times of the part that nothing was fitted to, early enough for the archive to hold the truth.

        Starts of one day are one block.
        """
        first, beyond = self._possible(steps)
        if not 1 <= count <= beyond - first:
            raise InputError(
                f"starts: must be at most {beyond - first}, so many times of the unseen part, "
                f"{self._said(first)} to {self._said(beyond - 1)}, are {steps * self.dt:g} h before its end; came {count}"
            )
        return self._from(first + torch.randperm(beyond - first, generator=generator)[:count].sort().values)

    def at(self, time: np.datetime64, steps: int) -> Starts:
        """Return the start at one time.

        Raises
        ------
        InputError
            If it is not a time of the part that nothing was fitted to, or forecasts of so many steps go beyond the archive.
        """
        first, beyond = self._possible(steps)
        found = np.flatnonzero(self.times == time.astype("datetime64[s]"))
        if len(found) == 0 or not first <= int(found[0]) < beyond:
            raise InputError(
                f"must be a time of the archive that nothing was fitted to and {steps * self.dt:g} h before its end, "
                f"{self._said(first)} to {self._said(beyond - 1)} every {self.dt:g} h; came {np.datetime_as_string(time, 'm')}"
            )
        return self._from(torch.from_numpy(found[:1]))

    def truth(self, starts: Starts, steps: int, every: int = 1) -> Iterator[Tensor]:
        """Yield the fields of the archive, read lead by lead."""
        last = int(starts.steps.max()) + steps
        if last >= len(self):
            raise InputError(f"the archive ends at {self._said(len(self) - 1)}; forecasts of {steps} steps go beyond it")
        yield from (self.states(starts.steps + k) for k in range(0, steps + 1, every))

    def climate(self, steps: Tensor) -> Tensor:
        """Return what is usual at each place at this time of the day, and of the year."""
        return self._seasons.waves(steps).to(self._climate) @ self._climate

    def perturbations(self, count: int, scale: float, generator: torch.Generator) -> Tensor:
        """Draw errors with `scale` times the sample covariance of the anomalies that may be fitted to."""
        states, steps = self.training(generator)
        anomalies = states.flatten(0, 1) - self.climate(steps.flatten())
        white = torch.randn(count, len(anomalies), generator=generator, dtype=torch.float64).to(anomalies)
        return (scale / (len(anomalies) - 1)) ** 0.5 * white @ anomalies

    def training(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the first part of the archive as one sequence; where it is large, sequences spread evenly over it."""
        del generator
        trained, room = self.record.trained, max(9, MOST_FITTED // self.size)
        length = min(trained, room if room < 2 * SEQUENCE else SEQUENCE)
        if trained <= room:
            length, count = trained, 1
        else:
            count = room // length
        first = torch.linspace(0, trained - length, count, dtype=torch.float64).round().long()
        steps = first[:, None] + torch.arange(length)
        return self.states(steps.flatten()).reshape(count, length, -1), steps

    def _possible(self, steps: int) -> tuple[int, int]:
        """Return the first time that forecasts of so many steps may begin at, and the one after the last."""
        first, beyond = self.record.tested, len(self) - steps
        if beyond <= first:
            raise InputError(f"steps: must be at most {len(self) - 1 - first}, the unseen part of the archive; came {steps}")
        return first, beyond

    def _from(self, steps: Tensor) -> Starts:
        days = torch.from_numpy(self.times[steps.numpy()].astype("datetime64[D]").astype(int))
        return Starts(self.states(steps), steps, days)

    def _checked(self, steps: np.ndarray) -> Tensor:
        """Return the fields at these times as they are stored, (S, F, points), or raise InputError where a value is missing."""
        values = self.record.read(steps)
        for number, field in enumerate(self.record.fields):
            missing = ~np.isfinite(values[:, number]).all(axis=(1, 2))
            if missing.any():
                when = self._said(int(steps[missing.argmax()]))
                raise InputError(f"{field.title} has missing values at {when}; fields that are forecast must be complete")
        return torch.from_numpy(values).flatten(2)

    def _scale(self, variance: Tensor, weights: Tensor) -> Tensor:
        """Return the factors of errors, (n,): 1 of a single field, of several 1 over the standard deviation of each."""
        if self.fields == 1:
            return torch.ones_like(weights)
        deviation = (variance @ weights).sqrt()
        return torch.where(deviation > 0, 1 / deviation, 1.0).repeat_interleave(len(weights))

    def _means(self) -> dict[str, Quantity]:
        """Return the mean of each field over the map, relative to its mean absolute value."""
        found = {}
        for place in self.scored:
            name = "mean" if self.fields == 1 else f"mean of {place.key}"
            found[name] = Quantity(
                lambda x, part=place.part: x[..., part] @ self._area,  # type: ignore[misc]
                lambda x, part=place.part: x[..., part].abs() @ self._area,  # type: ignore[misc]
                False,
            )
        return found

    def _said(self, index: int) -> str:
        return str(np.datetime_as_string(self.times[index], "m"))
