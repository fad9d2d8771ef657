"""The closed-form analysis beside the dense way of a tutorial, on the same problem in the same run."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from backends.device import compute_device, precise_dtype
from backends.experiments.prepare import prepare
from backends.experiments.run import of_kind, settings_from
from backends.experiments.settings import AnalysisSettings
from backends.experiments.surface import SCORES, Parameter, tuning_surface, usual_axis
from backends.fields.catalogue import Catalogue
from benchmarks.problems import SIGMA_O, Timed, britain, globe, plane
from benchmarks.statistics import summary

REPEATS, WARM_UP = 30, 3
PAIRS: tuple[tuple[Parameter, Parameter], ...] = (("sigma_b", "sigma_o"), ("length", "sigma_b"))


def measure() -> dict[str, object]:
    """Return solve times, B made anew for each, and those of the dense way."""
    double = precise_dtype(compute_device())
    figures: dict[str, object] = {
        "plane_120x40_800_observations_float32": _solve(plane(120, 40, 800, torch.float32)),
        "plane_120x40_800_observations": _solve(plane(120, 40, 800, double)),
        "plane_120x40_800_observations_dense": _dense_plane(plane(120, 40, 800, double)),
        "globe_61x120_500_observations_float32": _solve(globe(61, 120, 500, torch.float32)),
        "globe_61x120_500_observations": _solve(globe(61, 120, 500, double)),
        "britain_33x49_100_observations": _solve(britain(100, double)),
        "britain_33x49_1000_observations": _solve(britain(1000, double)),
        "globe_451x900_100_observations": _solve(globe(451, 900, 100, torch.float32), repeats=3),
        "tuning_surface_20x20_100_observations": _surfaces(),
    }
    if compute_device().type == "cuda":
        figures["globe_721x1440_2000_observations_float32"] = _solve(globe(721, 1440, 2000, torch.float32), repeats=10)
    return figures


def _solve(timed: Timed, repeats: int = REPEATS) -> dict[str, float]:
    for _ in range(WARM_UP):
        timed.solve(0)
    return summary([_seconds(partial(timed.solve, k)) for k in range(1, repeats + 1)])


def _dense_plane(timed: Timed) -> dict[str, object]:
    """Time a tutorial's way once: the 4800 x 4800 matrix, eigendecomposed and floored, and the gain formed from it."""
    reference, mean = timed.solve(1), torch.empty(0)

    def dense() -> None:
        nonlocal mean
        points = timed.domain.coordinates()
        lengths = torch.tensor([10.01, 2.002], dtype=points.dtype, device=points.device)
        distance = ((points[:, None] - points) / lengths).square().sum(-1)
        values, vectors = torch.linalg.eigh(1.001**2 * torch.exp(-0.5 * distance))
        B = (vectors * values.clamp(min=1e-6 * float(values[-1]))) @ vectors.T
        H = timed.operator.dense()
        S = H @ B @ H.T + SIGMA_O**2 * torch.eye(len(H), dtype=B.dtype, device=B.device)
        d = timed.observations.values - H @ timed.background
        mean = timed.background + B @ H.T @ torch.linalg.solve(S, d)

    seconds = _seconds(dense)
    apart = (mean - reference.mean).norm() / reference.increment.norm()
    return {"seconds": round(seconds, 2), "relative_difference": float(apart)}


def _surfaces() -> dict[str, object]:
    """Time the surface over σ_b and L, and over σ_b and σ_o, for each score, on a line and on a plane."""
    figures: dict[str, object] = {}
    for name in ("periodic-1d", "xz-2d"):
        asked = {"kind": "analysis", "case": {"name": name}, "observations": {"count": 100, "placement": "random"}}
        settings = of_kind(settings_from(asked), AnalysisSettings)
        experiment = prepare(settings.case, Catalogue(Path("no-data"))).experiment
        for x, y in PAIRS:
            axes = usual_axis(experiment, settings, x), usual_axis(experiment, settings, y)
            for score in SCORES:
                times = [_seconds(partial(tuning_surface, experiment, settings, *axes, score)) for _ in range(4)]
                figures[f"{name}, {x} and {y}, {score}"] = summary(times[1:])
    return figures


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start
