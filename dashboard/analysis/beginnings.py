"""What the Analysis page begins with: datasets that are shown first, and settings that suit a new case."""

from typing import Any

from backends.experiments.cases import LineCase, PlaneCase
from backends.experiments.prepare import Prepared
from backends.geometry.plane import VerticalPlane

#: Shown first where they are in the data folder.
FAVOURITES = {
    "field": "era5-2mt-2019-03-uk.grib",
    "ensemble": "era5-levels-members.grib",
    "stations": "dwd-synop-germany-2021-05-16T12.bufr",
    "observed-field": "era5-levels-members.grib",
}
#: The same of files of observations, over a field.
FAVOURITE_OBSERVATIONS = "temp-radiosondes.bufr"
#: Keys of a case with which B and R begin anew.
BEGINS_ANEW = ("path", "variable", "level", "observations", "observed", "errors")
#: Numbers of observations to begin with.
COUNTS = {"periodic-1d": 25, "xz-2d": 140}
#: The true statistics of generated cases.
STARTS: dict[type, dict[str, object]] = {
    LineCase: {"correlation": "gaussian", "sigma": 1.0, "length": 0.08},
    PlaneCase: {"correlation": "gaussian", "sigma": 1.0, "length": 10.0, "length_z": 2.0},
}


def first_background_error(prepared: Prepared) -> dict[str, Any]:
    """Return the settings of B that a new case begins with, by key."""
    case, kind = prepared.experiment.case, prepared.settings.name
    start = case.suggested
    return {
        "sigma": start.sigma, "length": start.length,
        "length_z": start.length_z if isinstance(case.domain, VerticalPlane) else None,
        "source": {"ensemble": "hybrid"}.get(kind, "static"),
        "correlation": "exponential" if kind == "stations" else "gaussian",
        "tune": "no", "floor_kind": "spectral", "periodised": True,
    }  # fmt: skip


def first_observations(prepared: Prepared) -> dict[str, Any]:
    """Return the settings of the observations that a new case begins with, by key."""
    case, kind = prepared.experiment.case, prepared.settings.name
    own = case.observations is not None
    return {
        "sigma": case.suggested.sigma_o, "noise": case.suggested.sigma_o, "places": (), "innovation": None,
        "operator": "point", "radius": None, "count": COUNTS.get(kind, 100), "correlation_length": 0.0,
        "placement": "case" if own else "columns" if kind == "xz-2d" else "random",
    }  # fmt: skip
