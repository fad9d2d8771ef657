"""Which class carries out which method."""

from backends.assimilation.methods.base import Method
from backends.assimilation.methods.baselines import Climatology, FreeRun, OptimalInterpolation, ThreeDVar
from backends.assimilation.methods.enkf import DEnKF, StochasticEnKF
from backends.assimilation.methods.enkf_n import FiniteSizeEnKF
from backends.assimilation.methods.ensrf import EnSRF
from backends.assimilation.methods.envar import EnVar, Hybrid
from backends.assimilation.methods.etkf import ETKF
from backends.assimilation.methods.four_dvar import FourDVar, WeakFourDVar
from backends.assimilation.methods.ienks import IEnKS
from backends.assimilation.methods.kalman import ExtendedKalman, KalmanFilter
from backends.assimilation.methods.letkf import LETKF
from backends.assimilation.methods.local_particle import LocalParticleFilter
from backends.assimilation.methods.network import NetworkFilter
from backends.assimilation.methods.origen import Origen
from backends.assimilation.methods.particle import ParticleFilter

KINDS: dict[str, type[Method]] = {
    kind.name: kind
    for kind in (
        FreeRun, Climatology, OptimalInterpolation, ThreeDVar, FourDVar, WeakFourDVar, KalmanFilter, ExtendedKalman,
        StochasticEnKF, ETKF, DEnKF, EnSRF, LETKF, FiniteSizeEnKF, IEnKS, EnVar, Hybrid,
        ParticleFilter, LocalParticleFilter, Origen, NetworkFilter,
    )
}  # fmt: skip
