"""Ends and steps of the sliders that follow the testbed: distances in its unit, errors of the size it is observed with."""

import math
from typing import NamedTuple

from backends.background_error.sphere import MAX_LENGTH_KM
from backends.dynamics.base import Dynamics
from dashboard.cycling.sections import TESTBEDS


class Scale(NamedTuple):
    """Ends and step of a slider."""

    start: float
    end: float
    step: float


#: Of testbeds whose unit of distance is not points.
RADII = {
    "advection-1d": Scale(0.01, 0.3, 0.01),
    "advection-diffusion": Scale(0.01, 1.0, 0.01),
    "shallow-water": Scale(100.0, 10_000.0, 100.0),
}
LENGTHS = {
    "advection-1d": Scale(0.0, 0.5, 0.01),
    "advection-diffusion": Scale(0.0, 0.4, 0.01),
    "shallow-water": Scale(0.0, MAX_LENGTH_KM, 50.0),
}


def has_distances(testbed: str) -> bool:
    """Return whether the components of a testbed have distances from each other."""
    return TESTBEDS[testbed].MODEL.distance is not Dynamics.distance


def in_brackets(testbed: str) -> str:
    """Return the unit of a testbed's distances as it follows the name of a slider, or nothing where there is none."""
    unit = TESTBEDS[testbed].MODEL.distance_unit
    return f" [{unit}]" if unit else ""


def of_radius(testbed: str) -> Scale:
    """Return the scale of localisation radii; its right end stands for no localisation."""
    return RADII.get(testbed, Scale(0.5, 30.0, 0.5))


def of_length(testbed: str) -> Scale:
    """Return the scale of correlation lengths of B; its left end stands for those of the climate."""
    return LENGTHS.get(testbed, Scale(0.0, 20.0, 0.5))


def of_error(testbed: str) -> Scale:
    """Return the scale of observation errors: up to about four times what the testbed is usually observed with."""
    usual = TESTBEDS[testbed].NETWORK.get("sigma", 1.0)
    power = 10.0 ** math.floor(math.log10(usual))
    step = float(f"{power / 50:.1g}")  # not 0.0020000000000000005
    return Scale(step, round(200 * round(usual / power) * step, 10), step)
