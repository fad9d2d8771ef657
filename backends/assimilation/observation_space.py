"""The closed-form analysis in observation space, for a linear operator and Gaussian errors."""

import time

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis
from backends.background_error import GaussianBackgroundError
from backends.errors import InputError
from backends.geometry.sphere import great_circle_distance
from backends.observations import BilinearInterpolation, ObservationError, Observations

#: Distances between the grid and the observed nodes are kept up to this many (64 MB), and recomputed beyond.
KEPT_DISTANCES = 8_000_000

#: Rows of B Hᵀ are formed in blocks of about this many elements (32 MB).
BLOCK = 4_000_000


class ObservationSpaceAnalyser:
    """x_a = x_b + B Hᵀ (H B Hᵀ + R)⁻¹ (y − H x_b), by Cholesky factorisation.

    B itself is never formed: H touches only the grid points around the observations (the *observed nodes*, m of them),
    so H B Hᵀ needs B between observed nodes, and B Hᵀ needs B between the grid and observed nodes.

    One analyser belongs to one grid and one network. It keeps the distances, which depend on nothing else, so that
    turning σ_b, L or σ_o costs the exponentials and a p x p factorisation alone.
    """

    def __init__(self, operator: BilinearInterpolation) -> None:
        self.operator = operator
        self.grid_points = operator.grid.nodes()
        nodes, local = torch.unique(operator.index, return_inverse=True)
        self.nodes = self.grid_points[nodes]
        self._local = local  # (p, 4): the operator's index, counted among the observed nodes
        self._node_distance = great_circle_distance(self.nodes, self.nodes)
        few = len(self.grid_points) * len(self.nodes) <= KEPT_DISTANCES
        self._grid_distance = great_circle_distance(self.grid_points, self.nodes) if few else None

    def analyse(
        self,
        background: Tensor,
        observations: Observations,
        background_error: GaussianBackgroundError,
        observation_error: ObservationError,
    ) -> Analysis:
        """Analyse a background of shape (..., n) with observed values of shape (..., p).

        Raises
        ------
        InputError
            If H x_b is missing at an observation, or H B Hᵀ + R is not positive definite in the arithmetic used.
        """
        start = time.perf_counter()
        H, B, R = self.operator, background_error, observation_error
        d = observations.values - H(background)
        if not bool(torch.isfinite(d).all()):
            raise InputError("the background is missing (NaN) at an observation; observe where both fields have values")
        HBHt = self.observed_covariance(B)
        w = _solve_spd(HBHt + R.variance * torch.eye(len(HBHt), dtype=d.dtype, device=d.device), d, B, R)
        increment = self.spread(w, B)
        residual = R.variance * w  # y − H x_a = R S⁻¹ d
        jb = 0.5 * (w * (w @ HBHt)).sum(-1)
        jo = 0.5 * R.variance * w.square().sum(-1)
        if d.is_cuda:
            torch.cuda.synchronize(d.device)
        seconds = time.perf_counter() - start
        return Analysis(background + increment, increment, d, residual, jb, jo, seconds)

    def observed_covariance(self, background_error: GaussianBackgroundError) -> Tensor:
        """Return H B Hᵀ, shape (p, p)."""
        between_nodes = background_error.at_distance(self._node_distance)
        return self._interpolate(self._interpolate(between_nodes).T)

    def spread(self, weights: Tensor, background_error: GaussianBackgroundError) -> Tensor:
        """Return B Hᵀ w, shape (..., n), of weights w of shape (..., p)."""
        on_nodes = weights.new_zeros(*weights.shape[:-1], len(self.nodes))
        on_nodes.index_add_(-1, self._local.flatten(), (weights[..., None] * self.operator.weight).flatten(-2))
        if self._grid_distance is not None:
            return on_nodes @ background_error.at_distance(self._grid_distance).T
        rows = max(1, BLOCK // len(self.nodes))
        blocks = [self.grid_points[i : i + rows] for i in range(0, len(self.grid_points), rows)]
        return torch.cat([on_nodes @ background_error.covariance_between(b, self.nodes).T for b in blocks], dim=-1)

    def _interpolate(self, rows: Tensor) -> Tensor:
        """Apply H to the rows of a matrix given at observed nodes: (m, k) to (p, k)."""
        return torch.einsum("pck,pc->pk", rows[self._local], self.operator.weight)


def _solve_spd(S: Tensor, d: Tensor, B: GaussianBackgroundError, R: ObservationError) -> Tensor:
    """Return S⁻¹ d for S (p, p) symmetric positive definite and d (..., p)."""
    factor, failed = torch.linalg.cholesky_ex(S)
    if int(failed):
        raise InputError(
            f"H B Hᵀ + R is numerically singular for σ_b = {B.sigma:g}, L = {B.length:g} km, σ_o = {R.sigma:g}: "
            "raise σ_o, shorten L, or use fewer observations"
        )
    rows = d.reshape(d.shape[:-1].numel(), d.shape[-1])
    return torch.cholesky_solve(rows.T, factor).T.reshape(d.shape)
