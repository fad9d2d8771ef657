"""Random numbers, norms, and fields on the sphere that tests of dynamics share."""

import math

import torch
from torch import Tensor

from backends.dynamics.shallow_water import ShallowWater
from backends.dynamics.spherical_harmonics import SphericalHarmonics

#: No term beyond those of the equations.
PURE = {"relaxation": math.inf, "drag": math.inf, "diffusion": math.inf}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def norm(field: Tensor) -> float:
    """Return the root mean square."""
    return float(field.square().mean().sqrt())


def coefficients(harmonics: SphericalHarmonics, count: int = 3, seed: int = 0) -> Tensor:
    """Return random coefficients of real fields without a mean."""
    real, imaginary = torch.randn(2, count, *harmonics.keep.shape, generator=generator(seed), dtype=torch.float64)
    imaginary[:, 0] = 0
    result = torch.complex(real, imaginary) * harmonics.keep
    result[:, 0, 0] = 0
    return result


def places(harmonics: SphericalHarmonics) -> tuple[Tensor, Tensor]:
    """Return φ (nlat, 1) and λ (nlon,) in radians."""
    return torch.deg2rad(harmonics.latitude)[:, None], torch.deg2rad(harmonics.longitude)


def fields(model: ShallowWater, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return h, u and v, each (..., nlat, nlon)."""
    h, u, v = state.unflatten(-1, model.shape).unbind(-3)
    return h, u, v


def mean(model: ShallowWater, field: Tensor) -> Tensor:
    """Return means over the sphere."""
    weight = model._here.harmonics.weight
    return (field.mean(-1) * weight).sum(-1)
