"""Rollout of 50 members of the 64 x 64 vorticity model over 1,000 steps, in a batch and one by one; playing forecasts."""

import time
from collections.abc import Callable
from functools import partial

import torch

from backends.cycling.climate import climate_of_states
from backends.device import compute_device, precise_dtype
from backends.dynamics.kolmogorov import Kolmogorov
from backends.rollout.models import FromDynamics, Persistence
from backends.rollout.rollout import perturbed, rollout, wait_for
from backends.rollout.testbed import TestbedWorld
from benchmarks import playing

POINTS, MEMBERS, STEPS, EVERY = 64, 50, 1000, 100
#: Members that are run alone, of which all are said to take the mean.
ALONE = 3


def measure() -> dict[str, object]:
    """Return milliseconds per member and step, in double and in single precision, and how smoothly forecasts are played."""
    device = compute_device()
    return {
        "points": f"{POINTS} x {POINTS}", "members": MEMBERS, "steps": STEPS, "threads": torch.get_num_threads(),
        "double precision": _figures(device, precise_dtype(device)), "single precision": _figures(device, torch.float32),
        "played in the browser": playing.measure(),
    }  # fmt: skip


def _figures(device: torch.device, dtype: torch.dtype) -> dict[str, float]:
    """Return times of the model alone, and of a whole rollout that is verified every 100 steps."""
    model = Kolmogorov(points=POINTS, device=device, dtype=dtype)
    generator = torch.Generator(device).manual_seed(0)
    start = model.advance(model.draw_start(MEMBERS, generator), 200)
    world = TestbedWorld(model, climate_of_states(model, start))
    starts = world.at(start[:1], 0.0)
    noise = torch.Generator(device).manual_seed(1)
    ensemble = perturbed(
        starts.states, MEMBERS, lambda count: 0.1 * torch.randn(count, model.size, generator=noise, device=device, dtype=dtype)
    )
    forecast = FromDynamics(model, world, "model")
    forecast.advance(ensemble, starts, 0, 2)  # plans of the transforms are made once
    together, busy = _timed(device, lambda: forecast.advance(ensemble, starts, 0, STEPS))
    ones = ensemble[:, :ALONE].split(1, dim=1)
    single = [_timed(device, partial(forecast.advance, one, starts, 0, STEPS)) for one in ones]
    alone, alone_busy = (sum(times) / ALONE for times in zip(*single, strict=True))
    whole, _ = _timed(device, lambda: rollout(world, [forecast, Persistence()], starts, ensemble, STEPS, EVERY))
    return {
        "in a batch, ms per member and step": round(1000 * together / MEMBERS / STEPS, 4),
        "one by one, ms per member and step": round(1000 * alone / STEPS, 4),
        "times faster in a batch": round(MEMBERS * alone / together, 2),
        "in a batch, processor ms per member and step": round(1000 * busy / MEMBERS / STEPS, 4),
        "one by one, processor ms per member and step": round(1000 * alone_busy / STEPS, 4),
        "rollout with truth, verification and persistence, s": round(whole, 2),
    }


def _timed(device: torch.device, work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of wall and of processor time."""
    with torch.no_grad():
        wait_for(device)
        began, busy = time.perf_counter(), time.process_time()
        work()
        wait_for(device)
        return time.perf_counter() - began, time.process_time() - busy
