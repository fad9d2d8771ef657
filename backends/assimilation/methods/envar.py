"""Ensemble-variational analysis: 3D-Var with the covariance of an ensemble, alone or mixed with a static one."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.etkf import InflatedEnsemble
from backends.assimilation.methods.localisation import taper
from backends.dynamics.base import Dynamics
from backends.errors import InputError
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
    """

    radius: float = 4.0
    name: ClassVar[str] = "envar"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._tapers = Tapers()

    def update(self, members: Tensor, observed: Observed) -> Tensor:
        """Return the analysis ensemble (E, N, n)."""
        p = len(observed)
        if p > OBSERVATIONS_LIMIT:
            raise InputError(
                f"{self.name} solves for all observations at once, at most {OBSERVATIONS_LIMIT}; came {p}: choose letkf or enkf"
            )
        H, R = observed.operator, observed.error
        mean = members.mean(-2, keepdim=True)
        X = members - mean
        Y = H(X)
        d = observed.values - H(mean)[:, 0]
        BHt, HBHt = self.covariances(X, Y, observed)
        # What the innovation and half of each member's deviation need, in one solution.
        targets = torch.cat([d[:, None], -0.5 * Y], dim=1).mT
        weights = torch.linalg.solve(HBHt + R.matrix(), targets)
        increment, *changes = (BHt @ weights).mT.split([1, self.members], dim=1)
        at_background = 0.5 * (d * R.solve(d)).sum(1)
        self.extras = {"cost_background": at_background, "cost": 0.5 * (d * weights[..., 0]).sum(1)}
        return mean + increment + X + changes[0]

    def covariances(self, X: Tensor, Y: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
        """Return B Hᵀ, (E, n, p), and H B Hᵀ, (E, p, p), of deviations X (E, N, n) and what is observed of them, Y = H X."""
        near, between = self._tapers.find(self.setting.model, observed.components, self.radius)
        share = 1 / (self.members - 1)
        return share * near * (X.mT @ Y), share * between * (Y.mT @ Y)


@dataclass
class Hybrid(EnVar):
    """Hybrid EnVar: B = β_s² s C + β_e² L ∘ P, a static covariance and that of the ensemble.

    Hamill and Snyder (2000, Mon. Weather Rev. 128, 2905–2919), equation 2; the weights need not add up to one.

    Attributes
    ----------
    scale
        s: the static B is the climatological covariance C times this.
    static_weight, ensemble_weight
        β_s² and β_e².
    """

    scale: float = 0.02
    static_weight: float = 0.3
    ensemble_weight: float = 0.7
    name: ClassVar[str] = "hybrid"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.static_weight, self.ensemble_weight) < 0:
            raise InputError(
                f"the weights of the hybrid B must not be negative; came {self.static_weight:g} and {self.ensemble_weight:g}"
            )

    def begin(self) -> Estimate:
        """Draw the ensemble of the start."""
        self._static: tuple[LinearOperator, Tensor, Tensor] | None = None
        return super().begin()

    def covariances(self, X: Tensor, Y: Tensor, observed: Observed) -> tuple[Tensor, Tensor]:
        """Return B Hᵀ, (E, n, p), and H B Hᵀ, (E, p, p)."""
        H = observed.operator
        if self._static is None or self._static[0] is not H:
            CHt = self.setting.climatology.apply(H.dense()).T  # C is symmetric
            self._static = H, CHt, H(CHt.T)
        _, CHt, HCHt = self._static
        share = self.static_weight * self.scale
        BHt, HBHt = super().covariances(X, Y, observed)
        return self.ensemble_weight * BHt + share * CHt, self.ensemble_weight * HBHt + share * HCHt


class Tapers:
    """ρ between all components and the observations, (n, p), and between the observations, (p, p), of the newest network."""

    def __init__(self) -> None:
        self._key: tuple[Tensor, float] | None = None

    def find(self, model: Dynamics, places: Tensor, radius: float) -> tuple[Tensor, Tensor]:
        """Return both; ones for an infinite radius.

        Parameters
        ----------
        model
            Knows the distances.
        places
            The component nearest to each observation, shape (p,).
        radius
            r in the model's unit of distance.

        Raises
        ------
        InputError
            If the model has no distances, or the radius is not positive.
        """
        if self._key is None or self._key[1] != radius or not torch.equal(self._key[0], places):
            near = _tapers(model, places, radius)
            self._key, self._found = (places, radius), (near, near[places])
        return self._found


def _tapers(model: Dynamics, places: Tensor, radius: float) -> Tensor:
    if not radius > 0:
        raise InputError(f"the localisation radius must be positive; came {radius:g}")
    if math.isinf(radius):
        return model.start().new_ones(model.size, len(places))
    distance = model.distance(torch.arange(model.size, device=places.device)[:, None], places)
    if distance is None:
        raise InputError(f"{model.name} has no distances between its components: set the localisation radius to infinity")
    return taper(distance.to(torch.float64), radius).to(model.start().dtype)
