"""The task of AI-Var: a network is to find the minimum of J, and is told nothing but J."""

from collections.abc import Callable
from typing import ClassVar, Protocol, cast

import torch
from torch import Tensor, nn

from backends.learning.gallery import Panel
from backends.learning.task import Loss, Task
from backends.learning.variational.cases import Cases
from backends.learning.variational.networks import Analyst

#: Seeds and numbers of the cases that are looked at in training, and of those that a network is summarised by.
VALIDATION, TEST = (1_000_003, 256), (2_000_003, 512)
#: Cases in the gallery.
SHOWN = 4


class Draws(Protocol):
    """Where cases come from."""

    def draw(self, cases: int, generator: torch.Generator) -> Cases:
        """Draw cases, on the CPU."""


class AIVar(Task):
    """A network that is trained by J = J_b + J_o, without analyses as targets; `analyst` is the network by what it does.

    Parameters
    ----------
    name
        Of the task.
    network
        An :class:`backends.learning.variational.networks.Analyst`.
    draws
        Where cases come from.
    batch
        Cases of which J is averaged.
    relative
        Whether J of each case is divided by its J(x_b) first, so that cases with small σ_o do not outweigh all others.
    pictures
        Draws the gallery from cases, exact increments and those of the network.
    unseen
        Where cases to validate and test with come from, if not from `draws`.
    """

    name: ClassVar[str] = "aivar"

    def __init__(
        self,
        name: str,
        network: nn.Module,  # and an Analyst, for which types have no word
        draws: Draws,
        batch: int,
        relative: bool,
        pictures: Callable[[Cases, Tensor, Tensor], tuple[Panel, ...]],
        unseen: Draws | None = None,
    ) -> None:
        self.name = name  # type: ignore[misc]
        self.network, self.batch = network, batch
        self.analyst = cast(Analyst, network)
        self._draws, self._unseen, self._relative, self._pictures = draws, unseen or draws, relative, pictures
        self._like = next(network.parameters())
        self._validation: Judged | None = None

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the mean of J over new cases, with J_b and J_o."""
        cases = self._draws.draw(self.batch, generator).to(self._like)
        jb, jo = self.analyst.costs(cases)
        J = jb + jo
        if self._relative:
            J = J / cases.observation_cost(cases.innovation()).clamp(min=1e-12)
        return Loss(J.mean(), {"jb": jb.mean(), "jo": jo.mean()})

    def validate(self) -> dict[str, float]:
        """Return the cost gap, J and RMSE on the validation cases, with those of background and exact minimum."""
        if self._validation is None:
            self._validation = Judged(self._cases(*VALIDATION))
        return self._validation.scores(self._increments(self._validation.cases))

    def scores(self, cases: int = TEST[1]) -> dict[str, float]:
        """Return the same on so many test cases."""
        judged = Judged(self.unseen(cases))
        return judged.scores(self._increments(judged.cases))

    def gallery(self) -> tuple[Panel, ...]:
        """Return pictures of a few unseen cases: truth, background, observations, minimum, network."""
        cases = self._cases(VALIDATION[0], SHOWN)
        return self._pictures(cases, Judged(cases).exact, self._increments(cases).to(cases.background))

    def unseen(self, count: int) -> Cases:
        """Return the first so many of the test cases, in double precision."""
        return self._cases(TEST[0], count)

    def _cases(self, seed: int, count: int) -> Cases:
        drawn = self._unseen.draw(count, torch.Generator().manual_seed(seed))
        return drawn.to(torch.empty(0, dtype=torch.float64))

    def _increments(self, cases: Cases) -> Tensor:
        self.network.eval()
        with torch.no_grad():
            return self.analyst.increment(cases.to(self._like)).cpu().double()


class Judged:
    """Cases with their exact minima, in double precision, that increments are measured against.

    Attributes
    ----------
    cases
        Of which.
    exact
        The increments that minimise J, (E, n).
    """

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        control = cases.minimum()
        self.exact = cases.errors.sqrt(control)
        self._jb, self._jo = cases.control_costs(control)
        self._start = cases.observation_cost(cases.innovation())

    def gaps(self, increments: Tensor) -> Tensor:
        """Return (J(x_a) − J*) / (J(x_b) − J*), (E,): 0 at the minimum, 1 at the background."""
        jb, jo = self.cases.costs(increments)
        best = self._jb + self._jo
        return (jb + jo - best) / (self._start - best)

    def scores(self, increments: Tensor) -> dict[str, float]:
        """Return cost gap, mean costs and RMSE of increments (E, n), with those of the background and of the minimum."""
        gaps = self.gaps(increments)
        jb, jo = self.cases.costs(increments)
        best = self._jb + self._jo
        error = self.cases.truth - self.cases.background

        def rmse(increment: Tensor) -> float:
            return float((error - increment).square().mean().sqrt())

        return {
            "cost_gap_median": float(gaps.median()),
            "cost_gap_p95": float(gaps.quantile(0.95)),
            "j_network": float((jb + jo).mean()),
            "jb_network": float(jb.mean()),
            "jo_network": float(jo.mean()),
            "j_3dvar": float(best.mean()),
            "jb_3dvar": float(self._jb.mean()),
            "jo_3dvar": float(self._jo.mean()),
            "j_background": float(self._start.mean()),
            "cost_ratio": float((jb + jo).mean() / best.mean()),
            "rmse_background": rmse(torch.zeros_like(increments)),
            "rmse_3dvar": rmse(self.exact),
            "rmse_network": rmse(increments),
        }
