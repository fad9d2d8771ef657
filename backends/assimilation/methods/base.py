"""What all cycled methods have in common: they are started, carry their knowledge forward, and analyse."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Estimate, Observed
from backends.background_error.base import BackgroundError
from backends.dynamics.base import Dynamics
from backends.errors import InputError


@dataclass(frozen=True, eq=False)
class Setting:
    """What every method of a race is given at the start.

    Attributes
    ----------
    model
        The forecast model, to sample its start from and to ask for distances; forecasts get theirs at each call.
    climatological_mean
        Shape (n,).
    climatology
        The covariance of the climate, as an operator.
    start
        x₀, the first guess of each experiment, shape (E, n).
    start_variance
        Of its errors, shape (n,).
    """

    model: Dynamics
    climatological_mean: Tensor
    climatology: BackgroundError
    start: Tensor
    start_variance: Tensor

    @property
    def experiments(self) -> int:
        """Number of independent experiments E."""
        return len(self.start)


@dataclass
class Method(ABC):
    """A method that is cycled. Its fields are what may be tuned, also between two cycles of a run.

    Attributes
    ----------
    setting
        What it was started with.
    generator
        Where all its random numbers come from.
    extras
        Numbers of the newest analysis that only this method has, by name, each of shape (E,): effective sample sizes,
        iterations, values of a cost.
    """

    name: ClassVar[str]
    #: Whether it keeps an ensemble, and whether the size of the state is limited to what dense matrices allow.
    ensemble: ClassVar[bool] = False
    dense: ClassVar[bool] = False
    #: Whether its analyses draw on the observations.
    assimilates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.extras: dict[str, Tensor] = {}

    def start(self, setting: Setting, generator: torch.Generator) -> Estimate:
        """Begin: keep the setting and return what is known before the first forecast."""
        self.setting, self.generator, self.extras = setting, generator, {}
        limit = DENSE_LIMIT
        if self.dense and setting.model.size > limit:
            raise InputError(
                f"{self.name} keeps covariances as matrices, for at most {limit} components; the state of "
                f"{setting.model.name} has {setting.model.size}: choose an ensemble or variational method"
            )
        return self.begin()

    @abstractmethod
    def begin(self) -> Estimate:
        """Set the knowledge to that of the start, with :attr:`setting` in place."""

    @abstractmethod
    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Carry the knowledge `steps` of the model forward from `time`; return the background."""

    @abstractmethod
    def analyse(self, observed: Observed) -> Estimate:
        """Take the observations in; return the analysis."""

    @abstractmethod
    def replace(self, bad: Tensor) -> None:
        """Set experiments whose states are not finite any more, (E,) boolean, to the climatological mean.

        They are out of the race; this only keeps them from disturbing the linear algebra of the others.
        """

    def normal(self, *shape: int) -> Tensor:
        """Draw standard normal numbers on the device and with the precision of the start."""
        like = self.setting.start
        return torch.randn(*shape, generator=self.generator, dtype=like.dtype, device=like.device)


#: Most components of a state for methods that keep covariances as matrices.
DENSE_LIMIT = 1000


@dataclass
class EnsembleMethod(Method):
    """A method whose knowledge is an ensemble (E, N, n).

    Attributes
    ----------
    members
        Ensemble size N, at least 2.
    """

    members: int = 20
    ensemble: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.members < 2:
            raise InputError(f"{self.name} needs at least 2 members; came {self.members}")

    def begin(self) -> Estimate:
        """Draw the ensemble of the start, the same distribution that the truth is drawn from."""
        model, E, N = self.setting.model, self.setting.experiments, self.members
        drawn = model.draw_start(E * N, self.generator).reshape(E, N, -1)
        self.state = drawn + (self.setting.start[:, None] - model.start())
        return Estimate.of_members(self.state)

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Run all members forward; return the background."""
        self.state = model.advance(self.state, steps, time)
        return Estimate.of_members(self.state)

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean with a little noise."""
        some = self.setting.climatological_mean + 1e-3 * self.normal(*self.state.shape)
        self.state = torch.where(bad[:, None, None], some, self.state)


@dataclass
class MeanMethod(Method):
    """A method that carries one state (E, n) forward."""

    def begin(self) -> Estimate:
        """Begin at the first guess."""
        self.state = self.setting.start
        return Estimate(self.state, self.setting.start_variance.expand_as(self.state))

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Run the state forward; return the background."""
        self.state = model.advance(self.state, steps, time)
        return Estimate(self.state, self.background_variance())

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean."""
        self.state = torch.where(bad[:, None], self.setting.climatological_mean, self.state)

    def background_variance(self) -> Tensor | None:
        """Return the variance of background errors that the method assumes, (E, n), or None."""
        return None
