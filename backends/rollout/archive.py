"""An archive as the world: what came true is in it, and forecasts start from times that no model was fitted to."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.base import Norm
from backends.errors import InputError
from backends.learning.dynamics.archive import Archive
from backends.rollout.conserved import Quantity
from backends.rollout.spectra import MapSpectrum
from backends.rollout.world import Layout, Starts, World

#: Hours of a day.
DAY = 24
#: Harmonics of the day that the climate of each place has: 24 and 12 hours, or fewer where there are few times a day.
HARMONICS = 2


class ArchiveWorld(World):
    """Fields on one map at times that follow each other; the later ones are forecast, the earlier ones may be fitted to.

    The climate of each place is its mean and its mean daily cycle over the times that may be fitted to, by least squares.

    Parameters
    ----------
    archive
        The fields.
    times
        Of each, (T,), datetime64.
    device, dtype
        Of the states, which are not scaled.
    """

    time_unit = "h"

    def __init__(self, archive: Archive, times: np.ndarray, device: torch.device, dtype: torch.dtype) -> None:
        self.archive, self.times = archive, times.astype("datetime64[s]")
        rows, columns = archive.field.shape[1:]
        self.shape, self.size = (rows, columns), rows * columns
        self.dt, self.unit, self.fields = float(archive.step_hours), archive.unit, 1
        self.layout: Layout = "map"
        self.values = (archive.mean + archive.scale * archive.field.double()).flatten(1).to(device, dtype)
        _, south, _, north = archive.extent
        area = torch.linspace(south, north, rows, dtype=torch.float64).deg2rad().cos().repeat_interleave(columns)
        area = (area / area.sum()).to(self.values)
        self.norm = Norm(area, torch.ones_like(area))
        self.quantities = {"mean": Quantity(lambda x: x @ area, lambda x: (x @ area).abs(), False)}
        self.spectrum = MapSpectrum(self.shape)
        self._harmonics = min(HARMONICS, (math.ceil(DAY / self.dt) - 1) // 2)
        fitted = torch.arange(archive.trained)
        self._climate = torch.linalg.lstsq(self._cycle(fitted), self.values[: archive.trained]).solution

    def __len__(self) -> int:
        return len(self.values)

    def starts(self, count: int, steps: int, generator: torch.Generator) -> Starts:
        """Draw different times of the part that nothing was fitted to, early enough for the archive to hold the truth.

        Starts of one day are one block.
        """
        first, beyond = self._possible(steps)
        if not 1 <= count <= beyond - first:
            raise InputError(
                f"starts must be at most {beyond - first}: so many times of the unseen part, "
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
                f"the start must be a time of the archive that nothing was fitted to and {steps * self.dt:g} h before its end, "
                f"{self._said(first)} to {self._said(beyond - 1)} every {self.dt:g} h; came {np.datetime_as_string(time, 'm')}"
            )
        return self._from(torch.from_numpy(found[:1]))

    def truth(self, starts: Starts, steps: int, every: int = 1) -> Iterator[Tensor]:
        """Yield the fields of the archive."""
        last = int(starts.steps.max()) + steps
        if last >= len(self):
            raise InputError(f"the archive ends at {self._said(len(self) - 1)}; forecasts of {steps} steps go beyond it")
        yield from (self.values[starts.steps + k] for k in range(0, steps + 1, every))

    def climate(self, steps: Tensor) -> Tensor:
        """Return the mean of each place at the hour of the day."""
        return self._cycle(steps) @ self._climate

    def perturbations(self, count: int, scale: float, generator: torch.Generator) -> Tensor:
        """Draw errors with `scale` times the sample covariance of the anomalies that may be fitted to."""
        states, steps = self.training(generator)
        anomalies = states[0] - self.climate(steps[0])
        white = torch.randn(count, len(anomalies), generator=generator, dtype=torch.float64).to(anomalies)
        return (scale / (len(anomalies) - 1)) ** 0.5 * white @ anomalies

    def training(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the first part of the archive, one sequence."""
        del generator
        return self.values[None, : self.archive.trained], torch.arange(self.archive.trained)[None]

    def _possible(self, steps: int) -> tuple[int, int]:
        """Return the first time that forecasts of so many steps may begin at, and the one after the last."""
        first, beyond = self.archive.tested, len(self) - steps
        if beyond <= first:
            raise InputError(f"steps must be at most {len(self) - 1 - first}, the unseen part of the archive; came {steps}")
        return first, beyond

    def _from(self, steps: Tensor) -> Starts:
        return Starts(
            self.values[steps], steps, torch.from_numpy(self.times[steps.numpy()].astype("datetime64[D]").astype(int))
        )

    def _cycle(self, steps: Tensor) -> Tensor:
        """Return 1 and the harmonics of the day at times (S,), (S, 1 + 2 harmonics)."""
        midnight = self.times[0].astype("datetime64[D]")
        first = float((self.times[0] - midnight) / np.timedelta64(3600, "s"))
        angle = 2 * math.pi / DAY * (first + self.dt * steps.to(self.values))
        waves = [f(k * angle) for k in range(1, self._harmonics + 1) for f in (torch.cos, torch.sin)]
        return torch.stack([torch.ones_like(angle), *waves], dim=-1)

    def _said(self, index: int) -> str:
        return str(np.datetime_as_string(self.times[index], "m"))
