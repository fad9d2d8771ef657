"""From settings to a background error covariance."""

from dataclasses import dataclass

from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.ensemble import EnsembleBackgroundError, HybridBackgroundError
from backends.background_error.estimate import Estimate, nmc
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.background_error.scattered import ScatteredBackgroundError
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation
from backends.errors import InputError
from backends.experiments.problem_case import ReadyCase
from backends.experiments.settings import BackgroundErrorSettings
from backends.geometry.grid import LatLonGrid
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane
from backends.geometry.scattered import ScatteredPoints

#: Correlation lengths up to so many times the longest that a case offers: beyond, B is as good as constant.
LONGEST = 20
#: A number, or a tensor without dimensions where derivatives by it are wanted.
Scalar = float | Tensor


@dataclass(frozen=True)
class Amplitudes:
    """σ_b and lengths as numbers, filled in from the case where the settings leave them open."""

    sigma: float
    length: float
    length_z: float


class BackgroundErrors:
    """Makes the B of a case from settings; keeps what was estimated from its data."""

    def __init__(self, case: ReadyCase) -> None:
        self.case = case
        self._estimates: dict[int, Estimate] = {}

    def amplitudes(self, settings: BackgroundErrorSettings) -> Amplitudes:
        """Return the numbers that belong to settings: given ones, estimated ones, or those the case suggests."""
        start = self.case.suggested
        sigma, length = start.sigma, start.length
        if settings.source == "nmc" and None in (settings.sigma, settings.length):
            estimate = self.estimate(settings.nmc_lag)
            sigma, length = float(estimate.sigma.square().mean().sqrt()), min(estimate.typical, self.case.longest)
        elif settings.source in ("ensemble", "hybrid") and settings.sigma is None:
            sigma = float(self._members().var(0).mean().sqrt())
        length_z = settings.length_z or start.length_z
        return Amplitudes(settings.sigma or sigma, settings.length or length, length_z)

    def estimate(self, lag: int) -> Estimate:
        """Return what the NMC method finds at a lag, in steps of the file's time axis.

        Raises
        ------
        InputError
            If the case has no series of fields.
        """
        if self.case.differences is None or not isinstance(self.case.domain, LatLonGrid):
            raise InputError("the NMC method needs a field with several times: choose a real field as the case")
        if lag not in self._estimates:
            self._estimates[lag] = nmc(self.case.differences(lag), self.case.domain)
        return self._estimates[lag]

    def make(
        self, settings: BackgroundErrorSettings, sigma: Scalar | None = None, length: Scalar | None = None
    ) -> BackgroundError:
        """Return B.

        Parameters
        ----------
        settings
            What kind of B.
        sigma, length
            In place of those of the settings, for derivatives. On a plane the vertical length keeps its ratio.
        """
        numbers = self.amplitudes(settings)
        if numbers.length > (most := LONGEST * self.case.longest):
            unit = f" {self.case.length_units}".rstrip()
            raise InputError(f"the correlation length L must be at most {most:g}{unit} here; came {numbers.length:g}{unit}")
        sigma_b: Scalar = numbers.sigma if sigma is None else sigma
        L: Scalar = numbers.length if length is None else length
        if settings.source == "static":
            return self._static(settings, sigma_b, L, numbers)
        if settings.source == "nmc":
            estimate = self.estimate(settings.nmc_lag)
            shape = estimate.sigma / estimate.sigma.square().mean().sqrt()
            return ScaledBackgroundError(self._on_sphere(settings, L), shape * sigma_b)
        members = self._members()
        spread = members.var(0).mean().sqrt()
        geometry = self.case.geometry
        assert geometry is not None
        # The half-width is given directly; the correlation takes the equivalent Gaussian length.
        localisation = SphereCorrelation(geometry, Correlation("gaspari-cohn", settings.localisation / (10 / 3) ** 0.5))
        ensemble = ScaledBackgroundError(EnsembleBackgroundError(members, localisation), sigma_b / spread)
        if settings.source == "ensemble":
            return ensemble
        static = self._static(settings, sigma_b, L, numbers)
        return HybridBackgroundError([static, ensemble], [settings.static_weight, settings.ensemble_weight])

    def _static(self, settings: BackgroundErrorSettings, sigma: Scalar, length: Scalar, numbers: Amplitudes) -> BackgroundError:
        domain, name = self.case.domain, settings.correlation
        if isinstance(domain, PeriodicLine):
            if settings.floor_kind != "spectral":
                raise InputError("on a periodic line the floor is spectral; floor_kind 'added' is for planes")
            return CirculantBackgroundError(domain, Correlation(name, length), sigma, settings.floor, settings.periodised)
        if isinstance(domain, VerticalPlane):
            along = Correlation(name, length * (numbers.length_z / numbers.length))
            return KroneckerBackgroundError(
                domain, Correlation(name, length), along, sigma, settings.floor, settings.floor_kind
            )
        if isinstance(domain, ScatteredPoints):
            return ScatteredBackgroundError(domain, Correlation(name, length), sigma, settings.height_scale)
        return ScaledBackgroundError(self._on_sphere(settings, length), sigma)

    def _on_sphere(self, settings: BackgroundErrorSettings, length: Scalar) -> SphereCorrelation:
        assert self.case.geometry is not None
        return SphereCorrelation(self.case.geometry, Correlation(settings.correlation, length), settings.floor)

    def _members(self) -> Tensor:
        if self.case.members is None:
            raise InputError("an ensemble B needs a case with members: choose the real ensemble as the case")
        return self.case.members


def warnings_of(background_error: BackgroundError) -> tuple[str, ...]:
    """Return what a person must know about a B: that it is no covariance, if its eigenvalues say so.

    Of a B between stations the eigenvalues take longer than the analysis; they are left to who looks at the spectrum.
    """
    if isinstance(background_error, ScatteredBackgroundError):
        return ()
    spectrum = background_error.spectrum()
    if spectrum is None or not spectrum.negative:
        return ()
    smallest, largest = float(spectrum.eigenvalues[-1]), float(spectrum.eigenvalues[0])
    raised = " They are raised to the floor." if spectrum.floor > 0 else " The floor α is zero, so they stay."
    return (
        f"this B is no covariance: {spectrum.negative} of its {len(spectrum.eigenvalues)} eigenvalues are negative, the "
        f"smallest {smallest:.3g}, the largest {largest:.3g}.{raised}",
    )
