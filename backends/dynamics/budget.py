"""The budget of the tracer on the plane: what came in, and where it went."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.runge_kutta import runge_kutta


@dataclass(frozen=True, eq=False)
class Budget:
    """What came and went, step by step: content[k] − content[0] = source[k] − loss[k] − outflow[k] to rounding.

    All but `state` have shape (steps + 1, ...) and the unit m² times that of φ.

    Attributes
    ----------
    content
        ∫φ at the start and after each step.
    source, loss, outflow
        ∫∫ A S, ∫∫ (λ + λ_top) φ, and what the wind carried out at the top (or at the bottom, if it sinks), since the start.
    state
        After the last step, shape (..., n).
    """

    content: Tensor
    source: Tensor
    loss: Tensor
    outflow: Tensor
    state: Tensor


def budget(model: AdvectionDiffusion, state: Tensor, steps: int, time: float = 0.0) -> Budget:
    """Run a model from a state (..., n), beginning at `time`, and return what came and went.

    Loss and outflow are carried along as two more components, by the scheme that steps the state: the budget closes
    because each tendency of the state closes it.
    """
    n, cell = model.size, model.dx * model.dz

    def rates(extended: Tensor, amplitude: float) -> Tensor:
        field = extended[..., :n].unflatten(-1, model.shape)
        change = model.transport(field) + amplitude * model.source
        loss = cell * (model.damping * field).sum((-2, -1))
        edge = field[..., -1 if model.w > 0 else 0, :]
        outflow = model.dx * abs(model.w) * edge.sum(-1)
        return torch.cat([change.flatten(-2), torch.stack([loss, outflow], dim=-1)], dim=-1)

    def step(extended: Tensor, amplitude: float, began: float) -> Tensor:
        return runge_kutta(lambda x, _: rates(x, amplitude), extended, began, model.dt)

    extended = torch.cat([state, torch.zeros_like(state[..., :2])], dim=-1)
    released = torch.zeros_like(state[..., 0])
    rows = [torch.stack([cell * state.sum(-1), released, released, released])]
    for k in range(steps):
        began = time + k * model.dt
        A = model.amplitude(began)
        extended = step(extended, A, began)
        released = released + model.dt * A * cell * model.source.sum()
        rows.append(torch.stack([cell * extended[..., :n].sum(-1), released, extended[..., n], extended[..., n + 1]]))
    content, source, loss, outflow = torch.stack(rows, dim=1)
    return Budget(content, source, loss, outflow, extended[..., :n])
