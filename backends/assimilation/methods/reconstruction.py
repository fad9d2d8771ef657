"""A recorded sequence of observations, gone over again and again: the modes of ORIGEN as a function."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.methods.origen import MODES, Mode, inflated_covariance
from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What the sweeps over a sequence of K times have made of it, in E experiments.

    Attributes
    ----------
    trajectory
        After each sweep, shape (sweeps, K, E, n).
    variance
        The diagonal of (I − K H) B after each sweep, shape (sweeps, K, n).
    error
        RMSE over times and components after each sweep, shape (sweeps, E); None where no truth was given.
    """

    trajectory: Tensor
    variance: Tensor
    error: Tensor | None


def reconstruct(
    mode: Mode,
    operators: Sequence[Tensor] | Tensor,
    values: Sequence[Tensor] | Tensor,
    sigma: float,
    first: Tensor,
    covariance: Tensor,
    inflation: float = 1.0,
    truth: Tensor | None = None,
) -> Reconstruction:
    """Return the trajectory after each sweep over the sequence; see :class:`~backends.assimilation.methods.origen.Origen`.

    All times of a sweep are analysed at once, except where persistence carries one to the next: in the mode ``persistence``,
    which goes on from the end of a sweep to the beginning of the next as in a closed orbit, and in the first sweep of
    ``two-rounds``. That mode takes in all it is given: its operators are those of x₁ in one sweep and x₂ in the next.

    Parameters
    ----------
    mode
        ``persistence``, ``two-rounds``, ``sequence`` or ``covariance``.
    operators
        H of each sweep and time, shape (sweeps, K, p, n); p may differ between sweeps in a list, and K be 1 for an H that
        is the same at all times.
    values
        y of each sweep, shape (sweeps, K, E, p): drawn anew, or the same in each.
    sigma
        σ_o.
    first
        The first guess, a shape that broadcasts to (K, E, n); with persistence that of the first time alone counts.
    covariance
        B, shape (n, n).
    inflation
        λ ≥ 1 of the mode ``covariance``.
    truth
        Shape (K, n) or (K, E, n), to measure errors against.

    Raises
    ------
    InputError
        If the mode is another, the sweeps of H and y do not match, or their shapes do not.
    """
    if mode not in MODES or mode == "cycling":
        raise InputError(f"a sequence is reconstructed by one of {', '.join(MODES[1:])}; came {mode!r}")
    if len(operators) != len(values) or not len(values):
        raise InputError(f"operators and values must be those of the same sweeps; came {len(operators)} and {len(values)}")
    n = covariance.shape[-1]
    K, E = values[0].shape[:2]
    for H, y in zip(operators, values, strict=True):
        if y.shape[:2] != (K, E) or H.shape[0] not in (1, K) or H.shape[1:] != (y.shape[2], n):
            raise InputError(
                f"values of a sweep must have the shape ({K}, {E}, p) and its operators ({K} or 1, p, {n}); "
                f"came {tuple(y.shape)} and {tuple(H.shape)}"
            )
    state, B = first.expand(K, E, n), covariance.expand(K, n, n)
    trajectory, variance = [], []
    for sweep, (H, y) in enumerate(zip(operators, values, strict=True)):
        gain, A = _gain(B, H, sigma)
        if mode == "persistence" or (mode == "two-rounds" and sweep == 0):
            state = _in_time(state[-1] if sweep else state[0], gain, H, y)
        else:
            state = state + (y - state @ H.mT) @ gain.mT
        if mode == "covariance":
            B = inflated_covariance(A, inflation, covariance)
        trajectory.append(state)
        variance.append(A.diagonal(dim1=-2, dim2=-1))
    x = torch.stack(trajectory)
    return Reconstruction(x, torch.stack(variance), None if truth is None else _error(x, truth))


def _gain(B: Tensor, H: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Return K = B Hᵀ (H B Hᵀ + R)⁻¹, (K, n, p), and (I − K H) B, (K, n, n), which with L Lᵀ = H B Hᵀ + R stays symmetric."""
    BHt = B @ H.mT
    S = H @ BHt + sigma**2 * torch.eye(H.shape[-2], dtype=B.dtype, device=B.device)
    L = torch.linalg.cholesky(S)
    V = torch.linalg.solve_triangular(L, BHt.mT, upper=False)
    return torch.linalg.solve_triangular(L.mT, V, upper=True).mT, B - V.mT @ V


def _in_time(background: Tensor, gain: Tensor, H: Tensor, y: Tensor) -> Tensor:
    """Return the analyses (K, E, n) of a sweep in which each is the background of the next."""
    analyses = []
    K, n, p = len(y), *gain.shape[1:]
    for H_k, gain_k, y_k in zip(H.expand(K, p, n), gain.expand(K, n, p), y, strict=True):
        background = background + (y_k - background @ H_k.T) @ gain_k.T
        analyses.append(background)
    return torch.stack(analyses)


def _error(trajectory: Tensor, truth: Tensor) -> Tensor:
    truth = truth if truth.ndim == 3 else truth[:, None]
    return (trajectory - truth).square().mean((1, 3)).sqrt()
