"""Sensitivity: what in the start state a forecast's error over a place at a lead depends on, as a gradient."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from backends.errors import InputError
from backends.rollout.models import ForecastModel
from backends.rollout.world import Starts, World

#: Told how many pieces of the way there and back are done, and how many there are.
Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Gradient of J, the mean by area of (forecast − truth)² over some components at one lead.

    Attributes
    ----------
    value
        J, squared unit of the state.
    gradient
        ∂J/∂x₀, (n,); zero where the model knows nothing of its start, as climatology does.
    forecast, truth
        States at the lead, (n,).
    """

    value: float
    gradient: Tensor
    forecast: Tensor
    truth: Tensor


def sensitivity(
    world: World,
    model: ForecastModel,
    starts: Starts,
    state: Tensor,
    components: Tensor,
    lead: int,
    number: int = 0,
    report: Report | None = None,
) -> Sensitivity:
    """Return the gradient of a forecast's error with respect to where it starts, by automatic differentiation.

    The way there is remembered at about √lead of its steps, and the pieces between are run again on the way back: memory
    grows with √lead alone, for one more forecast (Griewank, 1992, Optim. Methods Softw. 1, 35–54).

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
    report
        Told before each piece.

    Raises
    ------
    InputError
        If there are no such components or no steps, or the gradient is not finite.
    """
    if lead < 1:
        raise InputError(f"the lead must be at least one step; came {lead}")
    if state.shape != (world.size,):
        raise InputError(f"the start must have {world.size} components; came shape {tuple(state.shape)}")
    chosen = _numbers(components, world.size).to(state.device)
    one = Starts(*(getattr(starts, name)[number : number + 1] for name in ("states", "steps", "blocks")))
    *_, truth = world.truth(one, lead, lead)
    start = state.detach().clone().requires_grad_(True)
    area = world.norm.area[chosen]
    with torch.enable_grad():
        forecast = _forecast(model, one, start, lead, report)
        J = (forecast - truth[0])[chosen].square() @ (area / area.sum())
        gradient = torch.autograd.grad(J, start)[0] if J.requires_grad else torch.zeros_like(start)
    if not bool(torch.isfinite(gradient).all()):
        raise InputError(f"the gradient of {model.label} is not finite {lead} steps ahead; choose a shorter lead")
    return Sensitivity(float(J.detach()), gradient, forecast.detach(), truth[0])


def _forecast(model: ForecastModel, starts: Starts, state: Tensor, lead: int, report: Report | None) -> Tensor:
    """Return the forecast (n,) from a state, whose graph holds but some of the states along the way."""
    length = math.isqrt(lead)
    pieces = [(began, min(length, lead - began)) for began in range(0, lead, length)]
    done = 0

    def piece(states: Tensor, began: int, steps: int) -> Tensor:
        nonlocal done
        if report is not None:  # before it, for on the way back a piece ends as soon as all is known that was forgotten
            report(done, 2 * len(pieces))
        done += 1
        return model.advance(states, starts, began, steps)

    states = state[None, None]
    for began, steps in pieces:
        states = checkpoint(piece, states, began, steps, use_reentrant=False, preserve_rng_state=False)
    return states[0, 0]


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
