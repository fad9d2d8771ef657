"""Cases on a vertical plane that is observed in columns, and on a map with fields of an archive."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.geometry.domain import Rows
from backends.learning.variational.cases import Cases, Errors

#: The lecture's background: moved by this share of the width, smoothed over this share, biased by this, K.
SHIFT, SMOOTHING, BIAS = 0.03, 0.02, 0.3


@dataclass(frozen=True, eq=False)
class PlaneDraws:
    """What cases on a vertical plane are drawn from: stratification, waves that tilt with height, and a local bubble.

    Attributes
    ----------
    shape
        (n_z, n_x).
    errors
        B.
    columns
        Least and most observed columns of a case.
    levels
        Observations in a column, evenly from bottom to top.
    sigma_o
        σ_o.
    shifted
        Whether backgrounds are the truth moved, smoothed and biased; else the truth plus a draw from B.
    """

    shape: tuple[int, int]
    errors: Errors
    columns: tuple[int, int]
    levels: int
    sigma_o: float
    shifted: bool = False

    def draw(self, cases: int, generator: torch.Generator) -> Cases:
        """Draw cases, in single precision on the CPU."""
        (nz, nx), E, errors = self.shape, cases, self.errors.to(torch.empty(0))
        u = torch.rand(E, 4, 1, 1, generator=generator)
        z, x = torch.meshgrid(torch.linspace(0, 1, nz), torch.linspace(0, 1, nx), indexing="ij")
        truth = _field(x, z, u).flatten(1)
        error = errors.sqrt(torch.randn(E, nz * nx, generator=generator))
        if self.shifted:
            images = torch.stack([_field(x - SHIFT + step * SMOOTHING, z, u) for step in (-1, 0, 1)])
            background = (images.mean(0) + BIAS).flatten(1)
        else:
            background = truth + error
        low, high = self.columns
        count = low + (torch.rand(E, generator=generator) * (high - low + 1)).floor().clamp(max=high - low)
        column = torch.rand(E, nx, generator=generator).argsort(1)[:, :high]
        heights = torch.linspace(0, nz - 1, self.levels).round().long()
        nodes = (heights * nx + column[:, :, None]).flatten(1)[..., None]
        used = (torch.arange(high) < count[:, None])[:, :, None].expand(-1, -1, self.levels).flatten(1)
        noise = self.sigma_o * torch.randn(E, high * self.levels, generator=generator)
        return observed_with(noise, truth, background, nodes, used, self.sigma_o, errors)


@dataclass(frozen=True, eq=False)
class ArchiveDraws:
    """Cases from pairs of fields: truths with their backgrounds, observed at places drawn anew.

    Attributes
    ----------
    truths, backgrounds
        Shape (K, n).
    errors
        B.
    count
        Least and most observations of a case.
    sigma_o
        σ_o.
    anywhere
        From numbers of the unit interval (p, 2) to the rows of H at places between grid points; None: observations lie at
        grid points, at each at most one.
    """

    truths: Tensor
    backgrounds: Tensor
    errors: Errors
    count: tuple[int, int]
    sigma_o: float
    anywhere: Callable[[Tensor], Rows] | None = None

    def draw(self, cases: int, generator: torch.Generator) -> Cases:
        """Draw cases, in single precision on the CPU."""
        which = torch.randint(len(self.truths), (cases,), generator=generator)
        truth, background = self.truths[which].float(), self.backgrounds[which].float()
        low, high = self.count
        count = low + (torch.rand(cases, generator=generator) * (high - low + 1)).floor().clamp(max=high - low)
        nodes, weights = self._places(cases, high, generator)
        used = torch.arange(high) < count[:, None]
        noise = self.sigma_o * torch.randn(cases, high, generator=generator)
        return observed_with(noise, truth, background, nodes, used, self.sigma_o, self.errors.to(truth), weights)

    def _places(self, cases: int, each: int, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Return the grid points (E, P, k) that observations are interpolated from, and with what weights."""
        if self.anywhere is None:
            return torch.rand(cases, self.truths.shape[1], generator=generator).argsort(1)[:, :each, None], None
        rows = self.anywhere(torch.rand(cases * each, 2, generator=generator, dtype=torch.float64))
        return rows.index.unflatten(0, (cases, each)), rows.weight.unflatten(0, (cases, each)).float()


def observed_with(
    noise: Tensor,
    truth: Tensor,
    background: Tensor,
    nodes: Tensor,
    used: Tensor,
    sigma_o: float,
    errors: Errors,
    weights: Tensor | None = None,
) -> Cases:
    """Return cases whose observations are the truth, interpolated from grid points (E, P, k), plus noise (E, P).

    Without `weights` each observation lies at a grid point, k = 1.
    """
    E = len(truth)
    if weights is None:
        weights = torch.ones_like(nodes, dtype=truth.dtype)
    seen = (truth.gather(1, nodes.flatten(1)).unflatten(1, nodes.shape[1:]) * weights).sum(-1)
    values = (seen + noise) * used
    sigma = torch.full((E,), sigma_o).to(truth)
    return Cases(truth, background, nodes, weights, values, used, sigma, errors, truth.new_zeros(E, 0))


def _field(x: Tensor, z: Tensor, u: Tensor) -> Tensor:
    """Return truths (E, n_z, n_x), K, where x and z count from 0 to 1 and u (E, 4, 1, 1) are numbers of [0, 1)."""
    a, b, c, d = u.unbind(1)
    waves = 2.5 * torch.sin(2 * math.pi * (2 * x - 0.6 * z + a)) * torch.sin(math.pi * (0.15 + 0.8 * z))
    shorter = 1.2 * torch.sin(2 * math.pi * (5 * x + 0.8 * z + b)) * (1 - z)
    bubble = 4 * torch.exp(-(((x - 0.25 - 0.5 * c) / 0.08).square() + ((z - 0.3 - 0.3 * d) / 0.15).square()))
    return 300 + 12 * z + waves + shorter + bubble
