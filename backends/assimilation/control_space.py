"""Iterative minimisation in control space: x = x_b + B^{1/2} v, so that J_b = ½ vᵀ v."""

import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, History, Problem, finished
from backends.errors import InputError
from backends.observing.operators import LinearOperator, adjoint


@dataclass(frozen=True)
class Stopping:
    """When an iterative solver ends: at a gradient reduced to `tolerance` of the first one, or after `iterations`."""

    iterations: int = 200
    tolerance: float = 1e-8

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise InputError(f"a solver needs at least one iteration; came {self.iterations}")
        if not 0 < self.tolerance < 1:
            raise InputError(f"the tolerance of a solver must lie between 0 and 1; came {self.tolerance:g}")


class ControlSpace:
    """The cost of a single case as a function of the control vector v, and its gradient.

    Attributes
    ----------
    problem
        With observations that are all used.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem.of_used()
        self.size = problem.background_error.control_size

    def zeros(self) -> Tensor:
        """Return v = 0, the background."""
        return self.problem.background.new_zeros(self.size)

    def residual(self, v: Tensor) -> Tensor:
        """Return y − H(x_b + U v), shape (p,)."""
        state = self.problem.background + self.problem.background_error.sqrt(v)
        return self.problem.observations.values - self.problem.operator(state)

    def costs(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Return J_b and J_o."""
        return 0.5 * v.square().sum(), self.problem.observation_cost(self.residual(v))

    def gradient(self, v: Tensor) -> Tensor:
        """Return ∇J = v − Uᵀ Hᵀ R⁻¹ (y − H(x)), shape (control_size,); H' by automatic differentiation."""
        state = self.problem.background + self.problem.background_error.sqrt(v)
        weighted = self.problem.observation_error.solve(self.residual(v))
        return v - self.problem.background_error.sqrt_adjoint(adjoint(self.problem.operator, state, weighted))


def conjugate_gradients(problem: Problem, stopping: Stopping = Stopping()) -> Analysis:
    """Minimise by conjugate gradients (Hestenes and Stiefel, 1952), preconditioned by the change to control space.

    The Hessian is I + (H U)ᵀ R⁻¹ H U, of which all eigenvalues but p are one.

    Raises
    ------
    InputError
        If H is not linear.
    """
    start = time.perf_counter()
    space = ControlSpace(problem)
    H, B, R = space.problem.operator, problem.background_error, space.problem.observation_error
    if not isinstance(H, LinearOperator):
        raise InputError("conjugate gradients need a linear observation operator; choose Gauss–Newton or L-BFGS")
    v = space.zeros()
    misfit = space.problem.innovation()  # y − H x
    g = -B.sqrt_adjoint(H.adjoint(R.solve(misfit)))
    direction, first = -g, float(g.norm())
    track = _Track()
    track.add(v.new_zeros(()), space.problem.observation_cost(misfit), g)
    while len(track) <= stopping.iterations and float(g.norm()) > stopping.tolerance * first:
        observed = H(B.sqrt(direction))
        curved = direction + B.sqrt_adjoint(H.adjoint(R.solve(observed)))
        step = g.square().sum() / (direction * curved).sum()
        v, misfit = v + step * direction, misfit - step * observed
        last, g = g, g + step * curved
        direction = -g + g.square().sum() / last.square().sum() * direction
        track.add(0.5 * v.square().sum(), space.problem.observation_cost(misfit), g)
    return _analysis(problem, space, v, track, start)


def lbfgs(problem: Problem, stopping: Stopping = Stopping(), memory: int = 20) -> Analysis:
    """Minimise by L-BFGS with a strong Wolfe line search (``torch.optim.LBFGS``), gradients by reverse mode."""
    start = time.perf_counter()
    space = ControlSpace(problem)
    v = space.zeros().requires_grad_()
    optimiser = torch.optim.LBFGS(
        [v], max_iter=1, max_eval=25, history_size=memory, line_search_fn="strong_wolfe", tolerance_grad=0, tolerance_change=0
    )  # fmt: skip

    def closure() -> Tensor:
        optimiser.zero_grad()
        j = torch.stack(space.costs(v)).sum()
        j.backward()
        return j

    track = _Track()
    g = space.gradient(v.detach())
    first = float(g.norm())
    track.add(*space.costs(v.detach()), g)
    while len(track) <= stopping.iterations and float(g.norm()) > stopping.tolerance * first:
        before = v.detach().clone()
        optimiser.step(closure)
        if torch.equal(before, v.detach()):  # the line search finds nothing lower: rounding is reached
            break
        g = space.gradient(v.detach())
        track.add(*space.costs(v.detach()), g)
    return _analysis(problem, space, v.detach(), track, start)


class _Track:
    """Gathers a history."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, jb: Tensor, jo: Tensor, gradient: Tensor) -> None:
        self.rows.append((float(jb), float(jo), float(gradient.norm())))

    def history(self) -> History:
        jb, jo, gradient = torch.tensor(self.rows, dtype=torch.float64).T
        return History(jb, jo, gradient)


def _analysis(problem: Problem, space: ControlSpace, v: Tensor, track: _Track, start: float) -> Analysis:
    jb, jo = space.costs(v)
    result = finished(problem, problem.background_error.sqrt(v), jb, jo, track.history())
    return replace(result, seconds=time.perf_counter() - start)
