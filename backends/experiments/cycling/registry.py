"""Which class carries out which method."""

from backends.assimilation.methods.base import Method
from backends.assimilation.methods.baselines import Climatology, FreeRun, OptimalInterpolation, ThreeDVar
from backends.assimilation.methods.etkf import ETKF
from backends.assimilation.methods.letkf import LETKF

KINDS: dict[str, type[Method]] = {
    kind.name: kind for kind in (FreeRun, Climatology, OptimalInterpolation, ThreeDVar, ETKF, LETKF)
}
