"""A trained network as the analysis of an ensemble method."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.errors import InputError

#: Largest relative difference of the σ_o that is assumed from the one of the training.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class TrainedAnalyst:
    """A network that has been trained to move particles, and what it was trained with.

    Attributes
    ----------
    apply
        Takes background particles (E, N, n) and observations y (E, p), in single precision, to analysis particles (E, N, n).
    testbed
        Name of the dynamics.
    observed
        The components that are observed.
    sigma
        σ_o.
    """

    apply: Callable[[Tensor, Tensor], Tensor]
    testbed: str
    observed: tuple[int, ...]
    sigma: float

    def check(self, testbed: str, observed: tuple[int, ...], sigma: float) -> None:
        """Raise InputError unless this is what it was trained with."""
        if testbed != self.testbed:
            raise InputError(f"network: it was trained on {self.testbed}; came {testbed}")
        if observed != self.observed:
            raise InputError(
                f"network: it was trained with the components {list(self.observed)} observed; came {list(observed)}"
            )
        if abs(sigma / self.sigma - 1) > TOLERANCE:
            raise InputError(f"network: it was trained with σ_o {self.sigma:g}; came {sigma:g}")


@dataclass
class NetworkFilter(InflatedEnsemble):
    """The AI particle filter: a trained network takes background particles and observations to analysis particles.

    What it does is fixed by its training, R included: other observations need another network.

    Attributes
    ----------
    analyst
        The network; it must be given.
    """

    additive: float = 0.2
    analyst: TrainedAnalyst | None = field(default=None, repr=False)
    name: ClassVar[str] = "network"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.analyst is None:
            raise InputError("network: a trained network is needed; give the id of its training as `run`")

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n).

        Raises
        ------
        InputError
            If what is observed, or how well, is not that of the training.
        """
        assert self.analyst is not None
        sigma = float(observed.error.sigma[0])
        self.analyst.check(self.setting.model.name, tuple(observed.components.tolist()), sigma)
        return self.analyst.apply(members.float(), observed.values.float()).to(members)
