"""What more processes bring: a sweep of jobs on one worker and on two, and visitors of one server and of two behind HAProxy."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backends.jobs.job import State
from backends.jobs.service import MOST_JOBS, Jobs
from benchmarks import load
from benchmarks.servers import proxy_is_there
from scripts.driver import ROOT, free_port

WORKERS, SERVERS = (1, 2), (1, 2)
VISITORS, SECONDS = 60, 40.0
#: One experiment of a sweep, some seconds on one core; and one that only lets a worker import what it needs.
CYCLES, FIRST_CYCLES = 3000, 2
EXPERIMENT = """
{{kind: cycling, dynamics: {{name: lorenz96}}, cycles: {cycles}, spinup: 0, seed: {seed},
  methods: [{{name: letkf, members: 10}}]}}
"""
PATIENCE = 600.0


def measure() -> Iterator[dict[str, object]]:
    """Measure jobs per minute by workers, and seconds from slider to picture by servers; gives what is known after each."""
    return _measure(MOST_JOBS, CYCLES, VISITORS, SECONDS)


def measure_small() -> Iterator[dict[str, object]]:
    """Measure a little of each, to try whether it works."""
    return _measure(2, 100, 4, 6.0)


def _measure(jobs: int, cycles: int, visitors: int, seconds: float) -> Iterator[dict[str, object]]:
    sweeps: dict[str, dict[str, float]] = {}
    known: dict[str, object] = {"sweep": {"jobs": jobs, "cycles": cycles, "by_workers": sweeps}}
    for count in WORKERS:
        sweeps[str(count)] = _sweep(count, jobs, cycles)
        yield known
    numbers = SERVERS if proxy_is_there() else SERVERS[:1]
    for lectures in load.hold([load.Lecture(visitors, seconds, number) for number in numbers]):
        yield known | {"visitors": lectures}


def _sweep(workers: int, count: int, cycles: int) -> dict[str, float]:
    """Run experiments that differ in their seed on so many workers; return how long they took."""
    with tempfile.TemporaryDirectory() as folder, _workers(workers), ExitStack() as stack:
        jobs = Jobs(Path(folder))
        stack.callback(jobs.close)
        _run(jobs, workers, FIRST_CYCLES, Path(folder))
        start = time.perf_counter()
        _run(jobs, count, cycles, Path(folder))
        passed = time.perf_counter() - start
    return {"seconds": round(passed, 2), "jobs_per_minute": round(60 * count / passed, 1)}


def _run(jobs: Jobs, count: int, cycles: int, folder: Path) -> None:
    begun = [jobs.submit("cycling", EXPERIMENT.format(cycles=cycles, seed=seed), folder) for seed in range(count)]
    for job in begun:
        ended = jobs.wait(job.id, PATIENCE)
        if ended.state is not State.COMPLETED:
            raise RuntimeError(f"job {job.id} is {ended.state.value} after {PATIENCE:.0f} s: {ended.problem}")


@contextmanager
def _workers(count: int) -> Iterator[None]:
    """Start a scheduler and workers as docs/scaling.md does, each on one core; jobs of this process run there."""
    port = free_port()
    place = f"tcp://127.0.0.1:{port}"
    commands = (
        f"scheduler --host 127.0.0.1 --port {port} --no-dashboard",
        f"worker {place} --nworkers {count} --nthreads 1 --no-dashboard --preload backends.jobs.worker",
    )
    alone = {"OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    before = os.environ.get("ASSIMILAB_SCHEDULER")
    running = []
    try:
        for command in commands:
            call = [sys.executable, "-m", "dask", *command.split()]
            process = subprocess.Popen(
                call, cwd=ROOT, env=os.environ | alone, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
            )
            running.append(process)
        os.environ["ASSIMILAB_SCHEDULER"] = place
        _until_there(place, count)
        yield
    finally:
        if before is None:
            os.environ.pop("ASSIMILAB_SCHEDULER", None)
        else:
            os.environ["ASSIMILAB_SCHEDULER"] = before
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(30)


def _until_there(place: str, count: int) -> None:
    """Wait until all workers have come."""
    from distributed import Client

    with Client(place, timeout="60s") as client:
        client.wait_for_workers(count, timeout=60)
