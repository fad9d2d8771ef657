"""Trainings as jobs: watched, paused, cancelled, killed, and gone on with."""

import os
import time

import psutil
import pytest

from backends.errors import InputError
from backends.jobs.job import State
from backends.jobs.running import DIED
from backends.jobs.service import Jobs
from backends.jobs.store import INTERRUPTED
from backends.learning.gallery import from_json
from backends.learning.state import unpack

pytestmark = pytest.mark.jobs

LONG = "{kind: training, task: aivar-1d, points: 40, observations: {count: [5, 20]}, network: {name: mlp, width: 16}}"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    before = os.environ.get("ASSIMILAB_HOME")
    home = tmp_path_factory.mktemp("home")
    os.environ["ASSIMILAB_HOME"] = str(home)  # the worker's, too
    yield home
    if before is None:
        del os.environ["ASSIMILAB_HOME"]
    else:
        os.environ["ASSIMILAB_HOME"] = before


@pytest.fixture(scope="module")
def jobs(home):
    jobs = Jobs(home)
    yield jobs
    jobs.close()


def until(true, seconds=60.0) -> float:
    begun = time.monotonic()
    while not true() and time.monotonic() < begun + seconds:
        time.sleep(0.02)
    assert true()
    return time.monotonic() - begun


def long(iterations: int, more: str = "") -> str:
    return LONG.replace("points", f"iterations: {iterations}, {more}points")


def reached_by(home, run) -> int:
    """Return the iteration of a run's newest checkpoint."""
    return int(unpack((home / "checkpoints" / run / "newest").read_bytes())[1]["iteration"])


def test_a_training_is_watched_paused_and_cancelled(jobs, home):
    run = jobs.submit("training", long(100_000), home).id  # of more, fewer reports are sent
    until(lambda: jobs.shown(run, "gallery.json") is not None)
    assert len(from_json(jobs.shown(run, "gallery.json"))) == 5
    until(lambda: len(jobs.metrics(run)) > 100)
    names = set().union(*(point.values for point in jobs.metrics(run)))
    assert {"loss", "jb", "jo", "cost_gap_median", "j_3dvar", "learning_rate", "gradient_norm", "samples_per_second"} <= names
    jobs.pause(run)
    until(lambda: jobs.get(run).state is State.PAUSED)
    done = jobs.get(run).done
    time.sleep(0.3)
    assert jobs.get(run).done == done
    jobs.resume(run)
    until(lambda: jobs.get(run).done > done)
    jobs.cancel(run)
    until(lambda: jobs.get(run).state is State.CANCELLED)
    reached = jobs.get(run).done

    # What was cancelled left a checkpoint, from which another goes on.
    other = jobs.submit("training", long(reached + 50, f"resume: '{run}', "), home, continues=run).id
    assert jobs.wait(other, 60).state is State.COMPLETED
    assert jobs.get(other).summary["iterations"] == reached + 50
    assert jobs.metrics(other)[0].step > 1


def test_one_whose_process_is_killed_goes_on_from_its_checkpoint(jobs, home):
    run = jobs.submit("training", long(1_000_000), home).id
    until((home / "checkpoints" / run / "newest").is_file)
    workers = [child for child in psutil.Process().children(recursive=True) if "python" in child.name()]
    busiest = max(workers, key=lambda child: sum(child.cpu_times()[:2]))
    busiest.kill()
    assert jobs.wait(run, 60).state is State.FAILED
    assert jobs.get(run).problem == DIED
    other = jobs.submit("training", long(reached_by(home, run) + 50, f"resume: '{run}', "), home, continues=run).id
    assert jobs.wait(other, 120).state is State.COMPLETED
    assert jobs.metrics(other)[0].step > 1


def test_trainings_are_there_after_a_restart_and_go_on(home, tmp_path):
    server = Jobs(tmp_path)
    done = server.wait(server.submit("training", long(60), home).id, 120)
    assert done.state is State.COMPLETED
    server.tag(done.id, "best, for the  lecture")
    left = server.submit("training", long(1_000_000), home).id
    until((tmp_path / "checkpoints" / left / "newest").is_file)
    server.close()

    again = Jobs(tmp_path)
    again.list()
    until(lambda: not again.loading)
    assert {job.id for job in again.list()} == {done.id, left}
    old = again.get(done.id)
    assert (old.summary, old.tags) == (done.summary, ("best", "for the lecture"))
    assert old.latest["cost_gap_median"] > 0
    assert len(from_json(again.artifact(done.id, "gallery.json"))) == 5
    until(lambda: len(again.metrics(done.id)) >= 60)
    assert (again.get(left).state, again.get(left).problem) == (State.FAILED, INTERRUPTED)
    reached = reached_by(tmp_path, left)
    more = again.submit("training", long(reached + 20, f"resume: '{left}', "), home, continues=left)
    assert again.wait(more.id, 120).state is State.COMPLETED
    assert [point.step for point in again.metrics(more.id)] == list(range(reached + 1, reached + 21))
    again.close()


def test_what_is_wrong_with_a_training_is_its_outcome(jobs, home):
    failed = jobs.wait(jobs.submit("training", long(100, "learning_rate: 1, resume: 'abcdef', "), home).id, 60)
    assert failed.state is State.FAILED
    assert "no checkpoint of the run 'abcdef'" in failed.problem
    with pytest.raises(InputError, match="there is no job 'abcdef'"):
        jobs.submit("training", LONG, home, continues="abcdef")
