"""The budget of a rollout's tracer on the plane: what came in since the start, where it went, and whether that adds up."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.budget import budget
from backends.errors import InputError
from backends.experiments.rollout.view import RolloutView
from backends.rollout.models import FromDynamics
from backends.rollout.testbed import TestbedWorld

#: Steps that are taken at most, one by one.
MOST_STEPS = 2000


@dataclass(frozen=True, eq=False)
class TracerBudget:
    """What came and went since the start, (K + 1,) each, m² times the unit of φ.

    Attributes
    ----------
    change
        Of the content ∫φ.
    source, loss, outflow
        ∫∫ A S, ∫∫ (λ + λ_top) φ, and what the wind has carried out.
    closure
        change − (source − loss − outflow): rounding, unless tracer appears from nowhere.
    """

    change: np.ndarray
    source: np.ndarray
    loss: np.ndarray
    outflow: np.ndarray
    closure: np.ndarray


def has_tracer(view: RolloutView) -> bool:
    """Return whether the truth of a rollout is the tracer on the plane."""
    world = view.prepared.world
    return isinstance(world, TestbedWorld) and isinstance(world.dynamics, AdvectionDiffusion)


@torch.no_grad()
def budgets_of(view: RolloutView) -> dict[str, TracerBudget]:
    """Return the budgets of the start that is shown: of the truth, and of the mean of the members of each model that has one.

    The model is linear, so that the budget of the mean is the mean of the budgets.

    Raises
    ------
    InputError
        If the truth is no tracer, or there are too many steps.
    """
    prepared, steps = view.prepared, view.prepared.settings.steps
    world = prepared.world
    if not (isinstance(world, TestbedWorld) and isinstance(world.dynamics, AdvectionDiffusion)):
        raise InputError("a budget needs the tracer on the plane, advection-diffusion; the start is another one")
    if steps > MOST_STEPS:
        raise InputError(f"steps: a budget is kept of at most {MOST_STEPS:,}; came {steps:,}")
    time = int(prepared.starts.steps[view.start]) * world.dt
    mean = prepared.ensemble[view.start].mean(0)
    found = {"truth": _budget(world.dynamics, prepared.starts.states[view.start], view, time)}
    for model in prepared.models:
        if isinstance(model, FromDynamics) and isinstance(model.dynamics, AdvectionDiffusion):
            found[model.label] = _budget(model.dynamics, mean, view, time)
    return found


def _budget(dynamics: AdvectionDiffusion, state: Tensor, view: RolloutView, time: float) -> TracerBudget:
    settings, world = view.prepared.settings, view.prepared.world
    each = round(world.dt / dynamics.dt)  # a model may take shorter steps than the truth
    b = budget(dynamics, state, settings.steps * each, time)
    change, source, loss, outflow = (
        (term - term[0])[:: settings.every * each].double().cpu().numpy() for term in (b.content, b.source, b.loss, b.outflow)
    )
    return TracerBudget(change, source, loss, outflow, change - (source - loss - outflow))
