"""The analysis in observation space beside the dense way of a tutorial, on the same problem in the same run."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from backends.assimilation.network import Network
from backends.assimilation.twin import TwinExperiment, TwinSettings
from backends.background_error import GaussianBackgroundError
from backends.device import compute_device, precise_dtype
from backends.geometry.grid import LatLonGrid
from backends.observations import BilinearInterpolation
from benchmarks.statistics import summary

REPEATS = 30


def measure() -> dict[str, object]:
    """Return solve times on the grid of ERA5 over Britain, and how they grow."""
    britain = _grid(50, 58, 33, -10, 2, 49)
    return {
        "britain_33x49_100_observations": _solve(britain, 100),
        "the_same_dense": _dense(britain, 100),
        "britain_33x49_1000_observations": _solve(britain, 1000),
        "globe_61x120_500_observations": _solve(_grid(-90, 90, 61, -180, 177, 120), 500),
        "globe_451x900_100_observations": _solve(_grid(-90, 90, 451, -180, 179.6, 900), 100, repeats=5),
    }


def _grid(south: float, north: float, ny: int, west: float, east: float, nx: int) -> LatLonGrid:
    device = compute_device()
    grid = LatLonGrid(
        torch.linspace(south, north, ny, dtype=torch.float64), torch.linspace(west, east, nx, dtype=torch.float64)
    )
    return grid.to(device, precise_dtype(device))


def _experiment(grid: LatLonGrid) -> TwinExperiment:
    nodes = grid.nodes()
    truth = 280 + 5 * torch.sin(torch.deg2rad(nodes.latitude) * 8) * torch.cos(torch.deg2rad(nodes.longitude) * 5)
    return TwinExperiment(grid, truth, truth.roll(3))


def _solve(grid: LatLonGrid, count: int, repeats: int = REPEATS) -> dict[str, object]:
    experiment = _experiment(grid)
    network = Network(count=count)

    def turn(k: int) -> float:
        # Another σ_b and L each time, as a person who drags does; the network stays.
        settings = TwinSettings(network, sigma_b=1 + 0.01 * k, length=150 + k, sigma_o=0.5)
        return experiment.run(settings).analysis.seconds

    turn(0)
    return {"solve": summary([turn(k) for k in range(repeats)]), "network_changed": summary(_timed(_moved, experiment, count))}


def _moved(experiment: TwinExperiment, count: int, k: int) -> None:
    experiment.run(TwinSettings(Network(count=count, seed=k), 1.0, 150.0, 0.5))


def _timed(act: Callable[[TwinExperiment, int, int], None], experiment: TwinExperiment, count: int) -> list[float]:
    times = []
    for k in range(5):
        start = time.perf_counter()
        act(experiment, count, k)
        times.append(time.perf_counter() - start)
    return times


def _dense(grid: LatLonGrid, count: int) -> dict[str, object]:
    """Time the tutorial's way: B and H as matrices, K = BHᵀ(HBHᵀ + R)⁻¹, and the difference of the two analyses."""
    experiment = _experiment(grid)
    result = experiment.run(TwinSettings(Network(count=count), 1.0, 150.0, 0.5))
    points = result.observations.points
    times, mean = [], torch.empty(0)
    for _ in range(3):
        start = time.perf_counter()
        B = GaussianBackgroundError(1.0, 150.0).covariance_between(grid.nodes(), grid.nodes())
        H = BilinearInterpolation(grid, points)(torch.eye(grid.size, dtype=B.dtype, device=B.device)).T
        mean = _kalman(B, H, experiment.background, result.observations.values, 0.25)
        times.append(time.perf_counter() - start)
    difference = (mean - result.analysis.mean).norm() / result.analysis.increment.norm()
    return {"solve": summary(times), "relative_difference": float(difference)}


def _kalman(B: Tensor, H: Tensor, background: Tensor, y: Tensor, variance: float) -> Tensor:
    S = H @ B @ H.T + variance * torch.eye(len(H), dtype=B.dtype, device=B.device)
    return background + B @ H.T @ torch.linalg.inv(S) @ (y - H @ background)
