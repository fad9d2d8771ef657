"""One variable observed at stations: what a reader of observations returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from backends.errors import InputError
from backends.geometry.sphere import Points

#: Station heights on land, m: from below the shore of the Dead Sea to above every mountain.
HEIGHTS = (-500.0, 9000.0)


@dataclass(frozen=True)
class StationVariable:
    """What is known of a variable before any file is read.

    Attributes
    ----------
    near_surface, aloft
        What a person calls it at a station on the ground, and on a pressure level; empty where it is not observed there.
    units
        SI unit, as in the files.
    least, greatest
        Bounds, in `units`, beyond which a value cannot be real: fill values and wrong units lie far outside.
    """

    near_surface: str
    aloft: str
    units: str
    least: float
    greatest: float

    def title(self, level: float | None) -> str:
        """Return ``2 m temperature``, or ``temperature at 850 hPa`` for a level in hPa."""
        return self.near_surface if level is None else f"{self.aloft} at {level:g} hPa"


#: By CF standard name.
VARIABLES: Mapping[str, StationVariable] = MappingProxyType(
    {
        "air_temperature": StationVariable("2 m temperature", "temperature", "K", 150.0, 350.0),
        "dew_point_temperature": StationVariable("2 m dew point", "", "K", 150.0, 350.0),
        "air_pressure_at_mean_sea_level": StationVariable("mean sea level pressure", "", "Pa", 85_000.0, 110_000.0),
        "geopotential": StationVariable("", "geopotential", "m2 s-2", -10_000.0, 500_000.0),
    }
)


@dataclass(frozen=True, eq=False)
class StationTable:
    """Observations of one variable at p stations, one each.

    Attributes
    ----------
    source
        Name of the file.
    variable
        CF standard name, one of `VARIABLES`.
    title
        What a person calls it: ``2 m temperature``.
    units
        Unit of `values`, the file's own: K, Pa, m2 s-2.
    time
        Nominal time: the full hour nearest to the median of the report times.
    station
        The stations' identifiers, as text: WMO block and station number where there are such.
    latitude, longitude, height
        Shape (p,), float64: degrees north, degrees east (−180 to 180), metres above mean sea level.
    values
        Shape (p,), float64.
    dropped
        How many values were left out: those that cannot be real, without place, height or time, or second ones of the same
        station or place.
    level
        Pressure level, hPa, of observations aloft; None near the surface.

    Raises
    ------
    InputError
        If an array has another length than `station`, a number is not finite, or a place is not on Earth.
    """

    source: str
    variable: str
    title: str
    units: str
    time: np.datetime64
    station: tuple[str, ...]
    latitude: np.ndarray
    longitude: np.ndarray
    height: np.ndarray
    values: np.ndarray
    dropped: int
    level: float | None

    def __post_init__(self) -> None:
        if self.variable not in VARIABLES:
            raise InputError(f"a station's variable must be one of {', '.join(VARIABLES)}; came {self.variable!r}")
        if not self.station:
            raise InputError(f"{self.source} has no station that observed {self.title}; at least one is needed")
        for name in ("latitude", "longitude", "height", "values"):
            array = getattr(self, name)
            if array.shape != (len(self.station),):
                raise InputError(f"{name} of {self.source} must have shape ({len(self.station)},); came {array.shape}")
            if not np.isfinite(array).all():
                bad = int((~np.isfinite(array)).sum())
                raise InputError(f"{name} of {self.source} must be finite; {bad} of {len(array)} are NaN or infinite")
        for name, bounds in (("latitude", (-90.0, 90.0)), ("longitude", (-180.0, 180.0)), ("height", HEIGHTS)):
            array = getattr(self, name)
            if array.min() < bounds[0] or array.max() > bounds[1]:
                raise InputError(
                    f"{name} of {self.source} must lie between {bounds[0]:g} and {bounds[1]:g}; "
                    f"came {array.min():g} to {array.max():g}"
                )
        if np.isnat(self.time):
            raise InputError(f"the observations of {self.source} need a time; came none")
        if self.dropped < 0:
            raise InputError(f"the number of reports left out must not be negative; came {self.dropped}")
        if self.level is not None and not self.level > 0:
            raise InputError(f"the pressure level must be positive, in hPa; came {self.level:g}")

    def __len__(self) -> int:
        return len(self.station)

    def points(self) -> Points:
        """Return the stations' places, float64, on the CPU."""
        return Points(torch.from_numpy(self.latitude.copy()), torch.from_numpy(self.longitude.copy()))
