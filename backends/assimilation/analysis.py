"""The problem that every method solves, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.errors import InputError
from backends.observing.errors import ObservationError
from backends.observing.observations import Observations
from backends.observing.operators import ObservationOperator


@dataclass(frozen=True, eq=False)
class Problem:
    """Minimise J(x) = ½ (x − x_b)ᵀ B⁻¹ (x − x_b) + ½ (y − H(x))ᵀ R⁻¹ (y − H(x)); leading dimensions are cases.

    Attributes
    ----------
    background
        x_b, shape (..., n).
    observations
        y, shape (..., p).
    operator, background_error, observation_error
        H, B, R.
    used
        Shape (p,) or (..., p), boolean: observations that are not used have no part in J_o.
    """

    background: Tensor
    observations: Observations
    operator: ObservationOperator
    background_error: BackgroundError
    observation_error: ObservationError
    used: Tensor

    def innovation(self) -> Tensor:
        """Return d = y − H(x_b), shape (..., p).

        Raises
        ------
        InputError
            If the background is missing where it is observed.
        """
        d = self.observations.values - self.operator(self.background)
        if not bool(torch.isfinite(d).all()):
            raise InputError("the background is missing (NaN) at an observation; observe where both fields have values")
        return d

    def of_used(self) -> "Problem":
        """Return the problem without the observations that are not used; for a single case."""
        if bool(self.used.all()):
            return self
        keep = self.used.nonzero()[:, 0]
        y = Observations(self.observations.values[..., keep], self.observations.places[keep])
        R, H = self.observation_error[keep], self.operator.of(keep)
        return replace(self, observations=y, operator=H, observation_error=R, used=self.used[keep])

    def observation_cost(self, residual: Tensor) -> Tensor:
        """Return J_o = ½ rᵀ R⁻¹ r, shape (...), of residuals r (..., p) at observations that are all used."""
        return 0.5 * (residual * self.observation_error.solve(residual)).sum(-1)


@dataclass(frozen=True, eq=False)
class History:
    """What an iterative solver went through: one value per iteration, the start included, shape (iterations + 1,).

    `gradient` is the norm of the gradient in control space.
    """

    jb: Tensor
    jo: Tensor
    gradient: Tensor

    @property
    def j(self) -> Tensor:
        """The cost J = J_b + J_o."""
        return self.jb + self.jo

    @property
    def iterations(self) -> int:
        """Number of iterations."""
        return len(self.jb) - 1


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result of an assimilation; leading dimensions are independent cases.

    Attributes
    ----------
    mean
        The analysis x_a, shape (..., n).
    increment
        x_a − x_b, shape (..., n).
    innovation, residual
        O−B, y − H(x_b), and O−A, y − H(x_a), shape (..., p), of all observations, rejected ones included.
    jb, jo
        The two terms of the cost at the analysis, shape (...).
    dual
        R⁻¹ (y − H(x_a)) of the used observations and zero at others, shape (..., p). For a linear H the increment is
        B Hᵀ of it, which carries the analysis to any other place.
    history
        Of an iterative solver.
    seconds
        Wall time of the solution.
    """

    mean: Tensor
    increment: Tensor
    innovation: Tensor
    residual: Tensor
    jb: Tensor
    jo: Tensor
    dual: Tensor
    history: History | None = None
    seconds: float = field(default=0.0)

    @property
    def j(self) -> Tensor:
        """The cost J = J_b + J_o at the analysis, shape (...)."""
        return self.jb + self.jo

    @property
    def iterations(self) -> int:
        """Iterations of the solver; 0 for a closed form."""
        return self.history.iterations if self.history else 0


#: A method: a problem in, its analysis out.
Solver = Callable[[Problem], Analysis]


def finished(problem: Problem, increment: Tensor, jb: Tensor, jo: Tensor, history: History | None = None) -> Analysis:
    """Return the analysis that belongs to an increment found by a solver for a single case, all observations included."""
    mean = problem.background + increment
    residual = problem.observations.values - problem.operator(mean)
    dual = torch.zeros_like(residual)
    keep = problem.used.nonzero()[:, 0]
    dual[..., keep] = problem.observation_error[keep].solve(residual[..., keep])
    return Analysis(mean, increment, problem.innovation(), residual, jb, jo, dual, history)
