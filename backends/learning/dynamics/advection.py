"""An emulator of linear advection on the periodic line: trained on single bumps, judged on other shapes over many steps."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.device import precise_dtype
from backends.dynamics.advection import Advection
from backends.learning.dynamics.networks import LineStep
from backends.learning.dynamics.rollout import BEYOND, rmse, rollout, rollout_loss
from backends.learning.gallery import Panel, Series
from backends.learning.task import Loss, Task

#: Steps of the rollouts that are judged; in training those of the first.
LOOKED, LONG = 200, 1000
#: Seed and number of the unseen bumps of which the one-step error is the mean.
UNSEEN = (1_000_003, 256)
#: Logarithmic axes begin here.
LEAST = 1e-18


@dataclass(frozen=True)
class Bumps:
    """Single Gaussian bumps a exp(−½ d²/w²) anywhere on the line; ranges of w, as a part of the line, and of a."""

    width: tuple[float, float] = (0.03, 0.1)
    amplitude: tuple[float, float] = (0.2, 1.0)

    def draw(self, count: int, points: int, generator: torch.Generator) -> Tensor:
        """Draw bumps with uniform place, width and amplitude, (count, n), float64 on the CPU."""
        centre, w, a = torch.rand(3, count, 1, generator=generator, dtype=torch.float64)
        w = self.width[0] + (self.width[1] - self.width[0]) * w
        a = self.amplitude[0] + (self.amplitude[1] - self.amplitude[0]) * a
        return a * _bump(points, centre, w)


class AdvectionEmulator(Task):
    """A network that learns one step of linear advection.

    Beside it stand the exact solution and the upwind scheme of first order, which keeps the mass and smears everything.

    Parameters
    ----------
    network
        The step.
    model
        The exact one; its starts are not used.
    bumps
        What it is trained on.
    batch, rollout_steps
        Bumps of which a loss is the mean, and steps that each is carried forward; 1 compares single steps.
    noise
        Greatest standard deviation of white noise on the bumps that a loss begins with, drawn anew for each. A bump has hardly
        any short waves, so that bumps alone leave open what becomes of them, and in a long rollout they may grow. The noise
        has all waves. Its targets are the noisy states, carried on exactly but for short waves, which are damped a little in
        each step (:meth:`_target`): the network need not guess what is noise and what is not.
    """

    name: ClassVar[str] = "advection-1d-emulator"

    def __init__(
        self, network: LineStep, model: Advection, bumps: Bumps, batch: int, rollout_steps: int = 1, noise: float = 0.0
    ) -> None:
        self.network: LineStep = network
        self.model, self.batch = model, batch
        self.bumps, self._steps, self._noise = bumps, rollout_steps, noise
        self._like = next(network.parameters())
        self._device = self._like.device
        self._precise = precise_dtype(self._device)
        # The mean square of what one step changes: a loss of 1 is that of persistence.
        unseen = self._draw(UNSEEN[1], torch.Generator().manual_seed(UNSEEN[0]))
        self._unseen = unseen, self._exact(unseen, 1)
        self._scale = (self._unseen[1] - unseen).square().mean()

    def step(self, state: Tensor) -> Tensor:
        """Return the state (..., n) one step later, by the network."""
        return self.network(state)

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the mean square error along rollouts from new bumps, over about that of one step of persistence."""
        start = self._draw(self.batch, generator)
        scale = self._scale.expand(self.batch, 1)
        if self._noise:
            sigma = self._noise * torch.rand(self.batch, 1, generator=generator).to(start)
            start = start + sigma * torch.randn(start.shape, generator=generator).to(start)
            # A step changes white noise by about as much as there is of it.
            scale = scale + sigma.square()
        truth = torch.stack([self._target(start, k) for k in range(self._steps + 1)])
        return Loss(rollout_loss(self.network, truth.to(self._like), scale.to(self._like)), {})

    def validate(self) -> dict[str, float]:
        """Return the one-step error of unseen bumps, and RMSE and mass error of the shapes after 200 steps."""
        return self._one_step() | self._judged(LOOKED)

    def scores(self) -> dict[str, float]:
        """Return the same, and those after 1,000 steps."""
        return self._one_step() | self._judged(LOOKED) | self._judged(LONG)

    def gallery(self) -> tuple[Panel, ...]:
        """Return a panel for each shape, after 200 steps, and of errors and mass along the way."""
        start = self._shapes()
        states, upwind, exact = self._carried(LOOKED)
        s = torch.arange(self.model.points) / self.model.points
        panels = [
            Panel(
                f"{shape.replace('_', ' ')}, {LOOKED} steps",
                "place on the line",
                "u",
                (
                    Series.of("start", "background", s, start[k]),
                    Series.of("exact", "truth", s, exact[-1, k]),
                    Series.of("upwind scheme", "other", s, upwind[-1, k]),
                    Series.of("network", "network", s, states[-1, k].clamp(-BEYOND, BEYOND)),
                ),
            )
            for k, shape in enumerate(SHAPES)
        ]
        steps = torch.arange(1, LOOKED + 1)
        errors = (states - exact).square().mean(-1).sqrt()[1:].nan_to_num(BEYOND).clamp(max=BEYOND)
        smeared = (upwind - exact).square().mean(-1).sqrt()[1:]
        mass = self._mass_errors(states)[1:].clamp(min=LEAST)
        panels.append(
            Panel(
                "error along the way", "step", "RMSE",
                tuple(Series.of(f"network, {name.replace('_', ' ')}", "network", steps, errors[:, k].clamp(min=LEAST))
                      for k, name in enumerate(SHAPES))
                + tuple(Series.of(f"upwind, {name.replace('_', ' ')}", "other", steps, smeared[:, k].clamp(min=LEAST))
                        for k, name in enumerate(SHAPES)),
                log="y",
            )
        )  # fmt: skip
        panels.append(
            Panel(
                "mass along the way", "step", "|Σu − Σu₀| / Σ|u₀|",
                tuple(Series.of(name.replace("_", " "), "network", steps, mass[:, k]) for k, name in enumerate(SHAPES)),
                log="y",
            )
        )  # fmt: skip
        return tuple(panels)

    def _one_step(self) -> dict[str, float]:
        start, after = self._unseen
        self.network.eval()
        with torch.no_grad():
            error = rmse(self.network(start) - after)
        return {
            "step_rmse_network": error,
            "step_rmse_upwind": rmse(self._upwind(start) - after),
            "step_rmse_persistence": rmse(start - after),
        }

    def _judged(self, steps: int) -> dict[str, float]:
        """Return RMSE of each shape after so many steps, and the largest error of its mass on the way."""
        states, upwind, exact = self._carried(steps)
        mass, smeared = self._mass_errors(states), self._mass_errors(upwind)
        scores: dict[str, float] = {}
        for k, shape in enumerate(SHAPES):
            scores[f"rmse_{shape}_{steps}_network"] = rmse(states[-1, k] - exact[-1, k])
            scores[f"rmse_{shape}_{steps}_upwind"] = rmse(upwind[-1, k] - exact[-1, k])
            scores[f"mass_error_{shape}_{steps}_network"] = float(mass[:, k].max())
        scores[f"mass_error_{steps}_network"] = float(mass.max())
        scores[f"mass_error_{steps}_upwind"] = float(smeared.max())
        return scores

    def _carried(self, steps: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the shapes along a rollout of the network, of the upwind scheme, and exactly, (steps + 1, shapes, n) each."""
        start = self._shapes().to(self._device, self._precise)
        self.network.eval()
        with torch.no_grad():
            states = rollout(self.network, start, steps)
        exact = torch.stack([self._exact(start, k) for k in range(steps + 1)])
        return states.cpu(), rollout(self._upwind, start, steps).cpu(), exact.cpu()

    def _exact(self, state: Tensor, steps: int) -> Tensor:
        return self.model.advance(state, steps)

    def _target(self, state: Tensor, steps: int) -> Tensor:
        """Return what the network is to make of a state: the exact one and, with noise, short waves damped in each step.

        Wavenumber k is multiplied by exp(−36 (2k/n)⁸) a step; the exponential filter of Hou and Li (2007, J. Comput. Phys. 226,
        379–397) with a lower order. In 1,000 steps it halves waves eight points long, and takes a tenth of those of ten.
        """
        exact = self._exact(state, steps)
        if not self._noise:
            return exact
        k = torch.arange(exact.shape[-1] // 2 + 1).to(exact) / (exact.shape[-1] / 2)
        return torch.fft.irfft(torch.fft.rfft(exact) * torch.exp(-36 * steps * k**8), n=exact.shape[-1])

    def _upwind(self, state: Tensor) -> Tensor:
        """Return a state one step later by linear interpolation between the points where it comes from."""
        moved = self.model.speed * self.model.dt * self.model.points
        whole = math.floor(moved)
        part = moved - whole
        return (1 - part) * state.roll(whole, -1) + part * state.roll(whole + 1, -1)

    def _draw(self, count: int, generator: torch.Generator) -> Tensor:
        return self.bumps.draw(count, self.model.points, generator).to(self._device, self._precise)

    def _shapes(self) -> Tensor:
        return torch.stack([shape(self.model.points) for shape in SHAPES.values()])

    @staticmethod
    def _mass_errors(states: Tensor) -> Tensor:
        """Return |Σu − Σu₀| / Σ|u₀| of states (K + 1, shapes, n), (K + 1, shapes), at most :data:`BEYOND`."""
        errors = (states.sum(-1) - states[0].sum(-1)).abs() / states[0].abs().sum(-1)
        return errors.nan_to_num(BEYOND).clamp(max=BEYOND)


def _bump(points: int, centre: Tensor | float, width: Tensor | float) -> Tensor:
    """Return exp(−½ d²/w²) with the distance d round the line, (..., n), float64."""
    s = torch.arange(points, dtype=torch.float64) / points
    return torch.exp(-0.5 * (((s - centre + 0.5) % 1 - 0.5) / width).square())


def _top_hat(points: int) -> Tensor:
    s = torch.arange(points, dtype=torch.float64) / points
    return ((s >= 0.4) & (s < 0.6)).double()


def _several(points: int) -> Tensor:
    return _bump(points, 0.2, 0.04) + 0.6 * _bump(points, 0.5, 0.06) + 0.4 * _bump(points, 0.75, 0.03)


#: What is carried over many steps: a bump as in training, and shapes that were never seen, all between 0 and 1.
SHAPES = {
    "bump": lambda points: _bump(points, 0.3, 0.06),
    "sine": lambda points: 0.5 + 0.5 * torch.sin(4 * math.pi * torch.arange(points, dtype=torch.float64) / points),
    "top_hat": _top_hat,
    "bumps": _several,
}
