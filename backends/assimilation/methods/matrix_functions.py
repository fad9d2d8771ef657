"""Inverse and inverse square root of many small symmetric matrices at once, applied to vectors."""

import math

import torch
from torch import Tensor

#: Longest Chebyshev expansion, and fewest matrices that it is used for; beyond, eigendecompositions are faster.
LONGEST, FEWEST = 160, 100


def inverse_and_root(S: Tensor, shift: float, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Return A⁻¹ v and A^{-1/2} v for A = s I + S with S symmetric and positive semidefinite.

    All eigenvalues of A lie between s and s + ‖S‖∞. On that interval both functions are expanded in Chebyshev polynomials
    to rounding (Higham, Functions of Matrices, 2008, section 4.4); the number of terms grows with the root of the condition
    number. Ensemble filters have A = (N − 1) I + Yᵀ R⁻¹ Y, whose condition is one plus the ratio of background to
    observation variance: a dozen products replace an eigendecomposition. Few or badly conditioned matrices get that.

    Parameters
    ----------
    S
        Shape (..., N, N).
    shift
        s > 0.
    vectors
        Shape (..., N, k).

    Returns
    -------
    inverse, root
        Shape (..., N, k).
    """
    top = float(S.abs().sum(-1).amax())
    if not math.isfinite(top):
        raise torch.linalg.LinAlgError("a matrix of the analysis is not finite")
    terms = _terms(1 + top / shift, torch.finfo(S.dtype).eps)
    if terms > LONGEST or S.shape[:-2].numel() < FEWEST:
        eigenvalues, Q = torch.linalg.eigh(S)
        eigenvalues = (eigenvalues.clamp(min=0) + shift)[..., None]
        projected = Q.mT @ vectors
        return Q @ (projected / eigenvalues), Q @ (projected / eigenvalues.sqrt())
    inverse, root = _coefficients(shift, shift + top, terms)
    if terms == 1:
        return inverse[0] * vectors, root[0] * vectors
    # T_k of (2 A − (a + b)) / (b − a), by its recurrence; a = s, b = s + top.
    scaled = S * (2 / top)
    before, now = vectors, scaled @ vectors - vectors
    a, b = inverse[0] * before + inverse[1] * now, root[0] * before + root[1] * now
    scaled = 2 * scaled
    for k in range(2, terms):
        before, now = now, torch.sub(scaled @ now, now, alpha=2).sub_(before)
        a.add_(now, alpha=inverse[k])
        b.add_(now, alpha=root[k])
    return a, b


def _terms(condition: float, accuracy: float) -> int:
    """Return how many Chebyshev coefficients of z^{-1/2} and 1/z on [1, κ] exceed the accuracy: they fall like ρ^{-k}."""
    if condition <= 1:
        return 1
    root = math.sqrt(condition)
    rate = math.log((root + 1) / (root - 1))
    return 3 + math.ceil(-math.log(accuracy) / rate)


def _coefficients(a: float, b: float, terms: int) -> tuple[list[float], list[float]]:
    """Return the Chebyshev coefficients of 1/z and z^{-1/2} on [a, b], from their values at Chebyshev nodes."""
    if terms == 1:
        return [1 / a], [a**-0.5]
    nodes = (torch.arange(terms, dtype=torch.float64) + 0.5) * (math.pi / terms)
    z = 0.5 * (b + a) + 0.5 * (b - a) * nodes.cos()
    cosines = torch.cos(torch.arange(terms, dtype=torch.float64)[:, None] * nodes) * (2 / terms)
    cosines[0] *= 0.5
    return (cosines @ (1 / z)).tolist(), (cosines @ z.rsqrt()).tolist()
