"""Series against lead: the truth, and the members of each model as a plume."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: The part of the members that a plume holds, between its lower and upper quantile.
PLUME = (0.1, 0.9)


@dataclass(frozen=True, eq=False)
class Winds:
    """Eastward and northward components against lead, (2, K + 1): true ones, and the mean of each model's members."""

    truth: np.ndarray
    models: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Series:
    """One quantity against lead: the truth and, by the label of the model, what it forecast.

    Attributes
    ----------
    name, unit
        What it is a series of.
    truth
        (K + 1,).
    models
        Mean, least, lower and upper quantile and greatest of the members, (5, K + 1); NaN after the model ended.
    component
        Whether it is a component of a wind whose speed is another series.
    amounts
        Whether each value is what was added since the lead before.
    winds
        Of a wind speed, what it is the speed of.
    """

    name: str
    unit: str
    truth: np.ndarray
    models: Mapping[str, np.ndarray]
    component: bool = False
    amounts: bool = False
    winds: Winds | None = None


def plume(members: np.ndarray) -> np.ndarray:
    """Return mean, least, lower and upper quantile and greatest of members (K + 1, M), (5, K + 1)."""
    low, high = np.quantile(members, PLUME, axis=1)
    return np.stack([members.mean(1), members.min(1), low, high, members.max(1)])


def wind_from(winds: np.ndarray) -> np.ndarray:
    """Return the direction that winds (2, ...) come from, degrees clockwise from north, (...)."""
    return np.rad2deg(np.arctan2(-winds[0], -winds[1])) % 360
