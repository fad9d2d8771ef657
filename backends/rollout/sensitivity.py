"""Sensitivity: what in the start state a forecast's error over a place at a lead depends on, as a gradient."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.rollout.models import ForecastModel
from backends.rollout.world import Starts, World


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Gradient of J, the mean of (forecast − truth)² over some components at one lead.

    Attributes
    ----------
    value
        J, squared unit of the state.
    gradient
        ∂J/∂x₀, (n,).
    forecast, truth
        States at the lead, (n,).
    """

    value: float
    gradient: Tensor
    forecast: Tensor
    truth: Tensor


def sensitivity(
    world: World, model: ForecastModel, starts: Starts, state: Tensor, components: Tensor, lead: int, number: int = 0
) -> Sensitivity:
    """Return the gradient of a forecast's error with respect to where it starts, by automatic differentiation.

    Parameters
    ----------
    world
        The truth.
    model
        What forecasts.
    starts
        Of which `number` is looked at.
    state
        What the forecast begins with, (n,).
    components
        Numbers of the components that J is the mean over, whole numbers (p,), or which ones, true and false (n,).
    lead
        Steps ahead.
    number
        Of the start.

    Raises
    ------
    InputError
        If there are no such components or no steps, the model knows nothing of its start, or the gradient is not finite.
    """
    if lead < 1:
        raise InputError(f"the lead must be at least one step; came {lead}")
    if state.shape != (world.size,):
        raise InputError(f"the start must have {world.size} components; came shape {tuple(state.shape)}")
    chosen = _numbers(components, world.size).to(state.device)
    one = Starts(*(getattr(starts, name)[number : number + 1] for name in ("states", "steps", "blocks")))
    *_, truth = world.truth(one, lead, lead)
    start = state.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        forecast = model.advance(start[None, None], one, 0, lead)[0, 0]
        J = (forecast - truth[0])[chosen].square().mean()
        if not J.requires_grad:
            raise InputError(f"{model.label} does not depend on where it starts; it has no sensitivity")
        (gradient,) = torch.autograd.grad(J, start)
    if not bool(torch.isfinite(gradient).all()):
        raise InputError(f"the gradient of {model.label} is not finite {lead} steps ahead; choose a shorter lead")
    return Sensitivity(float(J.detach()), gradient, forecast.detach(), truth[0])


def box(shape: tuple[int, ...], corners: tuple[tuple[int, int], ...]) -> Tensor:
    """Return which components, (n,), lie within ranges of rows, columns and so on, the last of each range not included.

    Raises
    ------
    InputError
        If there is not one range for each axis, or a range is empty or beyond the axis.
    """
    if len(corners) != len(shape):
        raise InputError(f"a box needs a range for each of {len(shape)} axes; came {len(corners)}")
    inside = torch.zeros(shape, dtype=torch.bool)
    for (first, beyond), points in zip(corners, shape, strict=True):
        if not 0 <= first < beyond <= points:
            raise InputError(f"a range of the box must lie within 0 to {points} and not be empty; came {first} to {beyond}")
    inside[tuple(slice(first, beyond) for first, beyond in corners)] = True
    return inside.flatten()


def _numbers(components: Tensor, size: int) -> Tensor:
    numbers = components.nonzero().flatten() if components.dtype == torch.bool else components.long()
    right = components.shape == (size,) if components.dtype == torch.bool else components.ndim == 1
    if not right or len(numbers) == 0 or int(numbers.min()) < 0 or int(numbers.max()) >= size:
        raise InputError(f"components must be some of 0 to {size - 1}, or a mask of {size}; came {len(numbers)} of them")
    return numbers
