"""Directions: 359° and 1° are neighbours, so that neither their differences nor their means are those of numbers.

The mean of directions θ is that of their unit vectors, arg Σ w exp(iθ); where these cancel there is none. With the length R of
the mean vector their standard deviation is √(−2 ln R). Source: Mardia and Jupp (2000), *Directional Statistics*, sections 2.2
and 2.3.
"""

import re
from collections.abc import Callable

import numpy as np

from backends.fields.field import Variable
from backends.observations.units import unit

#: Of what occurs in the names of a direction.
DIRECTION = re.compile(r"(from|to)_direction|wind.(from.|to.)?direction")
#: Mean vectors that are not longer than this point nowhere: it is the rounding of those that cancel.
NOWHERE = 1e-6


def is_direction(names: str, units: str) -> bool:
    """Return whether what has such names (standard, long, short) and unit is a direction in degrees."""
    known = unit(units)
    return known is not None and known.units == "degree" and DIRECTION.search(names.lower()) is not None


def is_circular(variable: Variable) -> bool:
    """Return whether a variable of a field is a direction in degrees."""
    return is_direction(f"{variable.standard_name} {variable.long_name} {variable.name}", variable.units)


def wrapped(difference: np.ndarray) -> np.ndarray:
    """Return differences of directions in [−180, 180), of any shape: 350° − 10° is −20°."""
    return (difference + 180) % 360 - 180


def vectors(values: np.ndarray) -> np.ndarray:
    """Return the unit vectors (2, ...), sine and cosine, of directions in degrees."""
    angle = np.deg2rad(np.asarray(values, dtype=np.float64))
    return np.stack([np.sin(angle), np.cos(angle)])


def direction(sine: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    """Return the direction of vectors, degrees in [0, 360); NaN where they point nowhere."""
    degrees = np.rad2deg(np.arctan2(sine, cosine)) % 360
    return np.where(np.hypot(sine, cosine) > NOWHERE, degrees, np.nan)


def through_vectors(mean: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> np.ndarray:
    """Return a mean, or any other weighted sum, of directions by that of their vectors: degrees in [0, 360).

    Parameters
    ----------
    mean
        What is taken of both components; it may treat NaN as it likes.
    values
        Degrees, NaN where missing.

    Returns
    -------
    np.ndarray
        Of the shape that `mean` gives; NaN where there is no mean, or the vectors cancel.
    """
    sine, cosine = vectors(values)
    return direction(mean(sine), mean(cosine))


def deviation(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Return the circular standard deviation √(−2 ln R) of directions along an axis, degrees; NaN where one is missing."""
    length = np.hypot(*(part.mean(axis=axis) for part in vectors(values)))
    with np.errstate(divide="ignore"):
        # Rounding makes the vectors of one direction a little longer than one.
        return np.rad2deg(np.sqrt(-2 * np.log(np.minimum(length, 1.0))))
