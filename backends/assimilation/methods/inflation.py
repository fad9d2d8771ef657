"""Keeping ensembles wide enough: inflation, relaxation, and random rotations."""

from functools import lru_cache

import torch
from torch import Tensor


def inflated(members: Tensor, factor: float) -> Tensor:
    """Return members (..., N, n) with deviations from their mean multiplied by a factor."""
    if factor == 1:
        return members
    mean = members.mean(-2, keepdim=True)
    return mean + factor * (members - mean)


def relaxed(analysis: Tensor, background: Tensor, share: float) -> Tensor:
    """Relax the spread of an analysis ensemble to that of the background, component by component.

    Deviations are multiplied by 1 + α (σ_b − σ_a)/σ_a: Whitaker and Hamill (2012, Mon. Weather Rev. 140, 3078–3089),
    equation 2. Members have shape (..., N, n); α = `share` in [0, 1].
    """
    if share == 0:
        return analysis
    sigma_a, mean = torch.std_mean(analysis, dim=-2, keepdim=True)
    sigma_b = background.std(-2, keepdim=True)
    tiny = torch.finfo(analysis.dtype).tiny
    return mean + (1 + share * (sigma_b - sigma_a) / sigma_a.clamp(min=tiny)) * (analysis - mean)


def rotation(experiments: int, members: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw orthogonal matrices Ω with Ω 1 = 1, uniformly: rotations of deviations that keep their mean and covariance.

    Sakov and Oke (2008, Mon. Weather Rev. 136, 1042–1053), section 3. Shape (E, N, N).
    """
    N = members
    white = torch.randn(experiments, N - 1, N - 1, generator=generator, dtype=like.dtype, device=like.device)
    Q, R = torch.linalg.qr(white)
    Q = Q * R.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]  # without this QR's own convention would favour some rotations
    basis = ones_complement(N, like.dtype, like.device)
    return basis @ Q @ basis.T + 1 / N


@lru_cache(maxsize=64)
def ones_complement(members: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return an orthonormal basis of what is orthogonal to (1, …, 1), shape (N, N − 1), by a Householder reflection."""
    N = members
    v = torch.full((N,), N**-0.5, dtype=dtype, device=device)
    v[0] += 1.0
    reflection = torch.eye(N, dtype=dtype, device=device) - torch.outer(v, v) * (2 / v.square().sum())
    return reflection[:, 1:]


def rotated(members: Tensor, generator: torch.Generator) -> Tensor:
    """Return members (E, N, n) whose deviations are rotated randomly."""
    mean = members.mean(-2, keepdim=True)
    E, N, _ = members.shape
    return mean + rotation(E, N, members, generator) @ (members - mean)
