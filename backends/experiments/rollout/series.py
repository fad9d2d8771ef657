"""One component of the forecasts against lead: the truth, and the members of each model as a plume."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: The part of the members that a plume holds, between its lower and upper quantile.
PLUME = (0.1, 0.9)


@dataclass(frozen=True, eq=False)
class Series:
    """One component against lead: the truth and, by the label of the model, what it forecast.

    Attributes
    ----------
    truth
        (K + 1,).
    models
        Mean, least, lower and upper quantile and greatest of the members, (5, K + 1); NaN after the model ended.
    """

    truth: np.ndarray
    models: Mapping[str, np.ndarray]


def plume(members: np.ndarray) -> np.ndarray:
    """Return mean, least, lower and upper quantile and greatest of members (K + 1, M), (5, K + 1)."""
    low, high = np.quantile(members, PLUME, axis=1)
    return np.stack([members.mean(1), members.min(1), low, high, members.max(1)])
