"""Observed values and where they were taken."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class Observations:
    """Observed values y, shape (..., p), in the unit of what is observed, at `places`, shape (p, k).

    Raises
    ------
    InputError
        If the number of values is not the number of places, or a value is not finite.
    """

    values: Tensor
    places: Tensor

    def __post_init__(self) -> None:
        if self.values.shape[-1] != len(self.places):
            raise InputError(f"{self.values.shape[-1]} observed values came for {len(self.places)} places")
        finite = torch.isfinite(self.values)
        if not bool(finite.all()):
            bad = int((~finite).sum())
            first = int((~finite).reshape(-1, len(self.places)).any(0).nonzero()[0, 0]) + 1
            raise InputError(
                f"observed values must be finite; {bad} of {self.values.numel()} are NaN or infinite, the first is "
                f"observation {first}"
            )

    def __len__(self) -> int:
        return len(self.places)
