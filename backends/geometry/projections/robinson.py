"""Robinson's projection, which is a table and not a formula."""

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from backends.geometry.projections.projection import Bounds, CutOpposite, masked, wrapped

#: Lengths of the parallels at 0, 5, ..., 90 degrees, and their distances from the equator, as parts of the greatest.
#: Robinson, A. H. (1974): A new map projection: its development and characteristics; also Snyder (1990), table 4.
LENGTHS = (1.0, 0.9986, 0.9954, 0.99, 0.9822, 0.973, 0.96, 0.9427, 0.9216, 0.8962, 0.8679, 0.835, 0.7986, 0.7597, 0.7186,
           0.6732, 0.6213, 0.5722, 0.5322)  # fmt: skip
HEIGHTS = (0.0, 0.062, 0.124, 0.186, 0.248, 0.31, 0.372, 0.434, 0.4958, 0.5571, 0.6176, 0.6769, 0.7346, 0.7903, 0.8435,
           0.8936, 0.9394, 0.9761, 1.0)  # fmt: skip
#: Half the length of the equator over π, and the distance of the pole from the equator.
ACROSS, UP = 0.8487, 1.3523
STEP = 5.0


@dataclass(frozen=True)
class Robinson(CutOpposite):
    """The whole Earth with little distortion, x and y in Earth radii.

    Between the rows of the table runs a cubic spline over all latitudes, not-a-knot at the poles.
    """

    longitude: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """All of the Earth."""
        return -ACROSS * math.pi, ACROSS * math.pi, -UP, UP

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y."""
        lengths, heights = _splines()
        k, t = _interval(latitude)
        x = ACROSS * _value(lengths.to(latitude), k, t) * torch.deg2rad(wrapped(longitude - self.longitude))
        return x, UP * torch.sign(latitude) * _value(heights.to(latitude), k, t)

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude; the latitude by Newton's method from linear interpolation in the table."""
        lengths, heights = (table.to(y) for table in _splines())
        height = (y / UP).abs()
        rows = heights[:, 0].contiguous()
        k = (torch.searchsorted(rows, height.clamp(max=1).contiguous(), right=True) - 1).clamp(0, len(LENGTHS) - 2)
        t = STEP * (height - rows[k]) / (rows[k + 1] - rows[k])
        for _ in range(4):  # heights are nearly linear: the error squares from some 0.05 degrees
            t = t - (_value(heights, k, t) - height) / _slope(heights, k, t)
        latitude = torch.sign(y) * (STEP * k + t)
        turn = x / (ACROSS * _value(lengths, k, t))
        shown = (height <= 1) & (turn.abs() <= math.pi * (1 + 1e-12))
        return masked(shown, latitude.clamp(-90, 90), wrapped(self.longitude + torch.rad2deg(turn)))

    def outline(self) -> Tensor:
        """Return the edge: both sides of the seam, and the poles between them."""
        latitude = torch.linspace(-90, 90, 181, dtype=torch.float64)
        right, y = self.forward(latitude, torch.full_like(latitude, self.seam - 1e-9))
        side = torch.stack([right, y], dim=1)
        mirrored = (side * side.new_tensor([-1, 1])).flip(0)
        return torch.cat([side, mirrored, side[:1]])


def _interval(latitude: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row of the table below a latitude, and the degrees from there."""
    away = latitude.abs().clamp(max=90)
    k = (away / STEP).nan_to_num(0).floor().long().clamp(max=len(LENGTHS) - 2)
    return k, away - STEP * k


def _value(table: Tensor, k: Tensor, t: Tensor) -> Tensor:
    a, b, c, d = table[k].unbind(-1)
    return a + t * (b + t * (c + t * d))


def _slope(table: Tensor, k: Tensor, t: Tensor) -> Tensor:
    _, b, c, d = table[k].unbind(-1)
    return b + t * (2 * c + t * 3 * d)


@cache
def _splines() -> tuple[Tensor, Tensor]:
    """Return the coefficients a + b t + c t² + d t³ from each row of the table on, (19, 4), of lengths and of heights."""
    lengths, heights = (torch.tensor(table, dtype=torch.float64) for table in (LENGTHS, HEIGHTS))
    return _spline(lengths, 1), _spline(heights, -1)


def _spline(table: Tensor, parity: int) -> Tensor:
    """Return the cubic spline through a table that goes on beyond the equator as an even (1) or odd (−1) function."""
    values = torch.cat([parity * table[1:].flip(0), table])
    n = len(values)
    # The second derivatives m: continuous slopes inside; at the ends the third derivative runs on (not-a-knot).
    matrix = torch.zeros(n, n, dtype=torch.float64)
    inner = torch.arange(1, n - 1)
    matrix[inner, inner - 1], matrix[inner, inner], matrix[inner, inner + 1] = 1.0, 4.0, 1.0
    matrix[0, :3] = matrix[-1, -3:] = torch.tensor([1.0, -2.0, 1.0], dtype=torch.float64)
    right = torch.zeros(n, dtype=torch.float64)
    right[1:-1] = 6 * values.diff().diff() / STEP**2
    m = torch.linalg.solve(matrix, right)
    slope = values.diff() / STEP - STEP * (2 * m[:-1] + m[1:]) / 6
    cubic = m.diff() / (6 * STEP)
    coefficients = torch.stack([values[:-1], slope, m[:-1] / 2, cubic], dim=1)[n // 2 :]
    pole = torch.tensor([[float(table[-1]), 0.0, 0.0, 0.0]], dtype=torch.float64)  # only its height is looked up
    return torch.cat([coefficients, pole])
