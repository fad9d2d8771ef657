"""What people expect of the usual meteorological variables: the unit they are read in, and whether they are sums over time."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["temperature", "eastward wind", "northward wind", "pressure", "precipitation", "energy", "other"]

#: By what occurs in a variable's short, long or standard name; the first that fits counts.
KINDS: tuple[tuple[str, Kind], ...] = (
    (r"temperature|dew_?point|\bt_?2m\b|\b2t\b|\bair\b", "temperature"),
    (r"eastward.wind|\bu.(component.of.)?wind|\bu_?(10m?)?\b|\b10u\b", "eastward wind"),
    (r"northward.wind|\bv.(component.of.)?wind|\bv_?(10m?)?\b|\b10v\b", "northward wind"),
    (r"pressure|\bmslp?\b|\bp(msl|rmsl|s)\b|\bsp\b", "pressure"),
    (r"precipitation|rain|snowfall|\btp\b|\b[cl]sp\b", "precipitation"),
    (r"radiation|heat.flux|\bss[rh]d?f?\b|\bstrd?\b|\bslhf\b", "energy"),
)

#: What is a difference, whatever of: an offset of its unit must not be added.
DIFFERENCES = re.compile(
    r"anomal|differen|departure|increment|depression|tendenc|\bbias\b|\berror\b|deviation|spread|gradient|lapse"
)

#: Units of files, without blanks and signs of powers, with the unit that is read, its factor, and what is added then.
UNITS: dict[Kind, dict[str, tuple[str, float, float]]] = {
    "temperature": {"K": ("°C", 1.0, -273.15)},
    "eastward wind": {"ms-1": ("m/s", 1.0, 0.0), "m/s": ("m/s", 1.0, 0.0)},
    "northward wind": {"ms-1": ("m/s", 1.0, 0.0), "m/s": ("m/s", 1.0, 0.0)},
    "pressure": {"Pa": ("hPa", 0.01, 0.0)},
    "precipitation": {"kgm-2": ("mm", 1.0, 0.0), "mm": ("mm", 1.0, 0.0), "m": ("mm", 1000.0, 0.0)},
    "energy": {"Jm-2": ("kJ/m²", 0.001, 0.0), "J/m2": ("kJ/m²", 0.001, 0.0)},
}


@dataclass(frozen=True)
class Quantity:
    """How a variable is read.

    Attributes
    ----------
    kind
        What it is; `other` where its name or its unit says nothing of it.
    unit
        That it is read in.
    factor, offset
        That make values in the file's unit into such ones: factor · value + offset.
    """

    kind: Kind
    unit: str
    factor: float = 1.0
    offset: float = 0.0

    @property
    def difference_unit(self) -> str:
        """Unit of differences and spreads."""
        return "K" if self.unit == "°C" else self.unit

    @property
    def summed(self) -> bool:
        """Whether files have it as a sum over time."""
        return self.kind in ("precipitation", "energy")

    def read(self, values: np.ndarray) -> np.ndarray:
        """Return values as they are read."""
        return self.factor * values + self.offset


def quantity(name: str, unit: str) -> Quantity:
    """Return how a variable is read, by its name (short, long or standard) and the unit of its file.

    Of a difference nothing is known but its unit: an anomaly of temperature stays in K.
    """
    plain = re.sub(r"\*\*|\^|\s", "", unit)
    if DIFFERENCES.search(name.lower()):
        return Quantity("other", unit)
    for pattern, kind in KINDS:
        if re.search(pattern, name.lower()) and plain in UNITS[kind]:
            return Quantity(kind, *UNITS[kind][plain])
    return Quantity("other", unit)
