"""What is usual at a place: its mean, its daily cycle, and of years its yearly one, fitted in one pass over an archive."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.rollout.record import Record

#: Hours of a day, and of a mean year.
DAY, YEAR = 24.0, 24 * 365.2425
#: Harmonics of each cycle, or fewer where there are few times in it: 24 and 12 hours, a year and half a year.
HARMONICS = 2
#: Numbers of the fields that are read at once at most (8 MB).
BLOCK = 2_000_000
#: Variance below so many parts of the mean square is rounding.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Seasons:
    """The cycles that a climate has.

    Attributes
    ----------
    start
        Hours between midnight of 1 January 1970 and the first time of the archive.
    step
        Hours between two times.
    periods
        Of the harmonics, hours.
    count
        Times that the climate is fitted to, the first ones.
    """

    start: float
    step: float
    periods: tuple[float, ...]
    count: int

    @classmethod
    def of(cls, times: np.ndarray, count: int) -> "Seasons":
        """Return those that the first times of an archive can tell: cycles that they see at least once."""
        hours = (times.astype("datetime64[s]") - np.datetime64("1970-01-01", "s")) / np.timedelta64(3600, "s")
        step = float(hours[1] - hours[0])
        periods = [
            cycle / k
            for cycle in (DAY, YEAR)
            if count * step >= cycle
            for k in range(1, min(HARMONICS, (math.ceil(cycle / step) - 1) // 2) + 1)
        ]
        return cls(float(hours[0]), step, tuple(periods), count)

    def waves(self, steps: Tensor) -> Tensor:
        """Return 1 and cosine and sine of each harmonic at times by their numbers (S,), (S, 1 + 2 harmonics), float64."""
        hours = self.start + self.step * steps.cpu().double()
        angles = [2 * math.pi / period * hours for period in self.periods]
        return torch.stack([torch.ones_like(hours), *(f(angle) for angle in angles for f in (torch.cos, torch.sin))], dim=-1)


def fitted(seasons: Seasons, record: Record, read: Callable[[np.ndarray], Tensor]) -> tuple[Tensor, Tensor]:
    """Fit the cycles of all places by least squares, reading each time that may be fitted to once.

    With the waves X (T, p) the coefficients are X⁺Y, a sum over times, so that the fields Y (T, n) need never be in memory
    together.

    Parameters
    ----------
    seasons, record
        The cycles, and what is read.
    read
        Returns the fields at times by their numbers, (S, F, points).

    Returns
    -------
    tuple
        Coefficients (p, n), and the variance of the anomalies of each field and place (F, points), both float64.
    """
    waves = seasons.waves(torch.arange(seasons.count))
    inverse = torch.linalg.pinv(waves)
    fields, points = len(record.fields), record.grid.size
    at_once = max(1, BLOCK // (fields * points))
    if at_once > record.together:
        at_once -= at_once % record.together
    coefficients = torch.zeros(waves.shape[1], fields * points, dtype=torch.float64)
    squares = torch.zeros(fields * points, dtype=torch.float64)
    for first in range(0, seasons.count, at_once):
        steps = np.arange(first, min(first + at_once, seasons.count))
        values = read(steps).flatten(1).double()
        coefficients.addmm_(inverse[:, first : first + len(steps)], values)
        squares += values.square_().sum(0)
    # What least squares leave is orthogonal to what they fit: Σ(y − Xβ)² = Σy² − Σ(Xβ)².
    fit = (coefficients * (waves.T @ waves @ coefficients)).sum(0)
    left = squares - fit
    variance = torch.where(left > ROUNDING * squares, left / seasons.count, 0.0)
    return coefficients, variance.unflatten(0, (fields, points))
