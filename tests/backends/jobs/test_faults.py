"""Faults that machines have: killed, out of memory, out of disk, locked, alone; with real processes."""

import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from backends.jobs.job import State
from backends.jobs.running import DIED, LOST
from backends.jobs.service import Jobs
from backends.jobs.store import INTERRUPTED
from tests.backends.jobs.services import recorded, started, until

pytestmark = pytest.mark.jobs

ROOT = f"{Path(__file__).parents[3]}"
HERE = {**os.environ, "PYTHONPATH": ROOT}


@pytest.mark.parametrize("kind", ["torch", "numpy", "python"])
def test_a_job_that_needs_more_memory_than_there_is_says_so_and_its_process_lives(jobs, home, kind):
    job = jobs.wait(jobs.submit("hungry", f"{{kind: {kind}}}", home).id, 60)
    assert job.state is State.FAILED
    assert job.problem.startswith("there is not enough memory for this; take fewer members")
    assert jobs.wait(jobs.submit("counting", "{to: 3}", home).id, 60).state is State.COMPLETED


def test_a_full_disk_is_told_and_the_checkpoint_before_is_kept(jobs, home):
    job = jobs.wait(jobs.submit("filling", "{}", home).id, 60)
    assert job.state is State.FAILED
    assert job.problem.startswith("the checkpoint, 0.1 MB, cannot be written into")
    assert job.problem.endswith("File too large")
    folder = home / "checkpoints" / job.id
    assert (folder / "newest").read_bytes() == b"the first"
    assert not (folder / "unfinished").exists()


def test_a_record_that_is_locked_is_told_and_the_job_runs_to_its_end(home, jobs):
    other = Jobs(home / "locked")
    try:
        first = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
        recorded(other, first)
        lock = sqlite3.connect(home / "locked" / "mlflow.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        second = other.submit("counting", "{to: 3}", home)
        assert other.wait(second.id, 60).state is State.COMPLETED
        until(lambda: "database is locked" in other.problem, 60)
        lock.execute("ROLLBACK")
        lock.close()
        third = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
        recorded(other, third)
        assert other.problem == ""
    finally:
        other.close()


def test_a_server_that_was_killed_leaves_no_process_and_its_job_can_be_gone_on_from(home, jobs):
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from backends.jobs.service import Jobs
        from backends.jobs.task import KINDS
        from tests.backends.jobs import tasks

        if __name__ == "__main__":
            KINDS |= tasks.KINDS
            home = Path(sys.argv[1])
            jobs = Jobs(home)
            done = jobs.wait(jobs.submit("saving", "{to: 9, fail: 6}", home).id, 60)
            jobs.artifact(done.id, "settings.yaml")
            job = jobs.submit("resting", "{}", home)
            while jobs.get(job.id).done == 0:
                time.sleep(0.01)
            jobs.artifact(job.id, "settings.yaml")
            print(done.id, job.id, flush=True)
            time.sleep(600)
    """)
    killed = home / "killed"
    killed.mkdir()
    (killed / "serve.py").write_text(script)
    command = [sys.executable, killed / "serve.py", killed]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=HERE)
    done, running = server.stdout.readline().split()
    workers = psutil.Process(server.pid).children(recursive=True)
    assert workers
    server.kill()
    server.wait(10)
    until(lambda: not any(process.is_running() and process.status() != "zombie" for process in workers), 60)
    again = Jobs(killed)
    try:
        again.list()
        until(lambda: not again.loading)
        assert (again.get(running).state, again.get(running).problem) == (State.FAILED, INTERRUPTED)
        assert again.get(done).problem == "as asked"
        goes_on = again.wait(again.submit("saving", "{to: 9}", home, continues=done).id, 60)
        assert goes_on.summary == {"begun": 5}
    finally:
        again.close()


def test_a_scheduler_that_is_lost_fails_its_jobs_with_a_sentence(home, jobs, monkeypatch, tmp_path):
    run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
           "--scheduler-file", tmp_path / "scheduler.json"]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT, "env": HERE}
    scheduler = subprocess.Popen(run, **quiet)
    until((tmp_path / "scheduler.json").is_file, 60)
    worker = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", tmp_path / "scheduler.json", "--no-dashboard",
         "--nthreads", "1", "--no-nanny", "--local-directory", tmp_path], **quiet,
    )  # fmt: skip
    try:
        address = json.loads((tmp_path / "scheduler.json").read_text())["address"]
        monkeypatch.setenv("ASSIMILAB_SCHEDULER", address)
        other = Jobs(home / "lost")
        job = started(other, "resting", home)
        scheduler.kill()
        scheduler.wait(10)
        assert other.wait(job.id, 60).problem in (LOST, DIED)
        assert other.get(job.id).done > 0
        later = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
        assert "where no Dask scheduler answers" in later.problem
        other.close()
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait(10)
