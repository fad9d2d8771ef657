"""Whether emulators of advection stay bounded over 1,000 steps: both networks, with and without noise, over several seeds."""

import itertools
import math
from pathlib import Path

import torch

from backends.experiments.training.dynamics import AdvectionEmulatorTraining
from backends.learning.trainer import Trainer

SEEDS = range(1, 7)
KINDS = ("conservative", "free")
#: Short trainings with several strengths of the noise, and trainings of the default length with none and with the default.
SHORT, LONG = (1000, (0.0, 0.01, 0.03, 0.1)), (3000, (0.0, 0.1))
SHAPES = ("bump", "sine", "top_hat", "bumps")
#: The shapes lie between 0 and 1: a rollout that is further than this from the truth has blown up.
FAR = 10.0


def measure() -> dict[str, object]:
    """Return, for each network, length of training and noise, how many seeds blow up, and errors as median and greatest."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    result: dict[str, object] = {}
    for (iterations, noises), kind in itertools.product((LONG, SHORT), KINDS):
        for noise in reversed(noises):
            scores = [_scores(kind, noise, iterations, seed) for seed in SEEDS]
            label = f"{kind}, {iterations} iterations, noise {noise:g}"
            result[label] = figures = _figures(scores)
            print(label, figures, flush=True)
    torch.set_num_threads(threads)
    return result


def _scores(kind: str, noise: float, iterations: int, seed: int) -> dict[str, float]:
    settings = AdvectionEmulatorTraining.model_validate(
        {
            "kind": "training", "task": "advection-1d-emulator", "network": {"name": kind}, "noise": noise,
            "iterations": iterations, "seed": seed,
        }
    )  # fmt: skip
    task = settings.make(Path())
    trainer = Trainer(task, settings.schedule(), settings.seed)
    while trainer.progress < 1:
        trainer.step()
    return task.scores()


def _figures(scores: list[dict[str, float]]) -> dict[str, object]:
    """Return what several seeds have in common; errors are RMSE, those of the mass relative to it."""
    blown = [any(s[f"rmse_{shape}_1000_network"] > FAR for shape in SHAPES) for s in scores]
    figures: dict[str, object] = {"blown up": sum(blown), "of": len(scores)}
    for steps in (200, 1000):
        for shape in SHAPES:
            values = sorted(s[f"rmse_{shape}_{steps}_network"] for s in scores)
            middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
            figures[f"rmse, {shape}, {steps} steps"] = [_short(middle), _short(values[-1])]
    figures["mass error, 1000 steps, greatest"] = _short(max(s["mass_error_1000_network"] for s in scores))
    return figures


def _short(value: float) -> float:
    return float(f"{value:.3g}") if math.isfinite(value) else value
