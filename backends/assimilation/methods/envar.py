"""Ensemble-variational analysis: 3D-Var with the covariance of an ensemble, alone or mixed with a static one."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.assimilation.methods.localisation import taper
from backends.assimilation.methods.static import StaticCovariance
from backends.background_error.base import BackgroundError
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.operators import LinearOperator

#: Most observations whose covariances are kept as a matrix for each experiment.
OBSERVATIONS_LIMIT = 4000


@dataclass
class EnVar(InflatedEnsemble):
    """3D-EnVar: the mean minimises J with B = L ∘ P, the ensemble's covariance localised by a Schur product.

    With a control vector per member (Lorenc, 2003, Q. J. R. Meteorol. Soc. 129, 3183–3203; Buehner, 2005, Q. J. R. Meteorol.
    Soc. 131, 1013–1043) this is a minimisation in N n variables. For a linear H its minimum is x_b + B Hᵀ (H B Hᵀ + R)⁻¹ d,
    found here among p observations, as in PSAS (Courtier, 1997, Q. J. R. Meteorol. Soc. 123, 2449–2461). Deviations are updated
    with half that gain, X − ½ K H X, the DEnKF of Sakov and Oke (2008, Tellus A 60, 361–371): mean and ensemble then see one
    and the same B, which a transform in ensemble space such as the ETKF cannot localise, and all are solved for at once.

    Attributes
    ----------
    radius
        r: L is the Gaspari–Cohn function with half-support 1.82 r of the distance between points; infinite: no localisation.
        On a ring L is a covariance as long as it ends within half a turn, 3.64 r ≤ n/2.
    """

    radius: float = 4.0
    name: ClassVar[str] = "envar"

    def begin(self) -> Estimate:
        """Draw the ensemble of the start."""
        self._columns: Columns | None = None
        return super().begin()

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        if len(observed) > OBSERVATIONS_LIMIT:
            raise InputError(
                f"{self.name} solves for all observations at once, for at most {OBSERVATIONS_LIMIT}; "
                f"came {len(observed)}: choose letkf or enkf"
            )
        mean, X, Y, d = _split(members, observed)
        PHt, HPHt = self.covariances(X, observed.operator)
        # What the innovation and half of each member's deviation need, in one solution.
        weights = torch.linalg.solve(HPHt + observed.error.matrix(), torch.cat([d[:, None], -0.5 * Y], dim=1).mT)
        self.extras = _costs(d, weights[..., 0], observed)
        changes = (PHt @ weights).mT
        return mean + changes[:, :1] + X + changes[:, 1:]

    def covariances(self, X: Tensor, H: LinearOperator) -> tuple[Tensor, Tensor]:
        """Return (L ∘ P) Hᵀ, (E, n, p), and H (L ∘ P) Hᵀ, (E, p, p), of deviations X (E, N, n)."""
        if self._columns is None or self._columns.operator is not H or self._columns.radius != self.radius:
            self._columns = Columns.of(self.setting.model, H, self.radius)
        touched, L = self._columns.points, self._columns.taper
        PHt = self._columns.reduced(L * (X.mT @ X[..., touched]) / (self.members - 1))
        return PHt, H(PHt.mT)


@dataclass
class Hybrid(EnVar):
    """Hybrid EnVar: B = β_s² s C + β_e² L ∘ P, a static covariance and that of the ensemble.

    Hamill and Snyder (2000, Mon. Weather Rev. 128, 2905–2919), equation 2; the weights need not add up to one. Deviations are
    those of EnVar, with the ensemble's own covariance, and are centred on the hybrid's mean, as at NCEP (Wang et al., 2013,
    Mon. Weather Rev. 141, 4098–4117): the gain of the hybrid would narrow them for errors that they do not stand for.

    Attributes
    ----------
    scale
        s: the static B is the climatological covariance C times this.
    length
        L of a Gaussian correlation that C has instead of the climatological one, with the same variances; None: none.
    static_weight, ensemble_weight
        β_s² and β_e².
    """

    scale: float = 0.02
    length: float | None = None
    static_weight: float = 0.1
    ensemble_weight: float = 0.9
    name: ClassVar[str] = "hybrid"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.static_weight, self.ensemble_weight) < 0:
            raise InputError(
                f"the weights of the hybrid B must not be negative; came {self.static_weight:g} and {self.ensemble_weight:g}"
            )

    def begin(self) -> Estimate:
        """Draw the ensemble of the start."""
        self._static = StaticCovariance(self.setting, self.length)
        self._seen: tuple[BackgroundError, LinearOperator, Tensor, Tensor] | None = None
        return super().begin()

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        ensemble = super().update(members, observed)
        mean, X, _, d = _split(members, observed)
        PHt, HPHt = self.covariances(X, observed.operator)
        CHt, HCHt = self._static_covariances(observed.operator)
        beta_s, beta_e = self.static_weight * self.scale, self.ensemble_weight
        weights = torch.linalg.solve(beta_s * HCHt + beta_e * HPHt + observed.error.matrix(), d)
        self.extras = _costs(d, weights, observed)
        increment = ((beta_s * CHt + beta_e * PHt) @ weights[..., None]).mT
        return mean + increment + ensemble - ensemble.mean(-2, keepdim=True)

    def _static_covariances(self, H: LinearOperator) -> tuple[Tensor, Tensor]:
        """Return C Hᵀ, (n, p), and H C Hᵀ, (p, p), formed once for each network and length."""
        C = self._static.of(self.length)
        if self._seen is None or self._seen[0] is not C or self._seen[1] is not H:
            HC = C.apply(H.dense())
            self._seen = C, H, HC.T, H(HC)
        return self._seen[2:]


def _split(members: Tensor, observed: Observed) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return mean (E, 1, n), deviations X (E, N, n), Y = H X and innovation d (E, p)."""
    mean = members.mean(-2, keepdim=True)
    X = members - mean
    return mean, X, observed.operator(X), observed.values - observed.operator(mean)[:, 0]


def _costs(d: Tensor, weights: Tensor, observed: Observed) -> dict[str, Tensor]:
    """Return J at the background, ½ dᵀ R⁻¹ d, and at the minimum, ½ dᵀ S⁻¹ d, from d and S⁻¹ d."""
    at_background = 0.5 * (d * observed.error.solve(d)).sum(1)
    return {"cost_background": at_background, "cost": 0.5 * (d * weights).sum(1)}


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of L that an H needs, with H as it acts on them.

    Attributes
    ----------
    operator, radius
        H, and r of the taper.
    points
        The m components that H touches.
    reduced
        H for states of these components alone.
    taper
        L between all components and these, (n, m).
    """

    operator: LinearOperator
    radius: float
    points: Tensor
    reduced: LinearOperator
    taper: Tensor

    @classmethod
    def of(cls, model: Dynamics, H: LinearOperator, radius: float) -> Self:
        """Find them.

        Raises
        ------
        InputError
            If the radius is not positive, or finite where the model has no distances.
        """
        if not radius > 0:
            raise InputError(f"the localisation radius must be positive; came {radius:g}")
        points = H.nodes
        reduced = LinearOperator(Rows(len(points), torch.searchsorted(points, H.index), H.weight))
        if math.isinf(radius):
            return cls(H, radius, points, reduced, H.weight.new_ones(()))
        distance = model.distance(torch.arange(model.size, device=points.device)[:, None], points)
        if distance is None:
            raise InputError(f"{model.name} has no distances between its components: set the localisation radius to infinity")
        return cls(H, radius, points, reduced, taper(distance.to(torch.float64), radius).to(H.weight.dtype))
