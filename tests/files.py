"""Small files with fields of known values, written by the standard libraries."""

from pathlib import Path

import numpy as np
import xarray as xr

TIMES = np.datetime64("2020-01-01", "ns") + np.arange(4) * np.timedelta64(6, "h")


def known(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return a field with a value of its own at every place: 250 + lat + 20 cos(lon), K."""
    return 250.0 + latitude[:, None] + 20 * np.cos(np.deg2rad(longitude))[None, :]


def dataset(latitude: np.ndarray, longitude: np.ndarray, **attributes: str) -> xr.Dataset:
    """Return four six-hourly times of the known field, one kelvin warmer each time."""
    values = known(latitude, longitude)[None] + np.arange(4.0)[:, None, None]
    return xr.Dataset(
        {"t": (("time", "lat", "lon"), values, {"units": "K", "long_name": "Temperature", **attributes})},
        {
            "time": TIMES,
            "lat": ("lat", latitude, {"units": "degrees_north"}),
            "lon": ("lon", longitude, {"units": "degrees_east"}),
        },
    )


def write(path: Path, data: xr.Dataset, **options: object) -> Path:
    """Write a NetCDF file and return its path."""
    data.to_netcdf(path, **options)
    return path


def regional(path: Path, **attributes: str) -> Path:
    """Write the known field over 30–60N, 20W–20E every 2 degrees, north to south as most files are."""
    return write(path, dataset(np.arange(60.0, 29.0, -2.0), np.arange(-20.0, 21.0, 2.0), **attributes))
