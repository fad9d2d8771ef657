"""Jobs on a real Dask cluster, recorded in a real MLflow store."""

import math
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from backends.errors import InputError
from backends.jobs import cluster as cluster_module
from backends.jobs import worker as worker_module
from backends.jobs.context import Cancelled, Checkpoint, LocalContext
from backends.jobs.job import Job, Point, State
from backends.jobs.records import Records
from backends.jobs.running import DIED
from backends.jobs.service import Jobs
from backends.jobs.store import INTERRUPTED, Store, allowed, parameters_of, this_process
from backends.jobs.task import KINDS, resolve
from backends.jobs.thinning import Thinning
from backends.jobs.worker import MOST_POINTS, Control, Order, WorkerContext
from tests.backends import job_tasks

pytestmark = pytest.mark.jobs

#: Where this process connected to, once somebody wants to know.
CONNECTED: list[str] = []


def watch(event: str, arguments: tuple) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        CONNECTED.append(arguments[1][0])
    elif event == "socket.getaddrinfo":
        CONNECTED.append(arguments[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def jobs(home):
    sys.addaudithook(watch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backends.jobs.task.KINDS", KINDS | job_tasks.KINDS)
        for name in ("ASSIMILAB_SCHEDULER", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        service = Jobs(home)
        yield service
        service.close()


@pytest.fixture(autouse=True)
def ended(request):
    """End what a test left behind, so that the next one need not wait."""
    yield
    if "jobs" in request.fixturenames:
        service = request.getfixturevalue("jobs")
        for job in service.list():
            if job.id in service._running.jobs and not job.state.final:
                service.cancel(job.id)
                service.wait(job.id, 10)


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.01)


def recorded(service, job):
    """Wait until all is recorded that has been asked for."""
    service.artifact(job.id, "settings.yaml")


def started(service, kind, home, settings="{}"):
    job = service.submit(kind, settings, home)
    until(lambda: service.get(job.id).state is State.RUNNING and service.get(job.id).done > 0)
    return job


def test_a_job_runs_to_its_end_in_a_process_of_its_own(jobs, home):
    settings = "{to: 40, pause: 0.01}"
    before = time.monotonic()
    job = jobs.submit("counting", settings, home)
    assert time.monotonic() - before < 1  # although Dask and MLflow have yet to be started
    assert (job.state, job.fraction, job.settings, job.kind) == (State.CREATED, 0.0, settings, "counting")
    seen = {}
    while not (now := jobs.get(job.id)).state.final:
        seen.setdefault(now.state, now.fraction)
        time.sleep(0.005)
    assert list(seen) == [State.CREATED, State.RUNNING]
    assert (now.state, now.fraction, now.done, now.of, now.note) == (State.COMPLETED, 1.0, 40, 40, "at 40")
    assert now.created <= now.started <= now.ended
    assert now.summary["counted"] == 40
    assert now.summary["folder"] == str(home)
    assert now.summary["process"] != os.getpid()
    assert now.artifacts == ("list.txt", "summary.json")
    assert jobs.artifact(job.id, "list.txt").splitlines()[-1] == b"39"
    assert jobs.artifact(job.id, "settings.yaml").decode() == settings
    assert jobs.list()[0] == now
    with pytest.raises(InputError, match="no file"):
        jobs.artifact(job.id, "other.txt")


def test_no_metric_is_lost_and_all_come_in_order(jobs, home):
    job = jobs.submit("counting", "{to: 3000}", home)
    jobs.wait(job.id)
    assert jobs.metrics(job.id) == [Point(k, {"k": k, "square #2": k * k}) for k in range(1, 3001)]
    assert jobs.metrics(job.id, 2998) == [Point(k, {"k": k, "square #2": k * k}) for k in (2999, 3000)]


def test_fast_reports_cost_few_messages_and_little_memory(jobs, home):
    # It ends early, in the middle of a stretch of steps of which one value is kept.
    to = 2 * MOST_POINTS - 1
    job = jobs.submit("counting", f"{{to: {to}, of: {3 * MOST_POINTS}}}", home)
    ended = jobs.wait(job.id)
    points = jobs.metrics(job.id)
    assert 2 * MOST_POINTS // 3 <= len(points) <= 2 * MOST_POINTS // 3 + 2
    assert points[-1] == Point(to, {"k": to, "square #2": to**2})
    assert all(a.step < b.step for a, b in pairwise(points))
    messages = jobs._running.jobs[job.id].heard
    assert messages <= 5 * (ended.ended - ended.started) + 3


def test_a_paused_job_rests_lets_another_run_and_goes_on(jobs, home):
    job = started(jobs, "resting", home)
    assert jobs.pause(job.id).wish == "pause"
    until(lambda: jobs.get(job.id).state is State.PAUSED)
    done = jobs.get(job.id).done
    other = jobs.submit("counting", "{to: 5}", home)
    assert jobs.wait(other.id, 20).state is State.COMPLETED
    time.sleep(0.3)
    assert (jobs.get(job.id).state, jobs.get(job.id).done) == (State.PAUSED, done)
    assert jobs.resume(job.id).wish == "run"
    until(lambda: jobs.get(job.id).state is State.RUNNING and jobs.get(job.id).done > done)
    # A second time, now that its place in the queue has been given away.
    jobs.pause(job.id)
    until(lambda: jobs.get(job.id).state is State.PAUSED)
    assert jobs.cancel(job.id).wish == "cancel"
    assert jobs.wait(job.id, 20).state is State.CANCELLED


def test_running_and_waiting_jobs_can_be_cancelled(jobs, home):
    first, second, third = started(jobs, "resting", home), *(jobs.submit("counting", "{to: 3}", home) for _ in "12")
    assert jobs.get(second.id).state is State.CREATED
    assert jobs.cancel(second.id).state is State.CANCELLED
    jobs.cancel(first.id)
    assert jobs.wait(first.id, 20).state is State.CANCELLED
    assert jobs.wait(third.id, 20).state is State.COMPLETED
    assert jobs.metrics(second.id) == []  # it never ran
    assert jobs.get(second.id).started == 0
    assert jobs.cancel(third.id).state is State.COMPLETED  # too late


def test_what_cannot_be_done_is_refused(jobs, home):
    with pytest.raises(InputError, match=r"kind: must be cycling or .*; came 'os:system'"):
        jobs.submit("os:system", "{}", home)
    for ask in (jobs.get, jobs.cancel, jobs.pause, jobs.metrics, jobs.wait):
        with pytest.raises(InputError, match="there is no job 'nothing'"):
            ask("nothing")
    running, waiting = started(jobs, "resting", home), jobs.submit("counting", "{to: 3}", home)
    with pytest.raises(InputError, match="only a job that runs can be paused; this one is created"):
        jobs.pause(waiting.id)
    with pytest.raises(InputError, match="only a job that was paused can go on; this one is running"):
        jobs.resume(running.id)
    jobs.cancel(running.id)
    jobs.wait(running.id)
    with pytest.raises(InputError, match="this one is cancelled"):
        jobs.pause(running.id)


def test_there_is_a_limit(jobs, home, monkeypatch):
    monkeypatch.setattr(jobs, "_most", 2)
    kept = [jobs.submit("resting", "{}", home) for _ in range(2)]
    with pytest.raises(InputError, match="2 jobs wait or run already, as many as this server takes"):
        jobs.submit("counting", "{to: 3}", home)
    jobs.cancel(kept[1].id)
    assert jobs.submit("counting", "{to: 3}", home).state is State.CREATED


def test_a_fault_keeps_its_sentence_and_what_came_before(jobs, home):
    job = jobs.wait(jobs.submit("refusing", "{}", home).id, 20)
    assert (job.state, job.problem) == (State.FAILED, "cycles: must be positive; came -1")
    assert jobs.metrics(job.id) == [Point(1, {"loss": 0.5})]
    assert jobs.artifact(job.id, "before.txt") == b"all that came before"


def test_a_defect_is_told_and_logged_in_full(jobs, home, caplog):
    job = jobs.wait(jobs.submit("breaking", "{}", home).id, 20)
    assert job.state is State.FAILED
    assert "ZeroDivisionError" in job.problem
    assert "\n" not in job.problem
    assert "in breaking" in caplog.text  # the traceback


def test_a_process_that_dies_fails_its_jobs_but_not_those_that_wait(jobs, home):
    resting = started(jobs, "resting", home)
    jobs.pause(resting.id)  # its memory is lost with the process
    dying, waiting = jobs.submit("dying", "{}", home), jobs.submit("counting", "{to: 3}", home)
    for job in (dying, resting):
        assert jobs.wait(job.id, 30).state is State.FAILED
        assert jobs.get(job.id).problem == DIED
    assert jobs.get(dying.id).done == 3
    assert jobs.wait(waiting.id, 30).state is State.COMPLETED


def test_a_job_goes_on_from_the_checkpoint_of_another(jobs, home):
    first = jobs.wait(jobs.submit("saving", "{to: 9, fail: 6}", home).id, 20)
    assert first.state is State.FAILED
    second = jobs.wait(jobs.submit("saving", "{to: 9}", home, continues=first.id).id, 20)
    assert second.summary == {"begun": 5}
    again = jobs.wait(jobs.submit("saving", "{to: 9}", home, continues=second.id).id, 20)
    assert again.summary == {"begun": 8}  # one that has been completed can be gone on from too
    third = jobs.wait(jobs.submit("saving", "{to: 9}", home).id, 20)
    assert third.summary == {"begun": 0}


def test_jobs_are_found_again_after_a_restart(jobs, home):
    job = jobs.wait(jobs.submit("counting", "{to: 2498, of: 5000}", home).id, 20)
    failed = jobs.wait(jobs.submit("refusing", "{}", home).id, 20)
    recorded(jobs, failed)
    again = Jobs(home)
    again.list()
    until(lambda: not again.loading)
    assert again.problem == ""
    assert {other.id for other in again.list()} == {other.id for other in jobs.list()}
    for old in (job, failed):
        assert again.get(old.id) == old
    assert again.artifact(job.id, "list.txt") == jobs.artifact(job.id, "list.txt")
    assert again.wait(job.id, 1).state is State.COMPLETED
    until(lambda: again.metrics(job.id) != [])
    points = again.metrics(job.id)
    assert 500 <= len(points) <= 501
    assert all(point.values == {"k": point.step, "square #2": point.step**2} for point in points)
    assert (points[0].step, points[-1].step) == (1, 2498)
    again.close()


def test_the_record_is_what_mlflow_shows(jobs, home):
    from mlflow import MlflowClient

    job = jobs.wait(jobs.submit("counting", "{to: 7, pause: 0.0, more: {depth: 3, list: [1, 2]}}", home).id, 20)
    recorded(jobs, job)
    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("assimilab")
    (run,) = client.search_runs([experiment.experiment_id], f"tags.`assimilab.id` = '{job.id}'")
    assert run.info.status == "FINISHED"
    assert run.info.artifact_uri.startswith((home / "artifacts").as_uri())
    assert run.data.params == {"to": "7", "pause": "0.0", "more.depth": "3", "more.list": "[1, 2]"}
    assert run.data.metrics == {"k": 7.0, "square _2": 49.0}
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"settings.yaml", "summary.json", "list.txt"}


def test_a_tracking_store_can_be_named(jobs, home, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
    elsewhere = Store(tmp_path)
    files = ("b.txt", "summary.json")
    job = Job("abcdefabcdef", "counting", "{to: 3}", State.COMPLETED, summary={"a": 1}, artifacts=files, ended=2.5)
    elsewhere.create(job)
    elsewhere.finish(job, [], {"b.txt": b"text"})
    again = Store(tmp_path)
    assert job in list(again.jobs())
    assert again.artifact(job.id, "b.txt") == b"text"
    for name in ("c.txt", "../b.txt", "../../../../mlflow.db"):
        with pytest.raises(InputError, match="no file"):
            again.artifact(job.id, name)
    assert not (tmp_path / "mlflow.db").exists()
    assert capfd.readouterr() == ("", "")  # the last line of the command line is the summary


def test_a_job_whose_server_died_is_shown_as_interrupted(jobs, home):
    # As a server leaves it that is killed; one process has this number, but it began at another time.
    left = Job("0123456789ab", "counting", "{to: 3}", State.RUNNING, 1, 3, "at 1", created=time.time(), started=time.time())
    store = Store(home, owner=f"{socket.gethostname()} {os.getpid()} 12.5")
    store.create(left)
    store.progress(left, [Point(1, {"k": 1.0})], left.created + 60)
    lives = replace(left, id="ba9876543210")
    Store(home).create(lives)
    again = Jobs(home)
    with pytest.raises(InputError, match="earlier jobs are still being read"):
        again.get(left.id)
    until(lambda: not again.loading)
    found = again.get(left.id)
    assert (found.state, found.problem, found.done) == (State.FAILED, INTERRUPTED, 1)
    assert found.ended == left.created + 60
    # A job of a server that still runs is left alone.
    assert again.get(lives.id).state is State.RUNNING
    with pytest.raises(InputError, match="another server"):
        again.cancel(lives.id)
    again.close()
    third = Jobs(home)
    third.list()
    until(lambda: not third.loading)
    assert third.get(left.id) == found
    third.close()


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
        counted = other.wait(other.submit("counting", "{to: 3}", home).id, 20)
        assert counted.summary["process"] == os.getpid()  # the cluster is one of this process
        other.close()
        assert other.get(job.id).problem == INTERRUPTED
        until(lambda: not worker_module._CONTROLS)  # the task has ended too
        assert cluster.scheduler.workers  # it is not ours to close


def test_a_scheduler_that_does_not_answer_is_told(home, jobs, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster_module, "CONNECT_WITHIN", 0.2)
    other = Jobs(home)
    job = other.wait(other.submit("counting", "{to: 3}", home).id, 20)
    assert job.problem == "ASSIMILAB_SCHEDULER is 'tcp://127.0.0.1:9', where no Dask scheduler answers"
    other.close()


def test_a_record_that_cannot_be_written_is_told_and_ends_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    records = Records(tmp_path / "file")
    job = Job("0123456789ab", "counting", "{to: 3}", created=time.time())
    records.create(job).result()
    assert records.problem.startswith("the record of jobs cannot be read or written: ")
    records.finish(replace(job, state=State.COMPLETED), [], {}).result()
    assert caplog.text.count("The record of jobs failed") == 1  # not once for each of many jobs
    with pytest.raises(InputError, match=r"'settings\.yaml' of job 0123456789ab cannot be read"):
        records.artifact(job.id, "settings.yaml")
    records.close()
    records.read()  # as a page may ask while the server stops


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


def test_tasks_come_from_the_program_alone():
    assert all(place.startswith("backends.") for place in KINDS.values())
    assert resolve("math:sqrt") is math.sqrt


def context(sent, control=None):
    return WorkerContext(Order("a", "t", "", "", "", "nowhere"), control or Control(), sent.append, lambda: None)


def test_a_cancelled_task_is_told_by_its_next_report():
    control = Control()
    given = context([], control)
    given.report(1, 5)
    control.tell(1, "cancel")
    with pytest.raises(Cancelled):
        given.report(2, 5)


def test_a_wish_that_was_overtaken_is_ignored():
    control = Control()
    control.tell(2, "run")
    control.tell(1, "pause")
    assert control.wish == "run"


def test_thinning_keeps_all_of_few_and_the_last_of_many():
    few = Thinning(10)
    assert [few.keep(k, 10, {"a": k}) for k in (1, 1, 2)] == [{"a": 1}, {"a": 1}, {"a": 2}]
    many = Thinning(10)
    # Validation comes every hundredth step, in the middle of a stretch of which other values have been kept.
    values = {k: {"loss": k} | ({"validation": k} if k % 100 == 57 else {}) for k in range(1000)}
    kept = {k: many.keep(k, 1000, of) for k, of in values.items()}
    assert [k for k, of in kept.items() if "loss" in of] == list(range(0, 1000, 100))
    assert [k for k, of in kept.items() if "validation" in of] == list(range(57, 1000, 100))
    assert many.rest() == [Point(999, {"loss": 999})]
    assert many.rest() == []


def test_a_task_runs_without_a_server(tmp_path):
    heard = []
    local = LocalContext(tmp_path / "out", lambda *report: heard.append(report))
    assert job_tasks.counting("{to: 2}", tmp_path, local)["counted"] == 2
    assert heard[-1] == (2, 2, {"k": 2, "square #2": 4}, "at 2")
    assert (tmp_path / "out" / "list.txt").read_text() == "0\n1"
    for name in ("../list.txt", "a/b", "", ".hidden"):
        with pytest.raises(ValueError, match="plain name"):
            local.save(name, "")


def test_a_checkpoint_is_the_newest_one(tmp_path):
    earlier, later = Checkpoint(tmp_path / "a"), Checkpoint(tmp_path / "b", tmp_path / "a")
    assert later.latest() is None
    earlier.save(b"one")
    assert later.latest() == b"one"
    later.save(b"two")
    assert (earlier.latest(), later.latest()) == (b"one", b"two")
    nowhere = Checkpoint(None)
    nowhere.save(b"three")
    assert nowhere.latest() is None


def test_names_and_settings_become_what_mlflow_allows():
    assert allowed("ETKF N 20 #2 σ_o/K") == "ETKF N 20 _2 σ_o_K"
    assert allowed("..") == "_"
    assert parameters_of("methods: [{name: etkf, members: 20}, {name: 3dvar}]\nseed: 3\nsizes: [1, 2]") == {
        "methods.1.name": "etkf", "methods.1.members": 20, "methods.2.name": "3dvar", "seed": 3, "sizes": [1, 2],
    }  # fmt: skip
    assert parameters_of("{") == {}


def test_a_job_that_has_ended_is_deleted_with_its_record_files_and_checkpoint(jobs, home):
    job = jobs.submit("saving", "{to: 3}", home)
    other = jobs.submit("counting", "{to: 3}", home)
    for known in (job, other):
        assert jobs.wait(known.id, 20).state is State.COMPLETED
        recorded(jobs, known)
    kept = Path(jobs._records._store._runs[other.id].artifact_uri.removeprefix("file://"))
    assert kept.is_dir()
    assert (home / "checkpoints" / job.id).is_dir()
    for known in (job, other):
        jobs.delete(known.id)
        assert known.id not in [left.id for left in jobs.list()]
        with pytest.raises(InputError, match="there is no job"):
            jobs.get(known.id)
        with pytest.raises(InputError, match="there is no job"):
            jobs.delete(known.id)
    assert not (home / "checkpoints" / job.id).exists()
    jobs._records._thread.submit(int).result()  # what was asked for before has been done
    assert jobs.problem == ""
    assert not kept.exists()
    earlier = [known.id for known in Store(home, "another 1 1").jobs()]
    assert earlier
    assert job.id not in earlier
    assert other.id not in earlier


def test_a_job_of_an_earlier_server_can_be_deleted_too(tmp_path):
    store = Store(tmp_path, this_process())
    job = Job("ab12", "counting", "{to: 3}", State.COMPLETED, created=1.0, started=1.0, ended=2.0)
    store.create(job)
    store.finish(job, (), {"a.txt": b"a"})
    service = Jobs(tmp_path)
    try:
        until(lambda: [known.id for known in service.list()] == ["ab12"])
        service.delete("ab12")
        assert service.list() == ()
    finally:
        service.close()
    assert list(Store(tmp_path, "another 1 1").jobs()) == []


def test_only_jobs_that_have_ended_and_that_nobody_goes_on_from_are_deleted(jobs, home):
    running = started(jobs, "resting", home)
    with pytest.raises(InputError, match="only a job that has ended can be deleted; this one is running"):
        jobs.delete(running.id)
    base = Job("5a5e", "saving", "{to: 1}", State.COMPLETED, created=1.0, started=1.0, ended=2.0)
    jobs._records.add(base)
    waiting = jobs.submit("saving", "{to: 3}", home, continues=base.id)
    with pytest.raises(InputError, match=f"job {waiting.id} goes on from this one"):
        jobs.delete(base.id)
    jobs.cancel(waiting.id)
    jobs.delete(base.id)
