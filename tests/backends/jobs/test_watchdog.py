"""Jobs that say nothing any more, and jobs that go on for too long, are ended; their processes are free for the next."""

import pytest

from backends.errors import InputError
from backends.jobs.job import State
from backends.jobs.service import Jobs
from backends.jobs.watchdog import longest, patience, stuck, too_long
from tests.backends.jobs.services import started, until

pytestmark = pytest.mark.jobs


def test_a_job_that_says_nothing_any_more_is_ended_and_the_next_one_runs(home, jobs, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_STUCK_MINUTES", "0.03")
    other = Jobs(home / "stuck")
    try:
        job = other.submit("hanging", "{}", home)
        waiting = other.submit("counting", "{to: 3}", home)
        ended = other.wait(job.id, 60)
        assert (ended.state, ended.problem) == (State.FAILED, stuck(1.8))
        assert "0.03 min" in ended.problem
        assert other.wait(waiting.id, 60).state is State.COMPLETED
        # One that is paused says nothing either, as it should.
        paused = started(other, "resting", home)
        other.pause(paused.id)
        until(lambda: other.get(paused.id).state is State.PAUSED)
        with pytest.raises(AssertionError, match="too long"):
            until(lambda: other.get(paused.id).state is not State.PAUSED, 3.0)
    finally:
        other.close()


def test_a_job_that_runs_for_too_long_is_ended_and_its_process_is_free_for_the_next(home, jobs, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_LONGEST_HOURS", f"{5 / 3600}")
    other = Jobs(home / "long")
    try:
        first = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
        job = other.submit("resting", "{}", home)
        paused = other.submit("resting", "{}", home)
        ended = other.wait(job.id, 60)
        assert (ended.state, ended.problem) == (State.FAILED, too_long(5.0))
        assert ended.done > 0
        # The next one runs in the same process; while it is paused its time stands still.
        until(lambda: other.get(paused.id).done > 0)
        other.pause(paused.id)
        until(lambda: other.get(paused.id).state is State.PAUSED)
        with pytest.raises(AssertionError, match="too long"):
            until(lambda: other.get(paused.id).state.final, 6.0)
        other.cancel(paused.id)
        assert other.wait(paused.id, 60).state is State.CANCELLED
        last = other.wait(other.submit("counting", "{to: 3}", home).id, 60)
        assert last.summary["process"] == first.summary["process"]
    finally:
        other.close()


def test_the_longest_run_is_a_positive_number(monkeypatch):
    monkeypatch.delenv("ASSIMILAB_LONGEST_HOURS", raising=False)
    assert longest() == 24 * 3600
    for text in ("long", "0", "-1", "nan"):
        monkeypatch.setenv("ASSIMILAB_LONGEST_HOURS", text)
        with pytest.raises(InputError, match="ASSIMILAB_LONGEST_HOURS: must be a positive number of hours"):
            longest()


def test_the_patience_is_a_positive_number(monkeypatch):
    monkeypatch.delenv("ASSIMILAB_STUCK_MINUTES", raising=False)
    assert patience() == 900
    for text in ("soon", "0", "-1", "nan"):
        monkeypatch.setenv("ASSIMILAB_STUCK_MINUTES", text)
        with pytest.raises(InputError, match="ASSIMILAB_STUCK_MINUTES: must be a positive number of minutes"):
            patience()
