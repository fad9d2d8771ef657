"""Trainings as files: summary, record, checkpoint, and sentences for what is wrong."""

import json

import pytest
import yaml

from backends.__main__ import main
from backends.errors import InputError
from backends.experiments.run import from_yaml, run_file, to_yaml
from backends.experiments.training.registry import TASKS
from backends.experiments.training.run import GALLERY, WEIGHTS
from backends.experiments.training.trained import trained
from backends.jobs.job import State
from backends.jobs.store import Store
from backends.learning.gallery import from_json

FILE = """\
kind: training
task: aivar-1d
points: 40
observations: {count: [5, 20], sigma: 0.3}
network: {name: mlp, width: 16}
iterations: 30
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.yaml").write_text(FILE)
    return tmp_path / "a.yaml"


def test_a_training_is_run_summarised_and_recorded(path, home, tmp_path, capsys):
    assert main(["run", str(path), "--out", str(tmp_path / "out")]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    for key in (
        "cost_gap_median",
        "cost_gap_p95",
        "rmse_background",
        "rmse_3dvar",
        "rmse_network",
        "seconds",
        "samples_per_second",
    ):
        assert summary[key] >= 0
    assert summary["parameters"] == 16 * 121 + 16 * 17 + 40 * 17
    assert len(from_json((tmp_path / "out" / GALLERY).read_bytes())) == 5
    assert (tmp_path / "out" / WEIGHTS).stat().st_size > 4 * summary["parameters"]
    (job,) = Store(home, "another 1 1").jobs()
    assert (job.id, job.kind, job.state) == (summary["run_id"], "training", State.COMPLETED)
    assert {WEIGHTS, GALLERY} <= set(job.artifacts)

    resumed = run_file(path, tmp_path, [f"resume={summary['run_id']!r}", "iterations=60"])
    assert resumed["iterations"] == 60
    tuned = run_file(path, tmp_path, [f"resume={summary['run_id']!r}", "fine_tune=true", "iterations=10"])
    assert tuned["iterations"] == 10
    fresh = run_file(path, tmp_path, ["iterations=10"])
    assert tuned["cost_gap_median"] < fresh["cost_gap_median"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("task=aivar", "task: must be aivar-1d or .*; came 'aivar'"),
        ("iterations=null", "a training needs an end"),
        ("iterations=0", "iterations: must be at least 1; came 0"),
        ("observations.count=[20, 5]", r"must be a range, the least value first; came \[20, 5\]"),
        ("observations.count=[5, 50]", "at most one for each of the 40 points; came 50"),
        ("network.widht=3", "did you mean 'network.width'"),
        ("network.name=cnn", "network.name: must be"),
        ("fine_tune=true", "fine_tune needs resume"),
        ("resume='../../etc'", "resume"),
        ("resume='abc'", "no checkpoint of the run 'abc'"),
    ],
)
def test_what_is_wrong_is_said(path, home, tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        run_file(path, tmp_path, [change])


def test_without_a_task_all_are_named(home):
    with pytest.raises(InputError, match=r"task: must be aivar-1d or .*; it is missing"):
        from_yaml("kind: training")


@pytest.mark.parametrize("task", TASKS)
def test_settings_come_back_from_their_file(task):
    settings = from_yaml(f"kind: training\ntask: {task}\nseed: 5")
    text = to_yaml(settings)
    assert list(yaml.safe_load(text))[:2] == ["kind", "task"]
    assert from_yaml(text) == settings


def test_a_trained_network_is_found_by_its_run(path, home, tmp_path):
    summary = run_file(path, tmp_path)
    settings, task = trained(summary["run_id"], tmp_path)
    assert settings == from_yaml(FILE)
    assert task.scores()["cost_gap_median"] == summary["cost_gap_median"]
    for run, sentence in (("abcd", "no checkpoint of the run 'abcd'"), ("../x", "the id of a run consists of")):
        with pytest.raises(InputError, match=sentence):
            trained(run, tmp_path)
    (home / "checkpoints" / summary["run_id"] / "newest").write_bytes(b"x" * 80)
    with pytest.raises(InputError, match="damaged"):
        trained(summary["run_id"], tmp_path)
