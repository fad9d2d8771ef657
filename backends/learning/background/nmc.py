"""Linear statistics of background errors: the covariance of samples, their principal components, and lengths."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """Probabilistic principal components: errors are W z + τ ε with z ~ N(0, I) of k elements and ε ~ N(0, I) of n.

    Tipping and Bishop (1999, J. R. Stat. Soc. B 61, 611–622). No linear variational autoencoder with as many latent variables
    has a greater likelihood, and the bound of the best one is that likelihood (Lucas et al., 2019, arXiv:1911.02469).

    Attributes
    ----------
    factor
        W = Q_k (Λ_k − τ² I)^{1/2}, shape (n, k), with the k leading eigenvectors and eigenvalues of the covariance of samples.
    residual
        τ², the mean of all other eigenvalues.
    """

    factor: Tensor
    residual: float

    def covariance(self) -> Tensor:
        """Return W Wᵀ + τ² I, shape (n, n)."""
        return self.factor @ self.factor.mT + self.residual * torch.eye(len(self.factor)).to(self.factor)

    def expectation(self, errors: Tensor) -> Tensor:
        """Return the mean of z given errors (..., n), (WᵀW + τ² I)⁻¹ Wᵀ e, shape (..., k)."""
        return errors @ self.factor / (self.factor.square().sum(0) + self.residual)

    def log_density(self, errors: Tensor) -> Tensor:
        """Return log N(e; 0, W Wᵀ + τ² I) of errors (..., n), shape (...), by Woodbury's identity."""
        n, k = self.factor.shape
        inner = self.factor.square().sum(0) + self.residual  # W has orthogonal columns
        seen = errors @ self.factor
        distance = (errors.square().sum(-1) - (seen.square() / inner).sum(-1)) / self.residual
        return -0.5 * (distance + inner.log().sum() + (n - k) * math.log(self.residual) + n * math.log(2 * math.pi))


def sample_covariance(errors: Tensor) -> Tensor:
    """Return Σ e eᵀ / K of errors (K, n) without bias, shape (n, n)."""
    return errors.mT @ errors / len(errors)


def principal_components(errors: Tensor, directions: int) -> PrincipalComponents:
    """Return the principal components with the greatest likelihood of errors (K, n) without bias.

    Raises
    ------
    InputError
        If there are no more samples or points than directions, or the directions leave no variance.
    """
    samples, n = errors.shape
    if not 1 <= directions < min(samples, n):
        raise InputError(
            f"the latent variables of background errors must be at least 1, and fewer than the {samples} samples and the {n} "
            f"points; came {directions}"
        )
    _, values, vectors = torch.linalg.svd(errors, full_matrices=False)
    variance = values.square() / samples
    residual = float(variance[directions:].sum() / (n - directions))
    if residual <= 1e-12 * float(variance[0]):
        raise InputError(f"{directions} directions explain the errors to rounding; choose fewer latent variables")
    scale = (variance[:directions] - residual).clamp(min=0).sqrt()
    return PrincipalComponents((vectors[:directions].mT * scale), residual)


def gaussian_log_density(errors: Tensor, covariance: Tensor) -> Tensor:
    """Return log N(e; 0, B) of errors (..., n), shape (...)."""
    root = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(root, errors.mT, upper=False)
    n = errors.shape[-1]
    return -0.5 * white.square().sum(0) - root.diagonal().log().sum() - 0.5 * n * math.log(2 * math.pi)


def neighbour_length(covariance: Tensor, pairs: Tensor, spacing: Tensor) -> float:
    """Return the length of a Gaussian correlation that falls as the covariance does from each point to its neighbour.

    ρ = exp(−δ²/2L²) at a distance δ gives L = δ (−2 log ρ)^{−½}; the median over pairs, in the unit of the spacing.

    Parameters
    ----------
    covariance
        Shape (n, n).
    pairs
        Points and their neighbours, (m, 2).
    spacing
        Distances δ, (m,).
    """
    sigma = covariance.diagonal().clamp(min=1e-30).sqrt()
    a, b = pairs.unbind(1)
    correlation = (covariance[a, b] / (sigma[a] * sigma[b])).clamp(1e-6, 1 - 1e-12)
    return float((spacing.to(correlation) * (-2 * correlation.log()).rsqrt()).median())
