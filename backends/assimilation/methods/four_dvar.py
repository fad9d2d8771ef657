"""4D-Var, with a perfect model and with one that errs."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from backends.assimilation.methods.base import MeanMethod
from backends.assimilation.methods.batched_solver import conjugate_gradients
from backends.assimilation.methods.estimate import Estimate, Observed
from backends.assimilation.methods.kalman import kalman_update
from backends.assimilation.methods.static import StaticCovariance
from backends.assimilation.methods.tangent import MATRIX_LIMIT
from backends.assimilation.methods.window import Path, Segment, Window
from backends.background_error.base import BackgroundError
from backends.dynamics.base import Dynamics
from backends.errors import InputError

#: Halvings of a Gauss–Newton step that does not lower J. Windows in which errors saturate need them: with four cycles of 0.25
#: of Lorenz-63 and B = 0.1 C the errors were 0.39 with them, 2.2 without.
HALVINGS = 6


@dataclass
class FourDVar(MeanMethod):
    """Strong-constraint 4D-Var: incremental, Gauss–Newton outside, conjugate gradients in control space inside.

    Le Dimet and Talagrand (1986, Tellus A 38, 97–110); Courtier, Thépaut and Hollingsworth (1994, Q. J. R. Meteorol. Soc. 120,
    1367–1387). The window moves on by one cycle; what is observed in it is its newest cycle alone, and its background is the
    state that the last analysis found there. So every observation counts once, as in the smoother of Bocquet and Sakov (2014,
    Q. J. R. Meteorol. Soc. 140, 1521–1535) with a shift of one cycle. B does not change. While fewer cycles than the window
    are over, it begins at the start.

    Attributes
    ----------
    window
        Its length in cycles; with 1 it begins at the last analysis.
    scale
        B is the climatological covariance times this.
    length
        L of a Gaussian correlation that B has instead of the climatological one, with the same variances; None: none.
    outer
        Gauss–Newton steps at most; the model is linearised again before each.
    inner
        Iterations of conjugate gradients at most in each.
    tolerance
        Iterations end when the gradient in control space is this small, relative to that at the background. On the Lorenz
        models 1e-3 gives the same scores as 1e-6 in half of the iterations.
    history
        J of the newest analysis in experiment 0, one tensor for each outer loop: J itself, then J with the model linearised
        after each inner iteration. The last tensor holds J at the analysis.
    """

    window: int = 1
    scale: float = 0.02
    length: float | None = None
    outer: int = 3
    inner: int = 30
    tolerance: float = 1e-4
    name: ClassVar[str] = "4dvar"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.window, self.outer, self.inner) < 1:
            raise InputError(
                f"window, outer and inner of {self.name} must be at least 1; came {self.window}, {self.outer} and {self.inner}"
            )
        if not 0 < self.tolerance < 1:
            raise InputError(f"the tolerance of {self.name} must lie between 0 and 1; came {self.tolerance:g}")
        self.history: list[Tensor] = []

    def begin(self) -> Estimate:
        """Begin at the first guess."""
        self._segments: list[Segment] = []
        self._path, self._forcing = Path([self.setting.start], []), list[Tensor]()
        self._static = StaticCovariance(self.setting, self.length)
        self._C: BackgroundError | None = None
        self._B: Tensor | None = None
        return super().begin()

    def forecast(self, model: Dynamics, steps: int, time: float) -> Estimate:
        """Make the window longer by a cycle, and shorter at its beginning where it is too long; return the background.

        Its variance is that of the static B carried to the end of the window, or that of B itself where the state is large.
        """
        self._segments.append(Segment(model, steps, time))
        self._path.append(self._segments[-1])
        self._forcing.append(torch.zeros_like(self.state))
        surplus = max(0, len(self._segments) - self.window)
        self._path.forget(surplus)
        for past in (self._segments, self._forcing):
            del past[:surplus]
        self.state = self._path[-1]
        C = self._static.of(self.length)
        if C is not self._C:
            # C as a matrix, too, where the state is small enough to tell variances at the end of the window.
            self._C, self._B = C, C.dense() if self.setting.model.size <= MATRIX_LIMIT else None
        self._problem = self._window(C)
        if self._B is None:
            return Estimate(self.state, (self.scale * C.variance()).expand_as(self.state))
        self._tangents = self._problem.linearise(self._path)
        return Estimate(self.state, self._problem.covariance(self._tangents, self._B).diagonal(dim1=-2, dim2=-1))

    def analyse(self, observed: Observed) -> Estimate:
        """Minimise J; return the end of the trajectory that does. Its variance is told where the state is small."""
        problem, path, v = self._problem, self._path, self._problem.zeros()
        cost = problem.cost(v, path, observed)
        tangents = problem.linearise(path) if self._B is None else self._tangents
        g = problem.gradient(v, path, tangents, observed)
        goal = self.tolerance * _norm(g)
        self.history, iterations = [], torch.zeros_like(cost)
        self.extras = {"cost_background": cost}
        for loop in range(self.outer):
            if loop > 0:
                tangents = problem.linearise(path)
                g = problem.gradient(v, path, tangents, observed)
            if not bool((_norm(g) > goal).any()):
                break
            step = conjugate_gradients(partial(problem.curvature, tangents=tangents, observed=observed), -g, goal, self.inner)
            self.history.append(cost[0] - pad(step.decrease[:, 0].cumsum(0), (1, 0)))
            iterations = iterations + step.iterations
            v, path, cost = _descend(problem, observed, v, step.x, cost)
        self.history.append(cost[:1])
        self.extras |= {"cost": cost, "iterations": iterations}
        self._path, self._forcing = path, problem.forcings(v) or self._forcing
        self.state = path[-1]
        if self._B is None:
            return Estimate(self.state)
        _, covariance = kalman_update(self.state, problem.covariance(tangents, self._B), observed)
        return Estimate(self.state, covariance.diagonal(dim1=-2, dim2=-1))

    def replace(self, bad: Tensor) -> None:
        """Set experiments that are out of the race to the climatological mean, all along the window."""
        mean = self.setting.climatological_mean
        states = [torch.where(bad[:, None], mean, state) for state in self._path.states]
        self._path = Path(states, [None] * len(self._segments))
        self._forcing = [torch.where(bad[:, None], 0, eta) for eta in self._forcing]
        super().replace(bad)

    def _window(self, C: BackgroundError) -> Window:
        scales = self._path[0].new_tensor([[self.scale]]).sqrt()
        return Window(self._path[0], list(self._segments), None, C, scales)


@dataclass
class WeakFourDVar(FourDVar):
    """Weak-constraint 4D-Var: the state may jump at each cycle of the window, as the model errs.

    Trémolet (2006, Q. J. R. Meteorol. Soc. 132, 2483–2504): the jumps η_i with covariance Q are controlled beside the initial
    state ("model-error forcing"). As every observation counts once, the background of each η_i is what the last analysis
    found, and zero for the newest.

    Attributes
    ----------
    model_error_scale
        Q is the climatological covariance times this, or the one with :attr:`length`; 0 is a strong constraint.
    """

    model_error_scale: float = 1e-3
    name: ClassVar[str] = "weak-4dvar"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.model_error_scale >= 0:
            raise InputError(f"model_error_scale of {self.name} must not be negative; came {self.model_error_scale:g}")

    def _window(self, C: BackgroundError) -> Window:
        shares = [self.scale] + [self.model_error_scale] * len(self._segments)
        scales = self._path[0].new_tensor(shares)[:, None].sqrt()
        return Window(self._path[0], list(self._segments), list(self._forcing), C, scales)


def _descend(problem: Window, observed: Observed, v: Tensor, step: Tensor, cost: Tensor) -> tuple[Tensor, Path, Tensor]:
    """Return v + δv, its trajectory and its J; in experiments where J would rise, δv is halved, at last left out."""
    slack = 100 * torch.finfo(cost.dtype).eps * cost
    for halving in range(HALVINGS + 1):
        path = problem.run(v + step)
        lower = problem.cost(v + step, path, observed)
        rose = torch.isfinite(cost) & ~(lower <= cost + slack)
        if halving == HALVINGS or not bool(rose.any()):
            break
        step = torch.where(rose[:, None, None], step * (0.5 if halving < HALVINGS - 1 else 0), step)
    return v + step, path, lower


def _norm(g: Tensor) -> Tensor:
    """Return the norm of each experiment's gradient, shape (E,)."""
    return g.flatten(1).norm(dim=1)
