"""A noisy curve made smooth while it grows."""

import numpy as np


class Smoother:
    """The exponentially weighted mean of all values so far, free of a bias towards zero at the beginning.

    Parameters
    ----------
    length
        Values that a value is averaged over, about; 1 leaves them as they are.

    Notes
    -----
    m_k = β m_{k−1} + (1 − β) v_k with β = 1 − 1/length, divided by 1 − β^k (Kingma and Ba, 2015, arXiv:1412.6980, section 3).
    Values that are not finite are passed over.
    """

    def __init__(self, length: float) -> None:
        if not length >= 1:
            raise ValueError(f"length: must be at least 1; came {length}")
        self._keep = 1 - 1 / length
        self._mean, self._weight = 0.0, 0.0

    def extend(self, values: np.ndarray) -> np.ndarray:
        """Return the means at new values (k,), which follow those of earlier calls; NaN before the first finite one."""
        means = np.empty(len(values))
        for k, value in enumerate(np.asarray(values, dtype=float).tolist()):
            if np.isfinite(value):
                self._mean = self._keep * self._mean + (1 - self._keep) * value
                self._weight = self._keep * self._weight + (1 - self._keep)
            means[k] = self._mean / self._weight if self._weight else np.nan
        return means
