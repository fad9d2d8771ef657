"""Gauss–Newton outer loops for a nonlinear H, each inner problem solved in closed form in observation space."""

import time
from dataclasses import replace

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, History, Problem, finished
from backends.assimilation.control_space import Stopping
from backends.assimilation.innovation import InnovationCovariance

#: Halvings of a step that does not lower J.
HALVINGS = 12


def gauss_newton(problem: Problem, stopping: Stopping = Stopping()) -> Analysis:  # noqa: B008  frozen
    """Minimise J by linearising H at the latest state and solving for the next; exact after one step for a linear H.

    A step that would raise J is halved. States are kept as x = x_b + B q, which gives J_b = ½ qᵀ B q without an inverse.
    The gradient's norm is that in control space, ‖∇_v J‖² = gᵀ B g with g = q − Hᵀ R⁻¹ (y − H(x)).
    """
    start = time.perf_counter()
    active = problem.of_used()
    B, R, y = problem.background_error, active.observation_error, active.observations.values

    def costs(q: Tensor, increment: Tensor) -> tuple[Tensor, Tensor]:
        return 0.5 * (q * increment).sum(), active.observation_cost(y - active.operator(problem.background + increment))

    q = torch.zeros_like(problem.background)
    increment = torch.zeros_like(q)
    jb, jo = costs(q, increment)
    rows, first = [], 0.0
    while True:
        state = problem.background + increment
        H = active.operator.linearise(state)
        misfit = y - active.operator(state)
        g = q - H.adjoint(R.solve(misfit))
        norm = float((g * B.apply(g)).sum().clamp(min=0).sqrt())
        rows.append((float(jb), float(jo), norm))
        first = first or norm
        if len(rows) > stopping.iterations or norm <= stopping.tolerance * first:
            break
        S = InnovationCovariance(B.observed(H), R.matrix(), active.used)
        target = H.adjoint(S.solve(misfit + H(increment)).to(q.dtype))
        direction = target - q, B.apply(target) - increment
        step = 1.0
        for _ in range(HALVINGS):
            trial = q + step * direction[0], increment + step * direction[1]
            trial_costs = costs(*trial)
            if float(sum(trial_costs)) < float(jb + jo):
                break
            step /= 2
        else:
            break  # no step lowers J: this is the minimum that rounding allows
        (q, increment), (jb, jo) = trial, trial_costs
    history = History(*torch.tensor(rows, dtype=torch.float64).T)
    result = finished(problem, increment, jb, jo, history)
    return replace(result, seconds=time.perf_counter() - start)
