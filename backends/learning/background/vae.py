"""A variational autoencoder of background errors, whose decoder takes the place of B^{1/2}."""

import math

import torch
from torch import Tensor, nn

from backends.learning.background.nmc import PrincipalComponents


class VariationalAutoencoder(nn.Module):
    """Errors are D(z) + τ ε with z ~ N(0, I) of k elements and ε ~ N(0, I) of n; the encoder q(z|e) is a diagonal Gaussian.

    Kingma and Welling (2014, arXiv:1312.6114), with a τ that is learned (Rybkin et al., 2021, arXiv:2006.13202). Decoder and
    encoder are each a linear map plus layers, and begin as the probabilistic principal components of the samples: the linear
    maps are theirs, and the last layers are zero. So the bound begins at that of the best linear autoencoder, no latent
    variable is idle at the start, and the Kullback–Leibler term needs no warming up.

    Parameters
    ----------
    start
        Principal components, whose number of directions is that of latent variables.
    width, layers
        Units and number of the hidden layers, with SiLU.
    linear
        Whether there are no layers: what remains is probabilistic principal components.
    """

    scale: Tensor

    def __init__(self, start: PrincipalComponents, width: int = 128, layers: int = 2, linear: bool = False) -> None:
        super().__init__()
        n, k = start.factor.shape
        self.points, self.latent, self.linear = n, k, linear
        # Inside the network, errors have a mean square of one.
        scale = float((start.factor.square().sum() / n + start.residual) ** 0.5)
        self.register_buffer("scale", torch.tensor(scale))
        factor, residual = start.factor / scale, start.residual / scale**2
        inner = factor.square().sum(0) + residual
        self.factor = nn.Parameter(factor.float().contiguous())
        self.gain = nn.Parameter((factor / inner).mT.float().contiguous())
        self.log_variance = nn.Parameter((residual / inner).log().float())
        self.log_residual = nn.Parameter(torch.tensor(math.log(residual)))
        if not linear:
            self.encoder, self.decoder = _layers(n, width, layers, 2 * k), _layers(k, width, layers, n)

    def encode(self, errors: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logarithms of the variances of q(z|e) for errors (..., n), (..., k) each."""
        scaled = errors / self.scale
        mean, log_variance = scaled @ self.gain.mT, self.log_variance.expand(*scaled.shape[:-1], -1)
        if self.linear:
            return mean, log_variance
        more, wider = self.encoder(scaled).chunk(2, -1)
        return mean + more, log_variance + wider

    def decode(self, control: Tensor) -> Tensor:
        """Return D(z), (..., n), in the unit of the errors, of latent variables (..., k)."""
        scaled = control @ self.factor.mT
        return self.scale * (scaled if self.linear else scaled + self.decoder(control))

    @property
    def residual(self) -> Tensor:
        """τ², without dimensions, in the square of the unit of the errors."""
        return self.scale.square() * self.log_residual.exp()

    def bound(self, errors: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return E_q[log p(e|z)] and KL(q‖N(0, I)), (...) each; their difference, the ELBO, is at most log p(e).

        Parameters
        ----------
        errors
            Shape (..., n).
        noise
            Standard normal numbers for the one draw from q, (..., k).
        """
        mean, log_variance = self.encode(errors)
        misfit = errors - self.decode(mean + noise * (0.5 * log_variance).exp())
        tau2 = self.residual
        fit = -0.5 * (misfit.square().sum(-1) / tau2 + self.points * (2 * math.pi * tau2).log())
        return fit, self.divergences(mean, log_variance).sum(-1)

    @staticmethod
    def divergences(mean: Tensor, log_variance: Tensor) -> Tensor:
        """Return KL(N(μ, σ²)‖N(0, 1)) of each latent variable, (..., k)."""
        return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def _layers(inputs: int, width: int, layers: int, outputs: int) -> nn.Sequential:
    """Return linear layers with SiLU between them, the last one zero."""
    parts: list[nn.Module] = []
    for _ in range(layers):
        parts += [nn.Linear(inputs, width), nn.SiLU()]
        inputs = width
    last = nn.Linear(inputs, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*parts, last)
