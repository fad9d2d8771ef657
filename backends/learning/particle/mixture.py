"""Densities that particles stand for, and the loss of the AI particle filter; all sums of exponentials among logarithms."""

import math

import torch
from torch import Tensor


def mixture_log_density(points: Tensor, particles: Tensor, width: float) -> Tensor:
    """Return log q(z|X) of a Gaussian mixture, q(z|X) = (1/N) Σ_i N(z | x_i, τ² I).

    Parameters
    ----------
    points
        z, shape (..., K, n).
    particles
        x_i, shape (..., N, n).
    width
        τ, in the unit of the state.

    Returns
    -------
    Shape (..., K).
    """
    N, n = particles.shape[-2:]
    distance2 = (points[..., :, None, :] - particles[..., None, :, :]).square().sum(-1)
    constant = math.log(N) + n * (math.log(width) + 0.5 * math.log(2 * math.pi))
    return torch.logsumexp(-0.5 * distance2 / width**2, -1) - constant


def log_likelihood(states: Tensor, values: Tensor, observed: tuple[int, ...], sigma: float) -> Tensor:
    """Return log p(y|x) for R = σ_o² I.

    Parameters
    ----------
    states
        Shape (E, N, n).
    values
        y, shape (E, p).
    observed
        The p components that are observed.
    sigma
        σ_o.

    Returns
    -------
    Shape (E, N).
    """
    residual = (values[..., None, :] - states[..., list(observed)]) / sigma
    return -0.5 * residual.square().sum(-1) - len(observed) * (math.log(sigma) + 0.5 * math.log(2 * math.pi))


def kalman_points(particles: Tensor, values: Tensor, observed: tuple[int, ...], sigma: float, noise: Tensor) -> Tensor:
    """Return evaluation points z_k, (E, N, n): one stochastic Kalman update of the particles, with their own covariance.

    z_k = x_k + K (y + ε_k − H x_k), K = P Hᵀ (H P Hᵀ + R)⁻¹, P the unbiased covariance of the particles.

    Parameters
    ----------
    particles, values, observed, sigma
        As for :func:`log_likelihood`.
    noise
        ε_k / σ_o, standard normal, shape (E, N, p).
    """
    at = list(observed)
    X = particles - particles.mean(-2, keepdim=True)
    Y = X[..., at]
    unit = torch.eye(len(at), dtype=X.dtype, device=X.device)
    S = Y.mT @ Y / (X.shape[-2] - 1) + sigma**2 * unit
    d = values[..., None, :] + sigma * noise - particles[..., at]
    return particles + torch.linalg.solve(S, d.mT).mT @ (Y.mT @ X / (X.shape[-2] - 1))


def target_log_weights(points: Tensor, background: Tensor, likelihood: Tensor, width: float) -> Tensor:
    """Return log w*_k, (E, K): the posterior q(z_k|Xᵇ) p(y|z_k) at the points, normalised among them.

    `likelihood` is log p(y|z_k), shape (E, K).
    """
    return torch.log_softmax(mixture_log_density(points, background, width) + likelihood, -1)


def divergence(target: Tensor, model: Tensor) -> Tensor:
    """Return KL(w*‖π) = Σ w* (log w* − log π) of logarithms of weights (..., K) that sum to 1; shape (...)."""
    return (target.exp() * (target - model)).sum(-1)
