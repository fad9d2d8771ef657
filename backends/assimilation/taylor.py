"""The Taylor test of a gradient: whether the cost changes as the gradient says, to second order."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.assimilation.control_space import ControlSpace

#: Steps from 1 down to 1e-9, four per decade.
STEPS = torch.logspace(0, -9, 37, dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class TaylorTest:
    """Remainders |J(v + hδ) − J(v) − h ∇Jᵀδ| for steps h, shape (37,) each.

    For a right gradient they fall by 100 for each ten times smaller step, until rounding takes over: a V on logarithmic
    axes. For a wrong one they fall by 10 from the step on where its error exceeds the curvature of J.
    """

    steps: Tensor
    remainder: Tensor

    @property
    def slope(self) -> float:
        """The least slope of the curve over a decade, of steps below 1 and remainders well above rounding: 2 where right.

        NaN where rounding leaves no such decade.
        """
        logs = self.remainder.clamp(min=1e-300).log10()
        falls = (logs[:-4] - logs[4:])[4:]
        clear = self.remainder[8:] > 100 * self.remainder[-8:].max()  # at the smallest steps there is rounding alone
        # The curve rises again where rounding rules: what counts ends at the first remainder that is not clear of it.
        return float(falls[: int(clear.long().cumprod(0).sum())].min()) if bool(clear[0]) else float("nan")


def taylor_test(problem: Problem, generator: torch.Generator) -> TaylorTest:
    """Return the Taylor test of ∇J in control space, at a random state in a random direction, for a single case."""
    space = ControlSpace(problem)
    like = space.zeros()
    v, direction = (torch.randn(space.size, generator=generator, dtype=torch.float64).to(like) for _ in range(2))
    direction = direction / direction.norm()
    value = torch.stack(space.costs(v)).sum()
    slope = (space.gradient(v) * direction).sum()
    costs = torch.stack([torch.stack(space.costs(v + h * direction)).sum() for h in STEPS.tolist()])
    remainder = (costs - value - STEPS.to(like) * slope).abs()
    return TaylorTest(STEPS, remainder.cpu().double())
