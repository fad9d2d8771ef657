"""An analysis experiment as one frozen, validated value: what a file says, and what the controls of the page say."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backends.experiments.cases import REAL, Case, CorrelationName, LineCase
from backends.experiments.sections import GREATEST, NotNegative, Positive, Section, Seed

OperatorName = Literal["point", "area", "channel", "square", "logarithm", "saturating"]
SolverName = Literal["closed-form", "state-space", "pcg", "lbfgs", "gauss-newton"]


class BackgroundErrorSettings(Section):
    """B. Lengths are in km, on the periodic line in fractions of it."""

    source: Literal["static", "nmc", "ensemble", "hybrid"] = Field(
        "static",
        description="`static`: one σ_b everywhere; `nmc`: a map of σ_b from lagged differences of the file's times; "
        "`ensemble`: the members' covariance, localised; `hybrid`: a weighted sum of static and ensemble",
    )
    correlation: CorrelationName = Field("gaussian", description="correlation as a function of distance")
    sigma: Positive | None = Field(
        None, description="σ_b, in the state's unit (root mean square where it is a map); null: the case's own"
    )
    length: Positive | None = Field(None, description="correlation length L; null: the case's own")
    length_z: Positive | None = Field(None, description="vertical correlation length on a plane, km; null: the case's own")
    height_scale: NotNegative = Field(
        0.0, description="stations: h in m, correlations also fall with height difference by exp(−Δz²/2h²); 0: they do not"
    )
    floor: float = Field(1e-6, ge=0, lt=1, description="α: white variance, eigenvalues of B are at least α λ_max")
    floor_kind: Literal["spectral", "added"] = Field(
        "spectral", description="`spectral`: max(λ, α λ_max); `added`: λ + α λ_max, which is what the sphere always has"
    )
    periodised: bool = Field(
        True,
        description="line: sum the correlation over all images; false: of the wrapped distance, which may be no covariance",
    )
    nmc_lag: int = Field(1, ge=1, description="steps of the time axis between the fields that are subtracted for `nmc`")
    localisation: Positive = Field(2000.0, description="Gaspari–Cohn half-width that localises the ensemble, km")
    static_weight: NotNegative = Field(0.5, description="β_s² of the hybrid")
    ensemble_weight: NotNegative = Field(0.5, description="β_e² of the hybrid")
    tune: Literal["no", "likelihood"] = Field(
        "no", description="`likelihood`: choose σ_b, L and σ_o by the likelihood of the innovations"
    )


class ObservationSettings(Section):
    """The observing network, H and R."""

    count: int = Field(100, ge=0, le=5000, description="number of observations p")
    placement: Literal["random", "grid", "columns", "clicked", "case"] | None = Field(
        None,
        description="`random`: uniform over the area; `grid`: evenly, about `count`; `columns`: vertical columns of a plane; "
        "`clicked`: those in `places`; `case`: those that come with the case; null: `case` where there are any, otherwise "
        "`random`",
    )
    places: tuple[tuple[float, ...], ...] = Field(
        (), description="coordinates of clicked places: [x], [x km, z km] or [latitude, longitude]"
    )
    levels: int = Field(20, ge=1, le=100, description="observations in a column")
    operator: OperatorName = Field(
        "point",
        description="`point`: linear interpolation; `area`: mean within `radius`; `channel`: vertical weighting function of a "
        "plane; the others: nonlinear functions of the interpolated value",
    )
    radius: Positive | None = Field(None, description="radius of an area mean; null: 5 % of the domain")
    width: Positive = Field(2.0, description="standard deviation of a vertical weighting function, km")
    sigma: Positive | None = Field(None, description="σ_o that the analysis assumes; null: the case's own")
    noise: NotNegative | None = Field(
        None, description="σ_o of the errors that are added to the truth; null: as `sigma` assumes"
    )
    correlation_length: NotNegative = Field(
        0.0, description="L_o of observation errors along a profile or over distance, exp(−d/L_o); 0: independent"
    )
    gross_probability: float = Field(0.0, ge=0, le=1, description="probability that an observation has a gross error")
    gross_size: float = Field(10.0, ge=0, le=1e6, description="standard deviation of gross errors, in units of the added noise")
    innovation: Annotated[float, Field(ge=-GREATEST, le=GREATEST)] | None = Field(
        None, description="single-observation mode: every observation is H(x_b) plus this, whatever the truth is"
    )
    seed: Seed = Field(0, description="seed of the places and of the observation errors")


class MethodSettings(Section):
    """How J is minimised, and what is done about gross errors."""

    name: Literal["3dvar"] = "3dvar"
    solver: SolverName = Field("closed-form", description="all minimise the same J")
    iterations: int = Field(300, ge=1, le=5000, description="most iterations of an iterative solver")
    tolerance: float = Field(1e-7, gt=0, lt=1, description="gradient, relative to the first one, at which it stops")
    background_check: float = Field(
        0.0, ge=0, le=1e6, description="reject observations with |O−B| above so many √(HBHᵀ + R); 0: none"
    )
    huber: float = Field(0.0, ge=0, le=1e6, description="residuals beyond so many σ_o count linearly; 0: all count squared")


#: Settings of `observations` that have a meaning for real ones: their places and values are those of the file.
OF_REAL = {"sigma"}


class AnalysisSettings(Section):
    """An experiment of kind `analysis`."""

    kind: Literal["analysis"] = Field("analysis", description="the kind of experiment; must be given in a file")
    case: Case = Field(default_factory=LineCase)
    background_error: BackgroundErrorSettings = BackgroundErrorSettings()
    observations: ObservationSettings = ObservationSettings()
    method: MethodSettings = MethodSettings()
    repeat: Annotated[int, Field(ge=2, le=100000)] | None = Field(
        None,
        description="so many independent draws of the errors (of stations: of those withheld), and statistics over them; null: "
        "one analysis",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = self.observations.model_fields_set
        if self.case.name in REAL and not given <= OF_REAL:
            names = ", ".join(sorted(given - OF_REAL))
            raise ValueError(f"observations of {self.case.name} are those of their file; {names} cannot be set, only sigma")
        if self.case.name == "observed-field" and self.repeat is not None:
            raise ValueError("repeat: the errors of real observations cannot be drawn again; leave it out")
        if self.observations.places and self.observations.placement is None:
            raise ValueError("observations.places are used where placement is 'clicked'; write placement: clicked beside them")
        if self.observations.placement == "case" and not self.case.name.startswith(("course", *REAL)):
            raise ValueError(
                f"observations.placement: 'case' is for the course's cases; {self.case.name} has no observations of its own"
            )
        return self
