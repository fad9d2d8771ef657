"""A Training page whose jobs run nowhere."""

import pytest

from dashboard.training import state
from dashboard.training.page import TrainingPage
from tests.dashboard.training.jobs import FakeJobs


@pytest.fixture
def jobs(monkeypatch):
    jobs = FakeJobs()
    monkeypatch.setattr(state, "all_jobs", lambda: jobs)
    return jobs


@pytest.fixture
def view(jobs, tmp_path):
    view = TrainingPage(tmp_path)
    view.content()
    yield view
    view.close()
