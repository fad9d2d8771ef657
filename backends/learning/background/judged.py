"""What 3D-Var with linear statistics reaches on unseen cases, and scores of implied covariances."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from backends.learning.background.nmc import PrincipalComponents, neighbour_length
from backends.learning.background.samples import FactorErrors, Samples
from backends.learning.variational.cases import Cases


@dataclass(frozen=True, eq=False)
class Linear:
    """Increments (E, n) of 3D-Var with some B, and J at its minimum, (E,)."""

    increment: Tensor
    cost: Tensor


class Judged:
    """Unseen cases with the analyses of all linear statistics.

    Attributes
    ----------
    cases
        Of which.
    linear
        Analyses by name: "nmc" with the covariance of samples, "pca" with W Wᵀ + τ² I of the principal components, and those of
        the references, of which "exact" is 3D-Var with the true B.
    best
        The increments with the least RMSE, where they are known.
    """

    def __init__(self, cases: Cases, samples: Samples, components: PrincipalComponents, residual: bool) -> None:
        self.cases = cases
        white = components.residual**0.5 * torch.eye(len(components.factor)).to(components.factor)
        linear = torch.cat([components.factor, white], 1) if residual else components.factor
        factors = samples.references | {"pca": linear}
        self.linear = {"nmc": analysed(cases)}
        self.linear |= {name: analysed(replace(cases, errors=FactorErrors(F))) for name, F in factors.items()}
        self.best = samples.best(cases) if samples.best is not None else None

    def rmse(self, increment: Tensor) -> float:
        """Return the RMSE of analyses with increments (E, n) against the truth."""
        return float((self.cases.truth - self.cases.background - increment).square().mean().sqrt())

    def consistency(self, costs: Tensor) -> float:
        """Return the mean of 2 J over the number of observations: 1 where the statistics are right and linear."""
        return float((2 * costs / self.cases.used.sum(-1)).mean())

    def scores(self) -> dict[str, float]:
        """Return RMSE and consistency of all but the network."""
        scores = {"rmse_background": self.rmse(torch.zeros_like(self.cases.truth))}
        for name, analysis in self.linear.items():
            scores[f"rmse_{name}"] = self.rmse(analysis.increment)
            scores[f"consistency_{name}"] = self.consistency(analysis.cost)
        if self.best is not None:
            scores["rmse_bayes"] = self.rmse(self.best)
        return scores


def analysed(cases: Cases) -> Linear:
    """Return the exact 3D-Var analyses of cases."""
    control = cases.minimum()
    return Linear(cases.errors.sqrt(control), torch.stack(cases.control_costs(control)).sum(0))


def covariance_scores(name: str, covariance: Tensor, reference: Tensor, samples: Samples) -> dict[str, float]:
    """Return how a covariance (n, n) differs from another: relative Frobenius norm, relative RMSE of σ, and its length."""
    sigma, right = covariance.diagonal().sqrt(), reference.diagonal().sqrt()
    neighbours = samples.neighbours
    return {
        f"covariance_error_{name}": float((covariance - reference).norm() / reference.norm()),
        f"sigma_error_{name}": float((sigma - right).square().mean().sqrt() / right.square().mean().sqrt()),
        f"length_{name}": neighbour_length(covariance, neighbours.pairs, neighbours.spacing),
    }
