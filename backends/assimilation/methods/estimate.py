"""What goes into a cycled method and what comes out."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator


@dataclass(frozen=True, eq=False)
class Observed:
    """The observations of one time, the same places in all E experiments.

    Attributes
    ----------
    values
        y, shape (E, p).
    operator
        H, linear.
    error
        R as the method assumes it; σ_o of shape (p,), errors independent.
    """

    values: Tensor
    operator: LinearOperator
    error: ObservationError

    def __len__(self) -> int:
        return self.values.shape[-1]

    @property
    def components(self) -> Tensor:
        """The component of the state that is nearest to each observation, shape (p,): where it is, for localisation."""
        return self.operator.index.gather(1, self.operator.weight.argmax(1, keepdim=True))[:, 0]


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a method knows of the state at one time, in each of E experiments.

    Attributes
    ----------
    mean
        Shape (E, n).
    variance
        Of the errors that the method expects, shape (E, n); None where it makes no statement.
    members
        Shape (E, N, n), of ensemble methods.
    weights
        Shape (E, N), which sum to 1, of particle filters before they resample; None: all members count alike.
    """

    mean: Tensor
    variance: Tensor | None = None
    members: Tensor | None = None
    weights: Tensor | None = None

    @classmethod
    def of_members(cls, members: Tensor, weights: Tensor | None = None) -> "Estimate":
        """Return the estimate of an ensemble: its mean and its unbiased variance, weighted where there are weights.

        With weights the variance is divided by 1 − Σ w², which is (N − 1)/N where they are equal.
        """
        if weights is None:
            variance, mean = torch.var_mean(members, dim=-2)
            return cls(mean, variance, members)
        mean = (weights[..., None] * members).sum(-2)
        squared = (weights[..., None] * (members - mean[..., None, :]).square()).sum(-2)
        share = (1 - weights.square().sum(-1)).clamp(min=torch.finfo(mean.dtype).eps)
        return cls(mean, squared / share[..., None], members, weights)

    def deviations(self) -> tuple[Tensor, Tensor]:
        """Return members minus mean, (E, N, n), and the factors by which their squares are summed, (E, N) or ().

        Raises
        ------
        ValueError
            If there are no members.
        """
        if self.members is None:
            raise ValueError("an estimate without members has no deviations")
        X = self.members - self.mean[..., None, :]
        if self.weights is None:
            return X, X.new_tensor(1 / (X.shape[-2] - 1))
        return X, self.weights / (1 - self.weights.square().sum(-1, keepdim=True)).clamp(min=torch.finfo(X.dtype).eps)
