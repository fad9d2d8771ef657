"""Networks that infer an increment: the course's, in the space of states, and one that descends in control space."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, silu

from backends.learning.variational.cases import Cases

#: Added to mean squares, so that what is zero stays zero.
TINY = 1e-20


class Analyst(Protocol):
    """A network that analyses: cases in, increments out."""

    def increment(self, cases: Cases) -> Tensor:
        """Return x_a − x_b, (E, n)."""

    def costs(self, cases: Cases) -> tuple[Tensor, Tensor]:
        """Return J_b and J_o, (E,), of these increments, as precisely as the network allows."""


class IncrementNetwork(nn.Module):
    """The lecture's network: [x_b, y on the grid, mask] to x_a − x_b, by three linear layers with tanh between them.

    Keller and Potthast (arXiv:2406.00390). The mask is 1 where there is an observation, y is 0 where there is none.
    """

    def __init__(self, points: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3 * points, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, points)
        )

    def forward(self, cases: Cases) -> Tensor:
        """Return the increment, (E, n)."""
        mask = cases.observed_adjoint(torch.ones_like(cases.values))
        gridded = cases.observed_adjoint(cases.values)
        return self.layers(torch.cat([cases.background, gridded, mask], dim=-1))

    increment = forward

    def costs(self, cases: Cases) -> tuple[Tensor, Tensor]:
        """Return J_b, with B⁻¹, and J_o."""
        return cases.costs(self(cases))


class ControlNetwork(nn.Module):
    """[x_b's innovations on the grid, mask] to a control vector v, by the same layers; the increment is B^{1/2} v."""

    def __init__(self, points: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * points, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, points)
        )

    def forward(self, cases: Cases) -> Tensor:
        """Return the control vector, (E, n)."""
        mask = cases.observed_adjoint(torch.ones_like(cases.values))
        return self.layers(torch.cat([cases.observed_adjoint(cases.innovation()), mask], dim=-1))

    def increment(self, cases: Cases) -> Tensor:
        """Return B^{1/2} v."""
        return cases.errors.sqrt(self(cases))

    def costs(self, cases: Cases) -> tuple[Tensor, Tensor]:
        """Return ½ vᵀv and J_o."""
        return cases.control_costs(self(cases))


class Direction(nn.Module):
    """Fields (E, c, *shape) to directions (E, K, *shape), by convolutions that the conditions scale and shift.

    On planes the convolutions see means over squares of `coarse` points, and what they propose is interpolated back.
    """

    def __init__(
        self, inputs: int, width: int, kernel: int, directions: int, conditions: int, periodic: tuple[bool, ...], coarse: int
    ) -> None:
        super().__init__()
        dimensions = len(periodic)
        Convolution: type[nn.Module] = nn.Conv1d if dimensions == 1 else nn.Conv2d
        beyond = "circular" if all(periodic) else "zeros"

        def wide(a: int, b: int) -> nn.Module:
            return Convolution(a, b, kernel, padding="same", padding_mode=beyond)

        self.first, self.second = wide(inputs, width), wide(width, width)
        self.third, self.last = Convolution(width, width, 1), Convolution(width, directions, 1)
        self.told = nn.Sequential(nn.Linear(max(1, conditions), 32), nn.SiLU(), nn.Linear(32, 4 * width))
        self._told, self._blank, self._coarse = conditions, (1,) * dimensions, coarse

    def forward(self, fields: Tensor, features: Tensor | None, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Return the directions, and the features that they were made from, (E, width, *shape), coarser on planes."""
        if self._told == 0:
            conditions = conditions.new_ones(len(fields), 1)
        scales = self.told(conditions).unflatten(1, (4, -1))
        g1, b1, g2, b2 = (part.reshape(*part.shape, *self._blank) for part in scales.unbind(1))
        shape = fields.shape[2:]
        if self._coarse > 1:
            fields = avg_pool2d(fields, self._coarse, ceil_mode=True)
        if features is not None:
            fields = torch.cat([fields, features], 1)
        x = silu(self.first(fields) * (1 + g1) + b1)
        x = x + silu(self.second(x) * (1 + g2) + b2)
        x = x + silu(self.third(x))
        proposed = self.last(x)
        return proposed if self._coarse == 1 else interpolate(proposed, size=shape, mode="bilinear"), x


class DescentNetwork(nn.Module):
    """Learned descent in control space: a few stages, each a convolutional network that proposes where to go.

    A stage sees the residual on the grid, the mask, the gradient of J, and where the stages before it have come to. It
    proposes K directions; J is quadratic, and the step goes to its exact minimum in the span of these, the gradient and
    the way so far. So J never rises, and zero innovations give no increment. Without proposals the first two stages would be
    the first two steps of conjugate gradients. That a network sees gradients and learns where to go is the idea of Adler and
    Öktem (2017, Inverse Problems 33, 124007).

    Parameters
    ----------
    shape
        Of the grid, (n,) or (n_z, n_x).
    stages, width, kernel, directions
        Number of stages, their channels, points of a kernel along an axis, and K.
    conditions
        How many numbers of B, R and the observations it is told.
    periodic
        Whether each axis closes on itself; by default all do.
    coarse
        On planes, points along each axis that the convolutions see as one.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        stages: int = 2,
        width: int = 32,
        kernel: int = 9,
        directions: int = 1,
        conditions: int = 0,
        periodic: tuple[bool, ...] = (),
        coarse: int = 1,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.stages = nn.ModuleList(
            Direction(
                4 if k == 0 else 5 + width, width, kernel, directions, conditions, periodic or (True,) * len(shape), coarse
            )
            for k in range(stages)
        )

    def forward(self, cases: Cases) -> Tensor:
        """Return the control vector, (E, n)."""
        sigma, U = cases.sigma[:, None], cases.errors
        mask = cases.observed_adjoint(torch.ones_like(cases.values))
        reach = _normal(U.sqrt(mask))
        d = cases.innovation()
        v, features, misfit = torch.zeros_like(cases.background), None, d
        for stage in self.stages:
            gradient = v - U.sqrt_adjoint(cases.observed_adjoint(misfit / sigma.square()))
            seen = [_normal(cases.observed_adjoint(misfit)), mask, _normal(gradient), reach]
            if features is not None:
                seen.append(_normal(v))
            fields = torch.stack(seen, 1).unflatten(-1, self.shape)
            proposed, features = stage(fields, features, cases.conditions)
            v = _best(cases, v, misfit, torch.cat([proposed.flatten(2), gradient[:, None], v[:, None]], 1))
            misfit = d - cases.observed(U.sqrt(v))
        return v

    def increment(self, cases: Cases) -> Tensor:
        """Return B^{1/2} v."""
        return cases.errors.sqrt(self(cases))

    def costs(self, cases: Cases) -> tuple[Tensor, Tensor]:
        """Return ½ vᵀv and J_o."""
        return cases.control_costs(self(cases))


def _best(cases: Cases, v: Tensor, misfit: Tensor, ways: Tensor) -> Tensor:
    """Return the minimum of J among v + span of ways (E, K, n), by its normal equations."""
    ways = _normal(ways) / ways.shape[-1] ** 0.5
    seen = cases.observed(cases.errors.sqrt(ways)) / cases.sigma[:, None, None]
    A = ways @ ways.mT + seen @ seen.mT
    # Directions may be parallel, or zero: a little on the diagonal keeps the equations solvable.
    A = A + torch.diag_embed(1e-5 * A.diagonal(dim1=1, dim2=2) + 1e-9)
    b = (seen @ (misfit / cases.sigma[:, None])[..., None]) - ways @ v[..., None]
    return v + (torch.linalg.solve(A, b).mT @ ways)[:, 0]


def _normal(field: Tensor) -> Tensor:
    """Return fields (..., n) divided by their root mean square."""
    return field / (field.square().mean(-1, keepdim=True) + TINY).sqrt()
