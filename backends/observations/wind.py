"""Wind as speed and direction, as it is observed, and as components, as models have it."""

import numpy as np


def components(speed: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eastward and the northward wind: u = −f sin d, v = −f cos d.

    Parameters
    ----------
    speed
        f, of any shape and unit; a calm, 0, needs no direction.
    direction
        d, degrees clockwise from north that the wind comes *from*.
    """
    angle = np.deg2rad(np.where(speed == 0, 0.0, direction))
    return -speed * np.sin(angle), -speed * np.cos(angle)
