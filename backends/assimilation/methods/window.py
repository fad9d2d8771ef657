"""The cost function of a 4D-Var window, its gradient, and the curvature that Gauss–Newton steps need."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.tangent import TangentLinear, knows_jacobian, propagated
from backends.background_error.base import BackgroundError
from backends.dynamics.base import Dynamics


@dataclass(frozen=True, eq=False)
class Segment:
    """The forecast of one cycle."""

    model: Dynamics
    steps: int
    time: float

    def run(self, state: Tensor) -> tuple[Tensor, TangentLinear | None]:
        """Return the state (E, n) at the end of the cycle, and M′ where that comes with it."""
        if knows_jacobian(self.model):
            tangent = self.linearise(state)
            return tangent.end, tangent
        return self.model.advance(state, self.steps, self.time), None

    def linearise(self, state: Tensor) -> TangentLinear:
        """Return M′ along the trajectory that begins here."""
        return TangentLinear(self.model, state, self.steps, self.time)


@dataclass(eq=False)
class Path:
    """A trajectory x_0, …, x_W, each of shape (E, n), and M′_1, …, M′_W as far as they came with it."""

    states: list[Tensor]
    tangents: list[TangentLinear | None]

    def __getitem__(self, cycle: int) -> Tensor:
        return self.states[cycle]

    def append(self, segment: Segment) -> None:
        """Go on for a cycle."""
        end, tangent = segment.run(self.states[-1])
        self.states.append(end)
        self.tangents.append(tangent)

    def forget(self, cycles: int) -> None:
        """Let the first cycles go."""
        del self.states[:cycles], self.tangents[:cycles]


@dataclass(frozen=True, eq=False)
class Window:
    """J(v) = ½ vᵀv + ½ (y − H(x_W))ᵀ R⁻¹ (y − H(x_W)) of a window of W cycles, observed at its end, in E experiments.

    The trajectory begins at x_0 = x_b + s_0 U v_0 and goes on as x_i = M_i(x_{i−1}) + η_i, with B = U Uᵀ. Under a strong
    constraint η_i = 0 and v = v_0 alone; under a weak one η_i = η_{b,i} + s_i U v_i, so that s_i² B is the covariance of the
    model's errors: Trémolet (2006, Q. J. R. Meteorol. Soc. 132, 2483–2504), section 3.

    Attributes
    ----------
    background
        x_b at the beginning of the window, shape (E, n).
    segments
        The W forecasts.
    forcing
        η_b, W of shape (E, n), under a weak constraint; None under a strong one.
    B
        The covariance whose root U the control vectors (E, k, control_size) share; k is 1 or 1 + W.
    scales
        s, shape (k, 1).
    """

    background: Tensor
    segments: list[Segment]
    forcing: list[Tensor] | None
    B: BackgroundError
    scales: Tensor

    def zeros(self) -> Tensor:
        """Return v = 0, the background, shape (E, k, control_size)."""
        return self.background.new_zeros(len(self.background), len(self.scales), self.B.control_size)

    def jumps(self, v: Tensor) -> Tensor:
        """Return s_i U v_i, shape (E, k, n): the increment at the beginning, then those of the forcing."""
        return self.scales * self.B.sqrt(v)

    def forcings(self, v: Tensor) -> list[Tensor] | None:
        """Return η_1, …, η_W, or None under a strong constraint."""
        if self.forcing is None:
            return None
        return [eta + jump for eta, jump in zip(self.forcing, self.jumps(v)[:, 1:].unbind(1), strict=True)]

    def run(self, v: Tensor) -> Path:
        """Return the trajectory of a control vector."""
        path, forcings = Path([self.background + self.jumps(v)[:, 0]], []), self.forcings(v)
        for i, segment in enumerate(self.segments):
            path.append(segment)
            if forcings is not None:
                path.states[-1] = path[-1] + forcings[i]
        return path

    def linearise(self, path: Path) -> list[TangentLinear]:
        """Return M′_1, …, M′_W along a trajectory."""
        known = zip(self.segments, path.states, path.tangents, strict=False)
        return [tangent or segment.linearise(state) for segment, state, tangent in known]

    def cost(self, v: Tensor, path: Path, observed: Observed) -> Tensor:
        """Return J, shape (E,), of a control vector and its trajectory."""
        misfit = observed.values - observed.operator(path[-1])
        return 0.5 * (v.square().flatten(1).sum(1) + (misfit * observed.error.solve(misfit)).sum(1))

    def gradient(self, v: Tensor, path: Path, tangents: list[TangentLinear], observed: Observed) -> Tensor:
        """Return ∇J, shape (E, k, control_size): v − Gᵀ R⁻¹ (y − H(x_W)), G the derivative of H(x_W) by v."""
        misfit = observed.values - observed.operator(path[-1])
        return v - self._pull(misfit, tangents, observed)

    def curvature(self, change: Tensor, tangents: list[TangentLinear], observed: Observed) -> Tensor:
        """Return (I + Gᵀ R⁻¹ G) δv, the Hessian of J where the model is linear, shape (E, k, control_size)."""
        return change + self._pull(observed.operator(self._push(change, tangents)), tangents, observed)

    def covariance(self, tangents: list[TangentLinear], B: Tensor) -> Tensor:
        """Return the covariance of background errors at the end of the window, (E, n, n), for B as a matrix."""
        start, *model_errors = self.scales.square()[:, 0]
        P = start * B
        for i, tangent in enumerate(tangents):
            P = propagated(P, tangent)
            if model_errors:
                P = P + model_errors[i] * B
        return P

    def _push(self, v: Tensor, tangents: list[TangentLinear]) -> Tensor:
        """Return the derivative of x_W by v, applied to a change of v: shape (E, n)."""
        change, *jumps = self.jumps(v).unbind(1)
        for i, tangent in enumerate(tangents):
            change = tangent(change)
            if jumps:
                change = change + jumps[i]
        return change

    def _pull(self, values: Tensor, tangents: list[TangentLinear], observed: Observed) -> Tensor:
        """Return Gᵀ R⁻¹ w, shape (E, k, control_size), of w of shape (E, p)."""
        change = observed.operator.adjoint(observed.error.solve(values))
        jumps = []
        for tangent in reversed(tangents):
            jumps.append(change)
            change = tangent.adjoint(change)
        parts = [change] if self.forcing is None else [change, *reversed(jumps)]
        return self.scales * self.B.sqrt_adjoint(torch.stack(parts, dim=1))
