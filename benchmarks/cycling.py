"""Cycles per second beside DAPPER in the same run, one thread each, and how a cycle of the LETKF grows."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from backends.experiments.cycling.race import Race
from backends.experiments.cycling.settings import CyclingSettings

#: A Python with DAPPER: ``python -m venv .venv-dapper && .venv-dapper/bin/pip install dapper==1.7.1``.
DAPPER = Path(os.environ.get("DAPPER_PYTHON", ".venv-dapper/bin/python"))
PEER = Path(__file__).parent / "dapper_peer.py"
LETKF = {"name": "letkf", "members": 7, "inflation": 1.04, "rotation": True, "localization": {"radius": 4}}
METHODS = {"letkf N 7": LETKF, "etkf N 24": {"name": "etkf", "members": 24, "inflation": 1.013, "rotation": True}}
CYCLES, REPEATS = 1000, 3
#: The methods of the table of published scores for Lorenz-63, as a job runs them: 10,000 cycles, one experiment.
LORENZ63: tuple[dict[str, object], ...] = (
    {"name": "oi"}, {"name": "3dvar", "scale": 0.1}, {"name": "ekf", "inflation": 180}, {"name": "enkf", "members": 100},
    {"name": "etkf", "members": 10, "inflation": 1.02, "rotation": True}, {"name": "enkf-n", "members": 10, "rotation": True},
    {"name": "ienks", "members": 10, "inflation": 1.02, "rotation": True, "lag": 1},
    {"name": "pf", "members": 800, "regularisation": 0.9, "resample_below": 0.2}, {"name": "4dvar", "scale": 0.1},
)  # fmt: skip
POINTS, MEMBERS = (40, 400, 4000, 40_000), (10, 30, 100)


def measure() -> dict[str, object]:
    """Return milliseconds per cycle and experiment, with truth, observations and verification, and the ratios to DAPPER."""
    threads = torch.get_num_threads()
    result: dict[str, object] = {}
    peer = _peer()
    for name, method in METHODS.items():
        torch.set_num_threads(1)
        alone = _milliseconds(method, CYCLES, 1)
        torch.set_num_threads(threads)
        batch = _milliseconds(method, CYCLES // 5, 64)
        figures = {"alone, 1 thread, ms": alone, f"batch of 64, {threads} threads, ms per experiment": batch}
        if peer:
            figures |= {"dapper, ms": peer[name], "times faster alone": round(peer[name] / alone, 1),
                        "times faster in a batch": round(peer[name] / batch, 1)}  # fmt: skip
        result[name] = figures
    torch.set_num_threads(1)
    result["10,000 cycles of lorenz63, 1 thread, s"] = {f"{method['name']}": _lorenz63(method) for method in LORENZ63}
    torch.set_num_threads(threads)
    result["letkf, ms per cycle by points and members"] = {f"n {n}, N {N}": _growth(n, N) for n in POINTS for N in MEMBERS}
    return result


def _race(method: dict[str, object], repeat: int, points: int = 40) -> Race:
    tree = {"kind": "cycling", "dynamics": {"name": "lorenz96", "points": points}, "methods": [method], "cycles": 100_000}
    return Race(CyclingSettings.model_validate({**tree, "repeat": repeat}))


def _milliseconds(method: dict[str, object], cycles: int, repeat: int) -> float:
    """Return the median over runs of wall time per cycle and experiment: everything, not the method alone."""
    times = []
    for _ in range(REPEATS):
        race = _race(method, repeat)
        for _ in range(10):
            race.step()
        start = time.perf_counter()
        for _ in range(cycles):
            race.step()
        times.append(1000 * (time.perf_counter() - start) / cycles / repeat)
    return round(float(np.median(times)), 4)


def _lorenz63(method: dict[str, object]) -> float:
    """Return seconds of 10,000 cycles, truth, observations and verification included, from 500 of them."""
    tree = {"kind": "cycling", "dynamics": {"name": "lorenz63"}, "observations": {"every": 25, "sigma": 2**0.5}}
    race = Race(CyclingSettings.model_validate({**tree, "methods": [method], "cycles": 100_000}))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(100):
            race.step()
        times.append(time.perf_counter() - start)
    return round(100 * float(np.median(times)), 1)


def _growth(points: int, members: int) -> float:
    """Return milliseconds of one forecast and analysis, median of some cycles, every point observed."""
    race = _race({**LETKF, "members": members}, 1, points)
    race.step()
    times, contestant = [], race.cycling.contestants[0]
    for _ in range(5 if points * members > 100_000 else 20):
        before = contestant.seconds
        race.step()
        times.append(contestant.seconds - before)
    return round(1000 * float(np.median(times)), 2)


def _peer() -> dict[str, float]:
    """Return DAPPER's milliseconds per cycle, or nothing where it is not installed."""
    if not DAPPER.exists():
        print(f"{DAPPER} is not there: no comparison with DAPPER", file=sys.stderr)
        return {}
    one = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    done = subprocess.run([DAPPER, PEER, str(CYCLES)], capture_output=True, text=True, env=one, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
