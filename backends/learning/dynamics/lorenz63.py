"""A neural right-hand side of Lorenz (1963), integrated by Runge–Kutta; SINDy and the exact model beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import torch
from torch import Tensor

from backends.device import precise_dtype
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.runge_kutta import runge_kutta
from backends.learning.dynamics.networks import Tendency
from backends.learning.dynamics.rollout import BEYOND, Step, rmse, rollout, rollout_loss
from backends.learning.dynamics.sindy import Sindy, fit, lorenz63_coefficients
from backends.learning.gallery import Panel, Series
from backends.learning.task import Loss, Task

Sampling = Literal["attractor", "box"]
#: The box of state space, a little larger than the attractor: least and greatest x, y, z.
BOX = ((-25.0, 25.0), (-30.0, 30.0), (0.0, 55.0))
#: States of the attractor that samples are drawn from: trajectories, and states of each, half a unit of time apart.
POOL = (500, 40)
#: Seeds of the pools that are trained with, validated and tested with, and of states in the box to test with.
TRAINED, VALIDATION, TEST, BOXED = 1_000_001, 1_000_003, 2_000_003, 3_000_003
#: Pairs that SINDy is fitted to, and that one-step errors are the mean of.
PAIRS = 2000
#: A forecast is valid while its error is below this part of the climatological standard deviation.
VALID = 0.4
#: Starts and units of time of the forecasts in validations and in the summary; those that last longer count as this long.
FORECASTS = {"validate": (32, 10.0), "scores": (200, 20.0)}
#: The free run: members, units of time before it counts, and units that count.
FREE = (100, 10.0, 50.0)


@dataclass(frozen=True, eq=False)
class Forecasts:
    """The exact forecasts from a number of starts, (K + 1, E, 3), and those of SINDy."""

    truth: Tensor
    sindy: Tensor


class RightHandSide(Task):
    """A network f that learns ẋ, from pairs (x, ẋ), from steps, or from rollouts.

    Parameters
    ----------
    make
        Makes the network of mean and standard deviation of the climate and the typical size of ẋ.
    model
        The exact one.
    batch
        Samples of which a loss is the mean.
    sampling
        Whether states come from the attractor or fill a box around it evenly.
    pairs
        Whether ẋ is compared, or states after `rollout_steps` steps.
    rollout_steps
        With steps: how many.
    """

    name: ClassVar[str] = "lorenz63-rhs"

    def __init__(
        self,
        make: Callable[[Tensor, Tensor, Tensor], Tendency],
        model: Lorenz63,
        batch: int,
        sampling: Sampling = "attractor",
        pairs: Literal["tendency", "step"] = "tendency",
        rollout_steps: int = 1,
    ) -> None:
        self.model, self.batch = model, batch
        self._sampling, self._pairs, self._steps = sampling, pairs, rollout_steps
        self._pools: dict[int, Tensor] = {}
        self._forecasts: dict[tuple[int, int, float], Forecasts] = {}
        self._pool = self._attractor(TRAINED)
        self._mean, self._std = self._pool.mean(0), self._pool.std(0)
        self._speed = model.tendency(self._pool).square().mean(0).sqrt()
        self.network: Tendency = make(self._mean, self._std, self._speed)
        self._device = self.network.mean.device
        self._precise = precise_dtype(self._device)

    def step(self, state: Tensor) -> Tensor:
        """Return the state (..., 3) one step of the model later, by the network."""
        return runge_kutta(lambda x, _: self.network(x), state, 0.0, self.model.dt)

    def loss(self, generator: torch.Generator) -> Loss:
        """Return the mean square error of ẋ, in its typical size, or of states, in the size of one step."""
        states = self._draw(self.batch, generator)
        speed, weights = self._speed, self.network.mean
        if self._pairs == "tendency":
            error = (self.network(states.to(weights)) - self.model.tendency(states).to(weights)) / speed.to(weights)
            return Loss(error.square().mean(), {})
        size = (self.model.dt * speed).to(weights)
        truth = self.model.trajectory(states, self._steps).to(weights)
        return Loss(rollout_loss(lambda x: self.step(x * size) / size, truth / size), {})

    def validate(self) -> dict[str, float]:
        """Return one-step errors and the valid prediction time, with those of SINDy."""
        return self._one_step(VALIDATION) | self._valid_times(VALIDATION, *FORECASTS["validate"])

    def scores(self) -> dict[str, float]:
        """Return the same on the test states, SINDy's coefficients against the exact ones, and the climates."""
        exact = lorenz63_coefficients(self.model.sigma, self.model.rho, self.model.beta)
        scores = self._one_step(TEST) | self._valid_times(TEST, *FORECASTS["scores"])
        scores["coefficient_rmse_sindy"] = rmse(self.sindy.coefficients - exact)
        for name, step in (("network", self._evaluated), ("truth", self.model.step)):
            scores |= {f"{key}_{name}": value for key, value in self._climate(step).items()}
        return scores

    def gallery(self) -> tuple[Panel, ...]:
        """Return one forecast, its error in time, and the attractor of a free run."""
        of = self._reference(VALIDATION, 3, FORECASTS["scores"][1])
        truth, sindy = of.truth, of.sindy
        time = torch.arange(len(truth)) * self.model.dt
        mine = self._run(self._evaluated, truth[0], len(truth) - 1)
        thin = slice(None, None, 4)
        panels = [
            Panel(
                f"forecast {k + 1}",
                "time",
                "x",
                (
                    Series.of("truth", "truth", time[thin], truth[thin, k, 0]),
                    Series.of("SINDy", "other", time[thin], sindy[thin, k, 0]),
                    Series.of("network", "network", time[thin], mine[thin, k, 0]),
                ),
            )
            for k in range(truth.shape[1])
        ]
        error, reference = self._errors(mine, truth), self._errors(sindy, truth)
        panels.append(
            Panel(
                "error of forecast 1, in standard deviations of the climate",
                "time",
                "error",
                (
                    Series.of("network", "network", time[thin], error[thin, 0].clamp(min=1e-16)),
                    Series.of("SINDy", "other", time[thin], reference[thin, 0].clamp(min=1e-16)),
                    Series.of("limit of validity", "exact", time[[0, -1]], torch.full((2,), VALID)),
                ),
                log="y",
            )
        )
        panels.append(
            Panel(
                f"attractor, {FORECASTS['scores'][1]:g} units of time",
                "x",
                "z",
                (
                    Series.of("truth", "truth", truth[thin, 0, 0], truth[thin, 0, 2]),
                    Series.of("network", "network", mine[thin, 0, 0], mine[thin, 0, 2]),
                ),
            )
        )
        return tuple(panels)

    @cached_property
    def sindy(self) -> Sindy:
        """The sparse right-hand side of exact pairs, drawn as the network's."""
        states = self._draw(PAIRS, torch.Generator().manual_seed(TRAINED))
        return fit(states, self.model.tendency(states))

    def _one_step(self, seed: int) -> dict[str, float]:
        scores: dict[str, float] = {}
        for where, states in (("attractor", self._attractor(seed)[:PAIRS]), ("box", _in_box(PAIRS, BOXED))):
            after = self.model.step(states)
            scores[f"step_rmse_{where}_network"] = rmse(self._run(self._evaluated, states, 1)[1] - after)
            scores[f"step_rmse_{where}_sindy"] = rmse(self._run(self._sindy_step, states, 1)[1] - after)
            scores[f"step_rmse_{where}_persistence"] = rmse(states - after)
        return scores

    def _valid_times(self, seed: int, count: int, length: float) -> dict[str, float]:
        """Return mean and median of the time until a forecast's error exceeds its limit."""
        of = self._reference(seed, count, length)
        truth = of.truth
        mine = self._run(self._evaluated, truth[0], len(truth) - 1)
        scores: dict[str, float] = {}
        for name, run in (("network", mine), ("sindy", of.sindy), ("persistence", truth[:1].expand_as(truth))):
            times = valid_time(self._errors(run, truth), self.model.dt)
            scores[f"valid_time_{name}"] = float(times.mean())
            scores[f"valid_time_median_{name}"] = float(times.median())
        return scores

    def _reference(self, seed: int, count: int, length: float) -> Forecasts:
        """Return forecasts that every network is compared with, made once."""
        key = seed, count, length
        if key not in self._forecasts:
            starts, steps = self._attractor(seed)[:count], round(length / self.model.dt)
            truth = self.model.trajectory(starts, steps)
            self._forecasts[key] = Forecasts(truth, self._run(self._sindy_step, starts, steps))
        return self._forecasts[key]

    def _climate(self, step: Step) -> dict[str, float]:
        """Return mean and standard deviation of each component over a long free run."""
        members, before, counted = FREE
        state = self._attractor(TEST)[:members].to(self._device, self._precise)
        states = []
        with torch.no_grad():
            for k in range(round((before + counted) / self.model.dt)):
                state = step(state)
                if k * self.model.dt >= before and k % 10 == 0:
                    states.append(state)
        run = torch.stack(states).reshape(-1, 3).nan_to_num(BEYOND).clamp(-BEYOND, BEYOND).cpu()
        mean, std = run.mean(0), run.std(0)
        return {f"climate_mean_{c}": float(mean[k]) for k, c in enumerate("xyz")} | {
            f"climate_std_{c}": float(std[k]) for k, c in enumerate("xyz")
        }

    def _evaluated(self, state: Tensor) -> Tensor:
        self.network.eval()
        return self.step(state)

    def _sindy_step(self, state: Tensor) -> Tensor:
        return runge_kutta(lambda x, _: self.sindy(x), state, 0.0, self.model.dt)

    def _run(self, step: Step, starts: Tensor, steps: int) -> Tensor:
        """Return a rollout on the device, (steps + 1, E, 3), on the CPU."""
        with torch.no_grad():
            states = rollout(step, starts.to(self._device, self._precise), steps).cpu()
        return states.nan_to_num(BEYOND).clamp(-BEYOND, BEYOND)

    def _errors(self, states: Tensor, truth: Tensor) -> Tensor:
        """Return the root mean square over the components of errors in climatological standard deviations."""
        return ((states - truth) / self._std).square().mean(-1).sqrt()

    def _draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw states to train with, (count, 3), float64 on the CPU."""
        if self._sampling == "box":
            return _box(torch.rand(count, 3, generator=generator, dtype=torch.float64))
        return self._pool[torch.randint(len(self._pool), (count,), generator=generator)]

    def _attractor(self, seed: int) -> Tensor:
        """Return states on the attractor, in random order, float64 on the CPU."""
        if seed in self._pools:
            return self._pools[seed]
        generator = torch.Generator().manual_seed(seed)
        count, each = POOL
        state = self.model.advance(self.model.draw_start(count, generator), self.model.transient)
        states = [state]
        for _ in range(each - 1):
            states.append(self.model.advance(states[-1], max(1, self.model.spacing // 2)))
        pool = torch.cat(states)
        self._pools[seed] = pool[torch.randperm(len(pool), generator=generator)]
        return self._pools[seed]


def valid_time(errors: Tensor, dt: float) -> Tensor:
    """Return the times at which errors (K + 1, E) first exceed the limit of validity; those that never do get K dt."""
    beyond = errors > VALID
    first = beyond.int().argmax(0)
    return torch.where(beyond.any(0), first, len(errors) - 1).double() * dt


def _box(unit: Tensor) -> Tensor:
    """Return points of the unit cube as states in the box."""
    least, greatest = torch.tensor(BOX, dtype=unit.dtype).unbind(-1)
    return least + (greatest - least) * unit


def _in_box(count: int, seed: int) -> Tensor:
    return _box(torch.rand(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
