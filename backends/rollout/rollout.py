"""Rollout: models side by side from the same starts, lead by lead, in one batch of starts and members."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.rollout.models import ForecastModel
from backends.rollout.result import Forecast, Rollout
from backends.rollout.verification import NUMBERS, verify_each
from backends.rollout.world import Starts, World, check_lead

#: Frames of one model take at most so many numbers (64 MB).
FRAMES = 16_000_000

#: Told the leads done, and how many there are.
Report = Callable[[int, int], None]


@torch.no_grad()
def rollout(
    world: World,
    models: Sequence[ForecastModel],
    starts: Starts,
    ensemble: Tensor,
    steps: int,
    every: int = 1,
    shown: int = 0,
    seed: int = 0,
    report: Report | None = None,
) -> Rollout:
    """Run models forward from the same starts and verify each lead.

    A model whose states or errors stop being finite is out from that lead on, and says so; the others go on.

    Parameters
    ----------
    world
        The truth.
    models
        What forecasts.
    starts
        True states and times, S of them.
    ensemble
        What forecasts begin with, (S, N, n): N members of each start.
    steps, every
        Steps of the world that forecasts run, and between those that are verified.
    shown
        Number of the start whose states are kept.
    seed
        Of the bootstrap over starts.
    report
        Told after each lead.

    Raises
    ------
    InputError
        If shapes do not match, there are no steps, or the truth does not reach that far.
    """
    check_lead(steps, every)
    _check(world, models, starts, ensemble, shown)
    S, K = len(starts), steps // every
    runners = [_Runner(model, world, ensemble, K) for model in models]
    true = _Recorder.of(world, S, K, (1,))
    for k, truth in enumerate(world.truth(starts, steps, every)):
        if not bool(torch.isfinite(truth).all()):
            raise InputError(f"the truth itself stops being finite at step {k * every}; a shorter step of the model may help")
        usual = world.climate(starts.steps + k * every)
        true.add(k, truth[:, None], shown)
        for runner in runners:
            if k:
                runner.advance(starts, (k - 1) * every, every)
            runner.verify(k, k * every, truth, usual, shown)
        if report is not None:
            report(k, K)
    waves = torch.zeros(0) if world.spectrum is None else world.spectrum.wavenumbers
    sizes = {name: quantity.size(starts.states).double().cpu() for name, quantity in world.quantities.items()}
    return Rollout(
        torch.arange(K + 1, dtype=torch.float64) * every * world.dt, world.time_unit, world.unit, steps, ensemble.shape[1],
        starts.steps, starts.blocks, shown, true.frames[:, 0], world.shape, tuple(runner.forecast() for runner in runners),
        true.quantities, sizes, waves, true.spectra, seed, tuple((part.key, part.title, part.unit) for part in world.scored),
    )  # fmt: skip


def perturbed(states: Tensor, members: int, draw: Callable[[int], Tensor] | None) -> Tensor:
    """Return what forecasts begin with, (S, N, n), of true states (S, n).

    An analysis is drawn around each truth, and members around the analysis, all with the same errors: to the ensemble the
    truth is then one more member. A single member is the analysis itself.

    Parameters
    ----------
    states
        True states.
    members
        N.
    draw
        Draws so many errors (count, n); None: forecasts begin with the truth, and their members are the same.
    """
    S, n = states.shape
    if members < 1:
        raise InputError(f"there must be at least one member; came {members}")
    if draw is None:
        return states[:, None].expand(-1, members, -1)
    analysis = states + draw(S)
    if members == 1:
        return analysis[:, None]
    return analysis[:, None] + draw(S * members).reshape(S, members, n)


def _check(world: World, models: Sequence[ForecastModel], starts: Starts, ensemble: Tensor, shown: int) -> None:
    if ensemble.ndim != 3 or ensemble.shape[0] != len(starts) or ensemble.shape[2] != world.size:
        raise InputError(
            f"the ensemble must have {len(starts)} starts and {world.size} components, (S, N, n); came {tuple(ensemble.shape)}"
        )
    if not bool(torch.isfinite(ensemble).all()):
        raise InputError("forecasts must begin with finite states; came some that are not")
    for model in models:
        if model.size not in (None, world.size):
            raise InputError(f"{model.label} forecasts states of {model.size} components; those of the start have {world.size}")
    if not 0 <= shown < len(starts):
        raise InputError(f"shown must be the number of a start, 0 to {len(starts) - 1}; came {shown}")


@dataclass(eq=False)
class _Recorder:
    """What is kept of states at each lead: some of them, and what is computed of all."""

    world: World
    frames: Tensor
    quantities: dict[str, Tensor]
    spectra: Tensor

    @classmethod
    def of(cls, world: World, starts: int, leads: int, members: tuple[int, ...]) -> "_Recorder":
        """Return one with room for leads 0 to `leads`."""
        K = leads + 1
        waves = 0 if world.spectrum is None else len(world.spectrum.wavenumbers)
        return cls(
            world,
            torch.full((K, *members, world.size), torch.nan),
            {name: torch.full((starts, K), torch.nan, dtype=torch.float64) for name in world.quantities},
            torch.full((K, waves), torch.nan, dtype=torch.float64),
        )

    def add(self, k: int, states: Tensor, shown: int) -> None:
        """Keep what is kept of states (S, N, n)."""
        some = states[shown, : self.frames.shape[1]]
        self.frames[k] = some.float().cpu()
        for name, quantity in self.world.quantities.items():
            self.quantities[name][:, k] = quantity.of(states).mean(1).cpu()
        if self.world.spectrum is not None:
            self.spectra[k] = self.world.spectrum.power(states).mean((0, 1)).cpu()


class _Runner:
    """A model on its way."""

    def __init__(self, model: ForecastModel, world: World, ensemble: Tensor, leads: int) -> None:
        S, N, n = ensemble.shape
        self._model, self._world, self._states = model, world, ensemble
        self._numbers = torch.full((len(NUMBERS), S, leads + 1, len(world.scored)), torch.nan, dtype=torch.float64)
        kept = max(1, min(N, FRAMES // (n * (leads + 1))))
        self._recorder = _Recorder.of(world, S, leads, (kept,))
        self._seconds, self._ended, self._last = 0.0, "", 0

    def advance(self, starts: Starts, lead: int, steps: int) -> None:
        """Run the model on, if it has not ended."""
        if self._ended:
            return
        began = time.perf_counter()
        self._states = self._model.advance(self._states, starts, lead, steps)
        wait_for(self._states.device)
        self._seconds += time.perf_counter() - began

    def verify(self, k: int, lead: int, truth: Tensor, usual: Tensor, shown: int) -> None:
        """Take down the scores of a lead, unless they are not finite: then the model has ended."""
        if self._ended:
            return
        numbers = verify_each(self._states, truth, usual, self._world)
        # Squares overflow before states do; scores that are not finite are as little use as states that are not.
        if not bool(torch.isfinite(numbers[NUMBERS.index("mse")]).all()):
            self._ended = f"its states stop being finite by step {lead}"
            return
        self._numbers[:, :, k] = numbers.cpu()
        self._recorder.add(k, self._states, shown)
        self._last = k

    def forecast(self) -> Forecast:
        """Return what has been recorded."""
        r = self._recorder
        return Forecast(
            self._model.name, self._model.label, self._numbers, r.frames, r.quantities, r.spectra, self._seconds, self._ended,
            self._last,
        )  # fmt: skip


def wait_for(device: torch.device) -> None:
    """Return when a device has done what it was asked to, so that it can be timed."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
