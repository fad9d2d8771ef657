"""Conjugate gradients for many independent systems at once."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Solved:
    """Solutions of E systems.

    Attributes
    ----------
    x
        Shape (E, ...), like the right-hand sides.
    iterations
        That each system took, shape (E,), in the precision of `x`.
    decrease
        By how much each iteration lowered ½ xᵀA x − bᵀx, shape (K, E); zero where a system had ended.
    """

    x: Tensor
    iterations: Tensor
    decrease: Tensor


def conjugate_gradients(apply: Callable[[Tensor], Tensor], b: Tensor, goal: Tensor, most: int) -> Solved:
    """Solve A x = b for symmetric positive definite A; Hestenes and Stiefel (1952, J. Res. Natl. Bur. Stand. 49, 409–436).

    Each system has step lengths of its own, and stays as it is once its residual is small enough.

    Parameters
    ----------
    apply
        Returns A p, shape (E, ...), all systems at once.
    b
        Right-hand sides, shape (E, ...).
    goal
        Norms of the residuals that are small enough, shape (E,). A system with numbers that are not finite has ended.
    most
        Iterations at most.
    """
    wide = (-1,) + (1,) * (b.ndim - 1)  # (E,) to (E, 1, ...)
    x, r, p = torch.zeros_like(b), b, b
    squared = _dot(r, r)
    active = squared > goal.square()
    iterations, decrease = torch.zeros_like(squared), list[Tensor]()
    while len(decrease) < most and bool(active.any()):
        curved = apply(p)
        step = torch.where(active, squared / _dot(p, curved), 0)
        x = x + step.reshape(wide) * p
        r = r - step.reshape(wide) * curved
        iterations = iterations + active
        decrease.append(0.5 * step * squared)
        last, squared = squared, _dot(r, r)
        p = r + torch.where(active, squared / last, 0).reshape(wide) * p
        active = active & (squared > goal.square())
    return Solved(x, iterations, torch.stack(decrease) if decrease else squared.new_zeros(0, len(squared)))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return inner products, shape (E,)."""
    return (a * b).flatten(1).sum(1)
