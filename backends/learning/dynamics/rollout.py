"""Steps one after another, and the loss along them."""

from collections.abc import Callable

import torch
from torch import Tensor

#: A step of a model: a state (..., n) to the next.
Step = Callable[[Tensor], Tensor]
#: What errors are cut off at, so that scores of a model that leaves all bounds are still numbers.
BEYOND = 1e6


def rollout(step: Step, state: Tensor, steps: int) -> Tensor:
    """Return a state and those after each step, (steps + 1, ...); gradients pass through all of them."""
    states = [state]
    for _ in range(steps):
        states.append(step(states[-1]))
    return torch.stack(states)


def rollout_loss(step: Step, truth: Tensor, scale: Tensor | float = 1.0) -> Tensor:
    """Return the mean of (x_k − truth_k)² / scale over the steps k of a rollout that begins at truth_0.

    The gradient goes back through all steps, so that what a step does to later ones counts.

    Parameters
    ----------
    step
        Of the model that is trained.
    truth
        States at times 0 to K, (K + 1, E, ...), K at least 1.
    scale
        Mean squares that errors are measured in: one number, or one for each sample, (E, 1, ...).
    """
    return ((rollout(step, truth[0], len(truth) - 1)[1:] - truth[1:]).square() / scale).mean()


def rmse(errors: Tensor) -> float:
    """Return the root mean square of errors of any shape, at most :data:`BEYOND`, and that where one is not finite."""
    value = float(errors.double().square().mean().sqrt())
    return value if value < BEYOND else BEYOND
