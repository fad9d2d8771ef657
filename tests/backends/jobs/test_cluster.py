"""The cluster of jobs: one that is named, one that does not answer, what is left of it, and whom it speaks with."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from backends.errors import InputError
from backends.jobs import cluster as cluster_module
from backends.jobs import worker as worker_module
from backends.jobs.job import State
from backends.jobs.service import Jobs
from backends.jobs.store import INTERRUPTED
from tests.backends.jobs.services import CONNECTED, recorded, started, until

pytestmark = pytest.mark.jobs

ROOT = Path(__file__).parents[3]


def test_nothing_speaks_with_the_world(jobs, home):
    running = started(jobs, "resting", home)
    recorded(jobs, running)
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    for process in processes:
        for connection in process.net_connections():
            for end in (connection.laddr, connection.raddr):
                assert not end or end.ip == "127.0.0.1", f"{process.cmdline()} {connection}"
    assert CONNECTED
    assert set(CONNECTED) <= {"127.0.0.1", "localhost", None}
    import mlflow.telemetry

    assert mlflow.telemetry.get_telemetry_client() is None
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"  # MLflow sends nothing from tests anyway


def test_a_scheduler_can_be_named(home, jobs, monkeypatch):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp") as cluster:
        monkeypatch.setenv("ASSIMILAB_SCHEDULER", cluster.scheduler_address)
        other = Jobs(home)
        job = started(other, "resting", home)
        other.pause(job.id)
        until(lambda: other.get(job.id).state is State.PAUSED)
        counted = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
        assert counted.summary["process"] == os.getpid()  # the cluster is one of this process
        other.close()
        assert other.get(job.id).problem == INTERRUPTED
        until(lambda: not worker_module._CONTROLS)  # the task has ended too
        assert cluster.scheduler.workers  # it is not ours to close


def test_a_scheduler_that_does_not_answer_is_told(home, jobs, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster_module, "CONNECT_WITHIN", 0.2)
    other = Jobs(home)
    job = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
    assert job.problem == "ASSIMILAB_SCHEDULER is 'tcp://127.0.0.1:9', where no Dask scheduler answers"
    other.close()


def test_nothing_is_left_after_closing(home, jobs):
    before = set(psutil.Process().children(recursive=True))
    other = Jobs(home)
    job = started(other, "resting", home)
    waiting = other.submit("counting", "{to: 3}", home)
    assert set(psutil.Process().children(recursive=True)) - before
    other.close()
    assert {process for process in psutil.Process().children(recursive=True) if process.is_running()} <= before
    for left in (job, waiting):
        assert (other.get(left.id).state, other.get(left.id).problem) == (State.FAILED, INTERRUPTED)
    with pytest.raises(InputError, match="being stopped"):
        other.submit("counting", "{to: 3}", home)
    other.close()  # a second time is no fault


def test_importing_the_service_brings_neither_dask_nor_mlflow_nor_torch():
    code = "import sys, backends.jobs.service; print({'dask', 'distributed', 'mlflow', 'torch', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


#: What the server's libraries say of its own errors, before and while a job runs whose process dies.
ERRORS = """
import logging, pathlib, sys
import bokeh.util.logconfig
from backends.jobs.service import Jobs
from backends.jobs.task import KINDS
from tests.backends.jobs import tasks

def tell(when):
    for name in ("bokeh.server", "tornado.application", "tornado.access", "assimilab"):
        logging.getLogger(name).error("%s: error of %s", when, name)

if __name__ == "__main__":
    KINDS |= tasks.KINDS
    home = pathlib.Path(sys.argv[1])
    jobs = Jobs(home)
    tell("before")
    job = jobs.wait(jobs.submit("dying", "{}", home).id, 60)
    tell(job.state.value)
    jobs.close()
"""


def test_errors_of_the_server_are_still_logged_once_when_jobs_have_run(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(ERRORS)
    command = [sys.executable, str(program), str(tmp_path)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environ)
    assert done.returncode == 0, done.stderr
    for when in ("before", "failed"):
        for name in ("bokeh.server", "tornado.application", "tornado.access", "assimilab"):
            assert done.stderr.count(f"{when}: error of {name}") == 1, done.stderr
    assert "distributed" not in done.stderr  # the job tells that its process has died
