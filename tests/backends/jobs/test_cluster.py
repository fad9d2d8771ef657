"""The cluster of jobs: one that is named, one that does not answer, what is left of it, and whom it speaks with."""

import os
import subprocess
import sys

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
