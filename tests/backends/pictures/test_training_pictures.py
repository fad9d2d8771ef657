"""Trainings as they are kept: the script reads a real record, and a network comes into other scripts by its run."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.rollout.job import run_job
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.view import view_of
from backends.experiments.run import from_yaml
from backends.experiments.training.job import run_recorded
from backends.jobs.context import LocalContext
from backends.jobs.job import Job, Point, State
from backends.jobs.reading import RunRecord, columns_of, read_file, read_run, recorded
from backends.jobs.store import Store
from backends.learning.gallery import Map, Panel, Series, to_json
from backends.pictures.drawing import LinePanel, MapPanel
from backends.pictures.rollout_scripts import rollout_script, run_script
from backends.pictures.save import save
from backends.pictures.scripts import training_script
from backends.pictures.training import Look, training
from backends.pictures.trainings import trainings, trainings_script
from tests.backends.pictures.scripts import run, run_here

EMULATOR = """\
kind: training
task: advection-1d-emulator
points: 40
dt: 0.0125
width: [0.06, 0.12]
network: {name: conservative, width: 4}
iterations: 30
"""
ROLLOUT = """
kind: rollout
start: {name: testbed, dynamics: {name: advection-1d, points: 40, dt: 0.0125, waves: 5}}
models: [{name: perfect}, {name: network, run: RUN}]
starts: 3
members: 1
steps: 10
"""


@pytest.mark.jobs
def test_scripts_read_the_record_and_the_network_of_a_training(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run_recorded(from_yaml(EMULATOR), tmp_path, None)
    store = Store(tmp_path / "home")
    (job,) = store.jobs()
    columns = columns_of(store.points(job.id))
    shown = training(RunRecord(job.id, f"training {job.id}", columns, store.artifact(job.id, "gallery.json")))
    save(shown, tmp_path / "own.svg")
    run(training_script(job.id, "", Look(), "training"), tmp_path, "out.svg", "out.nc", "out.csv", "out.gallery.csv")
    assert (tmp_path / "out.svg").read_bytes() == (tmp_path / "own.svg").read_bytes()
    with xr.open_dataset(tmp_path / "out.nc") as data:
        assert data["iteration"].values[-1] == 30
        loss = data["loss"].dropna("iteration")
        np.testing.assert_allclose(loss, columns["loss"][1], rtol=1e-6)
        np.testing.assert_array_equal(loss["iteration"], columns["loss"][0])
    twice = RunRecord(job.id, job.id, columns, None)
    save(trainings([twice, twice], "loss", Look()), tmp_path / "own.svg")
    run_here(trainings_script([job.id, job.id], "", "loss", Look(), "compared"), tmp_path, "out.svg", "out.nc", "out.csv")
    assert (tmp_path / "out.svg").read_bytes() == (tmp_path / "own.svg").read_bytes()
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_allclose(data["loss"][1], columns["loss"][1], rtol=1e-6)
    with pytest.raises(InputError, match="there is no run 'abcdef'"):
        read_run("abcdef")
    with pytest.raises(InputError, match="digits 0 to 9"):
        read_run("' or 1 = 1")

    settings = from_yaml(ROLLOUT.replace("RUN", f"'{job.id}'"))
    prepared = prepare(settings, tmp_path)
    view = view_of(prepared, prepared.run())
    run_here(rollout_script(settings, "rollout"), tmp_path, "rollout.nc")
    with xr.open_dataset(tmp_path / "rollout.nc", decode_timedelta=False) as data:
        for k, label in enumerate(view.labels):
            np.testing.assert_allclose(data["rmse"][0, k], view.curves["rmse"][label].value, rtol=1e-6)


@pytest.mark.jobs
def test_the_script_of_a_long_run_reads_the_forecasts_from_its_record(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    text = ROLLOUT.replace("{name: network, run: RUN}", "{name: persistence}")
    left = LocalContext(tmp_path / "left")
    run_job(text, tmp_path, left)
    files = {path.name: path.read_bytes() for path in (tmp_path / "left").iterdir()}
    store, job = Store(tmp_path / "home"), Job("abc123", "rollout", text, created=1.0)
    store.create(job)
    store.finish(replace(job, state=State.COMPLETED), [], files)
    run_here(run_script(job.id, "run"), tmp_path, "out.csv", "out.nc")
    assert (tmp_path / "out.csv").read_bytes() == files["scores.csv"].replace(b"\n", b"\r\n")
    with pytest.raises(InputError, match=r"the run abc123 has no file 'other'"):
        read_file(job.id, "other")


def test_metrics_and_unseen_cases_are_drawn_and_listed(tmp_path):
    points = [Point(k, {"loss": 1 / k, "rmse_network": 2.0 / k, "rmse_3dvar": 0.5}) for k in (1, 2, 4)]
    line = Panel(
        "Case 1", "x", "y", (Series("truth", "truth", (0.0, 1.0), (2.0, 3.0)), Series("y", "observations", (0.5,), (2.2,)))
    )
    maps = Panel("Case 2", "x", "z", maps=(Map("error", ((1.0, -2.0),), (0.0, 0.0, 4.0, 1.0), "difference"),))
    exhibit = training(RunRecord("a", "A run", columns_of(points), to_json((line, maps)).encode()), Look(smoothing=1))
    panels = {panel.title: panel for panel in exhibit.drawing().panels}
    loss, scores, case = panels["Loss"], panels["RMSE"], panels["Case 1"]
    assert all(isinstance(panel, LinePanel) and panel.log for panel in (loss, scores))
    np.testing.assert_array_equal(loss.curves[0].y, [1, 0.5, 0.25])
    assert [curve.label for curve in scores.curves] == ["network", "3D-Var"]
    np.testing.assert_array_equal(scores.curves[1].y, [0.5, 0.5])
    assert [curve.style for curve in case.curves] == ["-", "o"]
    assert isinstance(panels["Case 2: error"], MapPanel)
    assert panels["Case 2: error"].limits == (-2, 2)
    for ending in ("csv", "gallery.csv", "png"):
        save(exhibit, tmp_path / f"a.{ending}")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["iteration", "loss", "rmse_3dvar", "rmse_network"], ["1", "1.0", "0.5", "2.0"], ["2", "0.5", "0.5", "1.0"],
            ["4", "0.25", "0.5", "0.5"],
        ]  # fmt: skip
    with (tmp_path / "a.gallery.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1] == ["Case 1", "truth", "0.0", "2.0", ""]
    assert rows[-1] == ["Case 2", "error", "3.0", "0.5", "-2.0"]


def test_against_time_only_what_is_known_is_drawn():
    points = [
        Point(0, {"seconds": 0.0}),
        Point(10, {"seconds": 5.0, "loss": 2.0}),
        Point(5, {"loss": 3.0}),
        Point(20, {"loss": 1.0}),
    ]
    (panel,) = training(RunRecord("a", "A run", columns_of(points), None), Look("seconds", 1, False)).drawing().panels
    np.testing.assert_array_equal(panel.curves[0].x, [2.5, 5.0])
    np.testing.assert_array_equal(panel.curves[0].y, [3.0, 2.0])


def test_what_is_recorded_of_many_reports_is_recorded_again_as_it_is():
    points = [Point(k, {"loss": float(k), "bad": np.inf}) for k in range(1, 5001)]
    once = recorded(points, 5000)
    assert 1000 <= len(columns_of(once)["loss"][0]) <= 1001
    assert columns_of(once)["loss"][1][-1] == 5000
    assert "bad" not in columns_of(once)
    np.testing.assert_array_equal(columns_of(recorded(once, 5000))["loss"][1], columns_of(once)["loss"][1])


@pytest.mark.parametrize("metric", ["iteration", "run"])
def test_a_metric_may_be_called_like_a_coordinate(metric):
    record = RunRecord("a", "A run", columns_of([Point(k, {metric: 10.0 * k}) for k in (1, 2)]), None)
    data = trainings([record, record], metric, Look()).data()
    np.testing.assert_array_equal(data[f"metric_{metric}"], [[10, 20], [10, 20]])
    np.testing.assert_array_equal(data["iteration"], [1, 2])


def test_every_metric_of_a_run_is_written_whatever_it_is_called():
    points = [Point(k, {"iteration": 10.0 * k, "val/loss": 2.0 * k, "val_loss": 3.0 * k}) for k in (1, 2)]
    data = training(RunRecord("a", "A run", columns_of(points), None)).data()
    np.testing.assert_array_equal(data["iteration"], [1, 2])
    found = {name: data[name].values.tolist() for name in data.data_vars}
    assert found == {"metric_iteration": [10, 20], "val_loss": [2, 4], "metric_val_loss": [3, 6]}
