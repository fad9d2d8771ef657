"""What every method should beat: a forecast without observations, the climate, and optimal interpolation from it."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from backends.assimilation.methods.base import MeanMethod
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.gain import StaticGain
from backends.assimilation.methods.static import StaticCovariance
from backends.dynamics.base import Dynamics


@dataclass
class FreeRun(MeanMethod):
    """The forecast model from the first guess, without observations."""

    name: ClassVar[str] = "free"
    assimilates: ClassVar[bool] = False

    def analyse(self, observed: Observed) -> Estimate:
        """Return the background."""
        del observed
        return Estimate(self.state)


@dataclass
class Climatology(MeanMethod):
    """The mean of the climate, at all times."""

    name: ClassVar[str] = "climatology"
    assimilates: ClassVar[bool] = False

    def begin(self) -> Estimate:
        """Begin at the mean of the climate."""
        self.state = self.setting.climatological_mean.expand_as(self.setting.start)
        return self._estimate()

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Return the mean and variance of the climate."""
        del model, steps, time
        return self._estimate()

    def analyse(self, observed: Observed) -> Estimate:
        """Return the same."""
        del observed
        return self._estimate()

    def _estimate(self) -> Estimate:
        return Estimate(self.state, self.setting.climatology.variance().expand_as(self.state))


@dataclass
class OptimalInterpolation(Climatology):
    """Optimal interpolation: the climate is the background, its covariance is B, and no forecast is used.

    Gandin (1963), Objective Analysis of Meteorological Fields.
    """

    name: ClassVar[str] = "oi"
    assimilates: ClassVar[bool] = True

    def begin(self) -> Estimate:
        """Begin at the mean of the climate."""
        self._gain = StaticGain()
        return super().begin()

    def analyse(self, observed: Observed) -> Estimate:
        """Return the climate corrected by B Hᵀ (H B Hᵀ + R)⁻¹ d."""
        increment, variance = self._gain.analysis(self.setting.climatology, observed, self.state)
        return Estimate(self.state + increment, variance)


@dataclass
class ThreeDVar(MeanMethod):
    """3D-Var with a fixed B; for a linear H its minimum is x_b + B Hᵀ (H B Hᵀ + R)⁻¹ d, which is what is computed.

    Attributes
    ----------
    scale
        B is the climatological covariance times this.
    length
        L of a Gaussian correlation that B has instead of the climatological one, with the same variances; None: none.
    """

    scale: float = 0.02
    length: float | None = None
    name: ClassVar[str] = "3dvar"

    def begin(self) -> Estimate:
        """Begin at the first guess."""
        self._gain, self._static = StaticGain(), StaticCovariance(self.setting, self.length)
        return super().begin()

    def background_variance(self) -> Tensor:
        """Return the diagonal of B, (E, n)."""
        return (self.scale * self._static.of(self.length).variance()).expand_as(self.state)

    def analyse(self, observed: Observed) -> Estimate:
        """Return the minimum of J."""
        increment, variance = self._gain.analysis(self._static.of(self.length), observed, self.state, self.scale)
        self.state = self.state + increment
        return Estimate(self.state, variance)
