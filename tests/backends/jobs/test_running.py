"""Jobs on a real Dask cluster: watched, paused, cancelled, refused; faults, defects, processes that die."""

import os
import time
from itertools import pairwise

import pytest

from backends.errors import InputError
from backends.jobs.job import Point, State
from backends.jobs.running import DIED
from backends.jobs.worker import MOST_POINTS
from tests.backends.jobs.services import started, until

pytestmark = pytest.mark.jobs


def test_a_job_runs_to_its_end_in_a_process_of_its_own(jobs, home):
    settings = "{to: 40, pause: 0.03}"
    job = jobs.submit("counting", settings, home)
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
    jobs.wait(job.id, 60)
    assert jobs.metrics(job.id) == [Point(k, {"k": k, "square #2": k * k}) for k in range(1, 3001)]
    assert jobs.metrics(job.id, 2998) == [Point(k, {"k": k, "square #2": k * k}) for k in (2999, 3000)]


def test_fast_reports_cost_few_messages_and_little_memory(jobs, home):
    # It ends early, in the middle of a stretch of steps of which one value is kept.
    to = 2 * MOST_POINTS - 1
    job = jobs.submit("counting", f"{{to: {to}, of: {3 * MOST_POINTS}}}", home)
    ended = jobs.wait(job.id, 60)
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
    assert jobs.wait(other.id, 60).state is State.COMPLETED
    time.sleep(0.3)
    assert (jobs.get(job.id).state, jobs.get(job.id).done) == (State.PAUSED, done)
    assert jobs.resume(job.id).wish == "run"
    until(lambda: jobs.get(job.id).state is State.RUNNING and jobs.get(job.id).done > done)
    # A second time, now that its place in the queue has been given away.
    jobs.pause(job.id)
    until(lambda: jobs.get(job.id).state is State.PAUSED)
    assert jobs.cancel(job.id).wish == "cancel"
    assert jobs.wait(job.id, 60).state is State.CANCELLED


def test_running_and_waiting_jobs_can_be_cancelled(jobs, home):
    first, second, third = started(jobs, "resting", home), *(jobs.submit("counting", "{to: 3}", home) for _ in "12")
    assert jobs.get(second.id).state is State.CREATED
    assert jobs.cancel(second.id).state is State.CANCELLED
    jobs.cancel(first.id)
    assert jobs.wait(first.id, 60).state is State.CANCELLED
    assert jobs.wait(third.id, 60).state is State.COMPLETED
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
    jobs.wait(running.id, 60)
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
    job = jobs.wait(jobs.submit("refusing", "{}", home).id, 60)
    assert (job.state, job.problem) == (State.FAILED, "cycles: must be positive; came -1")
    assert jobs.metrics(job.id) == [Point(1, {"loss": 0.5})]
    assert jobs.artifact(job.id, "before.txt") == b"all that came before"


def test_a_defect_is_told_and_logged_in_full(jobs, home, caplog):
    job = jobs.wait(jobs.submit("breaking", "{}", home).id, 60)
    assert job.state is State.FAILED
    assert "ZeroDivisionError" in job.problem
    assert "\n" not in job.problem
    assert "in breaking" in caplog.text  # the traceback


def test_a_process_that_dies_fails_its_jobs_but_not_those_that_wait(jobs, home):
    resting = started(jobs, "resting", home)
    jobs.pause(resting.id)  # its memory is lost with the process
    dying, waiting = jobs.submit("dying", "{}", home), jobs.submit("counting", "{to: 3}", home)
    for job in (dying, resting):
        assert jobs.wait(job.id, 60).state is State.FAILED
        assert jobs.get(job.id).problem == DIED
    assert jobs.get(dying.id).done == 3
    assert jobs.wait(waiting.id, 60).state is State.COMPLETED
