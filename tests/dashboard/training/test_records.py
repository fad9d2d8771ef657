"""The Training page and the records of other programs: watched with the same figures, and left alone."""

import pytest

from backends.jobs.job import Job, Point, State
from dashboard.training import state
from dashboard.training.page import RUNS
from dashboard.training.record import OTHER, RecordControls
from dashboard.training.state import TrainingState
from tests.dashboard.training.jobs import FakeJobs


@pytest.fixture
def others(view, monkeypatch):
    """The record of another program, with a run, in the place of the one at /somewhere."""
    others = FakeJobs()
    monkeypatch.setattr(state, "elsewhere", lambda address: others)
    others.add(Job("f" * 32, "weather / calm-owl", "model.lr: '0.1'", State.RUNNING, done=4, latest={"train_loss": 0.5}))
    others.points["f" * 32] = [Point(k, {"train_loss": 1 / (k + 1), "seconds": float(k)}) for k in range(5)]
    return others


def test_runs_of_another_program_are_watched_and_left_alone(view, jobs, others):
    view.state.start()
    view.tick()
    view.bar.record.chosen.value = OTHER
    assert view.bar.record.asking.visible
    view.bar.record.address.value = " /somewhere/mlflow.db "
    view.bar.record.open.clicks += 1
    view.tick()
    assert view.state.record == view.bar.record.chosen.value == "/somewhere/mlflow.db"
    assert not view.bar.record.asking.visible
    assert view.state.run == "f" * 32
    assert "step 4" in view.bar._where.object
    assert next(iter(view.bar.chosen.options)).endswith("weather / calm-owl")
    assert not any(button.visible for button in view.bar._buttons)
    assert view.live._figures["loss"]._lines.keys() == {"train loss"}
    view.tabs.active = RUNS
    assert view.runs.table.value[["task", "parameters", "score"]].values.tolist() == [
        ["weather / calm-owl", "model.lr 0.1", 0.5]
    ]
    assert not view.runs._marks.visible
    view.state.start()  # which is a run of this server
    view.tick()
    assert view.state.record == ""
    assert view.runs._marks.visible


def test_only_named_records_are_read_where_others_reach_the_server(jobs, others, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_RECORDS", "http://tracking:5000, /data/mlflow.db")
    s = TrainingState(tmp_path, alone=False)
    s.look_at("http://169.254.169.254")
    assert s.record == ""
    assert "reads only the stores that ASSIMILAB_RECORDS names" in s.problem
    s.look_at("/data/mlflow.db")
    assert (s.record, s.problem) == ("/data/mlflow.db", "")
    assert list(RecordControls(s).chosen.options) == ["This server", "http://tracking:5000", "/data/mlflow.db", OTHER]
