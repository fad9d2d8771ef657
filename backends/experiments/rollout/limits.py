"""Limits of colours that all maps of a rollout share."""

from collections.abc import Iterable

import numpy as np

#: Part of all differences that the colours of differences tell apart.
WITHIN = 0.995


def value_limits(values: np.ndarray, even: bool = True) -> tuple[float, float]:
    """Return the least and greatest value; about zero evenly where it has both signs, if that is wanted."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if even and low < 0 < high and min(-low, high) > 0.2 * max(-low, high):
        low, high = -max(-low, high), max(-low, high)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def difference_limit(differences: Iterable[np.ndarray]) -> float:
    """Return a value that hardly any difference, or spread, of any model exceeds."""
    known = np.concatenate([np.abs(values[np.isfinite(values)]) for values in differences])
    return float(np.quantile(known, WITHIN)) if known.size and known.max() > 0 else 1.0
