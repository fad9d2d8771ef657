"""Scores of one field against another."""

import torch
from torch import Tensor


def area_weighted_rmse(state: Tensor, truth: Tensor, weights: Tensor) -> float:
    """Return the root-mean-square difference over the sphere, in the unit of the fields.

    Parameters
    ----------
    state, truth
        Shape (n,).
    weights
        Shape (n,), not negative, with a positive sum; zero where either field is missing. For latitude–longitude
        grids cos φ, see :meth:`backends.geometry.grid.LatLonGrid.area_weights`.
    """
    squared = torch.where(weights > 0, state - truth, torch.zeros_like(truth)).square()
    return float(((squared * weights).sum() / weights.sum()).sqrt())
