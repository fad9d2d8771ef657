"""The export of the Training page: the run that is looked at, as its record has it."""

from backends.experiments.run import to_yaml
from backends.jobs.job import Job, Point, State
from backends.learning.gallery import Panel, Series, to_json
from dashboard.training.page import RUNS
from tests.dashboard.helpers import export, text_of


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


def test_runs_that_are_compared_are_exported_with_the_metric(view, jobs, monkeypatch):
    monkeypatch.setattr("dashboard.training.state.elsewhere", lambda _address: jobs)
    for run, values in {"aaaaaaaa1": (4.0, 2.0), "bbbbbbbb2": (3.0, 1.0, 0.5)}.items():
        jobs.add(Job(run, "mine / name", "", State.COMPLETED))
        jobs.points[run] = [Point(k, {"loss": value}) for k, value in enumerate(values, 1)]
    view.state.param.update(record="mlruns", run="aaaaaaaa1")
    view.tabs.active = RUNS
    view.state.compared = ["aaaaaaaa1", "bbbbbbbb2"]
    view.runs._compare()
    rows = export(view, "csv").decode().splitlines()
    assert rows == ["run,iteration,loss", "aaaaaaaa1,1,4.0", "aaaaaaaa1,2,2.0", *(f"bbbbbbbb2,{k},{v}" for k, v in
                    ((1, 3.0), (2, 1.0), (3, 0.5)))]  # fmt: skip
    assert view.export.download.filename == "training_aaaaaa_bbbbbb_loss.csv"
    (panel,) = view.export._snapshot().exhibit().drawing().panels
    assert [curve.label for curve in panel.curves] == ["aaaaaa", "bbbbbb"]
    assert panel.log
    assert "RUNS = ('aaaaaaaa1', 'bbbbbbbb2')" in export(view, "py").decode()


def test_runs_that_have_reported_nothing_yet_are_not_compared_in_any_form(view, jobs):
    for run in ("ab" * 6, "cd" * 6):
        jobs.add(Job(run, "training", to_yaml(view.state.settings()), State.RUNNING))
    view.tick()
    view.tabs.active = RUNS
    view.state.compared = ["ab" * 6, "cd" * 6]
    view.runs._compare()
    for form in ("png", "py"):
        view.export.items[form].clicks += 1
        view.export.wait()
        assert "None of the runs has reported anything yet" in text_of(view.export._problem)
    assert not view.export.download.visible
