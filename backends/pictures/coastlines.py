"""Coastlines from the files that come with the program (Natural Earth, public domain)."""

from functools import cache
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).parent.parent.parent / "assets"


@cache
def _lines(resolution: str) -> np.ndarray:
    with np.load(ASSETS / "coastlines" / f"land-{resolution}.npz", allow_pickle=False) as file:
        return file["lines"]


def all_coastlines(fine: bool) -> np.ndarray:
    """Return the coastlines of the Earth as (k, 2) longitudes and latitudes, pieces separated by rows of NaN."""
    return _lines("50m" if fine else "110m")


def coastlines(west: float, east: float, south: float, north: float) -> np.ndarray:
    """Return the coastlines of an area as (k, 2) longitudes and latitudes, pieces separated by rows of NaN.

    Longitudes are on the branch of the area, which may run past 180 degrees. A margin round the area is included.
    """
    lines = _lines("110m" if east - west > 100 else "50m")
    margin = 0.5 * max(east - west, north - south)
    pieces = []
    for shift in (-360.0, 0.0, 360.0):
        longitude, latitude = lines[:, 0] + shift, lines[:, 1]
        near = (longitude > west - margin) & (longitude < east + margin)
        near &= (latitude > south - margin) & (latitude < north + margin)
        # A point outside becomes a gap; runs of gaps are drawn as one.
        keep = near | np.r_[False, near[:-1]]
        pieces.append(np.where(near[:, None], np.c_[longitude, latitude], np.nan)[keep])
    return np.concatenate(pieces)
