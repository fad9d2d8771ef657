"""The export of the Training page: the run that is looked at, as its record has it."""

from backends.experiments.run import to_yaml
from backends.jobs.job import Job, Point, State
from backends.learning.gallery import Panel, Series, to_json
from tests.dashboard.helpers import text_of


def export(view, form) -> bytes:
    view.export.items[form].clicks += 1
    view.export.wait()
    assert text_of(view.export._problem) == ""
    return view.export.download.file.getvalue()


def test_a_run_is_exported_once_it_has_reported(view, jobs):
    view.export.items["png"].clicks += 1
    assert "There is no run to export" in text_of(view.export._problem)
    job = jobs.add(Job("ab" * 6, "training", to_yaml(view.state.settings()), State.RUNNING, done=3, of=5000))
    view.tick()
    view.export.items["png"].clicks += 1
    assert "has not reported anything yet" in text_of(view.export._problem)
    jobs.points[job.id] = [Point(k, {"loss": 1 / k}) for k in range(1, 101)]
    jobs.pictures[job.id] = to_json((Panel("Case 1", "x", "y", (Series("truth", "truth", (0.0, 1.0), (2.0, 3.0)),)),)).encode()
    view.tick()
    view.live.smoothing.value = 50
    for form, begin in {
        "png": b"\x89PNG",
        "svg": b"<?xml",
        "nc": b"\x89HDF",
        "gallery.csv": b"case,what",
        "py": b'"""',
    }.items():
        assert export(view, form).startswith(begin)
        assert view.export.download.filename == f"training_ababab.{form}"
    rows = export(view, "csv").decode().splitlines()
    assert rows[:3] == ["iteration,loss", "1,1.0", "5,0.2"]  # of 5,000 steps the record has a fifth
    assert rows[-1] == "100,0.01"
    assert export(view, "yaml").decode() == job.settings
    script = export(view, "py").decode()
    assert "RUN = 'abababababab'" in script
    assert "'smoothing': 50" in script


def test_a_run_of_another_program_has_no_experiment_file(view, jobs, monkeypatch):
    monkeypatch.setattr("dashboard.training.state.elsewhere", lambda _address: jobs)
    job = jobs.add(Job("run1", "mine / name", "", State.COMPLETED))
    jobs.points[job.id] = [Point(1, {"val/loss": 2.0})]
    view.state.param.update(record="mlruns", run=job.id)
    assert "STORE = 'mlruns'" in export(view, "py").decode()
    assert export(view, "csv").decode().startswith("iteration,val/loss")
    view.export.items["yaml"].clicks += 1
    view.export.wait()
    assert "What is shown cannot be kept as Experiment" in text_of(view.export._problem)
