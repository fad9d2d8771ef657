"""A service of jobs with a real Dask cluster and a real MLflow store, which all tests of this folder share."""

import sys

import pytest

from backends.jobs.service import Jobs
from backends.jobs.task import KINDS
from tests.backends.jobs import tasks
from tests.backends.jobs.services import watch


@pytest.fixture(scope="package")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="package")
def jobs(home):
    sys.addaudithook(watch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backends.jobs.task.KINDS", KINDS | tasks.KINDS)
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
