"""What the network is measured against: the best linear analysis of the same observations with the model's own forecast."""

from typing import NamedTuple

import torch
from torch import Tensor

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.learning.observations.testbed import Testbed, Trajectories

#: Rank that the covariance of the starts is approximated with: it leaves out 5e-4 of the trace on 130 x 50 cells, and
#: forecasts differ by 1e-5 from those with a rank of 900, whose own error is 2e-3.
RANK = 300
#: Seed of the random states that the approximation is found with.
SKETCH = 7
#: Eigenvalues below this part of the largest are rounding.
ROUNDING = 1e-12


class Exact(NamedTuple):
    """Fields of K trajectories at all transitions, shape (K, transitions, nz, nx).

    Attributes
    ----------
    analysis
        At the newest time of the observations that the network has, from these alone.
    forecast
        At the next time, the model's from that analysis.
    filtered
        At the next time, from all observations since the first time: the forecast of the Kalman filter.
    """

    analysis: Tensor
    forecast: Tensor
    filtered: Tensor


class BestLinear:
    """The best linear unbiased estimate of φ from observations, and its forecast by the model.

    It knows the model, the time, the mean and the covariance P₀ = U Uᵀ of the starts, H and R. With Y_t = R^{-1/2} H M_t U and
    d_t = R^{-1/2} (y_t − H x̄_t) the analysis at time k is x̄_k + M_k U (I + Σ Y_tᵀ Y_t)⁻¹ Σ Y_tᵀ d_t, with sums over the times
    whose observations are used. As the model is linear and has no errors, that is the Kalman filter, and the model's forecast
    from it is the best linear one. P₀ is approximated with a low rank from a few random states (Nyström's way; Halko,
    Martinsson and Tropp 2011, SIAM Rev. 53, 217–288, section 5.5).

    Parameters
    ----------
    bed
        The model and what is observed.
    rank
        Of the approximation; from the number of components n on it is exact to rounding.
    """

    def __init__(self, bed: Testbed, rank: int = RANK) -> None:
        self.bed = bed
        model = bed.model
        self._zero = torch.zeros(model.size, dtype=model.dtype, device=model.device)
        means = [model.start()]
        for k in range(bed.snapshots - 1):
            means.append(model.advance(means[-1], bed.steps, bed.time(k)))
        #: The mean of all trajectories, which is the model without observations, shape (T, nz, nx).
        self.mean = torch.stack(means).unflatten(-1, model.shape)
        #: Uᵀ, shape (r, n).
        self.root = _root(model, min(rank, model.size))

    def __call__(self, seen: Trajectories) -> Exact:
        """Return analyses and forecasts of trajectories."""
        bed, model = self.bed, self.bed.model
        root = self.root
        # States are rows here, so that Y is the transpose of what the formula has.
        information: list[Tensor] = []
        gathered: list[Tensor] = []
        results: list[tuple[Tensor, Tensor, Tensor]] = []
        for k in range(bed.transitions.stop):
            root = self._changed(root) if k else root
            Y = self._whitened(bed.curtain(root.unflatten(-1, model.shape)), bed.sounding(root))
            mean = self.mean[k]
            d = self._whitened(seen.curtain[:, k] - bed.curtain(mean), seen.sondes[:, k] - bed.sounding(mean.flatten()))
            information.append(Y @ Y.mT)
            gathered.append(d @ Y.mT)
            if k in bed.transitions:
                analysis = self._analysis(mean, root, information[-bed.times :], gathered[-bed.times :])
                filtered = self._analysis(mean, root, information, gathered)
                results.append((analysis, self._forecast(analysis, k), self._forecast(filtered, k)))
        return Exact(*(torch.stack(parts, 1).unflatten(-1, model.shape) for parts in zip(*results, strict=True)))

    def _whitened(self, curtain: Tensor, sondes: Tensor) -> Tensor:
        """Return curtains (..., channels, nx) and radiosondes (..., S) in units of σ_o, one after the other, (..., p)."""
        return torch.cat([curtain.flatten(-2) / self.bed.sigma_satellite, sondes / self.bed.sigma_sonde], -1)

    def _analysis(self, mean: Tensor, root: Tensor, information: list[Tensor], gathered: list[Tensor]) -> Tensor:
        """Return x̄ + M U w with w = (I + Σ YᵀY)⁻¹ Σ Yᵀd, shape (K, n)."""
        matrix = torch.stack(information).sum(0)
        matrix.diagonal().add_(1.0)
        w = torch.cholesky_solve(torch.stack(gathered).sum(0).mT, torch.linalg.cholesky(matrix))
        return mean.flatten() + w.mT @ root

    def _forecast(self, state: Tensor, k: int) -> Tensor:
        return self.bed.model.advance(state, self.bed.steps, self.bed.time(k))

    def _changed(self, change: Tensor) -> Tensor:
        """Return what becomes of changes of a state, (..., n), until the next time: the model without its source."""
        model, steps = self.bed.model, self.bed.steps
        return model.advance(change, steps) - model.advance(self._zero, steps)


def _root(model: AdvectionDiffusion, rank: int) -> Tensor:
    """Return Uᵀ (r, n) with U Uᵀ ≈ P₀: with Z = P₀ Ω, P₀ ≈ Z (Ωᵀ Z)⁺ Zᵀ."""
    generator = torch.Generator().manual_seed(SKETCH)
    random = torch.randn(rank, model.size, generator=generator, dtype=torch.float64).to(model.device, model.dtype)
    Z = model.start_covariance(random)
    values, vectors = torch.linalg.eigh(random @ Z.mT)
    kept = values > ROUNDING * values[-1]
    return (vectors[:, kept] / values[kept].sqrt()).mT @ Z
