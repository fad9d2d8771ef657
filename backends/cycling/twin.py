"""The truth, and its observations: the same for all methods of a race."""

import torch
from torch import Tensor

from backends.assimilation.methods.estimate import Observed
from backends.cycling.network import Network
from backends.dynamics.base import Dynamics
from backends.observing.errors import ObservationError, check_sigma_o
from backends.observing.operators import LinearOperator


class Twin:
    """A run of the true model in each of E experiments, and observations of it with errors.

    Its attributes may be changed between two cycles; another observing network or σ_o changes neither the truth nor the
    random numbers of later cycles.

    Parameters
    ----------
    dynamics
        The true model.
    network
        What is observed.
    every
        Steps of the true model between observations.
    steps
        Steps of the forecast model in the same time.
    sigma
        σ_o that the methods assume; `noise` is the true one.
    truth
        Initial states, shape (E, n).
    generator
        Of the observation errors.
    """

    def __init__(
        self,
        dynamics: Dynamics,
        network: Network,
        every: int,
        steps: int,
        sigma: float,
        noise: float,
        truth: Tensor,
        generator: torch.Generator,
    ) -> None:
        check_sigma_o(sigma)
        self.dynamics, self.network, self.every, self.steps = dynamics, network, every, steps
        self.sigma, self.noise = sigma, noise
        self.truth, self.generator = truth, generator
        self.cycle, self.time = 0, 0.0
        #: Model time of each cycle so far; their distance changes where `every` does.
        self.times: list[float] = []
        self._operator: tuple[Network, LinearOperator] | None = None

    def advance(self) -> Observed:
        """Carry the truth to the next time of observations; return them."""
        self.truth = self.dynamics.advance(self.truth, self.every, self.time)
        self.time += self.every * self.dynamics.dt
        self.cycle += 1
        self.times.append(self.time)
        H = self._of_cycle()
        # Errors are drawn for all components: which of them are observed does not change what comes later.
        unit = torch.randn(self.truth.shape, generator=self.generator, dtype=self.truth.dtype, device=self.truth.device)
        values = H(self.truth) + self.noise * H(unit)
        sigma = torch.full((len(H),), self.sigma, dtype=values.dtype, device=values.device)
        return Observed(values, H, ObservationError(sigma))

    def _of_cycle(self) -> LinearOperator:
        if self._operator is not None and self.network.fixed and self._operator[0] == self.network:
            return self._operator[1]
        H = self.network.operator(self.dynamics, self.cycle - 1, self.truth)
        self._operator = (self.network, H)
        return H
