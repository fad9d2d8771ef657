"""Units as files write them, and what turns their values into SI."""

from dataclasses import dataclass

import numpy as np

from backends.errors import InputError


@dataclass(frozen=True)
class Unit:
    """The SI unit of the same kind, and how to get there: factor · value + offset."""

    units: str
    factor: float = 1.0
    offset: float = 0.0


#: By how they are written, in lower case, without blanks, brackets, ``*``, ``^``, ``_`` and ``**``.
_SPELLINGS: dict[Unit, tuple[str, ...]] = {
    Unit("K"): ("k", "kelvin", "kelvins", "degk", "degkelvin"),
    Unit("K", 1.0, 273.15): (
        "c",
        "°c",
        "degc",
        "celsius",
        "degcelsius",
        "degreecelsius",
        "degreescelsius",
        "degreec",
        "degreesc",
    ),
    Unit("K", 5 / 9, 459.67 * 5 / 9): ("f", "°f", "degf", "fahrenheit", "degfahrenheit"),
    Unit("Pa"): ("pa", "pascal", "pascals"),
    Unit("Pa", 100.0): ("hpa", "mb", "mbar", "millibar", "millibars", "hectopascal", "hectopascals"),
    Unit("Pa", 1000.0): ("kpa",),
    Unit("m s-1"): ("ms-1", "m/s", "mps", "m.s-1"),
    Unit("m s-1", 1852 / 3600): ("kt", "kts", "knot", "knots"),
    Unit("m s-1", 1 / 3.6): ("km/h", "kmh-1", "kmh", "kph"),
    Unit("m2 s-2"): ("m2s-2", "m2/s2", "j/kg", "jkg-1"),
    Unit("m"): ("m", "meter", "meters", "metre", "metres", "gpm", "gpmeter"),
    Unit("m", 1000.0): ("km",),
    Unit("m", 0.01): ("cm",),
    Unit("m", 0.3048): ("ft", "feet", "foot"),
    Unit("1", 0.01): ("%", "percent", "pct"),
    Unit("1"): ("1", "", "0-1", "0..1", "fraction", "none", "dimensionless", "n-units"),
    Unit("kg kg-1"): ("kgkg-1", "kg/kg"),
    Unit("kg kg-1", 0.001): ("g/kg", "gkg-1"),
    Unit("kg m-2"): ("kgm-2", "kg/m2", "mm"),
    Unit("degree"): ("degree", "degrees", "deg", "°", "degreetrue", "degreestrue"),
    Unit("rad"): ("rad", "radian", "radians"),
    Unit("dBZ"): ("dbz", "db"),
}
_BY_SPELLING = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}


def unit(text: str) -> Unit | None:
    """Return what a unit means, however it is written; None if it is not known."""
    plain = text.lower()
    for sign in (" ", "*", "^", "_", "(", ")", "[", "]"):
        plain = plain.replace(sign, "")
    return _BY_SPELLING.get(plain)


def to_si(values: np.ndarray, text: str, wanted: str, what: str) -> np.ndarray:
    """Return values in another unit of SI, float64.

    Parameters
    ----------
    values
        Of any shape.
    text
        Their unit.
    wanted
        The unit that is wanted, as `schema.VARIABLES` writes it.
    what
        What they are, for the error.

    Raises
    ------
    InputError
        If the unit is unknown or of another kind.
    """
    given = unit(text)
    if given is None or given.units.replace("kg kg-1", "1") != wanted.replace("kg kg-1", "1"):
        raise InputError(f"{what} must have a unit that can be turned into {wanted}; came {text!r}")
    return given.factor * np.asarray(values, "f8") + given.offset


def from_si(values: np.ndarray, text: str, given: str, what: str, apart: bool = False) -> np.ndarray:
    """Return values of a unit of SI in another, float64: the way back from :func:`to_si`.

    Parameters
    ----------
    values
        Of any shape.
    text
        The unit that is wanted.
    given
        Their unit, as `schema.VARIABLES` writes it.
    what
        What is in the unit that is wanted, for the error.
    apart
        Whether they are differences or standard deviations, which an offset does not change.

    Raises
    ------
    InputError
        If the unit is unknown or of another kind.
    """
    zero, one = to_si(np.array([0.0, 1.0]), text, given, what)
    return (np.asarray(values, "f8") - (0.0 if apart else zero)) / (one - zero)
