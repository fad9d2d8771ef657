"""Map projections of the sphere in closed form, on tensors: x and y of a map from places on Earth, and back."""

from backends.geometry.projections.conformal import LambertConformal, Mercator, PolarStereographic
from backends.geometry.projections.perspective import Geostationary, Orthographic
from backends.geometry.projections.projection import LatLon, Projection
from backends.geometry.projections.robinson import Robinson

__all__ = [
    "Geostationary",
    "LambertConformal",
    "LatLon",
    "Mercator",
    "Orthographic",
    "PolarStereographic",
    "Projection",
    "Robinson",
]
