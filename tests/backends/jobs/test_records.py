"""What is recorded of jobs in a real MLflow store: found again, gone on from, interrupted, deleted."""

import os
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from backends.errors import InputError
from backends.jobs import records
from backends.jobs.job import Job, Point, State
from backends.jobs.mlflow_client import make_tables
from backends.jobs.owner import this_process
from backends.jobs.records import Records
from backends.jobs.service import Jobs
from backends.jobs.store import INTERRUPTED, Store
from tests.backends.jobs.services import recorded, started, until

pytestmark = pytest.mark.jobs


def test_a_job_goes_on_from_the_checkpoint_of_another(jobs, home):
    first = jobs.wait(jobs.submit("saving", "{to: 9, fail: 6}", home).id, 60)
    assert first.state is State.FAILED
    second = jobs.wait(jobs.submit("saving", "{to: 9}", home, continues=first.id).id, 60)
    assert second.summary == {"begun": 5}
    again = jobs.wait(jobs.submit("saving", "{to: 9}", home, continues=second.id).id, 60)
    assert again.summary == {"begun": 8}  # one that has been completed can be gone on from too
    third = jobs.wait(jobs.submit("saving", "{to: 9}", home).id, 60)
    assert third.summary == {"begun": 0}


def test_jobs_are_found_again_after_a_restart(jobs, home):
    job = jobs.wait(jobs.submit("counting", "{to: 2498, of: 5000}", home).id, 60)
    failed = jobs.wait(jobs.submit("refusing", "{}", home).id, 60)
    recorded(jobs, failed)
    again = Jobs(home)
    again.list()
    until(lambda: not again.loading)
    assert again.problem == ""
    found = {other.id for other in again.list()}
    assert found == {other.id for other in Store(home, "another 1 1").jobs()}
    assert found >= {other.id for other in jobs.list()}  # other servers may have had this home too
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

    job = jobs.wait(jobs.submit("counting", "{to: 7, pause: 0.0, more: {depth: 3, list: [1, 2]}}", home).id, 60)
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


def test_a_job_that_has_ended_is_deleted_with_its_record_files_and_checkpoint(jobs, home):
    job = jobs.submit("saving", "{to: 3}", home)
    other = jobs.submit("counting", "{to: 3}", home)
    for known in (job, other):
        assert jobs.wait(known.id, 60).state is State.COMPLETED
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


def test_servers_that_share_a_record_see_what_others_start_end_and_delete(monkeypatch, tmp_path):
    make_tables(tmp_path / "shared.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'shared.db'}")
    monkeypatch.setattr(records, "READ_EVERY", 0.05)
    elsewhere, here = Store(tmp_path, "another 1 1"), Records(tmp_path)

    def seen():
        here.read()
        return here.job("abcdefabcdef")

    try:
        here.read()
        until(lambda: not here.loading)
        assert here.jobs() == []
        job = Job("abcdefabcdef", "counting", "{to: 3}", State.RUNNING, created=1.0)
        elsewhere.create(job)
        elsewhere.progress(job, [Point(1, {"k": 1.0})], 2.0)
        until(lambda: seen() is not None and seen().state is State.RUNNING)
        until(lambda: here.points(job.id) == [Point(1, {"k": 1.0})])
        elsewhere.finish(replace(job, state=State.COMPLETED, ended=3.0), [Point(2, {"k": 2.0})], {})
        until(lambda: seen().state is State.COMPLETED)
        until(lambda: len(here.points(job.id)) == 2)
        elsewhere.delete(job.id)
        until(lambda: seen() is None)
        assert here.problem == ""
    finally:
        here.close()
