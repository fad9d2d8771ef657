"""Runs that a plain MLflow client writes, read as they grow: from an SQLite file, from a folder, and from a tracking server."""

import math
import sqlite3
import subprocess
import sys
import time

import pytest

from backends.errors import InputError
from backends.jobs import elsewhere
from backends.jobs.elsewhere import Elsewhere
from backends.jobs.job import Point, State
from backends.jobs.mlflow_client import address_of, client_of, make_tables
from scripts.driver import free_port
from tests.backends.jobs.services import until

pytestmark = pytest.mark.jobs


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(elsewhere, "READ_EVERY", 0.05)
    monkeypatch.setattr(elsewhere, "REST", 0.0)


@pytest.fixture
def database(tmp_path):
    make_tables(tmp_path / "other.db")
    return tmp_path / "other.db"


@pytest.fixture
def opened():
    made = []

    def open_(address):
        made.append(Elsewhere(f"{address}"))
        return made[-1]

    yield open_
    for other in made:
        other.close()


def begin(client, tmp_path, name="calm-owl"):
    """Begin a run as another program would; return its id."""
    experiment = client.create_experiment(f"weather {name}", artifact_location=(tmp_path / "artifacts").as_uri())
    run = client.create_run(experiment, run_name=name, tags={"who": "<b>me</b>"}).info.run_id
    client.log_param(run, "model.lr", 0.1)
    for step in range(3):
        client.log_metric(run, "train_loss", 1 / (step + 1), step=step)
    return run


def test_a_run_is_read_while_it_grows_and_when_it_has_ended(database, tmp_path, opened):
    client = client_of(address_of(database))
    run = begin(client, tmp_path)
    other = opened(database)
    assert other.loading
    until(other.list)
    assert not other.loading
    (job,) = other.list()
    assert (job.id, job.kind, job.state, job.done) == (run, "weather calm-owl / calm-owl", State.RUNNING, 2)
    assert job.settings == "model.lr: '0.1'\n"
    assert job.tags == ("who <b>me</b>",)
    assert job.latest == {"train_loss": 1 / 3}
    until(lambda: len(other.metrics(run)) == 3)
    assert [(point.step, point.values["train_loss"]) for point in other.metrics(run)] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert all(0 <= point.values["seconds"] < 60 for point in other.metrics(run))

    # What comes later is added at the end, a metric that is new and one that is no number, too.
    client.log_metric(run, "train_loss", 0.1, step=5)
    client.log_metric(run, "val_loss", math.nan, step=5)
    until(lambda: other.list() and len(other.metrics(run)) == 4)
    (last,) = other.metrics(run, since=3)
    assert (last.step, last.values["train_loss"]) == (5, 0.1)
    until(lambda: other.list() and any("val_loss" in point.values for point in other.metrics(run)))

    client.log_text(run, "left behind", "notes.txt")
    client.set_terminated(run, "FINISHED")
    until(lambda: other.list()[0].state is State.COMPLETED)
    (job,) = other.list()
    assert job.artifacts == ("notes.txt",)
    assert job.summary["train_loss"] == 0.1
    assert job.ended >= job.started > time.time() - 600
    assert other.artifact(run, "notes.txt") == b"left behind"
    with pytest.raises(InputError, match=r"no file '../secret'"):
        other.artifact(run, "../secret")
    assert other.problem == ""


def test_a_file_is_never_written(database, tmp_path, opened):
    begin(client_of(address_of(database)), tmp_path)
    before, files = database.read_bytes(), sorted(tmp_path.iterdir())
    other = opened(f"sqlite:///{database}")
    until(other.list)
    with pytest.raises(Exception, match="readonly database"):
        other._open().log_metric(other.list()[0].id, "mine", 1.0)
    assert database.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == files


def test_a_folder_of_runs_is_read(tmp_path, opened, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = client_of(f"{tmp_path / 'mlruns'}")
    run = begin(client, tmp_path)
    other = opened(tmp_path / "mlruns")
    until(other.list)
    until(lambda: len(other.metrics(run)) == 3)
    assert other.metrics(run, 2)[0] == Point(2, {"train_loss": 1 / 3, "seconds": other.metrics(run)[2].values["seconds"]})


def test_a_tracking_server_is_read_and_its_silence_told(database, tmp_path, opened):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", address_of(database), "--host", "127.0.0.1",
         "--port", f"{port}", "--workers", "1", "--default-artifact-root", (tmp_path / "artifacts").as_uri()],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    try:
        run = begin(client_of(address_of(database)), tmp_path)
        other = opened(f"http://127.0.0.1:{port}")
        until(other.list, 60)
        until(lambda: len(other.metrics(run)) == 3)
        assert other.list()[0].latest == {"train_loss": 1 / 3}
    finally:
        server.terminate()
        server.wait(20)
    until(lambda: other.list() and other.problem, 60)
    assert other.problem == f"the runs in http://127.0.0.1:{port} cannot be read: the tracking server does not answer"
    assert other.list()[0].id == run  # what has been read stays


def test_what_is_no_store_is_named(tmp_path):
    (tmp_path / "text.db").write_text("no database at all, " * 100)
    sqlite3.connect(tmp_path / "empty.db").executescript("CREATE TABLE runs (a INTEGER)")
    with pytest.raises(InputError, match=r"text.db cannot be read as an SQLite file: file is not a database"):
        Elsewhere(f"{tmp_path / 'text.db'}")
    with pytest.raises(InputError, match=r"empty.db is not a database of MLflow: it has no table experiments"):
        Elsewhere(f"{tmp_path / 'empty.db'}")
    with pytest.raises(InputError, match=r"came '/nowhere/at-all.db', where there is none"):
        Elsewhere("/nowhere/at-all.db")


@pytest.mark.parametrize(
    "address", ["https://ada:countess@a.example", "http://ada@a.example", "https://a.example/?token=countess"]
)
def test_an_address_with_credentials_is_refused_and_not_repeated(address):
    with pytest.raises(InputError, match="credentials come from MLFLOW_TRACKING_USERNAME") as refused:
        Elsewhere(address)
    assert "countess" not in f"{refused.value}"
    assert "ada" not in f"{refused.value}"
