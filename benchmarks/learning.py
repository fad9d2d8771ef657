"""How near trained networks come to the exact analysis in a given time on one core, and what an analysis costs either way."""

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor

from backends.errors import InputError
from backends.experiments.run import settings_from
from backends.experiments.training.run import train
from backends.experiments.training.settings import TrainingSettings
from backends.experiments.yaml_text import parse
from backends.jobs.context import LocalContext
from backends.jobs.service import Jobs
from backends.learning.trainer import Trainer
from backends.learning.variational.cases import Cases
from backends.learning.variational.task import AIVar, Judged

#: Where the course's cases and the ERA5 file are.
DATA = Path("../shared/data")
DESCENT = {"name": "preconditioned"}
DEEPER = {"name": "preconditioned", "stages": 3, "directions": 4}
COURSE_1D = {"case": {"name": "course-1d"}, "background_error": {"floor": 1e-5, "periodised": False}}
COURSE_2D = {
    "case": {"name": "course-2d"}, "background_error": {"floor": 1e-5}, "observations": {"sigma": 0.1, "placement": "case"},
}  # fmt: skip
OF_THE_COURSE = {
    "points": 256, "background_error": {"sigma": 0.25, "length": 0.15}, "observations": {"count": [20, 20], "sigma": 0.05},
}  # fmt: skip
FAST = {"learning_rate": 2e-3}
#: The training whose aim is over so many cases, none of them trained on; the others are scored on those of their summary.
COURSE, COURSE_CASES = "1D, cases of the course's kind", 2000
#: What is trained, for how many seconds of training on one core, and what is aimed at.
TRAININGS: dict[str, tuple[dict[str, object], float, str]] = {
    "1D as taught": ({"task": "aivar-1d"}, 60, "median gap at most 10 %"),
    "1D preconditioned": ({"task": "aivar-1d", "network": DESCENT, **FAST}, 60, "median gap at most 1 %"),
    "1D preconditioned, longer": (
        {"task": "aivar-1d", "network": DESCENT, **FAST}, 300, "median at most 0.3 %, 95 % quantile at most four times it",
    ),
    "1D conditioned": ({"task": "aivar-1d-conditioned"}, 120, "median at most 2 %, 95 % quantile at most 10 %"),
    "course-1d.npz": ({"task": "aivar-1d-single", **COURSE_1D}, 30, "gap at most 1e-6"),
    COURSE: (
        {"task": "aivar-1d", "network": DEEPER, "background": "both", **OF_THE_COURSE, **FAST},
        120,
        "mean J over mean J* at most 1.05",
    ),
    "course-2d.npz": ({"task": "aivar-2d-single", **COURSE_2D}, 8, "gap at most 0.04 % in 8 s"),
    "2D, 10 to 30 columns": ({"task": "aivar-2d"}, 120, "median gap at most 3 %, fewer than 2 million weights"),
    "2D, the lecture's MLP": ({"task": "aivar-2d", "network": {"name": "mlp"}, "learning_rate": 1e-3}, 60, "for comparison"),
    "ERA5, last week": ({"task": "aivar-field"}, 120, "RMSE at most 1.05 times that of 3D-Var"),
}  # fmt: skip
#: Trained networks whose analyses are timed.
TIMED = ("1D conditioned", "2D, 10 to 30 columns", "ERA5, last week")
KEPT = ("cost_gap_median", "cost_gap_p95", "cost_ratio", "rmse_background", "rmse_3dvar", "rmse_network")
#: Cases at once.
BATCH = 256
#: Most iterations of conjugate gradients to the network's gap.
MOST = 200


def measure() -> dict[str, object]:
    """Return the scores of each training, and the times of analyses."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    result: dict[str, object] = {}
    for name in TRAININGS:
        result[name] = figures = _figures(name)
        print(name, figures, flush=True)
    result["the same training as a job"] = _as_job()
    torch.set_num_threads(threads)
    return result


def measure_course() -> dict[str, object]:
    """Return the scores of the training on cases of the course's kind alone; a few minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    figures = _figures(COURSE)
    torch.set_num_threads(threads)
    return figures


def _figures(name: str) -> dict[str, object]:
    """Train, and return what it took, the scores on unseen cases, and of some networks what an analysis costs."""
    tree, seconds, aim = TRAININGS[name]
    settings = settings_from({"kind": "training", **tree})
    assert isinstance(settings, TrainingSettings)
    try:
        task = settings.make(DATA)
    except InputError as problem:
        return {"skipped": str(problem)}
    assert isinstance(task, AIVar)
    trainer = _train(task, settings, seconds)
    figures: dict[str, object] = {"aim": aim, "seconds": round(trainer.seconds, 1), "iterations": trainer.iteration}
    figures["parameters"] = sum(weight.numel() for weight in task.network.parameters())
    if name == COURSE:
        figures["cases"] = COURSE_CASES
    scores = task.scores(COURSE_CASES) if name == COURSE else task.scores()
    figures |= {key: round(scores[key], 10) for key in KEPT}
    if name in TIMED:
        figures["ms per analysis"] = _times(task)
    return figures


def _as_job() -> dict[str, float]:
    """Return seconds of wall time of a training in a process of its own that tells nobody, and as a job; medians of three."""
    text = "{kind: training, task: aivar-1d, iterations: 3000}"
    times: dict[str, list[float]] = {"alone": [], "as a job": []}
    with tempfile.TemporaryDirectory() as home, ProcessPoolExecutor(1, get_context("spawn")) as alone:
        alone.submit(_alone, text.replace("3000", "3")).result()  # imports
        jobs = Jobs(Path(home))
        jobs.wait(jobs.submit("training", text.replace("3000", "3"), DATA).id)  # starts Dask and the worker's imports
        for _ in range(3):
            times["alone"].append(alone.submit(_alone, text).result())
            job = jobs.wait(jobs.submit("training", text, DATA).id)
            times["as a job"].append(job.ended - job.started)
        jobs.close()
    here, there = (statistics.median(times[name]) for name in times)
    return {"alone, s": round(here, 2), "as a job, s": round(there, 2), "ratio": round(there / here, 3)}


def _alone(text: str) -> float:
    """Return seconds of a training that tells nobody, with one thread as a job has on a machine with two cores."""
    torch.set_num_threads(1)
    settings = settings_from(parse(text, "the settings"))
    assert isinstance(settings, TrainingSettings)
    start = time.perf_counter()
    train(settings, DATA, LocalContext())
    return time.perf_counter() - start


def _train(task: AIVar, settings: TrainingSettings, seconds: float) -> Trainer:
    trainer = Trainer(task, replace(settings.schedule(), iterations=None, seconds=seconds), settings.seed)
    while trainer.progress < 1:
        start = time.process_time()  # of this one core, whatever else the machine does
        trainer.step()
        trainer.seconds += time.process_time() - start
    return trainer


def _times(task: AIVar) -> dict[str, float]:
    """Return milliseconds per analysis, one at a time and in a batch: network, closed form, and CG to the same cost gap."""
    judged = Judged(task.unseen(BATCH))
    like = next(task.network.parameters())
    batch = judged.cases.to(like)
    one = batch.of(torch.zeros(1, dtype=torch.long))
    with torch.no_grad():
        gap = float(judged.gaps(task.analyst.increment(batch).double()).median())
        iterations = next(
            (k for k in range(1, MOST) if float(judged.gaps(_conjugate_gradients(batch, k).double()).median()) <= gap), MOST
        )
        result = {"median gap": gap, "iterations of CG": float(iterations)}
        for label, cases in (("one", one), (f"batch of {BATCH}", batch)):
            ways: dict[str, Callable[[Cases], Tensor]] = {
                "network": task.analyst.increment,
                "closed form": lambda c: c.errors.sqrt(c.minimum()),
                "CG to the same gap": lambda c: _conjugate_gradients(c, iterations),
            }
            for way, solve in ways.items():
                result[f"{way}, {label}"] = round(1000 * _median(solve, cases) / len(cases), 4)
    return result


def _median(solve: Callable[[Cases], Tensor], cases: Cases, repeats: int = 7) -> float:
    solve(cases)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        solve(cases)
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]


def _conjugate_gradients(cases: Cases, iterations: int) -> Tensor:
    """Return increments after so many iterations of conjugate gradients in control space, all cases at once."""
    R = cases.sigma.square()[:, None]

    def hessian(v: Tensor) -> Tensor:
        return v + cases.errors.sqrt_adjoint(cases.observed_adjoint(cases.observed(cases.errors.sqrt(v)) / R))

    v = torch.zeros_like(cases.background)
    r = cases.errors.sqrt_adjoint(cases.observed_adjoint(cases.innovation() / R))
    direction, square = r.clone(), r.square().sum(-1, keepdim=True)
    for _ in range(iterations):
        Ad = hessian(direction)
        step = square / (direction * Ad).sum(-1, keepdim=True).clamp(min=1e-30)
        v, r = v + step * direction, r - step * Ad
        new = r.square().sum(-1, keepdim=True)
        direction, square = r + new / square.clamp(min=1e-30) * direction, new
    return cases.errors.sqrt(v)
