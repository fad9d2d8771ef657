"""The correlation of places on a grid as a product of correlations along its axes, each of which may be periodic."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.correlation import gaussian

#: Images of a periodic axis count until they are this many lengths away, where a Gaussian is below 1e-17.
REACH = 9
#: From this length on, as a part of a periodic axis, the correlation is one everywhere, to far less than rounding.
FLAT = 3.0
#: Directions of an axis with eigenvalues below this share of the largest are left out of square roots.
NEGLIGIBLE = 1e-12


class SeparableCorrelation(BackgroundError):  # noqa: N818  a covariance of errors, no exception
    """C = C_1 ⊗ C_2 ⊗ …, a correlation along each axis of a grid, each given by its root: C_i = U_i U_iᵀ.

    Long correlations need few directions: control vectors have one element for each of their products.

    Parameters
    ----------
    roots
        U_i of each axis, (n_i, columns), in double precision, that of the slowest index first.
    like
        Whose device and precision states have.
    """

    def __init__(self, roots: Sequence[Tensor], like: Tensor) -> None:
        self._roots = [root.to(like) for root in roots]
        self._adjoints = [root.mT for root in self._roots]
        self.shape = tuple(len(root) for root in self._roots)
        self._controls = tuple(root.shape[1] for root in self._roots)
        self.size, self.control_size = math.prod(self.shape), math.prod(self._controls)

    def apply(self, state: Tensor) -> Tensor:
        """Return C x, shape (..., n)."""
        return self.sqrt(self.sqrt_adjoint(state))

    def sqrt(self, control: Tensor) -> Tensor:
        """Return U v, shape (..., n)."""
        return _along(control, self._controls, self._roots)

    def sqrt_adjoint(self, state: Tensor) -> Tensor:
        """Return Uᵀ x, shape (..., control_size)."""
        return _along(state, self.shape, self._adjoints)

    def variance(self) -> Tensor:
        """Return the diagonal of C, shape (n,)."""
        result = self._roots[0].new_ones(1)
        for root in self._roots:
            result = torch.outer(result, root.square().sum(1)).flatten()
        return result

    def between(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the elements of C in rows a and columns b."""
        result = self._roots[0].new_ones(len(a), len(b))
        for root in reversed(self._roots):
            a, i = a // len(root), a % len(root)
            b, j = b // len(root), b % len(root)
            result *= root[i] @ root[j].mT
        return result


def axis_root(points: int, periodic: bool, length: float) -> Tensor:
    """Return U with U Uᵀ the Gaussian correlation matrix of an axis in double precision, as many columns as matter.

    On a periodic axis it is summed over all images and scaled: a Gaussian of the shorter way round has negative eigenvalues.
    Its eigenvectors are waves there, so that the matrix need not be formed, however long the axis is.
    """
    place = torch.arange(points, dtype=torch.float64) / points
    if not periodic:
        values, vectors = torch.linalg.eigh(gaussian((place[:, None] - place) / length))
        kept = values > NEGLIGIBLE * values[-1]
        return vectors[:, kept] * values[kept].sqrt()
    length = min(length, FLAT)
    reach = 3 + math.ceil(REACH * length)
    images = torch.arange(-reach, reach + 1, dtype=torch.float64)
    row = gaussian((place + images[:, None]) / length).sum(0)
    values = torch.fft.rfft(row / row[0]).real
    wave = (values > NEGLIGIBLE * values.max()).nonzero()[:, 0]
    alone = (wave == 0) | (2 * wave == points)  # all others are a pair, cosine and sine
    size = (values[wave] * torch.where(alone, 1.0, 2.0) / points).sqrt()
    angle = 2 * math.pi * place[:, None] * wave
    return torch.cat([size * angle.cos(), (size * angle.sin())[:, ~alone]], dim=1)


def _along(field: Tensor, shape: tuple[int, ...], matrices: Sequence[Tensor]) -> Tensor:
    """Return fields (..., n) of the given shape multiplied by a matrix along each axis, flat again."""
    shaped = field.unflatten(-1, shape)
    for axis, matrix in enumerate(matrices, start=-len(shape)):
        shaped = (shaped.movedim(axis, -1) @ matrix.mT).movedim(-1, axis)
    return shaped.flatten(-len(shape))
