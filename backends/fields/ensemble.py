"""What the members of an ensemble say together: mean, spread, and the share of them beyond a threshold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backends.errors import InputError
from backends.fields.circular import deviation, is_circular, through_vectors
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Variable


@dataclass(frozen=True, eq=False)
class Ensemble:
    """All members of a variable at one time and level, (m, ...) with the shape of the grid, NaN where missing."""

    variable: Variable
    axis: Axis
    members: np.ndarray

    def mean(self) -> np.ndarray:
        """Return the mean of the members, of directions that of their vectors; NaN where one is missing."""
        if is_circular(self.variable):
            return through_vectors(lambda part: part.mean(axis=0), self.members).astype(np.float32)
        return self.members.mean(axis=0, dtype=np.float64).astype(np.float32)

    def spread(self) -> np.ndarray:
        """Return the standard deviation with m − 1 in the denominator, of directions the circular one."""
        if is_circular(self.variable):
            return deviation(self.members).astype(np.float32)
        return self.members.std(axis=0, ddof=1, dtype=np.float64).astype(np.float32)

    def probability(self, threshold: float, above: bool = True) -> np.ndarray:
        """Return the share of members above (or below) a threshold, percent; NaN where one is missing."""
        beyond = self.members > threshold if above else self.members < threshold
        share = 100 * beyond.mean(axis=0, dtype=np.float64)
        return np.where(np.isfinite(self.members).all(axis=0), share, np.nan).astype(np.float32)


def ensemble(dataset: FieldDataset, name: str, selection: Mapping[str, int]) -> Ensemble:
    """Read all members of a variable.

    Raises
    ------
    InputError
        If it has fewer than two.
    """
    variable = dataset.variable(name)
    axis = variable.axis("member")
    if axis is None or len(axis) < 2:
        raise InputError(f"{variable.title} has no ensemble: a dimension of members is needed, two at least")
    others = {axis_name: index for axis_name, index in selection.items() if axis_name != axis.name}
    return Ensemble(variable, axis, dataset.fields(name, axis, np.arange(len(axis)), others))
