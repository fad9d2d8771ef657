"""What the Statistics tab and its picture say of a field: what may be wrong with it, its histogram, and its spectrum."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from backends.errors import InputError
from backends.fields.circular import is_circular
from backends.fields.distribution import Histogram, Power, histogram, map_power, sphere_power, zonal_power
from backends.fields.field import Field
from backends.fields.quality import Quality, quality

Spectrum = Literal["sphere", "zonal", "map"]
#: Why directions have no spectrum.
DIRECTION = "waves divide a variance, which directions do not have: 359° and 1° are neighbours"
Result = TypeVar("Result")
SPECTRA: dict[Spectrum, Callable[[Field], Power]] = {"sphere": sphere_power, "zonal": zonal_power, "map": map_power}


@dataclass(frozen=True, eq=False)
class Summary:
    """What was found; a sentence where a figure cannot be."""

    quality: Quality
    histogram: Histogram | str
    power: Power | str


def summary(field: Field, spectrum: Spectrum) -> Summary:
    """Return all of it; `spectrum` says how the field is taken apart into waves."""
    power = DIRECTION if is_circular(field.variable) else _or_sentence(SPECTRA[spectrum], field)
    return Summary(quality(field), _or_sentence(histogram, field), power)


def _or_sentence(compute: Callable[[Field], Result], field: Field) -> Result | str:
    try:
        return compute(field)
    except InputError as problem:
        return str(problem)
