"""Long rollouts as jobs, and forecasts that cannot be run, on the Rollout page without a browser."""

from dataclasses import replace

import numpy as np
import pytest

from backends.experiments.rollout.job import run_job
from backends.experiments.rollout.kept import NAME
from backends.experiments.run import from_yaml
from backends.jobs.context import LocalContext
from backends.jobs.job import State
from dashboard import job_runs
from dashboard.rollout import state
from dashboard.rollout.page import RUNS, RolloutPage
from tests.dashboard.helpers import export, text_of
from tests.dashboard.training.jobs import FakeJobs

SMALL = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz63}}
models: [{name: perfect}, {name: wrong, model: {sigma: 1.0e+5}, label: too far}, {name: persistence}]
steps: 8
members: 4
starts: 3
"""


@pytest.fixture
def jobs(monkeypatch) -> FakeJobs:
    jobs = FakeJobs()
    for module in (job_runs, state):
        monkeypatch.setattr(module, "all_jobs", lambda: jobs)
    return jobs


@pytest.fixture
def page(tmp_path):
    page = RolloutPage(tmp_path)
    page.state.take(SMALL)
    yield page
    page.close()


def look(page: RolloutPage) -> None:
    page.runs._looked = 0.0
    page.runs.show()


def test_what_is_too_much_for_the_page_runs_as_a_job_and_is_opened_from_its_files(page, jobs, tmp_path):
    page.state.form.section.starts = 4000
    assert "as a job" in text_of(page.controls.form.boxes["starts"][1])
    page.tabs.active = RUNS
    page.runs._on_submit(None)
    (job,) = jobs.list()
    assert "starts: 4000" in job.settings
    assert "lorenz63: perfect model, too far, persistence" in next(iter(page.runs.chosen.options))
    jobs.change(job.id, state=State.RUNNING, done=2, of=8, note="forecasting")
    look(page)
    page.export.items["png"].clicks += 1
    assert "The run that is chosen has left no forecasts" in text_of(page.export._problem)
    assert page.runs.progress.value == 25
    assert (page.runs.cancel.visible, page.runs.open.visible) == (True, False)
    page.runs.cancel.clicks += 1
    assert jobs.told == [("cancel", job.id)]

    small = job.settings.replace("starts: 4000", "starts: 2")
    run_job(small, tmp_path, LocalContext(tmp_path / "left"))
    left = {path.name: path.read_bytes() for path in (tmp_path / "left").iterdir()}
    jobs.files = {(job.id, name): content for name, content in left.items()}
    jobs.change(job.id, state=State.COMPLETED, artifacts=tuple(left), done=8)
    other = RolloutPage(tmp_path)  # as after a reload
    other.tabs.active = RUNS
    look(other)
    assert other.runs.open.visible
    assert export(other, "csv") == left["scores.csv"].replace(b"\n", b"\r\n")
    assert from_yaml(export(other, "yaml").decode()) == from_yaml(job.settings)
    other.runs._on_open(None)
    other.state.wait()
    assert other.state.problem == ""
    assert other.state.view.labels == ("perfect model", "too far", "persistence")
    assert other.state.settings().starts == 2
    assert not other.state.stale
    other.runs.file.value = "scores.csv"
    other.runs._on_fetch(None)
    other.runs.wait()
    assert other.runs.download.file.getvalue() == left["scores.csv"]
    other.close()


def test_a_job_that_left_nothing_to_open_is_told(page, jobs):
    page.runs._on_submit(None)
    page.state.open_job(next(iter(jobs.known)))
    page.state.wait()
    assert f"has no file '{NAME}'" in page.state.problem
    page.state.form.section.steps = 0
    page.runs._on_submit(None)
    assert "steps: must be at least 1; came 0" in text_of(page.runs._problem)


def test_two_jobs_of_one_title_and_second_are_both_in_the_list(page, jobs, monkeypatch):
    page.runs._on_submit(None)
    (first,) = jobs.list()
    monkeypatch.setattr(job_runs, "LOOK_EVERY", 0.0)
    second = jobs.add(replace(first, id="2" * 12, created=first.created + 0.4))
    page.runs.show()
    assert list(page.runs.chosen.options.values()) == [second.id, first.id]
    page.runs.chosen.value = second.id
    assert page.runs.picked == second


def test_a_sentence_goes_when_what_is_asked_for_next_is_done(page, jobs):
    page.runs._on_submit(None)
    (job,) = jobs.list()
    page.runs.pause.clicks += 1
    assert "Only a job that runs can be paused" in text_of(page.runs._problem)
    jobs.change(job.id, state=State.RUNNING)
    page.runs.pause.clicks += 1
    assert jobs.told == [("pause", job.id)]
    assert text_of(page.runs._problem) == ""


def test_a_model_that_blows_up_is_told_and_the_others_go_on(page):
    page.state.run()
    page.state.wait()
    assert "too far ended: its states stop being finite" in page._where.object
    curves = page.state.view.curves["rmse"]
    assert np.isfinite(curves["perfect model"].value).all()
    assert np.isnan(curves["too far"].value[-1])


def test_a_network_that_is_not_there_is_refused_in_one_sentence(page):
    page.state.take(SMALL.replace("{name: persistence}", "{name: network, run: abc}"))
    page.state.run()
    page.state.wait()
    assert "abc" in page.state.problem
    assert not page.state.running
