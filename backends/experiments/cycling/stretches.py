"""Equal stretches of a run, over which numbers are averaged for lines and bars, and how long a number remembers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

Array = np.ndarray
#: Most stretches that a run is divided into.
MOST = 40
#: Memories after which the sum of autocorrelations ends: more adds noise, fewer leave too much out (Sokal, 1997).
MEMORIES = 5.0
#: Pieces that a series is taken apart into for its memory, at most, and the least length of each, unless it has to be less.
PIECES, PIECE, LEAST_PIECE = 4, 200, 40


@dataclass(frozen=True)
class Stretches:
    """The first `count` stretches of `length` cycles each after the first `since` cycles.

    Lengths are round numbers and stretches that are not complete are left out, so that points and bars stay where they are
    while a run goes on.
    """

    since: int
    length: int
    count: int

    @classmethod
    def of(cls, since: int, cycles: int, least: float = 1.0) -> Self:
        """Divide the cycles after `since` into stretches of at least so many cycles."""
        left = max(0, cycles - since)
        length = rounded(max(least, left / MOST))
        return cls(since, length, left // length)

    @property
    def edges(self) -> Array:
        """Where they begin and end, between the numbers of the cycles, (count + 1,)."""
        return self.since + 0.5 + self.length * np.arange(self.count + 1.0)

    @property
    def middles(self) -> Array:
        """Their middles, (count,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def split(self, values: Array) -> Array:
        """Return what belongs to each stretch, (count, length), of numbers that begin after `since`; NaN beyond their end."""
        room = self.count * self.length
        whole = np.full(room, np.nan)
        some = values[:room]
        whole[: len(some)] = some
        return whole.reshape(self.count, self.length)

    def means(self, values: Array) -> Array:
        """Return the mean of the finite numbers of each stretch, (count,); NaN where there are none."""
        return mean(self.split(values))


def mean(values: Array) -> Array:
    """Return the mean of the finite numbers along the last axis; NaN where there are none."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(-1) / known.sum(-1)


def rounded(least: float) -> int:
    """Return the smallest of 1, 2, 3, 5, 10, 20, 30, 50, … that is at least so large."""
    decade = 10 ** max(0, math.floor(math.log10(max(least, 1))))
    return next(digit * decade for digit in (1, 2, 3, 5, 10) if digit * decade >= least)


def integral_time(values: Array) -> float:
    """Return how many numbers of a series count as one independent one: τ = 1 + 2 Σ ρ_k, at least 1.

    ρ_k are the autocorrelations of the series, summed up to the first lag that is at least 5 τ: Sokal (1997, Monte Carlo
    methods in statistical mechanics, in Functional Integration, Plenum, 131–192, section 3). Where there is no such lag, the
    length of the series: all of it counts as one.

    Parameters
    ----------
    values
        Shape (K,), finite.
    """
    K = len(values)
    anomaly = values - values.mean() if K else values
    if K < 2 or not anomaly.any():
        return 1.0
    spectrum = np.fft.rfft(anomaly, 2 * K)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, 2 * K)[:K]
    times = 2 * np.cumsum(covariance / covariance[0]) - 1
    enough = np.flatnonzero(np.arange(K) >= MEMORIES * times)
    # The sum over all lags of a finite series is zero whatever its memory is, so only the first half can tell.
    if not len(enough) or enough[0] > K // 2:
        return float(K)
    return max(1.0, float(times[enough[0]]))


def memory_of(values: Array, changes: Iterable[int] = ()) -> float:
    """Return the median of the integral times of pieces of a series, (K,).

    Where settings are changed, or a method loses the truth, the level of a series changes for good; of the series as a
    whole that would be a memory of its whole length.

    Parameters
    ----------
    values
        Shape (K,), finite.
    changes
        Where settings were changed, counted from the beginning of the series: no piece reaches across these.
    """
    cuts = sorted({change for change in changes if 0 < change < len(values)})
    parts = [part for part in np.split(values, cuts) if len(part) >= LEAST_PIECE] or [values]
    pieces = [piece for part in parts for piece in np.array_split(part, min(PIECES, max(1, len(part) // PIECE)))]
    return float(np.median([integral_time(piece) for piece in pieces]))


def standard_error(values: Array, memory: float) -> Array:
    """Return the standard error of means along the last axis, infinite where too few numbers are independent.

    Of L numbers with the integral time τ as many as L / τ count as independent, and the variance about the mean falls short
    by one of them: s² / (L / τ − 1); Zwiers and von Storch (1995, J. Climate 8, 336–351).

    Parameters
    ----------
    values
        Shape (…, L), finite.
    memory
        τ of the series that they come from.
    """
    beyond = values.shape[-1] / memory - 1
    return np.sqrt(values.var(-1) / beyond) if beyond > 0 else np.full(values.shape[:-1], np.inf)
