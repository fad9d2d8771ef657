"""The methods a cycling experiment can race, as their settings."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backends.experiments.sections import NotNegative, Positive, Section

Count = Annotated[int, Field(ge=2, le=10000)]


class MethodSection(Section):
    """What all methods share."""

    name: str
    label: str = Field("", max_length=40, description="what it is called on pages and in exports; empty: its name")


class FreeSettings(MethodSection):
    """The forecast model from the first guess, without observations."""

    name: Literal["free"] = "free"


class ClimatologySettings(MethodSection):
    """The mean of the climate at all times."""

    name: Literal["climatology"] = "climatology"


class OISettings(MethodSection):
    """Optimal interpolation from the climate; no forecast is used."""

    name: Literal["oi"] = "oi"


#: What `length` says wherever it is.
LENGTH = "L of a Gaussian correlation that the static B has, with the climatological variances; null: that of the climate"


class StaticB(MethodSection):
    """What methods with a static B share."""

    scale: Positive = Field(0.02, description="B is the climatological covariance times this")
    length: Positive | None = Field(None, description=LENGTH)


class ThreeDVarSettings(StaticB):
    """3D-Var with a B that does not change."""

    name: Literal["3dvar"] = "3dvar"


class WindowSettings(StaticB):
    """What both kinds of 4D-Var share."""

    window: int = Field(1, ge=1, le=20, description="length of the window in cycles; it moves on by one cycle each time")
    outer: int = Field(3, ge=1, le=50, description="most Gauss–Newton steps, each with the model linearised anew")
    inner: int = Field(30, ge=1, le=1000, description="most conjugate-gradient iterations in each")
    tolerance: float = Field(1e-4, gt=0, lt=1, description="gradient, relative to the first one, at which the inner loop stops")


class FourDVarSettings(WindowSettings):
    """Strong-constraint 4D-Var: incremental Gauss–Newton with conjugate gradients."""

    name: Literal["4dvar"] = "4dvar"


class WeakFourDVarSettings(WindowSettings):
    """Weak-constraint 4D-Var: the state may jump at each cycle of the window, at the cost of a model error."""

    name: Literal["weak-4dvar"] = "weak-4dvar"
    model_error_scale: NotNegative = Field(
        1e-3, description="Q is the climatological covariance, or that with `length`, times this"
    )


class CovarianceSettings(MethodSection):
    """What the Kalman filters with a whole covariance matrix share."""

    inflation: Positive = Field(1.0, description="factor on the covariance per unit of model time")
    model_error: NotNegative = Field(0.0, description="variance added to each component per unit of model time")


class KalmanSettings(CovarianceSettings):
    """The Kalman filter; the forecast model must be linear."""

    name: Literal["kf"] = "kf"


class ExtendedKalmanSettings(CovarianceSettings):
    """The extended Kalman filter, covariances by the tangent-linear model."""

    name: Literal["ekf"] = "ekf"


class EnsembleSettings(MethodSection):
    """What ensemble methods share."""

    members: Count = Field(20, description="ensemble size N")


class InflatedSettings(EnsembleSettings):
    """What ensemble Kalman filters share."""

    inflation: Positive = Field(1.0, description="factor on deviations after the analysis")
    prior_inflation: Positive = Field(1.0, description="factor on deviations before the analysis")
    additive: NotNegative = Field(0.0, description="standard deviation of noise that members get at the end of a forecast")
    relaxation: float = Field(0.0, ge=0, le=1, description="relaxation of the spread to that of the background; 0: none")
    rotation: bool = Field(False, description="rotate deviations randomly after the analysis; mean and covariance stay")


class LocalizationSettings(Section):
    """The taper of R⁻¹ or of B with distance."""

    taper: Literal["gaspari-cohn"] = Field("gaspari-cohn", description="Gaspari–Cohn function with half-support 1.82 r")
    radius: Positive = Field(
        4.0,
        description="r, in the testbed's unit of distance; where 3.64 r is more than half of a periodic axis the taper is no "
        "covariance, which matters to `envar`, `hybrid` and `ensrf`",
    )


class EnKFSettings(InflatedSettings):
    """The stochastic EnKF with perturbed observations."""

    name: Literal["enkf"] = "enkf"


class DEnKFSettings(InflatedSettings):
    """The deterministic EnKF: half the gain for deviations."""

    name: Literal["denkf"] = "denkf"


class ETKFSettings(InflatedSettings):
    """The ensemble transform Kalman filter with the symmetric root."""

    name: Literal["etkf"] = "etkf"


class EnSRFSettings(InflatedSettings):
    """The serial ensemble square-root filter."""

    name: Literal["ensrf"] = "ensrf"
    localization: LocalizationSettings | None = Field(None, description="taper of covariances; null: none")


class LETKFSettings(InflatedSettings):
    """The local ensemble transform Kalman filter."""

    name: Literal["letkf"] = "letkf"
    localization: LocalizationSettings | None = Field(LocalizationSettings(), description="taper of R⁻¹; null: none")


class EnKFNSettings(InflatedSettings):
    """The finite-size EnKF, which finds its inflation itself."""

    name: Literal["enkf-n"] = "enkf-n"


class IEnKSSettings(InflatedSettings):
    """The iterative ensemble Kalman smoother."""

    name: Literal["ienks"] = "ienks"
    lag: int = Field(1, ge=1, le=20, description="length of the window in cycles")


class LocalizedBSettings(InflatedSettings):
    """What methods with an ensemble covariance as B share."""

    localization: LocalizationSettings | None = Field(LocalizationSettings(), description="taper of B; null: none")


class EnVarSettings(LocalizedBSettings):
    """Ensemble-variational analysis with the localised ensemble covariance as B."""

    name: Literal["envar"] = "envar"


class HybridSettings(LocalizedBSettings):
    """EnVar with a weighted sum of static and ensemble B."""

    name: Literal["hybrid"] = "hybrid"
    scale: Positive = Field(0.02, description="the static B is the climatological covariance times this")
    length: Positive | None = Field(None, description=LENGTH)
    static_weight: float = Field(0.1, ge=0, le=1, description="β_s²")
    ensemble_weight: float = Field(0.9, ge=0, le=1, description="β_e²")


class ParticleSettings(EnsembleSettings):
    """The bootstrap particle filter, regularised where that is wanted."""

    name: Literal["pf"] = "pf"
    members: Count = Field(100, description="number of particles N")
    regularisation: NotNegative = Field(0.0, description="jitter of resampled particles, in optimal kernel widths")
    resample_below: float = Field(0.5, ge=0, le=1, description="resample where N_eff is below this share of N")


class LocalParticleSettings(InflatedSettings):
    """A localised particle filter."""

    name: Literal["lpf"] = "lpf"
    members: Count = Field(40, description="number of particles N")
    relaxation: float = Field(0.4, ge=0, le=1, description="relaxation of the spread to that of the background; 0: none")
    adaptive: float = Field(
        0.03, ge=0, le=1, description="part of the newest cycle in the means of innovations that widen the particles; 0: none"
    )
    localization: LocalizationSettings | None = Field(LocalizationSettings(radius=3.0), description="taper; null: none")


class OrigenSettings(MethodSection):
    """ORIGEN: a trajectory reconstructed from observations alone."""

    name: Literal["origen"] = "origen"
    mode: Literal["cycling", "persistence", "two-rounds", "sequence", "covariance"] = Field(
        "cycling",
        description="`cycling`: forecasts by the model of the race; `persistence`: the newest analysis; `two-rounds`, "
        "`sequence`, `covariance`: a table of the times of a motion that repeats itself",
    )
    period: int = Field(60, ge=1, le=100_000, description="cycles until the truth is where it was, for the modes with a table")
    static: Literal["climatology", "identity"] = Field("climatology", description="what B begins as, up to `scale`")
    scale: Positive = Field(1.0, description="B begins as this times the climatological covariance, or times I")
    covariance_update: bool = Field(False, description="B ← (I − KH) B in the modes without a table too")
    inflation: float = Field(
        1.0, ge=1, le=1e6, description="λ of a B that is updated; 1 is right for a truth that stands still"
    )


class NetworkMethodSettings(InflatedSettings):
    """The AI particle filter: a network that a training of `ai-particle-filter` has left analyses the particles."""

    name: Literal["network"] = "network"
    run: str = Field(
        "",
        max_length=40,
        pattern=r"^[0-9a-f]*$",
        description="id of the training run; its σ_o and observed components must be those of the race",
    )
    members: Count = Field(20, description="number of particles N; the network has learned with those of its training")
    additive: NotNegative = Field(0.2, description="standard deviation of noise that particles get at the end of a forecast")


METHODS: tuple[type[MethodSection], ...] = (
    FreeSettings, ClimatologySettings, OISettings, ThreeDVarSettings, FourDVarSettings, WeakFourDVarSettings, EnKFSettings,
    ETKFSettings, DEnKFSettings, EnSRFSettings, LETKFSettings, EnKFNSettings, IEnKSSettings, EnVarSettings, HybridSettings,
    ParticleSettings, LocalParticleSettings, KalmanSettings, ExtendedKalmanSettings, OrigenSettings, NetworkMethodSettings,
)  # fmt: skip


def fields_of(settings: MethodSection) -> dict[str, Any]:
    """Return settings as the fields of the method: a radius instead of a localisation section, and no id of a run."""
    fields = {name: getattr(settings, name) for name in type(settings).model_fields if name not in ("name", "label", "run")}
    if "localization" in fields:
        taper = fields.pop("localization")
        fields["radius"] = float("inf") if taper is None else taper.radius
    return fields


MethodSettings = Annotated[
    FreeSettings | ClimatologySettings | OISettings | ThreeDVarSettings | FourDVarSettings | WeakFourDVarSettings
    | EnKFSettings | ETKFSettings | DEnKFSettings | EnSRFSettings | LETKFSettings | EnKFNSettings | IEnKSSettings
    | EnVarSettings | HybridSettings | ParticleSettings | LocalParticleSettings | KalmanSettings | ExtendedKalmanSettings
    | OrigenSettings | NetworkMethodSettings,
    Field(discriminator="name"),
]  # fmt: skip
