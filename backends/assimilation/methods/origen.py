"""ORIGEN: a trajectory reconstructed from observations alone, before any model has been learned from it."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from backends.assimilation.methods.base import Method
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.kalman import kalman_update
from backends.dynamics.base import Dynamics
from backends.errors import InputError

#: See :class:`Origen`.
Mode = Literal["cycling", "persistence", "two-rounds", "sequence", "covariance"]
MODES: tuple[Mode, ...] = ("cycling", "persistence", "two-rounds", "sequence", "covariance")
#: What B is where it does not change, or begins as: a multiple of the climate's covariance, or of I.
Static = Literal["climatology", "identity"]
STATICS: tuple[Static, ...] = ("climatology", "identity")
#: Most numbers that the covariances of all cycles of a period may have together (800 MB).
TABLE_LIMIT = 100_000_000


@dataclass
class Origen(Method):
    """Observation-based reconstruction: x_a = x_b + K (y − H x_b), K = B Hᵀ (H B Hᵀ + R)⁻¹, with what is known as x_b and B.

    The modes differ in where these come from.

    - ``persistence``: x_b is the newest analysis, as if the state stayed where it is: the model to begin with where none is
      known. It lags behind whatever moves.
    - ``cycling``: x_b is the forecast of the model of the race.
    - ``sequence``: of a motion that repeats itself every `period` cycles the same times come again. A table keeps the newest
      analysis of each of them, at first the first guess; x_b is the entry of the time before. B does not change, so each
      observation counts as much as all before it: with the gain κ = b/(b + σ_o²) of a component the error after m
      observations has the variance σ_o² κ/(2 − κ) (1 − (1 − κ)^{2m}) beside (1 − κ)^m times the first error, and
      stalls at an observation's size.
    - ``covariance``: the same with B_k ← (I − K H) B_k in the table as well. Then all observations count alike,
      1/b_m = 1/b + m/σ_o² and x_m = b_m (x_0/b + Σ y/σ_o²), and the error falls like σ_o/√m.
    - ``two-rounds``: a table in which the first pass takes in observations of the first component alone, with persistence,
      and the second pass those of the second, starting from what the first reconstructed. So many rounds as the state has
      components; nothing is taken in after them.

    Entries of a table see only what is observed at their times: a network must show each of them all components in turn.

    Attributes
    ----------
    mode
        See above.
    period
        Cycles until the truth is where it was.
    static, scale
        B is, or begins as, the climatological covariance or I, times this.
    covariance_update
        Whether B ← (I − K H) B in the modes ``persistence`` and ``cycling`` too.
    inflation
        λ ≥ 1 of a B that is updated: A/λ + (1 − 1/λ) B₀ is used the next time, with B₀ what B began as. 1 is right for a truth
        that stands still, as it does in the entries of a table; a system that moves needs more.
    state, covariance
        x, shape (E, n), and B, shape (E, n, n).
    """

    mode: Mode = "cycling"
    period: int = 60
    static: Static = "climatology"
    scale: float = 1.0
    covariance_update: bool = False
    inflation: float = 1.0
    name: ClassVar[str] = "origen"
    dense: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._table: dict[int, tuple[Tensor, Tensor]] = {}
        if self.mode not in MODES:
            raise InputError(f"the mode of ORIGEN must be one of {', '.join(MODES)}; came {self.mode!r}")
        if self.static not in STATICS:
            raise InputError(f"the static B of ORIGEN must be one of {', '.join(STATICS)}; came {self.static!r}")
        if self.period < 1:
            raise InputError(f"a period must have at least one cycle; came {self.period}")
        if not self.scale > 0:
            raise InputError(f"the scale of B must be positive; came {self.scale:g}")
        if not self.inflation >= 1:
            raise InputError(f"the inflation of B must be at least 1; came {self.inflation:g}")

    def begin(self) -> Estimate:
        """Begin at the first guess."""
        E, n = self.setting.start.shape
        if self.mode == "covariance" and E * self.period * n**2 > TABLE_LIMIT:
            raise InputError(
                f"a table of {self.period} covariances of {n} components in {E} experiments is too large; "
                f"choose another mode or a smaller testbed"
            )
        self.state = self.setting.start
        self._static_of: tuple[object, ...] = ()
        self.covariance = self._static()
        self._restart()
        return Estimate(self.state, self.setting.start_variance.expand_as(self.state))

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Return what is known of the time of the next observations: a forecast, the newest analysis, or a table's entry."""
        if self._passes != (self.mode, self.period):
            self._restart()
        self._round, self._index = divmod(self._cycle, self.period)
        self._cycle += 1
        B = self._static()
        if self.mode == "cycling":
            self.state = model.advance(self.state, steps, time)
        elif self._tabled and not (self.mode == "two-rounds" and self._round == 0):
            self.state, self.covariance = self._table.get(self._index, (self.setting.start, B))
        self.covariance = inflated_covariance(self.covariance, self.inflation, B) if self._updates else B
        return self._estimate()

    def analyse(self, observed: Observed) -> Estimate:
        """Take the observations in; return the analysis."""
        if self.mode == "two-rounds":
            observed = of_component(observed, self._round)
        if len(observed):
            increment, self.covariance = kalman_update(self.state, self.covariance, observed)
            self.state = self.state + increment
        if self._tabled:
            self._table[self._index] = self.state, self.covariance if self._updates else self._static()
        return self._estimate()

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean, in the table too."""
        mean, B = self.setting.climatological_mean, self._static()

        def replaced(state: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
            return torch.where(bad[:, None], mean, state), torch.where(bad[:, None, None], B, covariance)

        self.state, self.covariance = replaced(self.state, self.covariance)
        self._table = {k: replaced(*entry) for k, entry in self._table.items()}

    @property
    def _tabled(self) -> bool:
        return self.mode in ("two-rounds", "sequence", "covariance")

    @property
    def _updates(self) -> bool:
        return self.mode == "covariance" or (self.covariance_update and not self._tabled)

    def _restart(self) -> None:
        """Forget the table, which was that of another mode or period."""
        self._passes, self._cycle, self._table = (self.mode, self.period), 0, {}

    def _static(self) -> Tensor:
        """Return the B that is fixed or begun with, shape (E, n, n)."""
        key = (self.static, self.scale)
        if self._static_of != key:
            C = self.setting.climatology.dense()
            shape = C if self.static == "climatology" else torch.eye(len(C), dtype=C.dtype, device=C.device)
            self._B, self._static_of = (self.scale * shape).expand(self.setting.experiments, -1, -1), key
        return self._B

    def _estimate(self) -> Estimate:
        return Estimate(self.state, self.covariance.diagonal(dim1=-2, dim2=-1))


def inflated_covariance(covariance: Tensor, factor: float, static: Tensor) -> Tensor:
    """Return A/λ + (1 − 1/λ) B₀, shape (..., n, n): A itself for λ = 1, B₀ in the limit of a large λ.

    What is known decays by 1/λ each time and B₀ takes its place. A plain λ A would do so for the variances, but without a
    model to make correlations new ones, every update wears them down, and what is not observed would grow without end. With
    Lorenz-63, every 25 steps a random subset of its components observed with σ_o² = 2, B₀ the climate's covariance, the
    analysis RMSE was 2.12 this way with λ = 1.2, and at best 3.06 with λ A kept below B₀.
    """
    return covariance / factor + (1 - 1 / factor) * static


def of_component(observed: Observed, component: int) -> Observed:
    """Return those observations that are nearest to one component of the state."""
    which = (observed.components == component).nonzero()[:, 0]
    return Observed(observed.values[:, which], observed.operator.of(which), observed.error[which])
