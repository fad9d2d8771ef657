"""A learned model: any function that carries a state one step on, beside the model that it was trained to follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.dynamics.base import Dynamics

#: Draws so many states (count, n), with a generator on the CPU.
Draw = Callable[[int, torch.Generator], Tensor]


@dataclass(eq=False)
class Emulator(Dynamics):
    """x ← f(x) with a learned f; components, distances and the length of a step are those of the model that it emulates.

    Attributes
    ----------
    forward
        f, for states (..., n), through which gradients pass.
    model
        What it emulates.
    draw
        Draws states of the kind that f was trained on, where those are not the starts of the model: f is only as good as
        its samples reach. They are typical of it at once.
    device, dtype
        Of the starts.
    """

    forward: Callable[[Tensor], Tensor]
    model: Dynamics
    draw: Draw | None = None
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    name: ClassVar[str] = "emulator"
    #: Steps between drawn states that a climate is computed from. They are independent of each other, those of one
    #: trajectory need not be; and a network strays from the kind of states it knows.
    SPACING: ClassVar[int] = 4
    #: States that the mean of those drawn is estimated from.
    MEAN_OF: ClassVar[int] = 2000

    def __post_init__(self) -> None:
        model = self.model
        self.size, self.dt, self.start_sigma = model.size, model.dt, model.start_sigma
        self.components = model.components
        self.transient, self.spacing = (model.transient, model.spacing) if self.draw is None else (0, self.SPACING)
        self._start = model.start().to(self.device, self.dtype)
        if self.draw is not None:
            drawn = self.draw(self.MEAN_OF, torch.Generator().manual_seed(0)).to(self.device, self.dtype)
            self._start = drawn.mean(0)
            self.start_sigma = float((drawn - self._start).square().mean().sqrt())

    def step(self, state: Tensor, time: float = 0.0) -> Tensor:
        """Return the state (..., n) one step later."""
        del time
        return self.forward(state)

    def start(self) -> Tensor:
        """Return the start of the emulated model, or the mean of the states that are drawn."""
        return self._start

    def draw_start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw starts of the emulated model, or states of the kind that was trained on, (count, n)."""
        if self.draw is None:
            return self.model.draw_start(count, generator).to(self._start)
        seed = int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
        return self.draw(count, torch.Generator().manual_seed(seed)).to(self._start)

    def distance(self, a: Tensor, b: Tensor) -> Tensor | None:
        """Return distances as the emulated model has them."""
        return self.model.distance(a, b)
